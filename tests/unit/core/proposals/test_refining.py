from __future__ import annotations

import msgspec
import pytest

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.proposals.refining import CurrentLine, Findings, SecondPassWords, propose

FLOOR = ChannelId("floor")


def standing(name: str, t0: int, t1: int, text: str, language: str = "en", *, machine: bool = True) -> CurrentLine:
    return CurrentLine(
        segment=SegmentId(name),
        channel=FLOOR,
        revision=1,
        t0=t0,
        t1=t1,
        language=language,
        text=text,
        machine=machine,
    )


def again(text: str, t0: int, t1: int, language: str = "en") -> SecondPassWords:
    """Words of equal length from `t0` to `t1`."""
    words = text.split()
    each = (t1 - t0) // max(1, len(words))
    return SecondPassWords(
        tuple(Word(f" {word}", t0 + n * each, t0 + (n + 1) * each) for n, word in enumerate(words)), language
    )


def news(found: Findings) -> list[tuple[str, str]]:
    return [(each.segment, each.new) for each in found.proposals]


LINES = [
    standing("a", 0, 2_000, "We hold these trues."),
    standing("b", 2_100, 4_000, "To be self evident."),
    standing("c", 9_000, 10_000, "Thank you."),
]


def test_a_line_gets_the_words_of_its_partners() -> None:
    found = propose(
        LINES, [again("We hold these truths to be self-evident.", 0, 4_000), again("Thank you", 9_000, 10_000)]
    )
    assert news(found) == [("a", "We hold these truths")]
    (proposal,) = found.proposals
    assert (proposal.old, proposal.base_revision, proposal.t0) == ("We hold these trues.", 1, 0)
    assert (proposal.stays, proposal.machine) == (0.75, True)
    assert (found.unheard, found.elsewhere) == (0, 0)


@pytest.mark.parametrize(
    ("language", "before", "heard", "after"),
    [
        ("en", "I think so, we go home cow.", ("I think so.", "We go home now."), "I think so. We go home now."),
        ("zh", "我想是的我们回家奶牛", ("我想是的。", "我们现在回家"), "我想是的。我们现在回家"),
    ],
)
def test_words_of_two_lines_of_the_second_pass_stay_apart_in_a_line_as_their_language_has_it(
    language: str, before: str, heard: tuple[str, str], after: str
) -> None:
    said = [again(text, n * 3_000, n * 3_000 + 2_900, language) for n, text in enumerate(heard)]
    # As a line begins, without a space.
    found = [msgspec.structs.replace(each, words=(_bare(each.words[0]), *each.words[1:])) for each in said]
    assert news(propose([standing("a", 0, 6_000, before, language)], found)) == [("a", after)]


def _bare(word: Word) -> Word:
    return msgspec.structs.replace(word, text=word.text.lstrip())


def test_case_and_punctuation_alone_are_no_correction() -> None:
    assert news(propose(LINES[2:], [again("thank you", 9_000, 10_000)])) == []


def test_missing_words_join_the_nearer_line() -> None:
    found = propose(LINES[:2], [again("We hold all these trues. To be quite self evident. Indeed.", 0, 4_200)])
    assert news(found) == [("a", "We hold all these trues."), ("b", "To be quite self evident. Indeed.")]


def test_a_line_that_nobody_hears_again_is_counted_and_left() -> None:
    found = propose(LINES, [again("We hold these trues. To be self evident.", 0, 4_000)])
    assert (found.proposals, found.unheard, found.elsewhere) == ((), 1, 0)
    assert propose(LINES, []).unheard == 3


def test_words_where_there_is_no_line_are_counted() -> None:
    found = propose(LINES[:1], [again("We hold these trues.", 0, 2_000), again("far away from it", 20_000, 22_000)])
    assert (found.proposals, found.elsewhere) == ((), 4)
    assert propose([], [again("nobody wrote it", 0, 1_000)]).elsewhere == 3
    assert propose([], []) == Findings(proposals=(), unheard=0, elsewhere=0)


def test_another_language_is_another_matter() -> None:
    assert news(propose(LINES[2:], [again("Merci vous", 9_000, 10_000, "fr")])) == []


def test_what_a_person_wrote_is_marked() -> None:
    lines = [standing("a", 0, 2_000, "We hold these trues.", machine=False)]
    (proposal,) = propose(lines, [again("We hold these truths.", 0, 2_000)]).proposals
    assert not proposal.machine


def test_without_spaces_each_character_is_a_word() -> None:
    lines = [standing("a", 0, 2_000, "我们认为这些真里", "zh")]
    heard = SecondPassWords((Word("我们认为", 0, 1_000), Word("这些真理", 1_000, 2_000)), "zh")
    (proposal,) = propose(lines, [heard]).proposals
    assert (proposal.new, proposal.stays) == ("我们认为这些真理", 0.88)


def test_a_tone_or_a_vowel_sign_alone_is_a_correction() -> None:
    lines = [standing("a", 0, 1_000, "ไม่ดี", "th"), standing("b", 9_000, 10_000, "जल का मूल्य", "hi")]
    found = propose(lines, [again("ไม้ดี", 0, 1_000, "th"), again("जल की मूल्य", 9_000, 10_000, "hi")])
    assert [(each.new, each.stays) for each in found.proposals] == [("ไม้ดี", 0.67), ("जल की मूल्य", 0.67)]


def test_words_a_little_out_of_order_in_time_do_no_harm() -> None:
    lines = [standing("b", 1_900, 4_000, "To be self evident."), standing("a", 0, 2_000, "We hold these trues.")]
    found = propose(sorted(lines, key=lambda line: -line.t0), [again("We hold these trues.", 0, 2_000)])
    assert found.unheard + len(found.proposals) <= 2
