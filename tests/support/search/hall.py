"""A log with a session and its search index, whose disk may refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from moothall.adapters.search.index_files import SearchFiles
from moothall.adapters.search.stemming import stem
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.core.search.folding import Folding
from moothall.core.search.lines import SearchFold
from moothall.services.log.publication import Publication
from moothall.services.search.indexing import GATHERED_MS, IndexCheck, IndexedLog, Indexing
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import MemoryLog
from support.sessions.record_maker import Telling
from support.sessions.recorder import SESSION


class Refusing(SearchFiles):
    """An index whose disk may refuse."""

    refuses = False

    async def write(self, fold: SearchFold, still: Callable[[], bool]) -> bool:
        self._refuse()
        return await super().write(fold, still)

    async def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        self._refuse()
        await super().erase(session, offsets)

    async def drop(self, session: SessionId) -> None:
        self._refuse()
        await super().drop(session)

    async def tidy(self) -> bool:
        self._refuse()
        return await super().tidy()

    def _refuse(self) -> None:
        if self.refuses:
            raise StorageUnavailable("The disk is full.")


class Hall:
    """A log with a session, and its index."""

    def __init__(self, index: Refusing) -> None:
        self.log = MemoryLog()
        self.index = index
        self.clock = ManualClock()
        self.indexing = Indexing(self.log, self.index, self.clock)
        self.indexed = IndexedLog(self.log, self.indexing)
        self.told = Telling()
        self.stored = 0
        self.term = 0

    async def store(self) -> Publication:
        """Store what was told since, and publish it to the index."""
        if not self.term:
            self.term = (await self.indexed.acquire(SESSION, self.told.recorder.epoch)).term
        new = self.told.records[self.stored :]
        await self.indexed.append(SESSION, self.term, self.stored, new)
        self.stored += len(new)
        publication = published(new)
        self.indexing.observe(publication)
        return publication

    async def remove(self, *offsets: int) -> None:
        self.told.tell(ev.BodyRemoved(offsets=offsets, reason="request", by="x"))
        new = self.told.records[self.stored :]
        await self.indexed.remove(SESSION, self.term, self.stored, offsets, new)
        self.stored += len(new)
        self.indexing.observe(published(new))

    async def check(self) -> IndexCheck:
        return await self.indexing.check()


def published(records: Sequence[LogRecord]) -> Publication:
    events = tuple(decode_event(record.body or b"") for record in records)
    return Publication(session=SESSION, records=tuple(records), events=events)  # type: ignore[arg-type]  # none of them is unknown


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Hall]:
    index = Refusing(folder, Folding(stem), "stems 1")
    try:
        yield Hall(index)
    finally:
        await index.close()


def text_offsets(hall: Hall, segment: SegmentId) -> list[int]:
    events = [(record.header.offset, decode_event(record.body or b"")) for record in hall.told.records]
    return [offset for offset, event in events if getattr(event, "segment", None) == segment]


@asynccontextmanager
async def running(hall: Hall) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(hall.indexing.run())
        yield
        task.cancel()


async def step(hall: Hall, ms: int) -> None:
    """Let time pass, and whatever is due be done: this waits behind it in the index's own thread."""
    await hall.clock.advance(ms)
    for _ in range(5):
        await asyncio.sleep(0)
        with suppress(StorageUnavailable):
            await hall.index.faults()


async def soon(hall: Hall, session: SessionId = SESSION, *, ms: int = GATHERED_MS) -> None:
    """Let time pass until the session is in the index at its log's head."""
    for _ in range(100):
        head, known = await hall.log.head(session), hall.index.session(session)
        if head is None or (known is not None and known.offset == head.offset):
            return
        await step(hall, ms)
    raise AssertionError("The index didn't come.")
