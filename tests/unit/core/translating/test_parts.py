from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.translating.parts import MOST, parts_of, together

TEXTS = st.text(alphabet=st.sampled_from("abcdé .?!。\n\r\t’"), max_size=120)  # noqa: RUF001


@given(TEXTS, st.integers(1, 30))
def test_parts_are_the_text_and_none_is_too_long_or_over_a_line(text: str, most: int) -> None:
    parts = parts_of(text, most)
    assert "".join(part + gap for part, gap in parts) == text.lstrip()
    for part, gap in parts:
        assert 0 < len(part) <= most
        assert part == part.strip()
        assert not set("\n\r") & set(part)
        assert not gap.strip()


@given(TEXTS)
def test_what_is_short_is_put_together_as_it_was(text: str) -> None:
    made = together(parts_of(text), "en")
    assert made.split() == text.split()
    assert made.count("\n") == text.strip().count("\n")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        (" \n ", []),
        ("One.", ["One."]),
        ("First sentence. Second one.", ["First sentence.", "Second one."]),
        ("A question? Mr. Okello said so.", ["A question?", "Mr. Okello said so."]),
        ("No end of a sentence at all here", ["No end of a sentence", "at all here"]),
        ("x" * 45, ["x" * 20, "x" * 20, "x" * 5]),
        ("第一句话在这里结束了。第二句话也在这里结束。", ["第一句话在这里结束了。", "第二句话也在这里结束。"]),
        ("Short.\n\nNext.", ["Short.", "Next."]),
    ],
)
def test_it_is_cut_behind_sentences_then_words(text: str, parts: list[str]) -> None:
    assert [part for part, _ in parts_of(text, 20)] == parts


def test_paragraphs_stay_and_sentences_are_joined_as_the_language_does_it() -> None:
    parts = [("Uno.", " "), ("Dos.", "\n\n"), ("Tres.", "\n")]
    assert together(parts, "es") == "Uno. Dos.\n\nTres."
    assert together(parts, "zh-Hans") == "Uno.Dos.\n\nTres."
    assert together([("A.", ""), ("B.", "")], "en") == "A. B."
    assert together([], "en") == ""
    assert len(parts_of("word " * 2_000)) == -(-10_000 // MOST)
