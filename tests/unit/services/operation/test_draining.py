from __future__ import annotations

import asyncio
from contextlib import suppress

from moothall.core.commands import CloseSession, CreateSession, OpenSession, ReopenSession
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.operation.draining import FAREWELL_MS, LOOK_MS, Draining
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.testing.clock import LoopClock, ManualClock, SeededRandomness, SeededSigner
from moothall.testing.log_memory import MemoryLog


async def made(sessions: Sessions, name: str) -> LiveSession:
    live = await sessions.open(SessionId(name))
    answer = await live.writer.send(SYSTEM, CommandId("create"), CreateSession(title=name, languages=("en",)))
    assert isinstance(answer, Receipt)
    return live


async def test_what_is_on_goes_on_and_nothing_begins() -> None:
    sessions = Sessions(log=MemoryLog(), clock=LoopClock(), randomness=SeededRandomness(), signer=SeededSigner())
    clock, started = ManualClock(), asyncio.Event()
    draining = Draining(sessions, clock)
    running = [asyncio.ensure_future(sessions.run(started)), asyncio.ensure_future(draining.run())]
    await started.wait()
    first, second = await made(sessions, "first"), await made(sessions, "second")
    opened = await first.writer.send(SYSTEM, CommandId("open"), OpenSession())
    assert isinstance(opened, Receipt)
    assert not draining.on
    draining.begin()
    draining.begin()
    assert draining.on
    for command in (OpenSession(), ReopenSession()):
        refused = await second.writer.send(SYSTEM, CommandId("go"), command)
        assert isinstance(refused, Refusal)
        assert refused.code is RefusalCode.UNAVAILABLE  # Whoever insists gets through to the next process.
    assert await first.writer.send(SYSTEM, CommandId("open"), OpenSession()) == opened
    ended = asyncio.ensure_future(draining.ended())
    await clock.advance(10 * LOOK_MS)
    assert draining.left == 1
    assert not ended.done()
    assert isinstance(await first.writer.send(SYSTEM, CommandId("close"), CloseSession()), Receipt)
    await clock.advance(LOOK_MS)
    await clock.advance(FAREWELL_MS)
    await asyncio.wait_for(ended, 10)
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
