"""The disk of a node, which may hang: a call to it neither returns nor fails, and its thread can't be interrupted.

The keeper waits for each call for a limited time (`OwnDisk.answer`), refuses, and hands the house on, as where the disk
refuses. A node that stands by waits on (`OwnDisk.watch`): it shows its readers nothing that is older than 10 s anyway.
It doesn't take the house meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import OutcomeUnknown, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import Book, BookEntry, Clock, LogHead, NodeLog, SingleCopies
from moothall.services.cluster.two_copies import PATIENCE_MS

T = TypeVar("T")

READ_MS = 30_000
"""How long a read may take, in ms: many readers' reads wait for each other, and some go through all logs. A write may
take `PATIENCE_MS`."""


class AwaitCall(Protocol):
    """How a call of the own log is awaited: `OwnDisk.answer` or `OwnDisk.watch`."""

    async def __call__(self, call: Coroutine[Any, Any, T], patience_ms: int = PATIENCE_MS, /) -> T:
        """Return the call's result. Raises what the call raises."""
        ...


async def _nothing() -> None:
    pass


class OwnDisk:
    """The calls to a node's disk that are under way. It owns those that nobody waits for any more."""

    def __init__(self, clock: Clock, hung: Callable[[], Awaitable[None]] = _nothing) -> None:
        """`hung`: called when `answer` gives a call up, and when it refuses one since the disk hangs."""
        self._clock = clock
        self._hung = hung
        # Bound: the calls that are under way when the first one is late. Overflow: `answer` refuses further ones.
        self._due: dict[asyncio.Future[Any], int] = {}
        """By when each call should have returned, in ms of the monotonic clock."""

    @property
    def hangs(self) -> bool:
        """Whether a call should have returned by now, and has not."""
        now = self._clock.monotonic()
        return any(now >= due for due in self._due.values())

    async def answer(self, call: Coroutine[Any, Any, T], patience_ms: int = PATIENCE_MS, /) -> T:
        """Return the call's result, if it comes in time.

        Raises what the call raises; OutcomeUnknown when it takes longer than `patience_ms`, after which it may still be
        carried out; and StorageUnavailable at once while another call is late.
        """
        if self.hangs:
            call.close()
            await self._hung()
            raise StorageUnavailable("This node's disk does not answer; nothing was stored.")
        task = self._begun(call, patience_ms)
        timer = asyncio.ensure_future(self._clock.sleep(patience_ms))
        both: set[asyncio.Future[Any]] = {task, timer}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        if task.done():
            return task.result()
        await self._hung()
        raise OutcomeUnknown("This node's disk does not answer; it may still store what it was given.")

    async def watch(self, call: Coroutine[Any, Any, T], patience_ms: int = PATIENCE_MS, /) -> T:
        """Return the call's result however long it takes; `hangs` notices when it takes longer than `patience_ms`."""
        return await asyncio.shield(self._begun(call, patience_ms))

    def _begun(self, call: Coroutine[Any, Any, T], patience_ms: int) -> asyncio.Future[T]:
        task = asyncio.ensure_future(call)
        self._due[task] = self._clock.monotonic() + patience_ms
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Future[Any]) -> None:
        del self._due[task]
        if not task.cancelled():
            task.exception()  # Whoever still waits for it has it; if nobody does, it is no news.


@dataclass(eq=False, repr=False)
class AnsweredLog:
    """A node's own log (`NodeLog`) of which each call is awaited by `ask`. All methods are those of the port."""

    log: NodeLog
    ask: AwaitCall

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        """Take over a session's log as its writer."""
        return await self.ask(self.log.acquire(session, epoch, term, new=new))

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store events."""
        await self.ask(self.log.append(session, term, expected_offset, events))

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase bodies and append events."""
        await self.ask(self.log.remove(session, term, expected_offset, offsets, events))

    async def cut(self, session: SessionId, term: int, after: int) -> None:
        """Remove the events after `after`."""
        await self.ask(self.log.cut(session, term, after))

    async def forget(self, session: SessionId) -> None:
        """Erase a session's log; a long one takes its time."""
        await self.ask(self.log.forget(session), READ_MS)

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Records of a session after an offset."""
        return await self.ask(self.log.read(session, after, limit, lanes), READ_MS)

    async def head(self, session: SessionId) -> LogHead | None:
        """Head of a session's log."""
        return await self.ask(self.log.head(session), READ_MS)

    async def sessions(self) -> Sequence[SessionId]:
        """Ids of all sessions with a log."""
        return await self.ask(self.log.sessions(), READ_MS)

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        """Records that commands whose ids end in `ending` have caused."""
        return await self.ask(self.log.caused(ending), READ_MS)

    async def close(self) -> None:
        """Close the log. It is awaited without limit: `moothall.app.cluster.node` ends a process that can't close."""
        await self.log.close()


@dataclass(eq=False, repr=False)
class AnsweredBook:
    """A node's own book (`Book`) of which each call is awaited by `ask`. All methods are those of the port."""

    book: Book
    ask: AwaitCall

    async def read(self, namespace: str) -> Mapping[str, bytes]:
        """Entries of a namespace by their keys."""
        return await self.ask(self.book.read(namespace), READ_MS)

    async def namespaces(self) -> Sequence[str]:
        """Namespaces that have entries."""
        return await self.ask(self.book.namespaces(), READ_MS)

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Store or delete entries."""
        await self.ask(self.book.write(entries))

    async def close(self) -> None:
        """Close the book, awaited without limit as `AnsweredLog.close` is."""
        await self.book.close()


@dataclass(eq=False, repr=False)
class AnsweredSingles:
    """A node's notes of events with one copy (`SingleCopies`), each call of which is awaited by `ask`."""

    singles: SingleCopies
    ask: AwaitCall

    @property
    def open(self) -> frozenset[SessionId]:
        """Sessions of which this node has events that no other store is known to have."""
        return self.singles.open

    async def begin(self, session: SessionId, epoch: Epoch, first: int) -> None:
        """Note from which event on a session has one copy."""
        await self.ask(self.singles.begin(session, epoch, first))

    async def end(self, session: SessionId, through: int, *, aside: bool = False) -> None:
        """Note through which event that lasted."""
        await self.ask(self.singles.end(session, through, aside=aside))
