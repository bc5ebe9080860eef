"""The index is what the logs are, whatever happened meanwhile, and what was removed is in none of its files."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from moothall.adapters.search.index_files import FOLDER
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.errors import OutcomeUnknown, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import LogHead
from moothall.core.search.choosing import SearchedSession
from moothall.core.search.lines import SearchFold, Shelf
from moothall.services.log.publication import Publication
from moothall.services.search.indexing import (
    AGAIN_MS,
    ERASED_MS,
    GATHERED_MS,
    LOOK_MS,
    IndexCheck,
    IndexedCopies,
    IndexedLog,
    Indexing,
)
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import MemoryLog
from support.files.found import found
from support.files.small_disk import small_disk
from support.search.hall import Hall, opened, running, soon, step, text_offsets
from support.sessions.record_maker import Telling
from support.sessions.recorder import SESSION, Recorder

WORD = "rhubarb"
OTHERS = tuple(SessionId(f"other-{n}") for n in range(6))


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
        await soon(hall, ms=0)
        assert hall.index.known()[SESSION].shelf is Shelf.STAFF
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
        assert later.index.known() == {}
        later.log, later.told, later.stored = log, told, stored
        later.indexing = Indexing(log, later.index, later.clock)
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
        assert hall.index.known()[SESSION].speakers == {}
        await hall.indexing.catch_up()
        assert (await hall.check()).behind == ()
        assert hall.index.known()[SESSION].speakers != {}


async def test_with_an_older_sqlite_what_is_removed_is_merged_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        await hall.index.open()
        file = hall.index._files[Shelf.PUBLIC]
        file._secure = False
        await hall.index._write(
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

        async def removing(fold: SearchFold, still: Callable[[], bool]) -> bool:
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
        assert hall.index.known() == {}
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
        assert SESSION in hall.index.known()


async def others(hall: Hall) -> None:
    """Store other sessions, of which nothing is published."""
    for session in OTHERS:
        told = Telling(session=session)
        told.line("Another.", 1_000, 2_000)
        head = await hall.log.acquire(session, told.recorder.epoch)
        await hall.log.append(session, head.term, 0, told.records)


async def test_who_catches_up_beside_it_may_write_what_was_due(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, running(hall):
        await others(hall)
        await hall.store()
        for session in OTHERS:
            hall.indexing.note(session)
        await asyncio.gather(soon(hall), hall.indexing.catch_up())
        assert set(OTHERS) <= hall.index.known().keys()


async def test_an_index_that_cannot_be_opened_comes_by_itself_without_what_was_removed(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_bytes(b"a file in place of the folder")
    async with opened(tmp_path) as hall, running(hall):
        line = hall.told.spoken(f"Some {WORD} here.", 1_000)
        hall.told.spoken("It stays.", 5_000)
        await hall.store()
        for _ in range(3):
            await step(hall, AGAIN_MS)
        with pytest.raises(StorageUnavailable, match=FOLDER):
            await hall.check()
        await hall.remove(*text_offsets(hall, line))
        (tmp_path / FOLDER).unlink()
        await soon(hall, ms=AGAIN_MS)
        assert found(tmp_path, WORD) == []
        assert (await hall.check()).behind == ()


async def test_what_is_removed_while_a_full_disk_keeps_the_index_closed_goes_with_its_file(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", 1 << 20) as disk:
        async with opened(disk.folder) as hall:
            line = hall.told.spoken(f"Some {WORD} here.", 1_000)
            hall.told.spoken("It stays.", 5_000)
            await hall.store()
            await hall.indexing.catch_up()
            assert found(disk.folder, WORD) != []
        disk.fill()
        async with opened(disk.folder) as later:
            with pytest.raises(StorageUnavailable):
                await later.index.open()
            assert found(disk.folder, WORD) != []
            later.log, later.told, later.stored, later.term = hall.log, hall.told, hall.stored, hall.term
            later.indexing = Indexing(later.log, later.index, later.clock)
            later.indexed = IndexedLog(later.log, later.indexing)
            await later.remove(*text_offsets(later, line))
            assert found(disk.folder, WORD) == []
            disk.make_room()
            await later.indexing.catch_up()
            assert (await later.check()).behind == ()


async def test_a_file_from_which_nothing_can_be_taken_is_deleted_and_all_its_sessions_come_again(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as hall, running(hall):
        line = hall.told.spoken(f"Some {WORD} here.", 1_000)
        await others(hall)
        await hall.store()
        await soon(hall)
        hall.index._files[Shelf.PUBLIC]._connection.close()
        await hall.remove(*text_offsets(hall, line))
        assert found(tmp_path, WORD) == []
        for session in (SESSION, *OTHERS):
            await soon(hall, session)
        assert await hall.check() == IndexCheck(sessions=1 + len(OTHERS), behind=(), unread=(), faults=())


@pytest.mark.parametrize("damage", ["UPDATE block SET words = x'00'", "UPDATE block SET lines = x'00'"])
async def test_a_file_that_turns_out_to_be_damaged_is_made_anew(tmp_path: Path, damage: str) -> None:
    async with opened(tmp_path) as hall, running(hall):
        hall.told.line("One.", 1_000, 2_000)
        await others(hall)
        await hall.store()
        await soon(hall)
        with closing(sqlite3.connect(tmp_path / FOLDER / "public.sqlite3")) as file, file:
            file.execute(damage)
        hall.index._files[Shelf.PUBLIC]._cached.clear()
        hall.told.line("Two.", 3_000, 4_000)
        await hall.store()
        for session in (SESSION, *OTHERS):
            await soon(hall, session, ms=AGAIN_MS)
        assert await hall.check() == IndexCheck(sessions=1 + len(OTHERS), behind=(), unread=(), faults=())


@pytest.mark.parametrize("sessions", [b"", b"\xc1"])
async def test_a_file_whose_middle_is_damaged_is_made_anew_when_it_is_opened(tmp_path: Path, sessions: bytes) -> None:
    async with opened(tmp_path) as hall:
        hall.told.line("One.", 1_000, 2_000)
        await hall.store()
        await hall.indexing.catch_up()
    path = tmp_path / FOLDER / "public.sqlite3"
    if sessions:
        with closing(sqlite3.connect(path)) as file, file:
            file.execute("UPDATE session SET known = ?", (sessions,))
    else:
        whole = path.read_bytes()
        path.write_bytes(whole[:4_096] + bytes(len(whole) - 4_096))
    async with opened(tmp_path) as later:
        later.indexing = Indexing(hall.log, later.index, later.clock)
        await later.indexing.catch_up()
        assert await later.indexing.check() == IndexCheck(sessions=1, behind=(), unread=(), faults=())


async def test_another_log_of_the_same_session_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.told.line(WORD, 1_000, 2_000)
        await hall.store()
        await hall.indexing.catch_up()
        hall.log = MemoryLog()
        told = Telling()
        told.recorder, told.records = Recorder(epoch=Epoch("another")), []
        first = Telling().records
        told.tell(*(decode_event(record.body or b"") for record in first))  # type: ignore[arg-type]  # a session's events
        told.line("Tea", 1_000, 2_000)
        head = await hall.log.acquire(SESSION, Epoch("another"))
        await hall.log.append(SESSION, head.term, 0, told.records)
        hall.indexing = Indexing(hall.log, hall.index, hall.clock)
        await hall.indexing.catch_up()
        assert found(tmp_path, WORD.lower()) == []
        assert (await hall.check()).behind == ()


class _Read(MemoryLog):
    """A log that notes what was read of it, and can be damaged in one session."""

    def __init__(self) -> None:
        super().__init__()
        self.after: list[int] = []
        self.damaged: SessionId | None = None

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        self.after.append(after)
        return await super().read(session, after, limit, lanes)

    async def head(self, session: SessionId) -> LogHead | None:
        if session == self.damaged:
            raise RecordBroken("It can't be read.")
        return await super().head(session)


async def test_a_session_whose_lines_are_refused_is_not_folded_from_its_beginning_each_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.log = log = _Read()
        hall.indexing = Indexing(log, hall.index, hall.clock)
        hall.indexed = IndexedLog(log, hall.indexing)
        async with running(hall):
            hall.told.line("One.", 1_000, 2_000)
            await hall.store()
            await soon(hall)
            hall.index.refuses = True
            hall.told.line("Two.", 3_000, 4_000)
            await hall.store()
            log.after.clear()
            for _ in range(5):
                await step(hall, AGAIN_MS)
            assert 0 not in log.after
            hall.index.refuses = False
            await soon(hall, ms=AGAIN_MS)
            assert (await hall.check()).behind == ()


async def test_a_damaged_log_keeps_no_other_session_from_the_index(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.log = log = _Read()
        log.damaged = OTHERS[0]
        await others(hall)
        hall.indexing = Indexing(log, hall.index, hall.clock)
        async with running(hall):
            await soon(hall, OTHERS[-1])
        await hall.indexing.catch_up()
        assert {*hall.index.known()} == {*OTHERS[1:]}


class _Hasty(ManualClock):
    """A clock on which one session is written for as long as lines are gathered."""

    def monotonic(self) -> int:
        self._monotonic += GATHERED_MS - 1
        return super().monotonic()


async def test_new_lines_wait_for_no_long_list_of_sessions_that_the_index_lacks(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        await others(hall)
        written: list[SessionId] = []
        write = hall.index.write

        async def noting(fold: SearchFold, still: Callable[[], bool]) -> bool:
            if not written:
                hall.told.line("New.", 1_000, 2_000)
                await hall.store()
            written.append(fold.session.id)
            return await write(fold, still)

        hall.index.write = noting  # type: ignore[method-assign]
        hall.indexing = Indexing(hall.log, hall.index, _Hasty())
        hall.indexed = IndexedLog(hall.log, hall.indexing)
        async with running(hall):
            await soon(hall, OTHERS[-1])
        assert written.index(SESSION) < len(OTHERS)


async def test_no_session_is_searched_that_may_have_more_in_the_index_than_in_its_log(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        line = hall.told.spoken(f"Some {WORD} here.", 1_000)
        await others(hall)
        await hall.store()
        await hall.indexing.catch_up()
        hall.index.refuses = True
        await hall.remove(*text_offsets(hall, line))
        assert found(tmp_path, WORD) != []
        assert {*hall.indexing.searchable()} == {*OTHERS}
    async with opened(tmp_path) as later:  # As after a crash.
        later.indexing = Indexing(hall.log, later.index, later.clock)
        with pytest.raises(StorageUnavailable):
            later.indexing.searchable()
        await later.indexing.erased(OTHERS[0], [1])  # It opens the index before that is compared.
        with pytest.raises(StorageUnavailable):
            later.indexing.searchable()
        later.index.refuses = True
        with pytest.raises(StorageUnavailable):
            await later.indexing.catch_up()
        assert found(tmp_path, WORD) != []
        assert {*later.indexing.searchable()} == {*OTHERS[1:]}
        later.index.refuses = False
        await later.indexing.catch_up()
        assert found(tmp_path, WORD) == []
        assert {*later.indexing.searchable()} == {SESSION, *OTHERS}


async def test_a_removal_waits_a_limited_time_for_a_disk_that_hangs(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        line = hall.told.spoken(f"Some {WORD} here.", 1_000)
        await hall.store()
        await hall.indexing.catch_up()
        erase = hall.index.erase

        async def hanging(session: SessionId, offsets: Collection[int]) -> None:
            await asyncio.Event().wait()

        hall.index.erase = hanging  # type: ignore[method-assign]
        removing = asyncio.ensure_future(hall.remove(*text_offsets(hall, line)))
        await hall.clock.advance(ERASED_MS - 1)
        assert not removing.done()
        await hall.clock.advance(1)
        await removing
        hall.index.erase = erase  # type: ignore[method-assign]
        await hall.indexing.catch_up()
        assert found(tmp_path, WORD) == []


async def test_a_file_that_is_lost_while_nothing_happens_is_made_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall, running(hall):
        hall.told.line("One.", 1_000, 2_000)
        await hall.store()
        await soon(hall)
        index = hall.index
        await index._write(lambda: index._lose(Shelf.PUBLIC, sqlite3.DatabaseError()))
        assert index.session(SESSION) is None
        await soon(hall, ms=LOOK_MS)
        assert (await hall.check()).behind == ()


async def test_an_append_asks_nothing_of_the_index(tmp_path: Path) -> None:
    async with opened(tmp_path) as hall:
        hall.index = None  # type: ignore[assignment]
        hall.indexing = Indexing(hall.log, hall.index, hall.clock)
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
        hall.indexing = Indexing(hall.log, hall.index, hall.clock)
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


class Hanging:
    """Something beside the index that answers nothing but what is taken out."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.out: list[tuple[SessionId, tuple[int, ...]]] = []

    async def lacks(self, known: Mapping[SessionId, SearchedSession]) -> SessionId | None:
        self.asked.set()
        await asyncio.Event().wait()
        return None

    async def write(self, fold: SearchFold, still: Callable[[], bool]) -> bool:
        return still()

    async def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        self.out.append((session, tuple(offsets)))

    async def drop(self, session: SessionId) -> None:
        self.out.append((session, ()))


async def test_the_index_waits_for_nothing_beside_it_that_loses_what_it_loses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as hall, asyncio.TaskGroup() as group:
        beside = Hanging()
        hall.indexing.beside.append(beside)
        tasks = [group.create_task(run()) for run in (hall.indexing.run, hall.indexing.run_beside)]
        await asyncio.wait_for(beside.asked.wait(), 30)
        assert caplog.messages == []  # The index was opened first.
        segment = hall.told.line(f"A {WORD}.", 0, 900)
        await hall.store()
        await step(hall, GATHERED_MS)
        await step(hall, GATHERED_MS)
        assert hall.indexing.searchable()[SESSION].offset == hall.stored
        offsets = text_offsets(hall, segment)
        await hall.remove(*offsets)
        await hall.indexed.forget(SESSION)
        assert beside.out == [(SESSION, tuple(offsets)), (SESSION, ())]
        for task in tasks:
            task.cancel()
