"""Moves one link on the CPU clock: one thread, one thing after another (docs/reference/replay.md)."""

from __future__ import annotations

from collections.abc import Callable

from moothall.core.kernel.errors import StorageUnavailable
from moothall.wire.engine import Attach
from moothall_models.engine.clock import CpuClock
from moothall_models.engine.live import Link
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Window


async def run_bench(
    session: LinkSession, link: Link, recognise: Callable[[Window], Hypothesis], clock: CpuClock
) -> None:
    """Serve the link until it ends. `recognise` runs a pass here and now.

    Audio comes as fast as the server sends it and is heard when its time has come; passes run in between, and what
    was said while one ran is heard before its words are judged, as in life. The server's answers are waited for,
    unbilled. Raises ProtocolError, and StorageUnavailable when the server can't store: that can't be measured.
    """
    started = False
    while True:
        await _exchange(session, link, clock)
        if started and session.hear(clock.now()):
            continue
        turn = session.next_pass(clock.now())
        if turn is not None:
            hypothesis = recognise(turn.request.window)
            while session.hear(clock.now()):
                pass
            session.passed(turn, hypothesis, clock.now())
            continue
        end = session.next_frame_end
        if end is not None and not session.lacks_audio:
            await clock.until(end)
            continue
        with clock.unbilled():
            message = await link.receive()
        if message is None:
            return
        if not started and isinstance(message, Attach):
            clock.start(message.audio_from)
            started = True
        session.received(message, clock.now())


async def _exchange(session: LinkSession, link: Link, clock: CpuClock) -> None:
    """Write what there is, and wait until the server has answered all of it."""
    while True:
        while (message := session.next_message()) is not None:
            await link.send(message)
        if session.held_up:
            msg = "The server could not store what was recognised; a run on the CPU clock can't go on without it."
            raise StorageUnavailable(msg)
        if not session.under_way:
            return
        with clock.unbilled():
            answer = await link.receive()
        if answer is None:
            return
        session.received(answer, clock.now())
