"""Where the machine continues after a person: no word of the overlap twice, none after it lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.captioning.seam import SHORTEST, letters, overlap

WORDS = [
    *("mountain", "river", "council", "budget", "harvest", "window", "silver", "garden"),
    *("market", "thunder", "village", "captain", "journey", "painter", "orchard", "bishop"),
    *("lantern", "fabric", "copper", "whistle", "meadow", "blanket", "pepper", "station"),
    *("dragon", "velvet", "kitchen", "poet", "jungle"),
]
said = st.lists(st.sampled_from(WORDS), unique=True, min_size=6, max_size=len(WORDS))


@st.composite
def told(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    """Words that were typed alone, typed and heard, and heard alone."""
    words = draw(said)
    first = draw(st.integers(0, len(words) - 3))
    last = draw(st.integers(first + 3, len(words)))
    return words[:first], words[first:last], words[last:]


def spaced(words: list[str]) -> list[str]:
    return [f" {word}" for word in words]


@given(told())
def test_no_word_of_the_overlap_comes_twice_and_none_after_it_is_lost(parts: tuple[list[str], ...]) -> None:
    alone, both, after = parts
    assert overlap(" ".join([*alone, *both]), spaced([*both, *after])) == len(both)


@given(told(), st.sampled_from([str.upper, str.title]), st.sampled_from([",", ".", "?", " -"]))
def test_case_and_punctuation_change_nothing(parts: tuple[list[str], ...], written: object, mark: str) -> None:
    alone, both, after = parts
    assert callable(written)
    typed = (mark + " ").join(written(word) for word in [*alone, *both]) + "."
    assert overlap(typed, spaced([*both, *after])) == len(both)


@given(told(), st.data())
def test_a_letter_that_was_heard_wrong_changes_nothing(parts: tuple[list[str], ...], data: st.DataObject) -> None:
    alone, both, after = parts
    which = data.draw(st.integers(0, len(both) - 1))
    wrong = [word[0] + "q" + word[2:] if n == which else word for n, word in enumerate(both)]
    assert overlap(" ".join([*alone, *both]), spaced([*wrong, *after])) == len(both)


@given(told(), st.data())
def test_words_that_come_one_by_one_are_joined_as_all_of_them(
    parts: tuple[list[str], ...], data: st.DataObject
) -> None:
    alone, both, after = parts
    which = data.draw(st.integers(0, len(both)))
    wrong = [word[0] + "q" + word[2:] if n == which else word for n, word in enumerate(both)]
    heard = spaced([*wrong, *after])
    typed = " ".join([*alone, *both])
    told_first = (overlap(typed, heard[:n], more=n < len(heard)) for n in range(1, len(heard) + 1))
    assert next(each for each in told_first if each is not None) == len(both)


@given(st.text(max_size=80), st.lists(st.text(max_size=12), max_size=20))
def test_anything_can_be_told(typed: str, heard: list[str]) -> None:
    count = overlap(typed, heard)
    assert count is None or 0 <= count <= len(heard)
    assert len(letters(typed)) >= SHORTEST or count is None


@pytest.mark.parametrize(
    ("typed", "heard", "count"),
    [
        ("We thank the delegation of Kenya.", ["the", "delegation", "of", "kenya", "and", "now", "to"], 4),
        ("We thank the delegation of Kenya.", ["and", "now", "something", "quite", "different"], None),
        ("We thank the delegation of Kenya.", (), None),
        ("Yes.", (" Yes.", " And"), None),
        ("我们感谢肯尼亚代表团的发言", ("感谢", "肯尼亚", "代表", "团的", "发言", "下面"), 5),
        ("Any more questions? Thank you.", (" questions", " thank", " you", ".", " thank", " you"), 3),
    ],
)
def test_what_people_say(typed: str, heard: list[str], count: int | None) -> None:
    assert overlap(typed, list(heard)) == count


def test_half_of_a_word_decides_to_whom_it_belongs() -> None:
    assert overlap("the harvest festival begins", ["the", "harvest", "festival", "beginsnow", "and"]) == 4
    assert overlap("the harvest festival", ["the", "harvest", "festivaloftheyears", "and"]) == 2
