from __future__ import annotations

from moothall_models.speech.unheard import Unheard


def test_what_is_heard_later_is_not_missing() -> None:
    unheard = Unheard()
    unheard.heard(0, 1_000)
    assert unheard.given_up(9_999) is None
    unheard.missed(500, 1_200)
    unheard.missed(1_200, 1_800)
    unheard.heard(0, 2_400)
    assert unheard.given_up(9_999) is None


def test_what_no_later_pass_looks_back_to_is_missing() -> None:
    unheard = Unheard()
    unheard.missed(500, 1_800)
    unheard.heard(1_000, 2_400)
    assert unheard.given_up(9_999) == (500, 1_000)
    unheard.missed(500, 1_800)
    unheard.heard(2_000, 2_400)
    assert unheard.given_up(9_999) == (500, 1_800)
    unheard.missed(500, 1_800)
    unheard.heard(0, 1_000)
    assert unheard.given_up(9_999) == (1_000, 1_800)


def test_it_is_given_up_piece_by_piece() -> None:
    unheard = Unheard()
    unheard.missed(500, 1_800)
    assert unheard.given_up(500) is None
    assert unheard.given_up(1_000) == (500, 1_000)
    assert unheard.given_up(1_000) is None
    assert unheard.given_up(1_800) == (1_000, 1_800)
    assert unheard.given_up(1_800) is None
