# ruff: noqa: RUF001  # letters and marks of other scripts are meant as such

from __future__ import annotations

from functools import cache
from itertools import permutations
from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall.core.translation.phrases import Phrase, from_to, read_phrases
from moothall.core.translation.protecting import ALONE, NUMBER, QUESTION, parted, protect, restore, search_for

TABLE = Path(__file__).parents[4] / "config" / "phrases.toml"
WHOLE = ("en", "es", "fr", "pt")
LANGUAGES = ("ar", "en", "es", "fr", "pt", "ru", "zh")


@cache
def shipped() -> tuple[Phrase, ...]:
    return read_phrases(TABLE.read_text(encoding="utf-8"), TABLE.name)


def test_the_table_has_forty_formulas_and_each_of_them_in_four_languages() -> None:
    assert len(shipped()) >= 40
    assert all(tuple(sorted(set(phrase) & set(WHOLE))) == WHOLE for phrase in shipped())


def test_it_has_most_of_them_in_arabic_chinese_and_russian_too() -> None:
    there = {tag: sum(tag in phrase for phrase in shipped()) for tag in LANGUAGES}
    assert (there["ar"], there["ru"], there["zh"]) == (116, 101, 123)


@pytest.mark.parametrize(("source", "target"), list(permutations(LANGUAGES, 2)))
def test_each_form_of_a_formula_becomes_what_is_said_in_the_other_language(source: str, target: str) -> None:
    search = search_for(from_to(shipped(), source, target))
    there_are = {parted(each[target][0])[0] for each in shipped() if target in each}
    for phrase in (each for each in shipped() if source in each and target in each):
        for form in phrase[source]:
            begin, ahead = parted(form)
            follows = {NUMBER: " 7", QUESTION: "?"}.get(ahead, "")
            before, after = ("Well. ", ". Thank you.") if ahead == ALONE else ("Well, ", f"{follows}, thank you.")
            if begin.endswith("لـ"):  # It is joined to a word.
                begin, after = begin.removesuffix("ـ"), f"ممثل{after}"
            taken = protect(f"{before}{begin.upper()}{after}", search)
            after = f" {after}" if after[0].isalpha() else after
            assert taken.text == f"{before}XQ1X{after}"
            # What this engine does to the rest is another matter.
            there = restore(taken.text, taken.put_in)
            assert there is not None
            written = there.removeprefix(before).removesuffix(after)
            assert written in there_are or written[0].lower() + written[1:] in there_are


def test_within_one_language_no_form_stands_for_two_phrases() -> None:
    for language in LANGUAGES:
        forms = [form.lower() for phrase in shipped() for form in phrase.get(language, ())]
        assert len(forms) == len(set(forms))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "例如下午有请求，字幕服务器和副主席的会议开始时间。"),
        ("zh", "请发言人说话，现在发言的是他，他通过邮件举手之劳。"),
        ("ru", "Кто за это отвечает, те, кто за границей, имеет ли слово значение."),
        ("ar", "لنا ولد، وقال كلاما عن الأعمال."),
    ],
)
def test_words_that_only_look_like_a_formula_are_left(language: str, text: str) -> None:
    assert protect(text, search_for(from_to(shipped(), language, "en"))).text == text


def test_a_language_that_a_table_lacks_has_no_phrases() -> None:
    assert from_to(shipped(), "en", "de") == {}
    assert from_to(shipped(), "ja", "en") == {}
    assert from_to(shipped(), "en-GB", "pt-BR")["I so move"] == "assim o proponho"


def test_of_two_phrases_with_one_form_the_first_counts() -> None:
    two = read_phrases('[[phrase]]\nen = ["a"]\nes = ["b"]\n[[phrase]]\nen = ["a"]\nes = ["c"]\n', "x")
    assert from_to(two, "en", "es") == {"a": "b"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[phrase", "x.toml is not TOML"),
        ("[[phrases]]\n", "unknown field `phrases`"),
        ('[[phrase]]\nen = "a"\n', "A table of phrases has"),
        ('[[phrase]]\nen = ["a"]\n', "phrase 1 lacks a form"),
        ('[[phrase]]\nen = ["a"]\nes = []\n', "phrase 1 lacks a form"),
        ('[[phrase]]\nen = ["a"]\nes = [" "]\n', "phrase 1 lacks a form"),
        (f'[[phrase]]\nen = ["{"a" * 201}"]\nes = ["b"]\n', "above 200 characters"),
        ('[[phrase]]\nen = ["a?", "b"]\nes = ["c?"]\n', "some forms of phrase 1 end with {number}, {alone} or"),
        ('[[phrase]]\nen = ["a {number}"]\nes = ["b"]\n', "some forms of phrase 1 end with {number}, {alone} or"),
        ('[[phrase]]\nen-GB = ["a"]\nes = ["b"]\n', "names the language 'en-GB'"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        read_phrases(text, "x.toml")


def test_a_table_has_an_end() -> None:
    with pytest.raises(ConfigurationError, match="has 2001 phrases; at most 2000"):
        read_phrases('[[phrase]]\nen = ["a"]\nes = ["b"]\n' * 2_001, "x.toml")
