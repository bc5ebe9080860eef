"""Live sound that an earlier run of the server had spooled."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Lane, SessionId, SourceId
from moothall.testing import loop
from moothall.testing.log_memory import FailingLog
from moothall.testing.spool_memory import MemorySpools
from moothall.wire.audio import TakeEndReason
from support.memory.hall import FLOOR, MemoryHall
from support.memory.microphone import RATE, Ears, begun, close, greeting, live_hall, sound, speak


def test_after_a_restart_it_goes_on_where_the_spool_ends_and_nothing_is_heard_twice() -> None:
    async def story() -> None:
        log, spools = FailingLog(), MemorySpools()
        async with live_hall(MemoryHall(log, spools)) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 4 * RATE)
            safe = take.safe
            assert 2 * RATE < safe <= 4 * RATE
        ears = Ears()
        async with live_hall(MemoryHall(log, spools), ears=ears) as hall:
            await hall.clock.sleep(30_000)  # what was spooled is recognised, though nobody has come back
            assert ears.heard[0][2] == sound(0, 4 * RATE)
            take = await begun(hall, live.id, greeting(first=safe, age=30_000))
            assert take.received == 4 * RATE
            await speak(hall, take, 6 * RATE)
            await take.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(2_000)
            assert ears.heard == [(FLOOR, 0, sound(0, 6 * RATE))]

    loop.run(story())


def test_after_a_restart_old_sound_of_a_closed_session_is_wiped_and_of_an_open_one_kept_in_order() -> None:
    async def story() -> None:
        log, spools = FailingLog(), MemorySpools()
        over, gone = SessionId("over"), SessionId("gone")
        async with live_hall(MemoryHall(log, spools)) as hall:
            for name in (SessionId("s"), over):
                await hall.session(name)
                await speak(hall, await begun(hall, name, greeting()), RATE)
            await hall.clock.sleep(29_000)
            await speak(hall, await begun(hall, SessionId("s"), greeting(first=30 * RATE, age=1_000)), 31 * RATE)
        for source in ("live-lost0000-0", "file-1234"):
            spool = await spools.open(gone, SourceId(source))
            spool.append(bytes(20))
            await spool.close()
        ears = Ears()
        async with live_hall(MemoryHall(log, spools), ears=ears) as hall:
            await hall.clock.sleep(3_000)
            await close(hall, over)
            assert [t for _, t, _ in ears.heard] == [0, 0, 30_000]
            gaps = [event for event in await hall.events() if isinstance(event, ev.GapNoted)]
            assert [(gap.t0, gap.t1) for gap in gaps] == [(1_000, 30_000)]
        async with live_hall(MemoryHall(log, spools)) as hall:
            kept = [str(source) for _, source in await spools.kept()]
            assert kept == ["file-1234", "live-lost0000-0"]

    loop.run(story())


class Damaged(FailingLog):
    """A log of which one session can't be read."""

    broken: SessionId | None = None

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if session == self.broken:
            raise RecordBroken("It says: rhubarb.")
        return await super().read(session, after, limit, lanes)


def test_spooled_sound_of_a_damaged_session_waits_and_no_body_is_quoted(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        log, spools = Damaged(), MemorySpools()
        async with live_hall(MemoryHall(log, spools)) as hall:
            live = await hall.session()
            await speak(hall, await begun(hall, live.id, greeting()), RATE)
        log.broken = live.id
        async with live_hall(MemoryHall(log, spools)):
            assert len(list(await spools.kept())) == 1

    loop.run(story())
    assert "session s: the log can't be read, so spooled sound waits: RecordBroken" in caplog.text
    assert "rhubarb" not in caplog.text
