"""Where the machine continues after a person: no word of the overlap twice, none after it lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.captioning.seam import MOST_WORDS, SHORTEST, aligned, letters, overlap

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


@pytest.mark.parametrize(
    ("typed", "heard", "after"),
    [
        ("persons helen marsh i will persons chair", "My name is Helen Marsh and I will be your chair", "for the next"),
        ("while i persons sound goes to computer next to persons writes", "to a computer next to the stage. It writes",
         "down what it hears"),
        ("kilobytes so school persons weak connection", "So a school with a weak connection", "can still be part"),
        ("once line persons stays", "Once a line is complete, it stays", "as it is, unless"),
        # The last word of both is not the last that was typed: what follows in the typed text was said too.
        ("the river flooded the lower market persons", "The river flooded the lower market hall", "on Monday"),
        ("we need 3 silver lanterns for persons persons", "we need some silver lanterns for this village", "by"),
        ("... the council agreed: budget -", "The council - agreed on the budget", "and closed"),
    ],
)  # fmt: skip
def test_a_text_in_other_words_ends_where_the_last_common_word_does(typed: str, heard: str, after: str) -> None:
    words = heard.split()
    assert aligned(typed, spaced([*words, *after.split()])) == len(words)


def test_no_more_words_are_left_out_than_were_heard() -> None:
    assert aligned("the council agreed persons persons persons", ["The", " council", " agreed", " that"]) == 4


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("", ["Good", " morning"]),
        ("quite other things were written", ["Good", " morning", " everybody"]),
        ("everybody", ["Good", " morning", " everybody"]),
        ("we are on it", ["we", " are", " on"]),
        ("We thank the delegation of Kenya.", ["We", " thank", " Kenya"]),
        ("good morning everybody", []),
        ("good morning everybody", ["..."]),
        ("第一个问题是关于农村地区的", ["第一个", "问题", "来自", "农村"]),
    ],
)
def test_too_little_in_common_says_nothing(typed: str, heard: list[str]) -> None:
    assert aligned(typed, heard) is None


def test_only_the_end_of_a_long_text_is_aligned() -> None:
    long = " ".join(["mountain river"] + ["persons"] * MOST_WORDS)
    assert aligned(long, ["mountain", " river", " council"]) is None


@given(told(), st.data())
def test_words_that_the_person_left_out_cost_no_word_behind_them(
    parts: tuple[list[str], ...], data: st.DataObject
) -> None:
    alone, both, after = parts
    left = data.draw(st.integers(0, len(both) - 3)) if len(both) > 3 else 0
    typed = [word for n, word in enumerate(both) if n != left]
    assert aligned(" ".join([*alone, *typed]), spaced([*both, *after])) in {len(both), None}
