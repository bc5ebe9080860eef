"""A server killed on the way from one session to the next completes the change, once, on the real log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from moothall.adapters.reading.reader_client import follow
from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import quiet_backend
from moothall.core import commands as do
from moothall.core.events.codec import decode_event
from moothall.core.events.types import SessionOpened
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId
from moothall.core.sessions.state import Status
from moothall.services.capture.closing import opening_of
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import Server, Settings
from support.desks.process import OTHER, DeskHall
from support.halls.process import CLOCK, FLOOR, SESSION, free_port, require_intact

ACT = CommandId("next:1")


async def closed_to_go_on(hall: DeskHall) -> None:
    """What the log has when a server is killed right after the close."""
    async with quiet_backend(Settings(server=Server(data=str(hall.data))), SystemClock()) as house:
        live = await house.sessions.open(SESSION)
        for name, command in (("asked", do.RequestClose(act=ACT, by="l1", then=OTHER)), (ACT, do.CloseSession())):
            assert isinstance(await live.writer.send(SYSTEM, CommandId(name), command), Receipt)


async def opened(hall: DeskHall) -> None:
    """Wait until the second session is open, as its readers see it."""
    async with asyncio.timeout(60):
        async for frame, _ in follow(f"{hall.address}/s/{OTHER}", FLOOR, CLOCK, tries=20):
            begun = any(isinstance(decode_event(bytes(event.body)), SessionOpened) for event in frame.events)
            if begun or (frame.snapshot is not None and frame.snapshot.session.status is Status.OPEN):
                return


@pytest.mark.slow
async def test_the_next_session_is_opened_once(tmp_path: Path) -> None:
    hall = DeskHall(tmp_path / "data", free_port(43))
    await hall.prepare(begin_other=False)
    await closed_to_go_on(hall)
    assert (hall.state().status, hall.state(OTHER).status) == (Status.CLOSED, Status.CREATED)
    await hall.start()
    try:
        await opened(hall)
        await hall.kill()
        await hall.start()
        await opened(hall)
    finally:
        await hall.stop()
    assert hall.state().goes_on is None
    begun = [record.header for record in hall.records(OTHER) if record.header.type == "session.opened"]
    assert [(header.cause, header.actor) for header in begun] == [(opening_of(ACT), "l1")]
    require_intact(hall.data)
