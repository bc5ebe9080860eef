from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.signals import AnySignal
from moothall.services.log.publication import Publication
from moothall.services.reading.feed import DecodedRecord, FeedState
from moothall.services.reading.feed_loading import PAGE, RECENT, RETRY_MS, FeedLoader
from moothall.wire.frames import Format
from support.memory.gated_log import GatedLog
from support.sessions.meeting import LIVE, Meeting, opened, partial, words


class Desk:
    """A loader beside a meeting."""

    def __init__(self, log: GatedLog, meeting: Meeting) -> None:
        self.log = log
        self.meeting = meeting
        self.loader = FeedLoader(
            session=meeting.session,
            epoch=meeting.recorder.epoch,
            offset=meeting.recorder.offset,
            log=log,
            clock=meeting.clock,
        )

    def take(self, publication: Publication) -> None:
        self.loader.take(entries_of(publication), publication.signals)

    async def told(self, n: int) -> None:
        """One turn: a line is opened, and a partial shown."""
        self.take(await self.meeting.store(opened(f"a{n}"), signals=[partial(f" {n}")]))

    async def truth(self) -> FeedState:
        state = FeedState(self.meeting.session, self.meeting.recorder.epoch, LIVE)
        state.load(await self.log.read(self.meeting.session, 0, 100_000, state.lanes), 0)
        return state

    @asynccontextmanager
    async def loading(self) -> AsyncIterator[asyncio.Future[FeedState]]:
        """A feed whose first page has been read, and is handed over when the block ends."""
        gate = self.log.gate = asyncio.Event()
        loading = asyncio.ensure_future(self.loader.load(LIVE))
        await self.log.arrived.wait()
        yield loading
        self.log.gate = None
        gate.set()
        await loading


def entries_of(publication: Publication) -> list[DecodedRecord]:
    return list(zip(publication.records, publication.events, strict=True))


async def desk(lines: int = 0) -> Desk:
    log = GatedLog()
    meeting = Meeting(log)
    await meeting.open()
    if lines:
        await meeting.store(*[opened(f"old{n}") for n in range(lines)])
    return Desk(log, meeting)


@pytest.mark.parametrize("lines", [0, PAGE - 3, PAGE - 2, 2 * PAGE + 100])
async def test_a_log_of_any_length_is_read_to_its_end(lines: int) -> None:
    it = await desk(lines)
    state = await it.loader.load(LIVE)
    assert state.view == (await it.truth()).view
    assert state.view.offset == lines + 3


@pytest.mark.parametrize("meanwhile", [0, 1, 3, RECENT, RECENT + 5])
async def test_what_is_taken_up_while_a_feed_is_being_loaded_is_neither_lost_nor_doubled(meanwhile: int) -> None:
    it = await desk()
    await it.told(-1)
    async with it.loading() as loading:
        for n in range(meanwhile):
            await it.told(n)
    state = loading.result()
    assert state.view == (await it.truth()).view
    frames = state.replay(0, Format.WEBSOCKET)
    assert frames is not None
    assert [frames.count(b'{"offset":%d,' % offset) for offset in range(1, meanwhile + 5)] == [1] * (meanwhile + 4)
    newest: list[AnySignal] = [partial(f" {meanwhile - 1}")]
    assert list(state.signals.values()) == newest


async def test_what_was_stored_but_not_yet_taken_up_may_come_with_the_feed_and_is_not_repeated() -> None:
    it = await desk()
    publication = await it.meeting.line()
    state = await it.loader.load(LIVE)
    assert state.view.offset == 6
    it.take(publication)
    assert state.advance(entries_of(publication), (), 0) is None


@pytest.mark.parametrize("published", ["before", "meanwhile"])
async def test_what_is_removed_while_a_feed_is_being_loaded_is_not_in_it(published: str) -> None:
    it = await desk()
    said = await it.meeting.store(opened("s1"), words("s1", 0, " secret"))
    if published == "before":
        it.take(said)
    async with it.loading() as loading:
        if published == "meanwhile":
            it.take(said)
        it.take(await it.meeting.remove(4, 5))
        await it.told(1)
    state = loading.result()
    assert state.view == (await it.truth()).view
    assert "secret" not in repr(state.view)
    assert b"secret" not in (state.replay(0, Format.WEBSOCKET) or b"")


async def test_a_log_that_is_away_or_broken_is_said_to_whoever_asks_for_a_feed() -> None:
    it = await desk()
    it.log.broken = True
    with pytest.raises(StorageUnavailable):
        await it.loader.load(LIVE)


async def test_nothing_is_missing_between_turns_that_follow_each_other() -> None:
    it = await desk()
    it.log.broken = True  # Nobody needs it.
    assert await it.loader.unpublished(4) == []
    await it.told(0)
    assert await it.loader.unpublished(5) == []


@pytest.mark.parametrize("missing", [1, 2, PAGE + 1])
async def test_what_was_stored_but_never_published_is_read_from_the_log(missing: int) -> None:
    it = await desk()
    await it.told(0)
    lost = await it.meeting.store(*[opened(f"b{n}") for n in range(missing)])
    published = await it.meeting.line()
    found = await it.loader.unpublished(published.records[0].header.offset)
    assert found == entries_of(lost)


async def test_a_body_that_was_removed_before_it_was_published_is_found_without_it() -> None:
    it = await desk()
    await it.meeting.store(opened("s1"))
    removal = await it.meeting.remove(4)
    ((record, event),) = await it.loader.unpublished(removal.records[0].header.offset)
    assert (record.header.offset, record.body, event) == (4, None, None)


async def test_it_waits_for_a_log_that_is_away() -> None:
    it = await desk()
    lost = await it.meeting.store(opened("s1"))
    it.log.broken = True
    reading = asyncio.ensure_future(it.loader.unpublished(5))
    await it.meeting.clock.advance(5 * RETRY_MS)
    assert not reading.done()
    it.log.broken = False
    await it.meeting.clock.advance(RETRY_MS)
    assert await reading == entries_of(lost)


async def test_a_hole_that_the_log_can_not_fill_is_a_broken_record() -> None:
    it = await desk()
    with pytest.raises(RecordBroken, match="nothing after offset 3, but 5 was published"):
        await it.loader.unpublished(5)
