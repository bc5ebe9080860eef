"""Laws of chrF2: its range, what it doesn't depend on, and that being nearer to the reference never costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall_models.translators.chrf import chrf2

texts = st.text(max_size=40) | st.text(st.sampled_from("ab c"), max_size=40)
pairs = st.lists(st.tuples(texts, texts), max_size=6)


def score(given: list[tuple[str, str]]) -> float:
    return chrf2([made for made, _ in given], [reference for _, reference in given])


@given(pairs)
def test_it_lies_between_nothing_and_a_hundred(given: list[tuple[str, str]]) -> None:
    assert 0 <= score(given) <= 100 + 1e-9


@given(st.lists(texts, max_size=6).filter(lambda given: any(text.split() for text in given)))
def test_the_reference_itself_has_a_hundred(given: list[str]) -> None:
    assert chrf2(given, given) == pytest.approx(100)


@given(pairs, st.randoms())
def test_neither_the_order_of_the_texts_nor_spaces_in_them_count(given: list[tuple[str, str]], random: object) -> None:
    mixed = sorted(given, key=lambda each: hash((each, id(random))))
    assert score(mixed) == pytest.approx(score(given))
    assert score([(" ".join(made), f" {reference}\n") for made, reference in given]) == pytest.approx(score(given))


@given(pairs, texts)
def test_a_text_that_is_right_never_makes_it_worse(given: list[tuple[str, str]], right: str) -> None:
    long_enough = right * 7 if right.split() else "abcdefg"  # all orders count on both sides
    assert score([*given, (long_enough, long_enough)]) >= score([*given, ("", long_enough)]) - 1e-9
