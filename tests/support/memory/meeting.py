"""A meeting in memory that a test acts in: how the tests of doors and services change a session is written here."""

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
    """Who acts where a test names nobody."""

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        self.hall = hall
        self.live = live
        self._acts = 0

    async def do(self, *commands: AnyCommand, actor: Actor | None = None, session: SessionId | None = None) -> None:
        """Carry them out, as one act; in another session of the hall where one is named."""
        self._acts += 1
        # It may have been unloaded meanwhile, when nobody needed it.
        live = await self.hall.sessions.open(session or self.live.id)
        if session is None:
            self.live = live
        answer = await live.writer.send(actor or self.by, CommandId(f"act-{self._acts}"), commands)
        assert isinstance(answer, Receipt), answer
