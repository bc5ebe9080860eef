from __future__ import annotations

import pytest

from moothall_models.translators.pieces import has_latin, joined, readable, sentences, within
from moothall_models.translators.port import LONGEST, UnusableTranslation


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is open. We begin.", ["It is open.", "We begin."]),
        ("Is it? Yes! Well… Then.", ["Is it?", "Yes!", "Well…", "Then."]),
        ("¿Está abierta? Sí. «Bien.» Sigamos.", ["¿Está abierta?", "Sí. «Bien.»", "Sigamos."]),
        ("Wait... and see.", ["Wait... and see."]),
        ("Mr. Smith spoke. Sra. Lima too.", ["Mr. Smith spoke.", "Sra. Lima too."]),
        ("J. P. Silva of the U.S. Senate.", ["J. P. Silva of the U.S. Senate."]),
        ("It costs 3.50 here. 40 came.", ["It costs 3.50 here.", "40 came."]),
        ("你好。今天很好。", ["你好。", "今天很好。"]),
        ("no end", ["no end"]),
        (". . .", [".", ".", "."]),
        ("", []),
        ("   ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_what_is_short_enough_is_one_part() -> None:
    assert within("One. Two.", 9) == ["One. Two."]
    assert within("", 9) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("we went on. They came, all of them", ["we went on.", "They came,", "all of them"]),
        ("we went on, they came all at", ["we went on,", "they came all at"]),
        ("we went on they came", ["we went on they", "came"]),
        ("A. the rest has no end", ["A. the rest has", "no end"]),
        ("x" * 45, ["x" * 18, "x" * 18, "x" * 9]),
    ],
)
def test_what_is_too_long_is_cut_at_the_best_place(text: str, parts: list[str]) -> None:
    assert within(text, 18) == parts


def test_readable() -> None:
    assert readable(" a\0b\r\nc\u2028d\u0085e ") == "a b  c d e"
    assert readable("e\u0301") == "\xe9"
    assert readable("\ud83d!\uffff\U0010fffe\ufdd0") == "\ufffd!\ufffd\ufffd\ufffd"
    assert readable("\x1f\x7f\x9f-\ufffd\ufdcf\ufdf0\ue000") == "-\ufffd\ufdcf\ufdf0\ue000"
    assert readable("\u202eabc 😀") == "\u202eabc 😀"
    assert readable("x" * LONGEST) == "x" * LONGEST
    with pytest.raises(UnusableTranslation, match=f"at most {LONGEST}"):
        readable("x" * (LONGEST + 1))


def test_letters_of_the_latin_script() -> None:
    assert has_latin("... é")
    assert not has_latin("12 + 3 😀 Привет 你好 ...")


def test_chinese_and_japanese_sentences_have_no_space_between() -> None:
    assert [joined(["一。", "二。"], tag) for tag in ("zh-Hant", "ja", "ko")] == ["一。二。", "一。二。", "一。 二。"]
