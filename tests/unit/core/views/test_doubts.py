from __future__ import annotations

import pytest

from moothall.core.events.lines import Word
from moothall.core.views.doubts import SURE, DoubtSpan, apart, doubted, left


def words(*said: tuple[str, float]) -> list[Word]:
    return [Word(text, 0, 1, p) for text, p in said]


def test_a_word_is_doubtful_below_the_threshold_and_stands_without_the_space_before_it() -> None:
    said = words((" Good", 1), (" morning", SURE - 0.01), (" all", SURE), (" ", 0))
    assert doubted("", said) == ((6, 13),)
    assert doubted(" We", words((" 😀", 0.1), (" met", 0.2))) == ((4, 6), (7, 10)), "as pages count"


@pytest.mark.parametrize(
    ("old", "new", "stays"),
    [
        (" one two three", " one two three", [(1, 4), (9, 14)]),
        (" one two three", " one too three", [(1, 4), (9, 14)]),
        (" one two three", " one or two three", [(1, 4), (12, 17)]),
        (" one two three", " ones two three", [(10, 15)]),
        (" one two three", "one two three", [(8, 13)]),
        (" one two three", " four", []),
        (" one two three", "", []),
        ("", " one", []),
    ],
)
def test_a_new_text_leaves_the_doubts_of_what_it_does_not_change(old: str, new: str, stays: list[DoubtSpan]) -> None:
    spans = doubted("", words((" one", 0.1), (" two", 1), (" three", 0.1))) if old else ()
    assert list(left(spans, old, new)) == stays


def test_a_text_is_cut_around_its_doubts() -> None:
    said = words((" We", 1), (" 😀", 0.1), (" met", 0.2), (" there ", 1))
    text = "".join(word.text for word in said)
    assert apart(text, doubted("", said)) == [("We ", "😀"), (" ", "met"), (" there", "")]
    assert apart(" plain ", ()) == [("plain", "")]
