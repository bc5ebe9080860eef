"""Closes sessions properly: before a session is closed its sound has ended and its last words are in the log.

Every close of a session is done here. Sound that arrives after the close is refused, and so are words of an engine that
still hears what was said before it; the log then says from where to where words are missing. While the last words are
awaited readers are told so, and the log holds who wants the session closed, so that a server that is killed meanwhile
continues the close after its restart (`complete`). Where another session is to follow in the room the log holds that,
too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from moothall.core.commands import AnyCommand, CloseSession, RequestClose
from moothall.core.events.types import CloseRequested
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import FirstKnow, RecordBroken, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.rules.authority import may_send
from moothall.core.sessions.state import ON
from moothall.core.signals import LastWords
from moothall.services.log.act_queue import Receipt
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sound.live_take import take_of
from moothall.services.supervision.supervising import note_failure

logger = logging.getLogger(__name__)

WITHIN_MS = 60_000
"""Time limit for the last words, in ms of wall time; after it the close cuts off what isn't recognised.

An engine that is restarted needs some ten seconds, and then hears what waits several times faster than it was said. The
next session of a room can't be kept waiting for longer than a minute."""

Finish = Callable[[SessionId, int], Awaitable[bool]]
"""Stops taking sound for a session, and returns when its last words are in the log, when no engine will hear them, or
after so many ms; True where they are."""
Awaits = Callable[[SessionId], bool]
"""Whether a session has sound of which not all words may be in the log."""
OpenFollower = Callable[[CloseRequested, bool], Awaitable[Refusal | None]]
"""Opens the session that is to follow, unless that was done before; returns None when it is or was open. With True it
waits for storage that is unavailable."""


def opening_of(act: CommandId) -> CommandId:
    """The id of the act that opens the session that follows on the one that `act` closes."""
    return CommandId(f"{act}:next")


