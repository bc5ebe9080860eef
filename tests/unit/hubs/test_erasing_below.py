from __future__ import annotations

import asyncio

from moothall.core.ids import SessionId
from moothall.testing.clock import ManualClock
from moothall.wire.hub import Erased
from moothall_hub.erasing_below import LOOK_MS, MOST_HELD, MOST_SAID, ErasingBelow

SESSION = SessionId("plenary")
GONE = Erased(session=SESSION, offset=7)


async def test_it_is_said_once_all_below_that_have_a_line_have_said_it() -> None:
    linked, said, clock = {"kisumu", "mombasa"}, list[Erased](), ManualClock()
    erasing = ErasingBelow(lambda session: linked if session == SESSION else set(), said.append, clock)
    erasing.here(Erased(session=SessionId("other"), offset=3))
    assert said == [Erased(session=SessionId("other"), offset=3)]
    erasing.here(GONE)
    erasing.at("kisumu", SESSION, 7)
    erasing.at("mombasa", SESSION, 8)
    assert GONE not in said
    running = asyncio.ensure_future(erasing.run())
    linked.remove("mombasa")  # Its line is cut.
    await clock.advance(LOOK_MS)
    assert said[1:] == [GONE]
    running.cancel()


def test_what_those_below_said_first_is_remembered_for_the_next_line() -> None:
    said: list[Erased] = []
    erasing = ErasingBelow(lambda _: {"kisumu"}, said.append, ManualClock())
    erasing.at("kisumu", SESSION, 7)
    erasing.here(GONE)
    erasing.here(GONE)
    assert said == [GONE, GONE]


def test_there_is_an_end_to_what_is_kept() -> None:
    said: list[Erased] = []
    erasing = ErasingBelow(lambda _: {"kisumu"}, said.append, ManualClock())
    for offset in range(MOST_HELD + 1):
        erasing.here(Erased(session=SESSION, offset=offset))
    assert [each.offset for each in said] == [0]
    for offset in range(1_000, 1_001 + MOST_SAID):
        erasing.at("kisumu", SESSION, offset)
    erasing.here(Erased(session=SESSION, offset=1_000))
    assert [each.offset for each in said] == [0, 1]  # One more is held; who had done that one is forgotten.
