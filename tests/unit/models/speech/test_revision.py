from __future__ import annotations

import pytest

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.speech.revision import EndedLine, changes, merged
from support.sound.talking import said


def line(text: str, start: int = 0) -> EndedLine:
    first, *rest = said(text, start)
    begins = Word(text=first.text.lstrip(), t0=first.t0, t1=first.t1, p=first.p)
    return EndedLine(SegmentId(f"s{start}"), "en", (begins, *rest), 9_000)


def heard(text: str, start: int = 0) -> tuple[Word, ...]:
    if not text:
        return ()
    first, *rest = said(text, start)
    return (Word(text=f" {first.text.strip()}", t0=first.t0, t1=first.t1, p=first.p), *rest)


def better(lines: list[EndedLine], words: tuple[Word, ...]) -> list[str | None]:
    """The text of each line with all changes that a pass proposes; None for a line without any."""
    found = zip(lines, changes(lines, words), strict=True)
    return [merged(line, proposed) if proposed else None for line, proposed in found]


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("we hold these truths", "We hold, these truths!", None),
        ("real time is here", "real-time is here", None),
        ("this tool becomes", "the stool becomes", "the stool becomes"),
        ("so feel three to go", "so feel freed to go", "so feel freed to go"),
        ("on get up and so", "on GitHub and so", "on GitHub and so"),
        ("we hold truths", "we hold these truths", "we hold these truths"),
        ("we hold", "we hold these truths", "we hold these truths"),
        ("truths to be", "We hold truths to be", "We hold truths to be"),
        ("we hold these truths", "we hold truths", "we hold truths"),
        ("And we hold", "we hold", "We hold"),
        ("three three four", "three four", "three four"),
        ("we hold these truths", "", ""),
        ("a second or two", "a 2nd or two", None),
        ("in 1961 at noon", "in 1960 at noon", "in 1960 at noon"),
        ("so walk in the park", "so walk on the park", "so walk on the park"),
    ],
)
def test_a_line_takes_what_a_pass_proposes(old: str, new: str, text: str | None) -> None:
    assert better([line(old)], heard(new)) == [text]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("The stool becomes.", True),
        ("this tool becomes", False),
        ("this fool becomes", False),
        ("those stool becomes", False),
        ("the stool and becomes", False),
        ("becomes", False),
    ],
)
def test_a_change_is_the_same_with_the_same_letters_in_the_same_place(other: str, same: bool) -> None:
    ((change,),) = changes([line("this tool becomes")], heard("the stool becomes"))
    assert any(map(change.same, changes([line("this tool becomes")], heard(other))[0])) is same


def test_each_change_can_be_taken_by_itself() -> None:
    old = line("we hold these tooth to be shelf")
    held, truths, own = changes([old], heard("we held these truths to be self"))[0]
    assert [merged(old, [each]) for each in (held, truths, own)] == [
        "we held these tooth to be shelf",
        "we hold these truths to be shelf",
        "we hold these tooth to be self",
    ]


def test_each_line_keeps_its_own_words() -> None:
    lines = [line("We hold three truths.", 0), line("To be sealed evident.", 2_000)]
    both = (*heard("We hold these truths.", 0), *heard("To be self evident.", 2_000))
    assert better(lines, both) == ["We hold these truths.", "To be self evident."]
    across = (*heard("We hold three", 0), *heard("trueto", 1_500), *heard("be sealed evident.", 2_300))
    assert better(lines, across) == [None, None]


@pytest.mark.parametrize(
    ("start", "texts"),
    [(1_400, ["We hold. Yes, we do.", None]), (3_000, [None, "Yes, we do. These truths."])],
)
def test_words_between_two_lines_belong_to_the_nearer_one(start: int, texts: list[str | None]) -> None:
    lines = [line("We hold.", 0), line("These truths.", 4_000)]
    new = (*heard("We hold.", 0), *heard("Yes, we do.", start), *heard("These truths.", 4_000))
    assert better(lines, new) == texts


def test_where_words_have_no_spaces_none_is_made() -> None:
    words = tuple(
        Word(text=text, t0=t, t1=t + 100, p=0.9) for text, t in (("\u4eca", 0), ("\u65e5", 100), ("\u306f", 200))
    )
    old = EndedLine(SegmentId("s"), "zh", (Word(text="\u306f", t0=200, t1=300, p=0.3),), 9_000)
    assert better([old], words) == ["\u4eca\u65e5\u306f"]
