"""Which texts wait for a person's check because of a word."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.app.backend import read_word_lists
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.blocked_words import (
    BLOCKED_WORD,
    MOST_WORDS,
    BlockedWords,
    WordList,
    _pattern,
    parse,
    unread_for,
)
from support.sessions.deciding import WALL, carry_out, speaking
from support.sessions.ordinary_questions import ordinary
from support.sessions.questions import MODERATOR, SOMEBODY, ask, stand

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


def test_the_first_that_is_marked_and_being_checked_counts() -> None:
    state = carry_out(speaking(), ask("a"), actor=SOMEBODY)
    assert unread_for(state.questions, 9_000) is None
    marked = msgspec.structs.replace(ask("b"), flags=(BLOCKED_WORD,))
    later = msgspec.structs.replace(ask("c"), flags=(BLOCKED_WORD,))
    state = carry_out(state, marked, actor=SOMEBODY, wall=WALL + 1_000)
    state = carry_out(state, later, actor=SOMEBODY, wall=WALL + 5_000)
    assert unread_for(state.questions, 9_000) == 8_000
    state = carry_out(state, do.Flag(intervention=InterventionId("b"), flags=()), actor=MODERATOR)
    assert unread_for(state.questions, 9_000) == 4_000
    assert unread_for(state.questions, 0) == 0
    state = carry_out(state, stand(InterventionStatus.DECLINED, "c", reason="It is rude."), actor=MODERATOR)
    assert unread_for(state.questions, 9_000) is None
