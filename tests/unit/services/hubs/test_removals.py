"""Which hubs hold what, and what must be erased there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.kernel.lanes import SESSION as SESSION_LANE
from moothall.services.hubs.ports import Identity
from moothall.services.hubs.removals import AGAIN_MS, ALL, KEEP_MS, HubRemovals
from moothall.services.log.publication import republished
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock
from support.sessions.recorder import EPOCH, SESSION, Recorder

KISUMU = Identity(hub="kisumu", title="Kisumu", generation=1)
NORTH = Identity(hub="north", title="North", generation=1)
OTHER = SessionId("other")


class Log:
    """A log with some removals."""

    def __init__(self) -> None:
        self.records: list[LogRecord] = []
        self.recorder = Recorder()
        self.fails = False
        self.reads = 0

    def arrange(self, access: ev.Access) -> LogRecord:
        record = self.recorder.record(ev.SessionArranged(access=access, sound=ev.SoundKept.NONE))
        self.records += [record]
        return record

    def remove(self) -> LogRecord:
        record = self.recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="s"))
        self.records += [record]
        return record

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        self.reads += 1
        if self.fails:
            raise StorageUnavailable("The log can't be read.")
        assert lanes == frozenset({SESSION_LANE})
        return [each for each in self.records if session == SESSION and each.header.offset > after][:limit]


class Held:
    """All of it, and what was told."""

    def __init__(self, book: MemoryBook | None = None, log: Log | None = None) -> None:
        self.log, self.book, self.clock = log or Log(), book or MemoryBook(), ManualClock()
        self.removals = HubRemovals(book=self.book, read=self.log.read, clock=self.clock)
        self.due: list[tuple[str, int]] = []
        self.clear: list[int] = []
        self.removals.when_due(lambda node, _, __, offset: self.due.append((node, offset)))
        self.removals.when_clear(lambda _, offset: self.clear.append(offset))

    def remove(self) -> int:
        header = self.log.remove().header
        self.removals.removed(SESSION, header.epoch, header.offset, header.at)
        return header.offset

    async def hold(self, who: Identity = KISUMU, node: str = "n1", since: int = 0, epoch: Epoch = EPOCH) -> None:
        await self.removals.holds(who, node, SESSION, epoch, since)

    def standing(self) -> list[tuple[int, list[tuple[str, bool]]]]:
        return [
            (each.offset, [(holder.title, each.done(holder) is not None) for holder in each.holders])
            for each in self.removals.list()
        ]


async def test_each_machine_that_holds_a_session_has_to_erase_what_is_removed_from_it() -> None:
    made = Held()
    early = made.remove()
    await made.hold(since=early)
    assert made.removals.due("n1") == [], "it never had that"
    await made.hold(NORTH, "n2", since=early)
    late = made.remove()
    assert made.due == [("n1", late), ("n2", late)]
    assert made.removals.due("n1") == [(SESSION, EPOCH, late)]
    made.removals.removed(SESSION, EPOCH, late, 1)
    made.removals.removed(OTHER, EPOCH, late, 1)
    assert len(made.due) == 2, "said again it is the same, and nobody holds the other"
    made.removals.erased("kisumu", "n1", SESSION, late)
    made.removals.erased("north", "n1", SESSION, late)  # It doesn't speak for that machine.
    made.removals.erased("north", "n2", SESSION, 99)  # There is no such removal.
    assert made.standing() == [(late, [("Kisumu", True), ("North", False)])]
    assert (made.clear, made.removals.outstanding(SESSION, late)) == ([], True)
    made.removals.erased("north", "n2", SESSION, late)
    assert (made.clear, made.removals.outstanding(SESSION, late)) == ([late], False)
    assert made.removals.due("n2") == made.removals.due("n3") == []


async def test_it_outlives_a_restart_and_what_was_removed_is_read_from_the_logs() -> None:
    made = Held()
    await made.hold()
    await made.hold(NORTH, "n2")
    first = made.remove()
    made.removals.erased("kisumu", "n1", SESSION, first)
    running = asyncio.ensure_future(made.removals.run())
    made.book.full = True
    await made.clock.advance(KEEP_MS)
    made.book.full = False
    await made.clock.advance(KEEP_MS)
    running.cancel()
    again = Held(made.book, made.log)
    again.log.fails = True
    await again.removals.load()
    running = asyncio.ensure_future(again.removals.run())
    await again.clock.advance(KEEP_MS)
    assert again.due == []
    again.log.fails = False
    await again.clock.advance(AGAIN_MS + KEEP_MS)
    running.cancel()
    assert again.due == [("n2", first)]
    assert again.standing() == [(first, [("Kisumu", True), ("North", False)])]


async def test_nobody_gets_anything_before_it_is_written_that_they_hold_it() -> None:
    made = Held()
    made.book.full = True
    with pytest.raises(StorageUnavailable):
        await made.hold()
    made.book.full = False
    assert made.removals.due("n1") == []
    first = made.remove()
    await made.hold()
    assert made.due == [("n1", first)], "a copy of which nobody knew how old it is"
    reads = made.log.reads
    await made.hold()
    assert made.log.reads == reads
    await made.hold(epoch=Epoch("e2"))
    assert made.removals.due("n1") == [], "the copy is one of another log now"


async def test_a_session_that_is_no_more_goes_whole() -> None:
    made = Held()
    await made.hold()
    await made.removals.gone(SESSION)
    await made.removals.gone(SESSION)
    assert made.due == [("n1", ALL)]
    assert made.removals.due("n1") == [(SESSION, EPOCH, ALL)]
    assert made.standing() == [(ALL, [("Kisumu", False)])]
    again = Held(made.book)
    await again.removals.load()
    assert again.removals.due("n1") == [(SESSION, EPOCH, ALL)]
    running = asyncio.ensure_future(again.removals.run())
    again.removals.erased("kisumu", "n1", SESSION, ALL)
    await again.clock.advance(KEEP_MS)
    running.cancel()
    assert (again.clear, again.standing()) == ([ALL], [])
    assert await made.book.read("hub-held") == {}
    await again.removals.gone(OTHER)
    assert again.clear == [ALL, ALL], "nobody held it"


async def test_a_session_that_not_everybody_may_read_any_more_goes_whole_until_everybody_may_again() -> None:
    made = Held()
    made.log.arrange(ev.Access.STAFF)
    made.log.arrange(ev.Access.PUBLIC)
    await made.hold()
    await made.hold(NORTH, "n2")
    assert made.due == [], "by what came last"
    made.log.arrange(ev.Access.LINK)
    made.log.arrange(ev.Access.STAFF)
    again = Held(made.book, made.log)
    await again.removals.load()
    running = asyncio.ensure_future(again.removals.run())
    await again.clock.advance(KEEP_MS)
    assert again.due == [("n1", ALL), ("n2", ALL)], "said once, by the log alone"
    assert again.removals.due("n1") == [(SESSION, EPOCH, ALL)]
    assert [each.restricted for each in again.removals.list()] == [True]
    again.removals.erased("kisumu", "n1", SESSION, ALL)
    assert (again.clear, again.removals.due("n1")) == ([], [])
    again.removals.take(republished(SESSION, [again.log.arrange(ev.Access.PUBLIC)]))
    assert again.removals.due("n2") == [], "what it holds everybody may read"
    again.removals.take(republished(SESSION, [again.log.arrange(ev.Access.LINK)]))
    again.removals.erased("north", "n2", SESSION, ALL)
    running.cancel()
    assert (again.clear, again.removals.list()) == ([ALL], [])
    again.log.arrange(ev.Access.PUBLIC)  # At a hub that has its copy of the log anew, nobody tells of that.
    await again.hold()
    assert again.removals.due("n1") == []
    made.removals.arranged(OTHER, ev.Access.STAFF, 1)
    assert made.removals.list() == [], "nobody holds it"


async def test_who_begins_to_hold_a_session_that_not_everybody_may_read_is_told_at_once() -> None:
    made = Held()
    await made.hold()
    made.removals.take(republished(SESSION, [made.log.arrange(ev.Access.STAFF)]))
    assert made.due == [("n1", ALL)]
    await made.hold(NORTH, "n2")
    assert made.due == [("n1", ALL), ("n2", ALL)]


async def test_what_came_while_the_log_was_read_counts_more_than_what_was_read() -> None:
    made = Held()

    async def slowly(
        session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        read = await made.log.read(session, after, limit, lanes)
        if not after:
            made.removals.take(republished(SESSION, [made.log.arrange(ev.Access.STAFF)]))
        return read[:1]

    made.log.arrange(ev.Access.PUBLIC)
    made.removals = HubRemovals(book=made.book, read=slowly, clock=made.clock)
    made.removals.when_due(lambda node, _, __, offset: made.due.append((node, offset)))
    await made.hold()
    assert set(made.due) == {("n1", ALL)}
    assert made.removals.due("n1") == [(SESSION, EPOCH, ALL)]


async def test_a_session_of_which_all_had_to_go_is_held_anew_once_it_is_there_again() -> None:
    made = Held()
    await made.hold()
    await made.removals.gone(SESSION)
    await made.hold()
    made.removals.erased("kisumu", "n1", SESSION, ALL)
    assert made.removals.due("n1") == []
    assert made.removals.outstanding(SESSION, ALL), "it has it again"
