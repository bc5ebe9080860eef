from __future__ import annotations

import pytest

from moothall_models.speech.text import ends_clause, ends_sentence, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [(" Real-time,", "realtime"), (" Straße", "strasse"), ("—", ""), ("今日は。", "今日は"), ("का", "का")],
)
def test_plain_leaves_letters_and_digits(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize("text", [" done.", " why?", ' said."', "です。", " No.", "Wait!"])
def test_a_sentence_may_end(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["", " word", " comma,", " Mr.", " J.", " e.g.", " 3.", " U.S."])
def test_a_sentence_goes_on(text: str) -> None:
    assert not ends_sentence(text)


@pytest.mark.parametrize(("text", "expected"), [(" and,", True), (" end.", True), (" and", False), (" ", False)])
def test_clauses(text: str, expected: bool) -> None:
    assert ends_clause(text) is expected