class Closing:
    """Closes sessions, after all that brings sound into them has finished."""

    def __init__(self) -> None:
        self._finishes: list[tuple[Finish, Awaits]] = []
        self._follow: OpenFollower | None = None
        self._unheard: Callable[[SessionId], int] = lambda _: 0
        # Bound: the sessions that were closed since the start.
        self._locks: dict[SessionId, asyncio.Lock] = {}
        self._awaited: set[SessionId] = set()
        # Bound: the sessions that are loaded, each once.
        self._begun: asyncio.Queue[SessionWriter] = asyncio.Queue()

    def first(self, finish: Finish, awaits: Awaits) -> None:
        """Register `finish` to be called before every close. Readers are notified of it where `awaits` is true of the
        session.
        """
        self._finishes.append((finish, awaits))

    def follow_with(self, follow: OpenFollower) -> None:
        """Set `follow`, which is called where a session was closed to continue with another."""
        self._follow = follow

    def warn_with(self, unheard: Callable[[SessionId], int]) -> None:
        """Set `unheard`, which returns how much sound of a session, in ms, waits for an engine that is not expected
        soon: `WITHIN_MS` after the close it would have no text.
        """
        self._unheard = unheard

    def without_text(self, session: SessionId) -> int:
        """How much sound of a session would have no text if it were closed now, in minutes, rounded up; 0 for none."""
        return -(-self._unheard(session) // 60_000)

    def first_know(self, session: SessionId) -> Refusal | None:
        """The warning when a session is closed of which sound would have no text; None where none would."""
        minutes = self.without_text(session)
        if not minutes:
            return None
        message = f"No engine has time for {minutes} min of its sound, which stay without text. Close it anyway?"
        know = FirstKnow(kind="without-text", minutes=minutes)
        return Refusal(code=RefusalCode.CONFLICT, message=message, first_know=know)

    def closing(self, session: SessionId) -> bool:
        """Whether a session is being closed at the moment."""
        return session in self._locks and self._locks[session].locked()

    def last_words(self, session: SessionId) -> bool:
        """Whether the last words of a session are awaited."""
        return session in self._awaited

    async def settled(self, session: SessionId) -> None:
        """Wait until a session is not being closed: then it is closed, or the close was refused."""
        if self.closing(session):
            async with self._locks[session]:
                return

    async def run(self) -> None:
        """Complete the closes that `complete` has queued, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._complete(await self._begun.get()))

    def complete(self, writer: SessionWriter) -> None:
        """Queue the close of a session that has just been loaded, if an earlier run of the server was about to close
        it, or to open the next one.

        Where a file was played, its player continues first and then closes the session.
        """
        state = writer.state
        played = any(not source.ended and take_of(name) is None for name, source in state.sources.items())
        if (state.closing is not None and state.status in ON and not played) or state.goes_on is not None:
            self._begun.put_nowait(writer)

    async def _complete(self, writer: SessionWriter) -> None:
        try:
            async with self.at_rest(writer):
                asked = writer.state.closing
                if asked is not None and asked.act is not None and writer.state.status in ON:
                    await writer.insist(Actor(Role.SYSTEM, asked.by), asked.act, CloseSession())
                    logger.info("session %s: the close that was requested before the restart is done", writer.session)
                await self.go_on(writer, insist=True)
        except Exception as error:  # whatever it was, other meetings continue
            note_failure(error, f"session {writer.session}: the requested close failed; the session stays open")

    async def go_on(self, writer: SessionWriter, *, insist: bool = False) -> Refusal | None:
        """Open the session that is to follow on one that was closed, once; None when that is done, or when none
        follows.

        With `insist` it waits for storage that is unavailable. Raises StorageUnavailable and RecordBroken; then it is
        retried when the session is loaded again.
        """
        asked = writer.state.goes_on
        if asked is None or self._follow is None:
            return None
        refused = await self._follow(asked, insist)
        if refused is None:
            await writer.send(SYSTEM, CommandId(f"{asked.act}:done"), RequestClose())
        return refused

    @asynccontextmanager
    async def at_rest(
        self,
        writer: SessionWriter,
        act: CommandId | None = None,
        by: str = SYSTEM.id,
        *,
        then: SessionId | None = None,
    ) -> AsyncIterator[None]:
        """Inside the context, a session that was on takes no more sound, and its last words are in the log. One at a
        time for each session.

        A second caller finds the session closed, or gets to close it because the first was refused. `act` is the id of
        the act that closes it, `by` the pseudonym of the person who wants that. `then` is opened once the session is
        closed, before `settled` returns, so that a microphone goes straight from one session to the next.
        """
        session = writer.session
        async with self._locks.setdefault(session, asyncio.Lock()):
            on = writer.state.status in ON
            awaited = on and any(awaits(session) for _, awaits in self._finishes)
            try:
                if awaited:
                    self._awaited.add(writer.session)
                    _tell(writer, awaited=True)
                if on and (awaited or then is not None):
                    await self._ask(writer, act, by, then)
                if on and not await self._finished(session):
                    logger.warning("session %s: it was closed before its last sound was recognised", session)
                yield
            except Exception:
                await self._call_off(writer)
                raise
            else:
                await self._call_off(writer)
                with suppress(StorageUnavailable, RecordBroken):  # Retried when the session is loaded again.
                    await self.go_on(writer)
            finally:  # After a cancellation the server stops, and its next run closes the session.
                self._awaited.discard(session)
                if awaited:
                    _tell(writer, awaited=False)

    async def _finished(self, session: SessionId) -> bool:
        """Run all `finish` callbacks; return whether all last words are in the log. Where one fails, the others are
        stopped and its exception is raised.
        """
        waits = [asyncio.ensure_future(finish(session, WITHIN_MS)) for finish, _ in self._finishes]
        if not waits:
            return True
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
        failures = [failure for wait in waits if not wait.cancelled() and (failure := wait.exception()) is not None]
        if failures:
            raise failures[0]
        return all(wait.result() for wait in waits)

    async def _ask(self, writer: SessionWriter, act: CommandId | None, by: str, then: SessionId | None) -> None:
        known = writer.state.closing
        if known is None or then not in (None, known.then):
            name = f"last-words:{writer.offset}"
            meant = act or (None if known is None else known.act) or CommandId(f"{name}:close")
            asked = await writer.send(SYSTEM, CommandId(name), RequestClose(act=meant, by=by, then=then))
            if isinstance(asked, Refusal):
                logger.warning("session %s: the request to close could not be stored", writer.session)

    async def _call_off(self, writer: SessionWriter) -> None:
        """Withdraw the request to close from the log, after the close was refused or has failed."""
        if writer.state.closing is not None:  # Otherwise it was closed, or nothing was awaited.
            await writer.send(SYSTEM, CommandId(f"last-words:{writer.offset}:off"), RequestClose())

    async def send(
        self, writer: SessionWriter, actor: Actor, command_id: CommandId, commands: AnyCommand | Sequence[AnyCommand]
    ) -> Receipt | Refusal:
        """Carry out one command, or several as one act: all of them or none (`SessionWriter`). Where they close the
        session, its last words are awaited first.
        """
        acts = tuple(commands) if isinstance(commands, Sequence) else (commands,)
        closes = any(isinstance(command, CloseSession) for command in acts)
        if not closes or not may_send(actor.role, CloseSession()) or writer.receipt(command_id) is not None:
            return await writer.send(actor, command_id, acts)
        async with self.at_rest(writer, command_id, actor.id):
            return await writer.send(actor, command_id, acts)


def _tell(writer: SessionWriter, *, awaited: bool) -> None:
    for channel in writer.state.channels:
        writer.signal(LastWords(channel=channel, awaited=awaited))
