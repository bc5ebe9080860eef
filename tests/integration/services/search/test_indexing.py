"""The index is what the logs are, whatever happened meanwhile, and what was removed is in none of its files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from moothall.adapters.search.index_files import SearchFiles
from moothall.adapters.search.stemming import stem
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.errors import OutcomeUnknown, StorageUnavailable
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.core.search.folding import Folding
from moothall.core.search.lines import SearchFold, Shelf
from moothall.services.log.publication import Publication
from moothall.services.search.indexing import AGAIN_MS, GATHERED_MS, IndexCheck, IndexedCopies, IndexedLog, Indexing
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import MemoryLog
from support.files.found import found
from support.sessions.record_maker import Telling
from support.sessions.recorder import SESSION

WORD = "rhubarb"


class Refusing:
    """An index whose disk refuses."""

    def __init__(self, index: SearchFiles) -> None:
        self.index = index
        self.refuses = False

    def __getattr__(self, name: str) -> object:
        return getattr(self.index, name)

    async def write(self, fold: SearchFold, still: object) -> bool:
        self._refuse()
        return await self.index.write(fold, still)  # type: ignore[arg-type]

    async def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        self._refuse()
        await self.index.erase(session, offsets)

    async def drop(self, session: SessionId) -> None:
        self._refuse()
        await self.index.drop(session)

    async def tidy(self) -> bool:
        self._refuse()
        return await self.index.tidy()

    def _refuse(self) -> None:
        if self.refuses:
            raise StorageUnavailable("The disk is full.")


class Hall:
    """A log with a session, and its index."""

    def __init__(self, index: SearchFiles) -> None:
        self.log = MemoryLog()
        self.index = Refusing(index)
        self.clock = ManualClock()
        self.indexing = Indexing(self.log, self.index, self.clock)  # type: ignore[arg-type]
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
    return Publication(session=SESSION, records=tuple(records), events=events)  # type: ignore[arg-type]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Hall]:
    index = await SearchFiles.open(folder, Folding(stem), "stems 1")
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
        await hall.index.index.faults()


async def soon(hall: Hall, session: SessionId = SESSION, *, ms: int = GATHERED_MS) -> None:
    """Let time pass until the session is in the index at its log's head."""
    for _ in range(100):
        head, known = await hall.log.head(session), hall.index.known().get(session)  # type: ignore[operator]
        if head is None or (known is not None and known.offset == head.offset):
            return
        await step(hall, ms)
    raise AssertionError("The index didn't come.")


async def test_lines_are_written_as_they_come_and_each_change_of_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, running(hall):
        line = hall.told.spoken("We where ready.", 1_000)
        await hall.store()
        await soon(hall)
        assert (await hall.check()).behind == ()
        hall.told.correct(line, "We were ready.", words=3)
        hall.told.line("Another.", 4_000, 5_000, name="Ana")
        await hall.store()
        assert (await hall.check()).behind == (SESSION,)
        await soon(hall)
        assert await hall.check() == IndexCheck(sessions=1, behind=(), unread=(), faults=())
        hall.indexing.observe(Publication(session=SESSION))


