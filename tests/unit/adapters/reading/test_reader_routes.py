from __future__ import annotations

from moothall.adapters.http.places import Full, Place, Places
from moothall.adapters.reading.reader_routes import PAIR_MS, Shared
from moothall.testing.clock import ManualClock, SeededRandomness


def a_place(places: Places) -> Place:
    place = places.take("192.0.2.1")
    assert not isinstance(place, Full)
    return place


async def test_two_connections_share_a_place_for_a_while_and_then_the_older_one_is_ended() -> None:
    clock, places, ended = ManualClock(), Places(SeededRandomness(), most=1), list[str]()
    shared = Shared(a_place(places), lambda: ended.append("gone"))
    old = shared.join(lambda: ended.append("old"), clock.monotonic())
    await clock.advance(10 * PAIR_MS)
    shared.part(clock.monotonic())
    assert (shared.alone, ended) == (True, []), "one alone stays as long as it likes"
    new = shared.join(lambda: ended.append("new"), clock.monotonic())
    await clock.advance(PAIR_MS - 1)
    shared.part(clock.monotonic())
    assert (shared.alone, ended) == (False, [])
    await clock.advance(1)
    shared.part(clock.monotonic())
    assert ended == ["old"]
    old.leave()
    await clock.advance(PAIR_MS)
    shared.part(clock.monotonic())
    assert (shared.alone, ended, places.count) == (True, ["old"], 1)
    new.leave()
    assert (ended, places.count) == (["old", "gone"], 0)


async def test_another_one_that_is_tried_has_its_own_time() -> None:
    clock, ended = ManualClock(), list[str]()
    shared = Shared(a_place(Places(SeededRandomness(), most=1)), lambda: None)
    first = shared.join(lambda: ended.append("first"), clock.monotonic())
    shared.join(lambda: ended.append("second"), clock.monotonic())
    await clock.advance(PAIR_MS - 1)
    first.leave()
    shared.join(lambda: ended.append("third"), clock.monotonic())
    await clock.advance(PAIR_MS - 1)
    shared.part(clock.monotonic())
    assert ended == []
    await clock.advance(1)
    shared.part(clock.monotonic())
    assert ended == ["second"]
