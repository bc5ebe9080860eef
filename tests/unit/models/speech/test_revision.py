from __future__ import annotations

import pytest

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import SegmentId
from moothall_models.speech.revision import EndedLine, agreed, changes
from moothall_models.speech.settings import SpeechSettings
from support.sound.talking import said

SETTINGS = SpeechSettings()


def probably(words: tuple[Word, ...], p: float) -> tuple[Word, ...]:
    return tuple(Word(text=word.text, t0=word.t0, t1=word.t1, p=p) for word in words)


def line(text: str, start: int = 0) -> EndedLine:
    first, *rest = said(text, start)
    begins = Word(text=first.text.lstrip(), t0=first.t0, t1=first.t1, p=first.p)
    return EndedLine(SegmentId(f"s{start}"), "en", (begins, *rest), 9_000)


def heard(text: str, start: int = 0, p: float = 0.4) -> tuple[Word, ...]:
    if not text:
        return ()
    first, *rest = probably(said(text, start), p)
    return (Word(text=f" {first.text.strip()}", t0=first.t0, t1=first.t1, p=p), *rest)


def better(lines: list[EndedLine], first: tuple[Word, ...], second: tuple[Word, ...]) -> list[str | None]:
    found = zip(lines, changes(lines, first), changes(lines, second), strict=True)
    return [agreed(line, one, two, SETTINGS) for line, one, two in found]


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
        ("we hold these truths", "", None),
        ("a second or two", "a 2nd or two", None),
        ("in 1961 at noon", "in 1960 at noon", "in 1960 at noon"),
        ("so walk in the park", "so walk on the park", "so walk on the park"),
    ],
)
def test_what_two_passes_heard_alike_is_taken(old: str, new: str, text: str | None) -> None:
    assert better([line(old)], heard(new), heard(new.lower())) == [text]


@pytest.mark.parametrize(
    "other", ["this tool becomes", "this fool becomes", "those stool becomes", "the stool and becomes", "becomes"]
)
def test_what_only_one_pass_heard_is_not(other: str) -> None:
    assert better([line("this tool becomes")], heard("the stool becomes", p=0.99), heard(other)) == [None]


def test_each_place_is_decided_by_itself() -> None:
    old, first, second = (
        "we hold these tooth to be shelf",
        "we held these truths to be self",
        "we hold these truths to be",
    )
    assert better([line(old)], heard(first), heard(second)) == ["we hold these truths to be shelf"]


def test_words_that_both_heard_have_to_be_likely_where_they_were_heard_first() -> None:
    old, new = [line("this tool becomes")], "the stool becomes"
    assert better(old, heard(new, p=0.39), heard(new, p=0.9)) == [None]
    assert better(old, heard(new, p=0.4), heard(new, p=0.1)) == ["the stool becomes"]
    assert better(old, heard("this becomes", p=0.1), heard("this becomes", p=0.1)) == ["this becomes"]


def test_words_that_are_missing_are_added_by_the_first_pass_alone_where_they_are_likely() -> None:
    old, new = [line("we hold")], "we hold these truths"
    assert better(old, heard(new, p=0.4), heard("we hold")) == ["we hold these truths"]
    assert better(old, heard(new, p=0.39), heard("we hold")) == [None]
    assert better(old, heard("we hold"), heard(new, p=0.9)) == [None]


def test_each_line_keeps_its_own_words() -> None:
    lines = [line("We hold three truths.", 0), line("To be sealed evident.", 2_000)]
    both = (*heard("We hold these truths.", 0), *heard("To be self evident.", 2_000))
    assert better(lines, both, both) == ["We hold these truths.", "To be self evident."]
    across = (*heard("We hold three", 0), *heard("trueto", 1_500), *heard("be sealed evident.", 2_300))
    assert better(lines, across, across) == [None, None]


@pytest.mark.parametrize(
    ("start", "texts"),
    [(1_400, ["We hold. Yes, we do.", None]), (3_000, [None, "Yes, we do. These truths."])],
)
def test_words_between_two_lines_belong_to_the_nearer_one(start: int, texts: list[str | None]) -> None:
    lines = [line("We hold.", 0), line("These truths.", 4_000)]
    new = (*heard("We hold.", 0), *heard("Yes, we do.", start), *heard("These truths.", 4_000))
    assert better(lines, new, new) == texts


def test_where_words_have_no_spaces_none_is_made() -> None:
    words = tuple(
        Word(text=text, t0=t, t1=t + 100, p=0.9) for text, t in (("\u4eca", 0), ("\u65e5", 100), ("\u306f", 200))
    )
    old = EndedLine(SegmentId("s"), "zh", (Word(text="\u306f", t0=200, t1=300, p=0.3),), 9_000)
    assert better([old], words, words) == ["\u4eca\u65e5\u306f"]
