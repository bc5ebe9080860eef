from __future__ import annotations

import pytest

from moothall_models.speech.sounds import Ear, alike, sounds


@pytest.mark.parametrize(
    ("spelled", "told"),
    [
        ("Phoebe's ", "fabas"),
        ("Nguyễn", "mkam"),
        (" Moothall", "madal"),
        ("moot hall,", "madal"),
        ("RPKI", "rbka"),
        ("Кишинёв", "кишинев"),
        ("…", ""),
        ("5G", "5k"),
    ],
)
def test_letters_of_like_sounds_count_as_one(spelled: str, told: str) -> None:
    assert sounds(spelled) == told


@pytest.mark.parametrize(
    ("one", "other", "much"),
    [("madal", "madal", 1.0), ("", "", 1.0), ("madal", "", 0.0), ("madal", "mdal", 0.875), ("bad", "kad", 0.6)],
)
def test_a_vowel_more_or_less_counts_half(one: str, other: str, much: float) -> None:
    assert alike(one, other) == pytest.approx(much)
    assert alike(other, one) == pytest.approx(much)


def test_what_resembles_is_found_among_many() -> None:
    names = ["Moothall", "AfriNIC", "Kisumu", "Bishkek"]
    ear = Ear([sounds(name) for name in names])
    assert ear.like(sounds("mood hall"), 0.6) == {0: 1.0}
    assert ear.like(sounds("a free nick"), 0.6) == {1: pytest.approx(1.0)}
    assert ear.like(sounds("keys to move"), 0.9) == {}
    assert ear.like(sounds("the weather"), 0.6) == {}
    assert ear.like("", 0.6) == {}


def test_what_shares_too_little_is_not_compared() -> None:
    assert Ear(["madal"]).like("mkrlsbdkrl", 0.0) == {}


def test_what_was_compared_is_kept_for_a_while() -> None:
    ear = Ear([sounds("Moothall")])
    first = ear.like("madal", 0.6)
    assert ear.like("madal", 0.6) is first
    for n in range(1_000):
        ear.like(f"b{n}", 0.6)
    assert ear.like("madal", 0.6) == first
    assert ear.like("madal", 0.6) is not first
