from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.letters import is_word, letters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Real-time, 3.5!", "realtime35"),
        (" Straße", "strasse"),
        ("今日は。", "今日は"),
        ("Cafe\u0301", "caf\u00e9"),
        ("का, की", "काकी"),
        ("क्\u200dया", "क्या"),
        ("น้ำ ไม่", "น้ำไม่"),
        # What some write and others leave out: points of Arabic and Hebrew, the stress of Russian.
        ("\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f", "\u0645\u062d\u0645\u062f"),
        ("\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
        ("жи\u0301ли", "жили"),
        ("ok \u2764\ufe0f", "ok"),
        ("禰\U000e0100豆", "禰豆"),
        # No letter, no word.
        ("", ""),
        ("—", ""),
        ("\u2764\ufe0f", ""),
        ("\u093e\u0e48", ""),
    ],
)
def test_letters_are_what_tells_words_apart(text: str, expected: str) -> None:
    assert letters(text) == expected


@given(st.text(max_size=40))
def test_letters_are_all_that_is_compared(text: str) -> None:
    assert letters(text) == letters(f"- {text.casefold()}.")


@pytest.mark.parametrize("text", ["Net", "ß3", "महा", "ไม่"])
def test_a_word_has_letters_and_marks(text: str) -> None:
    assert is_word(text)


@pytest.mark.parametrize("text", ["", " Net", "Net.", "महा।", "\u093e", "\u2764\ufe0f"])
def test_anything_else_is_no_word(text: str) -> None:
    assert not is_word(text)
