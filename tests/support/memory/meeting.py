"""A meeting in memory whose session tests change, the base for tests of doors and services."""

from __future__ import annotations

from moothall.core.commands import AnyCommand
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from support.memory.hall import MemoryHall


class MemoryMeeting:
    """A session of a hall. Tests extend it by what they look at."""

    by: Actor = SYSTEM
    """The actor if a test names none."""

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        self.hall = hall
        self.live = live
        self._acts = 0

    async def do(self, *commands: AnyCommand, by: Actor | None = None, session: SessionId | None = None) -> None:
        """Carry out commands as one act, in this session or in another of the hall."""
        self._acts += 1
        # The session may have been unloaded meanwhile.
        live = await self.hall.sessions.open(session or self.live.id)
        if session is None:
            self.live = live
        answer = await live.writer.send(by or self.by, CommandId(f"act-{self._acts}"), commands)
        assert isinstance(answer, Receipt), answer
