from __future__ import annotations

import pytest

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.speech.revision import EndedLine, better
from moothall_models.speech.settings import SpeechSettings
from support.sound.talking import said

SETTINGS = SpeechSettings()


def probably(words: tuple[Word, ...], p: float) -> tuple[Word, ...]:
    return tuple(Word(text=word.text, t0=word.t0, t1=word.t1, p=p) for word in words)


def line(text: str, start: int = 0, p: float = 0.3) -> EndedLine:
    first, *rest = probably(said(text, start), p)
    begins = Word(text=first.text.lstrip(), t0=first.t0, t1=first.t1, p=p)
    return EndedLine(SegmentId(f"s{start}"), "en", (begins, *rest), 9_000)


def heard(text: str, start: int = 0, p: float = 0.9) -> tuple[Word, ...]:
    first, *rest = probably(said(text, start), p)
    return (Word(text=f" {first.text.strip()}", t0=first.t0, t1=first.t1, p=p), *rest)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("we hold these truths", "We hold, these truths!", None),
        ("real time is here", "real-time is here", None),
        ("this tool becomes", "the stool becomes", "the stool becomes"),
        ("so feel three to go", "so feel freed to go", "so feel freed to go"),
        ("on get up and so", "on GitHub and so", "on GitHub and so"),
        ("we hold truths", "we hold these truths", None),
        ("we hold truths", "we hold all of these truths", "we hold all of these truths"),
        ("we hold", "we hold these truths", "we hold these truths"),
        ("truths to be", "We hold truths to be", "We hold truths to be"),
        ("we hold these truths", "we hold truths", None),
        ("we hold these truths", "", None),
        ("a second or two", "a 2nd or two", None),
        ("in 1961 at noon", "in 1960 at noon", None),
        ("so walk in the park", "so walk on the park", None),
        ("so walk in the park", "so walking the park", "so walking the park"),
        ("fairly quick and easily", "fearing quick and easily", "fearing quick and easily"),
    ],
)
def test_doubted_words_are_replaced_several_are_added_and_none_is_removed(old: str, new: str, text: str | None) -> None:
    assert better([line(old)], heard(new) if new else (), SETTINGS) == [text]


def test_words_stay_of_which_the_better_pass_is_less_sure() -> None:
    assert better([line("this tool becomes", p=0.91)], heard("the stool becomes"), SETTINGS) == [None]
    assert better([line("this tool becomes", p=0.9)], heard("the stool becomes"), SETTINGS) == ["the stool becomes"]


def test_words_that_are_added_have_to_be_likely() -> None:
    assert better([line("we hold")], heard("we hold these truths", p=0.39), SETTINGS) == [None]


def test_each_line_keeps_its_own_words() -> None:
    lines = [line("We hold three truths.", 0), line("To be sealed evident.", 2_000)]
    both = (*heard("We hold these truths.", 0), *heard("To be self evident.", 2_000))
    assert better(lines, both, SETTINGS) == ["We hold these truths.", "To be self evident."]
    across = (*heard("We hold three", 0), *heard("trueto", 1_500), *heard("be sealed evident.", 2_300))
    assert better(lines, across, SETTINGS) == [None, None]


@pytest.mark.parametrize(
    ("start", "texts"),
    [(1_400, ["We hold. Yes, we do.", None]), (3_000, [None, "Yes, we do. These truths."])],
)
def test_words_between_two_lines_belong_to_the_nearer_one(start: int, texts: list[str | None]) -> None:
    lines = [line("We hold.", 0), line("These truths.", 4_000)]
    new = (*heard("We hold.", 0), *heard("Yes, we do.", start), *heard("These truths.", 4_000))
    assert better(lines, new, SETTINGS) == texts


def test_where_words_have_no_spaces_none_is_made() -> None:
    words = tuple(
        Word(text=text, t0=t, t1=t + 100, p=0.9) for text, t in (("\u4eca", 0), ("\u65e5", 100), ("\u306f", 200))
    )
    old = EndedLine(SegmentId("s"), "zh", (Word(text="\u306f", t0=200, t1=300, p=0.3),), 9_000)
    assert better([old], words, SETTINGS) == ["\u4eca\u65e5\u306f"]
