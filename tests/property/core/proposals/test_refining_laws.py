"""Laws of the second pass: the same words change nothing, and no word is assigned to two lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.proposals.refining import CurrentLine, SecondPassWords, propose

TEXTS = st.lists(st.sampled_from(["we", "hold", "these", "truths.", "So,", "3.5", "—", "真", "理"]), max_size=8)
LINES = st.lists(st.tuples(TEXTS, st.sampled_from([0, 100, 2_000, 20_000])), max_size=8)


def lines_of(drawn: list[tuple[list[str], int]]) -> list[tuple[CurrentLine, SecondPassWords]]:
    made, t = [], 0
    for number, (texts, pause) in enumerate(drawn):
        words = [Word(f" {text}", t + 300 * n, t + 300 * (n + 1)) for n, text in enumerate(texts)]
        line = CurrentLine(
            segment=SegmentId(f"s{number}"),
            channel=ChannelId("floor"),
            revision=0,
            t0=t,
            t1=t + 300 * len(texts),
            language="en",
            text="".join(word.text for word in words).strip(),
            machine=True,
        )
        made.append((line, SecondPassWords(tuple(words), "en")))
        t = line.t1 + pause
    return made


@given(LINES)
def test_what_is_heard_as_it_stands_changes_nothing(drawn: list[tuple[list[str], int]]) -> None:
    made = lines_of(drawn)
    assert propose([line for line, _ in made], [again for _, again in made]).proposals == ()


@given(LINES, LINES)
def test_each_word_heard_stands_in_one_line_at_most_in_order(
    stand: list[tuple[list[str], int]], heard: list[tuple[list[str], int]]
) -> None:
    lines = [line for line, _ in lines_of(stand)]
    again = [each for _, each in lines_of(heard)]
    found = propose(lines, again)
    said = [piece for each in again for word in each.words for piece in word.text.split()]
    assert found.elsewhere <= len(said)
    at = 0
    for proposal in found.proposals:
        assert proposal.new
        assert proposal.new != proposal.old
        for piece in proposal.new.split():
            at = said.index(piece, at) + 1
