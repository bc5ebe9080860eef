from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.likeness import (
    ALIKE,
    MOST_NEAR,
    Likenesses,
    cosine,
    grams,
    likeness,
    nearest,
    nearest_in_meaning,
)
from support.sessions.questions import name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Who pays for the water?", "who pays for the WATER"),
        ("Who pays for the water in the villages?", "Who will pay for the water in villages?"),
        ("Où est l'eau ?", "ou est l'eau"),
        ("谁来支付村庄的用水费用", "谁来支付村庄用水费用"),
        ("من يدفع ثمن المياه في القرى؟", "من يدفع ثمن مياه القرى؟"),
    ],
)
def test_what_asks_the_same_in_nearly_the_same_words_is_alike(one: str, other: str) -> None:
    assert likeness(grams(one), grams(other)) >= ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Who pays for the water?", "When does the school open?"),
        ("Why?", "When?"),
        ("", ""),
        ("?", "!"),
    ],
)
def test_what_does_not_is_not(one: str, other: str) -> None:
    assert likeness(grams(one), grams(other)) < ALIKE


def ids(*names: str) -> tuple[InterventionId, ...]:
    return tuple(map(name, names))


def test_groups_are_led_by_their_first_and_follow_what_changes() -> None:
    known = Likenesses()
    texts = {name("a"): "Who pays?", name("b"): "When is lunch?", name("c"): "who pays", name("d"): "When is lunch"}
    assert known.groups(texts) == [ids("a", "c"), ids("b", "d")]
    texts[name("c")] = "When is lunch?!"
    assert known.groups(texts) == [ids("b", "c", "d")]
    del texts[name("b")]
    assert known.groups(texts) == [ids("c", "d")]
    assert known.groups({}) == []


def test_of_too_many_the_newest_are_compared() -> None:
    texts = {name("a"): "Who pays?", name("b"): "Who pays?", name("c"): "Who pays?"}
    assert Likenesses(most=2).groups(texts) == [ids("b", "c")]


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["Who pays?", "who pays", "Where?"]))))
def test_what_is_remembered_changes_nothing(steps: list[dict[str, str]]) -> None:
    known = Likenesses()
    for step in steps:
        texts = {name(each): text for each, text in step.items()}
        assert known.groups(texts) == Likenesses().groups(texts)


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_goes_both_ways(one: str, other: str) -> None:
    assert likeness(grams(one), grams(other)) == likeness(grams(other), grams(one)) <= 1


def test_who_types_is_shown_the_nearest_texts_first() -> None:
    texts = {
        name("q1"): "When does the school open?",
        name("q2"): "Who pays for the water in the villages?",
        name("q3"): "Who will pay for water in the cities?",
    }
    assert nearest("Who pays for the water in villages?", texts) == [name("q2"), name("q3")]
    assert nearest("", texts) == []


def test_vectors_are_compared_by_their_direction_alone() -> None:
    assert cosine(bytes([1, 2]), bytes([50, 100])) == pytest.approx(1)
    assert cosine(bytes([100, 0]), bytes([156, 0])) == -1  # 156 is -100 as a signed byte
    assert cosine(bytes([3, 0]), bytes([0, 3])) == 0
    assert cosine(bytes(2), bytes([1, 1])) == 0


def test_what_means_most_nearly_the_same_comes_first_and_what_was_found_by_words_is_left_out() -> None:
    a, b, c, d = ids("a", "b", "c", "d")
    others = {a: bytes([10, 9]), b: bytes([10, 1]), c: bytes([0, 10]), d: bytes([10, 0])}
    assert nearest_in_meaning(bytes([10, 0]), others, 0.5) == [d, b, a]
    assert nearest_in_meaning(bytes([10, 0]), others, 0.5, {d}) == [b, a]
    many = {each: bytes([10, 0]) for each in ids(*(f"n{n}" for n in range(MOST_NEAR + 1)))}
    assert len(nearest_in_meaning(bytes([10, 0]), many, 0.5)) == MOST_NEAR
