"""The lists of rude words that ship: off until somebody has read them, and none holds what people ask."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from moothall.adapters.store.word_list_folder import read_word_lists
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.questions.blocked_words import BlockedWords
from moothall.core.questions.word_lists import MOST_WORDS, WordList, parse
from ordinary_questions import ordinary

SHIPPED = Path(__file__).parents[4] / "config" / "words"
LISTS = {each.language: each for each in read_word_lists(str(SHIPPED))}


def in_use(each: WordList) -> BlockedWords:
    """As if a reader had checked it."""
    return BlockedWords(msgspec.structs.replace(each, checked=True, checked_by="the test").entries)


def test_there_is_one_for_each_language_of_the_pages_and_none_counts_that_nobody_has_read() -> None:
    assert set(LISTS) == {"en", "es", "fr", "pt", "ru", "ar", "zh"}
    for each in LISTS.values():
        assert not each.checked, "who has read it? Say so here, then it may ship switched on"
        assert each.entries == ()


@pytest.mark.parametrize("language", sorted(LISTS))
def test_of_300_ordinary_questions_none_is_held(language: str) -> None:
    asked = ordinary(language)
    assert len(set(asked)) == 300
    words = in_use(LISTS[language])
    assert [text for text in asked if words.flags(language, text)] == []


@pytest.mark.parametrize("language", sorted(LISTS))
def test_each_word_of_a_list_is_found_in_a_question(language: str) -> None:
    words = in_use(LISTS[language])
    assert len(set(LISTS[language].words)) == len(LISTS[language].words)
    for word in LISTS[language].words:
        assert words.flags(language, f"… {word.upper()}!"), word
        assert words.flags("eo", f"{word}!") == (), "in another language it may be harmless"


def test_arabic_is_compared_without_vowel_signs() -> None:
    words = in_use(LISTS["ar"])
    assert words.flags("ar", "يا شَرْمُوطَة")
    assert words.flags("ar", "شـرمـوطة")
    assert not words.flags("ar", "شرموطتان")


@pytest.mark.parametrize(
    "text",
    [
        "language = 'en'",
        "words = ['x']",
        "language = 'EN'\nwords = ['x']",
        "language = 'e'\nwords = ['x']",
        "language = 'en'\nwords = [' ']",
        "language = 'en'\nwords = ['x']\nchecked = true",
        "language = 'en'\nwords = ['x']\nlater = 1",
        "language = 'en'\nwords = 'x'",
        "language = ",
        f"language = 'en'\nwords = {['x'] * (MOST_WORDS + 1)}",
    ],
)
def test_what_is_no_list_is_said_with_its_name(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"en\.toml .*checked_by"):
        parse("en.toml", text)


def test_a_list_that_somebody_has_read_counts() -> None:
    made = parse("en.toml", "language = 'en'\nwords = ['drat']\nchecked = true\nchecked_by = 'Ann, 2026'")
    assert made.entries == ("en:drat",)
