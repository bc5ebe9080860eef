from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

import pytest

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import BookEntry
from moothall.services.cluster.gathering import AGAIN_MS, PATIENCE_MS, Gathering
from moothall.services.cluster.two_books import CHANGE, NOTES
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock
from moothall.testing.house_memory import MemoryCopies
from moothall.testing.log_memory import MemoryLog
from support.cluster.following import OTHER, DamagedLog
from support.sessions.recorder import EPOCH, SESSION, Recorder


async def log_of(*spans: tuple[int, int, int], epoch: Epoch = EPOCH) -> MemoryLog:
    """A log; of each span the term, where it ends, and the media time by which its events tell themselves apart."""
    log, recorder = MemoryLog(), Recorder(epoch=epoch)
    for term, end, t in spans:
        await log.acquire(SESSION, epoch, term)
        at = recorder.offset
        await log.append(SESSION, term, at, [recorder.record(ev.SessionPaused(t=t)) for _ in range(end - at)])
    return log


class SetAside:
    def __init__(self) -> None:
        self.offsets: list[int] = []

    async def keep(self, _: SessionId, records: Sequence[LogRecord]) -> str:
        self.offsets += [each.header.offset for each in records]
        return "the folder"

    async def forget(self, _: SessionId) -> None:
        self.offsets.clear()


class Node:
    """One that is about to keep the house."""

    def __init__(self, own: MemoryLog) -> None:
        self.own, self.book, self.clock, self.asides = own, MemoryBook(), ManualClock(), SetAside()
        self.gathering = Gathering(own, self.book, self.clock, copies={}, asides=self.asides)

    async def gather(self, *others: MemoryCopies, living: Collection[str] = ()) -> None:
        named = {f"n{number}": other for number, other in enumerate(others, start=2)}
        await self.gathering.run(named, lambda: living)

    async def has_all_of(self, log: MemoryLog) -> bool:
        return list(await self.own.read(SESSION, 0, 999)) == list(await log.read(SESSION, 0, 999))


def other(log: MemoryLog) -> MemoryCopies:
    return MemoryCopies(log, MemoryBook())


async def test_a_copy_that_lags_is_brought_up_to_the_one_that_reaches_furthest() -> None:
    further = await log_of((1_000, 9, 0))
    node = Node(await log_of((1_000, 4, 0)))
    await node.gather(other(await log_of((1_000, 6, 0))), other(further))
    assert await node.has_all_of(further)
    assert node.gathering.copies[SESSION].offset == 9


async def test_a_copy_that_cannot_be_read_keeps_nobody_from_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    own, there = DamagedLog(), await log_of((1_000, 3, 0))
    own.damaged = frozenset({OTHER})
    await there.acquire(OTHER, EPOCH, 1_000)
    await there.append(OTHER, 1_000, 0, [Recorder(session=OTHER).record(ev.SessionPaused(t=1))])
    node = Node(own)
    await node.gather(other(there))
    assert await node.has_all_of(there)
    assert "session other: its copy here doesn't follow" in caplog.text


async def test_a_node_that_has_nothing_gets_all_but_what_was_erased_here() -> None:
    there = await log_of((1_000, 300, 0))
    node = Node(MemoryLog())
    node.gathering.erased = {EPOCH}
    await node.gather(other(there))
    assert await node.own.sessions() == []
    node.gathering.erased = {Epoch("another")}
    await node.gather(other(there))
    assert await node.has_all_of(there)


async def test_a_later_term_counts_before_length_and_what_it_contradicts_is_set_aside() -> None:
    later = await log_of((1_000, 4, 0), (2_000, 6, 7))
    node = Node(await log_of((1_000, 9, 0)))
    await node.gather(other(later))
    assert await node.has_all_of(later)
    assert node.asides.offsets == [5, 6, 7, 8, 9]


async def test_an_older_term_counts_where_it_goes_on_from_a_later_one_and_nowhere_else() -> None:
    """A log may have been taken over from an end that was lost, and is filled again by nobody any more."""
    longer = await log_of((1_000, 9, 0))
    node = Node(await log_of((1_000, 4, 0), (2_000, 4, 0)))
    await node.gather(other(longer))
    assert await node.has_all_of(longer)
    written = await log_of((1_000, 4, 0), (2_000, 5, 7))
    node = Node(await log_of((1_000, 4, 0), (2_000, 4, 0)))
    await node.gather(other(longer), other(written))
    assert await node.has_all_of(written), "whoever is asked first"


async def test_one_that_lives_is_asked_until_it_answers_and_one_that_is_gone_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    further = await log_of((1_000, 9, 0))
    there, gone = other(further), other(further)
    there.silent, gone.silent = 3, 99
    node = Node(await log_of((1_000, 4, 0)))
    gathering = asyncio.ensure_future(node.gather(there, gone, living=["n2"]))
    await node.clock.advance(2 * AGAIN_MS)
    assert not gathering.done()
    await node.clock.advance(AGAIN_MS)
    await asyncio.wait_for(gathering, 60)
    assert await node.has_all_of(further)
    assert gone.silent == 98
    gone.silent = 999
    gathering = asyncio.ensure_future(node.gather(gone, living=["n2"]))
    await node.clock.advance(PATIENCE_MS - 1)
    assert not gathering.done()
    await node.clock.advance(AGAIN_MS)
    await asyncio.wait_for(gathering, 60)
    assert "nodes n2 are alive but don't report their copies" in caplog.text


class BreaksOff(MemoryCopies):
    """One that doesn't answer to what is asked after its first page."""

    pages = 0

    async def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        self.pages += 1
        self.silent += 4 * (self.pages == 2)
        return await super().read(session, after, limit)


async def test_what_breaks_off_is_tried_again() -> None:
    further = await log_of((1_000, 300, 0))
    there = BreaksOff(further, MemoryBook())
    node = Node(await log_of((1_000, 4, 0)))
    gathering = asyncio.ensure_future(node.gather(there))
    await node.clock.advance(AGAIN_MS)
    assert not await node.has_all_of(further)
    await node.clock.advance(AGAIN_MS)
    await asyncio.wait_for(gathering, 60)
    assert await node.has_all_of(further)


async def test_the_newest_book_is_taken_and_never_that_of_another_house() -> None:
    node, there, theirs = Node(MemoryLog()), MemoryLog(), MemoryBook()
    await theirs.write([BookEntry("rooms", "hall", b"new"), BookEntry(NOTES, CHANGE, b"7")])
    await node.book.write([BookEntry("rooms", "hall", b"old"), BookEntry("rooms", "left", b"old")])
    await node.gather(MemoryCopies(there, theirs))
    assert await node.book.read("rooms") == {"hall": b"old", "left": b"old"}
    await node.book.write([BookEntry(NOTES, CHANGE, b"6")])
    await node.gather(MemoryCopies(there, theirs))
    assert await node.book.read("rooms") == {"hall": b"new"}
    assert await node.book.read(NOTES) == {CHANGE: b"7"}
    await theirs.write([BookEntry("rooms", "hall", b"otherwise")])
    await node.gather(MemoryCopies(there, theirs))
    assert await node.book.read("rooms") == {"hall": b"new"}
