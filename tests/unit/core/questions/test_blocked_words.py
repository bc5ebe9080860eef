"""Which texts wait for a person's eye because of a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.questions.blocked_words import BlockedWords, _pattern

WORDS = BlockedWords(["en:Drat", "fr:zut alors", "pest", "笨蛋", "ไอ้บ้า", " ", "en:", "de: Mist "])
FOUND = ("blocked-word",)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Oh drat!"),
        ("en-GB", "DRAT"),
        ("en", "ｄｒａｔ it"),  # noqa: RUF001  # as it is written
        ("en", "d\u200brat"),
        ("fr", "Zut\n  alors, dit-il"),
        ("de", "So ein Mist."),
        ("sw", "What a pest."),
        ("zh", "你是笨蛋吗"),
        ("th", "เขาไอ้บ้ามาก"),
    ],
)
def test_a_word_is_found_however_it_is_written(language: str, text: str) -> None:
    assert WORDS.flags(language, text) == FOUND


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "hydrate, dratted, pesto and tempest"),
        ("fr", "drat"),
        ("en", "zut alors"),
        ("fr", "zut"),
        ("en", ""),
        ("de", "Optimist"),
    ],
)
def test_a_part_of_a_word_and_one_of_another_language_are_not(language: str, text: str) -> None:
    assert WORDS.flags(language, text) == ()


def test_the_name_counts_as_much_as_the_text() -> None:
    assert WORDS.flags("en", "Why is that?", "Pest") == FOUND
    assert BlockedWords().flags("en", "drat") == ()


@given(st.text(), st.text())
def test_nothing_that_is_typed_fails(text: str, word: str) -> None:
    words = BlockedWords([word])
    assert words.flags("en", text) in ((), FOUND)


@given(st.text(alphabet="abcdeé ", min_size=1).filter(str.strip))
def test_a_word_is_found_between_spaces_and_not_within_a_longer_one(word: str) -> None:
    words = BlockedWords([word])
    assert words.flags("en", f"x {word} y") == FOUND
    assert words.flags("en", f"x{word.strip()}y") == ()


def test_what_stands_beside_a_word_is_looked_at_once_for_all_words_at_a_place_of_a_text() -> None:
    pattern = _pattern(f"word{n}" for n in range(2_000)).pattern
    assert (pattern.count("(?<!"), pattern.count("(?!")) == (1, 1), (
        "2,000 looks at each sign held the server up for 2 s"
    )
