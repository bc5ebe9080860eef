from __future__ import annotations

import pytest

from moothall_models.speech.overload import (
    HALF_LIFE,
    LATE,
    LEAST_SPEECH,
    LEAST_SPOKEN,
    SPOKEN,
    TOO_LATE,
    Headroom,
    Load,
    SpeechShare,
    due,
    shared,
)


def measured(share: float, workers: int = 1, at_most: int | None = None) -> Load:
    """After a minute of speech whose passes took `share` of a worker's time."""
    load = Load(workers, at_most)
    for _ in range(60):
        load.passed(ran=1_000 * share, waited=0, speech=1_000)
    return load


def test_until_it_is_measured_it_is_guessed() -> None:
    assert Load(1).room((), 0) == Headroom(3, 9)
    assert Load(2).room((SPOKEN,) * 2, 0) == Headroom(4, 16)


@pytest.mark.parametrize(
    ("share", "workers", "room"),
    [(0.3, 1, Headroom(3, 9)), (0.4, 2, Headroom(5, 15)), (0.1, 2, Headroom(21, 63)), (1.5, 1, Headroom(1, 3))],
)
def test_what_fits_follows_from_what_speech_takes(share: float, workers: int, room: Headroom) -> None:
    assert measured(share, workers).room((), 0) == room


def test_what_is_there_is_taken_off() -> None:
    assert measured(0.4, 2).room((SPOKEN,) * 4, 0) == Headroom(1, 11)
    assert measured(0.4, 2).room((SPOKEN,) * 8, 0) == Headroom(-3, 7)
    assert measured(0.4, 2).room((SPOKEN,) * 16, 0) == Headroom(-11, 0)


def test_rooms_in_which_little_is_said_leave_room_for_others() -> None:
    load = measured(0.4, 2)
    assert load.room((SPOKEN,) * 4, 0) == Headroom(1, 11)
    assert load.room((SPOKEN / 2,) * 4, 0) == Headroom(3, 13)
    assert load.room((1.0,) * 4, 0) == Headroom(-1, 9), "nobody makes a pause in any of them"
    assert measured(0.4, 2, at_most=4).room((LEAST_SPOKEN,) * 3, 0) == Headroom(1, 1), "the operator's own limit"


@pytest.mark.parametrize(
    ("share", "rooms", "workers", "spare"),
    [
        (0.45, 0, 1, True),
        (0.45, 2, 1, False),
        (0.45, 3, 2, True),
        (0.45, 4, 2, False),
        (0.78, 1, 1, True),
        (1.1, 1, 1, False),
    ],
    ids=["nobody", "full", "three of four", "four", "one on a slow machine", "one on a machine that is too slow"],
)
def test_better_passes_fit_beside_the_rooms_where_these_leave_time(
    share: float, rooms: int, workers: int, spare: bool
) -> None:
    assert measured(share, workers).spare((0.75,) * rooms) is spare


def heard(*spans: tuple[int, float]) -> float:
    """The share of speech after spans of (s, share)."""
    share = SpeechShare()
    for seconds, spoken in spans:
        for _ in range(seconds):
            share.add(1_000, 1_000 * spoken)
    return share.value


def test_what_is_said_in_a_room_is_measured_over_its_last_minutes() -> None:
    assert heard() == SPOKEN
    assert heard((10, 0.0)) > 0.55, "a pause of ten seconds says little"
    assert heard((600, 0.5)) == pytest.approx(0.53, abs=0.02)
    assert heard((600, 0.0)) == LEAST_SPOKEN
    assert heard((1_200, 0.0), (120, 1.0)) == pytest.approx(0.52, abs=0.02), "they begin to speak again"
    assert heard((1_200, 0.0), (600, 1.0)) > 0.9


def test_an_operator_may_allow_fewer() -> None:
    assert measured(0.4, 2, at_most=4).room((SPOKEN,) * 1, 0) == Headroom(3, 3)
    assert measured(0.4, 2, at_most=7).room((SPOKEN,) * 6, 0) == Headroom(-1, 1)


def test_where_text_is_late_no_more_fits_in_time_and_where_it_is_very_late_none() -> None:
    assert measured(0.1).room((SPOKEN,) * 2, LATE - 1) == Headroom(8, 28)
    assert measured(0.1).room((SPOKEN,) * 2, LATE) == Headroom(0, 28)
    assert measured(0.1).room((SPOKEN,) * 2, TOO_LATE) == Headroom(0, 0)


def test_an_engine_with_nothing_to_do_has_room_for_one_more() -> None:
    load = measured(0.4, 2)
    assert load.room((SPOKEN,) * 16, 0) == Headroom(-11, 0)
    assert load.room((SPOKEN,) * 16, 0, idle=True) == Headroom(-11, 1)
    assert load.room((SPOKEN,) * 4, 0, idle=True) == load.room((SPOKEN,) * 4, 0)
    assert measured(0.4, 2, at_most=16).room((SPOKEN,) * 16, 0, idle=True) == Headroom(-11, 0), "the operator's limit"


def test_too_little_speech_says_nothing() -> None:
    load = Load(1)
    load.passed(ran=1.0, waited=0, speech=LEAST_SPEECH - 1)
    assert load.room((), 0) == Headroom(3, 9)


def test_passes_that_had_to_wait_or_hear_wider_windows_are_no_measure() -> None:
    load = measured(0.4)
    for _ in range(100):
        load.passed(ran=10, waited=500, speech=1_000)
        load.passed(ran=10, waited=0, speech=1_000, wide=True)
    assert load.room((), 0) == Headroom(2, 6)


def test_passes_that_all_have_to_wait_show_that_less_fits_than_was_guessed() -> None:
    load = Load(1)
    for _ in range(60):
        load.passed(ran=700, waited=5_000, speech=1_000)
    assert load.room((SPOKEN,) * 3, 0) == Headroom(-2, 0)


def test_what_was_long_ago_counts_less() -> None:
    load = measured(0.1)
    for _ in range(6 * HALF_LIFE // 1_000):
        load.passed(ran=400, waited=0, speech=1_000)
    assert load.room((), 0) == Headroom(2, 6)


def test_a_channels_time_is_its_own_and_no_pass_is_long_overdue() -> None:
    assert due(5_000.0, deadline=3_600_800, media=3_600_000) == 5_800
    assert due(5_000.0, deadline=800, media=0) == 5_800
    assert due(5_000.0, deadline=10_000, media=60_000) == 4_000


def test_of_channels_with_wider_windows_the_latest_goes_first() -> None:
    assert due(5_000.0, deadline=10_000, media=18_000, wide=True) < due(4_000.0, deadline=0, media=6_000, wide=True)
    assert due(5_000.0, deadline=10_000, media=60_000, wide=True) == -25_000, "no later than by so much"


@pytest.mark.parametrize(
    ("ready", "workers", "at_once", "share"),
    [(0, 1, 4, 0), (1, 2, 4, 1), (2, 2, 4, 1), (3, 2, 4, 2), (3, 1, 4, 3), (9, 2, 4, 4), (9, 1, 1, 1)],
)
def test_passes_are_shared_out_among_free_workers(ready: int, workers: int, at_once: int, share: int) -> None:
    assert shared(ready, workers, at_once) == share
