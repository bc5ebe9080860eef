from __future__ import annotations

from moothall.adapters.http.slots import NoSlot, Slot, Slots
from moothall.adapters.reading.reader_routes import PAIR_MS, Shared
from moothall.testing.clock import ManualClock, SeededRandomness


def a_slot(slots: Slots) -> Slot:
    slot = slots.take("192.0.2.1")
    assert not isinstance(slot, NoSlot)
    return slot


async def test_two_connections_share_a_place_for_a_while_and_then_the_older_one_is_ended() -> None:
    clock, slots, ended = ManualClock(), Slots(SeededRandomness(), most=1), list[str]()
    shared = Shared(a_slot(slots), lambda: ended.append("gone"))
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
    assert (shared.alone, ended, slots.count) == (True, ["old"], 1)
    new.leave()
    assert (ended, slots.count) == (["old", "gone"], 0)


async def test_another_one_that_is_tried_has_its_own_time() -> None:
    clock, ended = ManualClock(), list[str]()
    shared = Shared(a_slot(Slots(SeededRandomness(), most=1)), lambda: None)
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
