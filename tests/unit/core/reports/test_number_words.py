"""Words for numbers have their values, in each of their forms."""

from __future__ import annotations

import pytest

from moothall.core.reports.number_words import NumberWord, numerals


@pytest.mark.parametrize(
    ("language", "word", "value", "ordinal"),
    [
        ("en", "ninety", 90, False),
        ("en", "twelfth", 12, True),
        ("fr", "zéro", 0, False),
        ("es", "dieciséis", 16, False),
        ("pt", "quatorze", 14, False),
        ("ru", "четырех", 4, False),
        ("ru", "сороковая", 40, True),
        ("ar", "اربعة", 4, False),
        ("ar", "الثانية", 2, True),
    ],
)
def test_words_have_values(language: str, word: str, value: int, ordinal: bool) -> None:
    how = numerals(language)
    assert how is not None
    assert how.words[word] == NumberWord(value, ordinal)


def test_hundreds_and_thousands_multiply() -> None:
    assert [NumberWord(value).multiplies for value in (100, 1_000, 10**12)] == [True] * 3
    assert not any(NumberWord(value).multiplies for value in (1, 10, 200, 2_000, 10**5))


def test_other_languages_are_not_known() -> None:
    assert numerals("zh") is None
    assert numerals("de") is None


def test_nothing_joins_where_no_word_does() -> None:
    how = numerals("ru")
    assert how is not None
    assert not how.joins(20, 5)
