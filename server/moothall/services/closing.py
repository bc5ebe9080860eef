"""Closing a session well: its sound comes to rest and its last words are in the log before it is closed.

Whatever closes a session does it here. Sound that comes after the close is refused, and so are words of an engine that
still hears what was said before it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from moothall.core.actors import Actor
from moothall.core.authority import may_send
from moothall.core.commands import AnyCommand, CloseSession
from moothall.core.errors import Refusal
from moothall.core.ids import CommandId, SessionId
from moothall.core.session import Status
from moothall.services.orders import Receipt
from moothall.services.session_writer import SessionWriter

logger = logging.getLogger(__name__)

WITHIN_MS = 10_000
"""How long the last words may take; after that the close cuts off what isn't recognised."""

Finish = Callable[[SessionId, int], Awaitable[bool]]
"""Takes no more sound for a session, and comes back when its last words are in the log, or after so many ms; whether
they are."""


class Closing:
    """Knows what has to come to rest before a session is closed."""

    def __init__(self) -> None:
        self._finishes: list[Finish] = []
        # One for each session that was closed since the start.
        self._locks: dict[SessionId, asyncio.Lock] = {}

    def first(self, finish: Finish) -> None:
        """From now on have `finish` done before any close."""
        self._finishes.append(finish)

    def closing(self, session: SessionId) -> bool:
        """Whether a session is being closed at the moment."""
        return session in self._locks and self._locks[session].locked()

    async def settled(self, session: SessionId) -> None:
        """Wait until a session is not being closed; then it is closed, or the close was refused."""
        if self.closing(session):
            async with self._locks[session]:
                return

    @asynccontextmanager
    async def at_rest(self, writer: SessionWriter) -> AsyncIterator[None]:
        """Inside, a session that was on takes no more sound, and its last words are in the log. One at a time.

        Who comes second finds the session closed, or comes to close it because the first was refused.
        """
        session = writer.session
        async with self._locks.setdefault(session, asyncio.Lock()):
            if writer.state.status in (Status.OPEN, Status.PAUSED):
                whole = await asyncio.gather(*(finish(session, WITHIN_MS) for finish in self._finishes))
                if not all(whole):
                    logger.warning("session %s: closed before its last sound was recognised", session)
            yield

    async def send(
        self, writer: SessionWriter, actor: Actor, command_id: CommandId, commands: AnyCommand | Sequence[AnyCommand]
    ) -> Receipt | Refusal:
        """As `SessionWriter.send`; when a session is closed by it, the last words come first."""
        acts = tuple(commands) if isinstance(commands, Sequence) else (commands,)
        closes = any(isinstance(command, CloseSession) for command in acts)
        if not closes or not may_send(actor.role, CloseSession()) or writer.receipt(command_id) is not None:
            return await writer.send(actor, command_id, acts)
        async with self.at_rest(writer):
            return await writer.send(actor, command_id, acts)
