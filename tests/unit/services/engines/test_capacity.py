from __future__ import annotations

from typing import NamedTuple

import pytest

from moothall.services.engines.capacity import (
    EngineCapacity,
    freest,
    left_when_full,
    relief,
    room_in,
    unreserved,
)
from moothall.wire import engine as wire


class Engine(NamedTuple):
    """An engine with its room."""

    free: int
    more: int
    taken: int = 1


def fits(channels: int = 4, most: int | None = None, languages: tuple[str, ...] = ()) -> EngineCapacity:
    return EngineCapacity(
        wire.EngineHello(protocol=1, name="e", model="m", languages=languages, channels=channels, most=most)
    )


@pytest.mark.parametrize(
    ("ahead", "ends", "left"),
    [
        (0, (9_000, 4_000), 3_000),
        (1, (9_000, 4_000), 8_000),
        (2, (9_000, 4_000), None),
        (0, (None, 500, 1_000), None),
        (0, (None, 4_000, 500), 3_000),
        (0, (), None),
    ],
    ids=["first", "second", "more wait than end", "without or past their end", "one says it", "nothing is heard"],
)
def test_when_there_is_room_follows_from_the_planned_ends_as_far_as_it_is_known(
    ahead: int, ends: tuple[int | None, ...], left: int | None
) -> None:
    assert room_in(ahead, ends, now=1_000) == left


def test_an_engine_of_an_older_release_has_one_number() -> None:
    old = fits(channels=4)
    assert (old.channels, old.most) == (4, 4)
    old.changed(wire.Capacity(channels=1), attached=2)
    assert (old.channels, old.most) == (3, 3)


def test_what_an_engine_says_goes_for_what_it_had_when_it_said_so() -> None:
    new = fits(channels=5, most=10)
    assert (new.channels, new.most) == (5, 10)
    new.changed(wire.Capacity(channels=-2, most=4, attached=6), attached=7)
    assert (new.channels, new.most) == (4, 10)


def test_any_language_or_some() -> None:
    assert fits().knows(("sw",))
    assert fits(languages=("en", "pt-BR")).knows(("fr", "en-GB"))
    assert not fits(languages=("en",)).knows(("fr",))


def test_the_one_with_the_most_room_in_time_takes_the_next_channel() -> None:
    busy, idle, full = Engine(free=1, more=9), Engine(free=3, more=3), Engine(free=5, more=0)
    assert freest([busy, idle, full]) is idle
    assert freest([full]) is None
    late, later = Engine(free=-1, more=4), Engine(free=-3, more=6)
    assert freest([later, late]) is late


def test_places_that_are_kept_leave_what_they_do_not_need() -> None:
    one, two = Engine(free=1, more=1), Engine(free=2, more=3)
    assert unreserved([one, two], []) == {one: 1, two: 3}
    assert unreserved([one, two], [(one, two), (one,)]) == {one: 0, two: 2}
    assert unreserved([one, two], [(one, two)] * 4) == {one: 0, two: 0}
    assert unreserved([one, two], [(one,), (one,)]) == {one: -1, two: 3}
    assert unreserved([one], [()]) == {one: 1}, "nobody knows its language"


def test_an_engine_with_too_many_is_relieved_by_one_with_time() -> None:
    burdened, full, idle = Engine(free=-1, more=4), Engine(free=0, more=4), Engine(free=2, more=6)
    assert relief(burdened, [burdened, full, idle]) is idle
    assert relief(burdened, [burdened, full]) is None
    assert relief(burdened, [burdened]) is None
    assert relief(full, [full, idle]) is None


@pytest.mark.parametrize(
    ("engines", "left"),
    [
        ([], None),
        ([Engine(free=0, more=3, taken=1)], None),
        ([Engine(free=0, more=3, taken=4)], 3),
        ([Engine(free=-2, more=-1, taken=4), Engine(free=0, more=2, taken=2)], 2),
        ([Engine(free=0, more=0, taken=4), Engine(free=1, more=2, taken=2)], None),
    ],
)
def test_it_is_told_when_no_more_fits_in_time(engines: list[Engine], left: int | None) -> None:
    assert left_when_full({engine: engine.more for engine in engines}) == left


def test_a_place_that_is_kept_is_no_room_that_is_left() -> None:
    engine = Engine(free=1, more=2, taken=2)
    assert left_when_full({engine: 2}) is None
    assert left_when_full({engine: 1}) == 1
    assert left_when_full({engine: -1}) == 0