async def test_a_change_of_access_waits_for_no_more_lines(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, running(hall):
        hall.told.line(WORD, 1_000, 2_000)
        await hall.store()
        await soon(hall)
        hall.told.tell(ev.SessionArranged(access=ev.Access.STAFF, sound=ev.SoundKept.NONE))
        await hall.store()
        for _ in range(3):
            await step(hall, 0)
        assert hall.index.known()[SESSION].shelf is Shelf.STAFF  # type: ignore[operator]
        assert "public.sqlite3" not in found(tmp_path, WORD)


async def test_many_lines_are_written_in_slices(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        for n in range(2_300):
            hall.told.line(f"line number {n}", n, n + 1, name=f"Speaker {n // 700}")
        await hall.store()
        await hall.indexing.catch_up()
        assert (await hall.check()).behind == ()


async def test_an_index_of_before_catches_up_and_forgets_sessions_that_are_gone(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.told.line("One.", 1_000, 2_000)
        await hall.store()
        await hall.indexing.catch_up()
        log, told, stored = hall.log, hall.told, hall.stored
    async with opened(tmp_path) as later:
        later.told.line(WORD, 1_000, 2_000)
        await later.indexing.catch_up()
        assert later.index.known() == {}  # type: ignore[operator]
        later.log, later.told, later.stored = log, told, stored
        later.indexing = Indexing(log, later.index, later.clock)  # type: ignore[arg-type]
        await later.indexing.catch_up()
        assert (await later.check()).sessions == 1


async def test_what_is_removed_is_gone_when_the_removal_returns(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        line = hall.told.spoken(f"Some {WORD} here.", 1_000, name="Ana")
        hall.told.spoken("It stays.", 5_000)
        await hall.store()
        await hall.indexing.catch_up()
        assert found(tmp_path, WORD) != []
        await hall.remove(*text_offsets(hall, line))
        assert found(tmp_path, WORD) == []
        assert hall.index.known()[SESSION].speakers == {}  # type: ignore[operator]
        await hall.indexing.catch_up()
        assert (await hall.check()).behind == ()
        assert hall.index.known()[SESSION].speakers != {}  # type: ignore[operator]


async def test_with_an_older_sqlite_what_is_removed_is_merged_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        file = hall.index.index._files[Shelf.PUBLIC]
        file._secure = False
        await hall.index.index._write(
            lambda: file._connection.execute("INSERT INTO line (line, rank) VALUES ('secure-delete', 0)")
        )
        lines = [hall.told.spoken(f"Line {n} with {WORD if n % 2 else 'tea'}.", 1_000 * n) for n in range(40)]
        await hall.store()
        await hall.indexing.catch_up()
        await hall.remove(*(offset for line in lines[1::2] for offset in text_offsets(hall, line)))
        assert found(tmp_path, WORD) == []
        await hall.indexing.catch_up()
        assert (await hall.check()).behind == ()


async def test_a_fold_from_before_a_removal_is_not_written(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        line = hall.told.spoken(f"Some {WORD} here.", 1_000)
        await hall.store()
        written = hall.index.write

        async def removing(fold: SearchFold, still: object) -> bool:
            """The removal comes after the log was read, and before what was read is written."""
            hall.index.write = written  # type: ignore[method-assign]
            await hall.remove(*text_offsets(hall, line))
            return await written(fold, still)

        hall.index.write = removing  # type: ignore[method-assign]
        await hall.indexing.catch_up()
        assert found(tmp_path, WORD) == []
        await hall.indexing.catch_up()
        assert (await hall.check()).behind == ()


async def test_while_the_disk_refuses_nothing_is_lost_and_removals_are_made_up_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, running(hall):
        line = hall.told.spoken(f"Some {WORD} here.", 1_000)
        await hall.store()
        await soon(hall)
        hall.index.refuses = True
        await hall.remove(*text_offsets(hall, line))
        await hall.indexing.forgotten(SessionId("other"))
        for _ in range(5):
            await step(hall, AGAIN_MS)
        assert found(tmp_path, WORD) != []
        hall.index.refuses = False
        await soon(hall, ms=AGAIN_MS)
        assert found(tmp_path, WORD) == []


async def test_an_erased_log_is_erased_here(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.told.line(WORD, 1_000, 2_000)
        await hall.store()
        await hall.indexing.catch_up()
        await hall.indexed.forget(SESSION)
        assert hall.index.known() == {}  # type: ignore[operator]
        assert found(tmp_path, WORD) == []


async def test_the_log_around_which_it_stands_is_read_as_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.told.line("One.", 1_000, 2_000)
        await hall.store()
        assert await hall.indexed.head(SESSION) == await hall.log.head(SESSION)
        assert await hall.indexed.sessions() == [SESSION]
        assert await hall.indexed.read(SESSION, 0, 3) == await hall.log.read(SESSION, 0, 3)
        assert await hall.indexed.caused("command-1") == await hall.log.caused("command-1")
        await hall.indexed.close()


async def test_logs_that_cannot_be_read_are_tried_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.told.line("One.", 1_000, 2_000)
        await hall.store()
        sessions = hall.log.sessions

        async def refusing() -> Sequence[SessionId]:
            raise StorageUnavailable("Not now.")

        hall.log.sessions = refusing  # type: ignore[method-assign]
        async with running(hall):
            await step(hall, 1)
            hall.log.sessions = sessions  # type: ignore[method-assign]
            await soon(hall, ms=AGAIN_MS)
        assert SESSION in hall.index.known()  # type: ignore[operator]


async def test_an_append_asks_nothing_of_the_index(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.index = None  # type: ignore[assignment]
        hall.indexing = Indexing(hall.log, hall.index, hall.clock)  # type: ignore[arg-type]
        hall.indexed = IndexedLog(hall.log, hall.indexing)
        hall.told.line("One.", 1_000, 2_000)
        await hall.store()


async def test_a_session_that_may_have_been_erased_leaves_the_index(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.told.line(WORD, 1_000, 2_000)
        await hall.store()
        await hall.indexing.catch_up()
        forget = hall.log.forget

        async def forget_and_fail(session: SessionId) -> None:
            await forget(session)
            raise OutcomeUnknown("Its answer was lost.")

        hall.log.forget = forget_and_fail  # type: ignore[method-assign]
        with pytest.raises(OutcomeUnknown):
            await hall.indexed.forget(SESSION)
        assert found(tmp_path, WORD) == []


class _Copies(MemoryLog):
    """A node's log, whose end can be cut."""

    async def cut(self, session: SessionId, term: int, after: int) -> None:
        log = self._logs[session]
        assert log.term == term
        del log.records[after:]


async def test_a_node_that_stands_by_indexes_what_it_copies_and_what_is_cut_goes(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.log = _Copies()
        hall.indexing = Indexing(hall.log, hall.index, hall.clock)  # type: ignore[arg-type]
        hall.indexed = copies = IndexedCopies(hall.log, hall.indexing)
        async with running(hall):
            hall.told.line("It stays.", 1_000, 2_000)
            head = await copies.acquire(SESSION, hall.told.recorder.epoch)
            await copies.append(SESSION, head.term, 0, hall.told.records)
            await soon(hall)
            before = len(hall.told.records)
            hall.told.line(WORD, 3_000, 4_000)
            await copies.append(SESSION, head.term, before, hall.told.records[before:])
            await soon(hall)
            assert found(tmp_path, WORD) != []
            await copies.cut(SESSION, head.term, before)
            assert found(tmp_path, WORD) == []
            await soon(hall)
            assert (await hall.check()).behind == ()
