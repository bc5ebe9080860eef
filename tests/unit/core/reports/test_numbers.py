"""Numbers in words are figures, in seven languages, and what isn't surely one number stays as it is."""

from __future__ import annotations

import itertools

import pytest

from moothall.core.reports.normal_words import normal_words
from moothall.core.reports.numbers import chinese_number, numbered, spelled


def forms(text: str, language: str) -> str:
    words = numbered(normal_words(text, language), text, language)
    assert all(one.end <= other.start for one, other in itertools.pairwise(words))
    return " ".join(word.form for word in words)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("three", "3"),
        ("two hundred and forty people", "240 people"),
        ("two hundred and forty thousand five hundred", "240500"),
        ("one hundred thousand and one", "100001"),
        ("between two hundred and three hundred", "between 200 and 300"),
        ("a hundred hubs, an hour, a thousandth", "100 hubs an hour 1000:o"),
        ("a", "a"),
        ("two three twenty and five", "2 3 20 and 5"),
        ("twenty-five, twenty\u2014five", "25 20 5"),
        ("nineteen ninety-nine and twenty twenty-five", "1999 and 2025"),
        ("nineteen hundred", "1900"),
        ("nineteen first, eleven two, nineteen forty second", "19 1:o 11 2 19 42:o"),
        ("twenty people, twenty", "20 people 20"),
        ("third 3rd twenty-first 21st 21-st 3 rd", "3:o 3:o 21:o 21:o 21:o 3 rd"),
        ("three point one four, two point twenty-five", "3.14 2.25"),
        ("at this point one, three point", "at this point 1 3 point"),
        ("three point third", "3 point 3:o"),
        ("2.5 million, 3 thousand million, 5 thousandth", "2500000 3000000000 5 1000:o"),
        ("1.25 million hundred", "125000000"),
        ("five percent, 5 per cent, 5%", "5 % 5 % 5 %"),
        ("five per head, per", "5 per head per"),
        ("thousand thousand, million million", "1000 1000 1000000 1000000"),
        ("hundred hundred, zero hundred", "100 100 0 100"),
        ("two thousand and zero, two thousand zero, two zero", "2000 and 0 2000 0 2 0"),
        ("two hundred and", "200 and"),
        ("hundred and first thousand", "101:o 1000"),
        ("one million two hundred thousand and thirty", "1200030"),
        ("one thousand two million", "1002 1000000"),
        ("zero million five", "0 1000005"),
    ],
)
def test_english(text: str, plain: str) -> None:
    assert forms(text, "en-GB") == plain


@pytest.mark.parametrize(
    ("language", "text", "plain"),
    [
        ("fr", "quatre-vingt-dix-sept, quatre-vingts, soixante et onze", "97 80 71"),
        ("fr", "vingt et un mille deux cents, 2 500 voix, 20 30", "21200 2500 voix 20 30"),
        ("fr", "dix-sept, cinq pour cent, trois virgule cinq", "17 5 % 3.5"),
        ("fr", "premier, 1er, deuxième, 2e, vingt et unième, 12 500e", "1:o 1:o 2:o 2:o 21:o 12500 e"),
        ("fr", "vingt et trois, 2500 300, 1  500", "20 et 3 2500 300 1 500"),
        ("es", "treinta y cinco mil millones, doscientos cuarenta", "35000000000 240"),
        ("es", "vigésimo primero, 1.º, 3er, tres y cuatro", "21:o 1:o 3:o 3 y 4"),
        ("es", "mil mil, diez por ciento", "1000 1000 10 %"),
        ("pt", "cento e vinte e cinco, mil e duzentos e vinte", "125 1220"),
        ("pt", "vinte e trinta, vinte e um milhões", "20 e 30 21000000"),
        ("ru", "двадцать пятый, 25-й, две тысячи двадцать пять", "25:o 25:o 2025"),
        ("ru", "пять процентов, третьего, двухсот", "5 % 3:o 200"),
        ("ar", "خمسة وعشرون، مئة وخمسة وعشرون", "25 125"),
        ("ar", "ألفين وخمسة وعشرين وخمسةَ عشر", "2025 و 15"),
        ("ar", "ثلاثة آلاف الثالث، خمسة وستة، عشرون ثلاثة", "3000 3:o 5 و 6 20 3"),
        ("ar", "ألف ألفين، ألفين ألف، في المئة، واحد وعشرون", "1000 2000 2000 1000 % 21"),
        ("ar", "وقال وخمسة", "وقال و 5"),
        ("zh", "二〇二五年，三百零五，一千二百万，百分之五，5%，5 %，三点五", "2025 年 305 12000000 5% 5% 5 % 3.5"),
        ("zh", "两百，三四个，三百五，3万，万一，2.5亿，第三", "200 三 四 个 三 百 五 30000 万 一 250000000 第 3"),
        ("zh", "百分之你，三点半，三点百，百", "100 分 之 你 3 点 半 3 点 100 100"),
        ("zh", "十五 五百分之", "15 500 分 之"),
        ("zh", "百分之", "100 分 之"),
        ("de", "zwei hundert 3", "zwei hundert 3"),
    ],
)
def test_other_languages(language: str, text: str, plain: str) -> None:
    assert forms(text, language) == plain


def test_a_number_that_is_too_long_is_no_number() -> None:
    assert forms("5 " + "million " * 9, "en") == "5000000000000 " + " ".join(["1000000"] * 7)
    assert chinese_number("一" + "万" * 30) is None


@pytest.mark.parametrize(
    ("run", "value"),
    [
        ("", None),
        ("三", 3),
        ("三四", None),
        ("一二三", None),
        ("一九九九", 1999),
        ("三百五", None),
        ("三百五万", None),
        ("三百五十", 350),
        ("三百零五", 305),
        ("十百", None),
        ("三十四五", None),
        ("万", None),
        ("一亿二千万", 120_000_000),
        ("三万五", None),
        ("二十五万零三", 250_003),
    ],
)
def test_chinese_numerals(run: str, value: int | None) -> None:
    assert chinese_number(run) == value


def test_a_number_in_words_has_a_spelling() -> None:
    assert spelled(normal_words("two hundred and forty", "en")) == "twohundredandforty"
    assert spelled(normal_words("per cent", "en")) == spelled(normal_words("percent", "en")) == "percent"
    assert not spelled(normal_words("2.5 million", "en"))
    assert not spelled(normal_words("%", "en"))
