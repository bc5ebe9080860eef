"""Events from the uplink are checked, stored, acknowledged and shown, in that order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.core.ports import BookEntry
from moothall.testing.book import MemoryBook
from moothall.wire.hubs import messages as hub
from moothall.wire.hubs.records import pack
from moothall_hub.mirror.missed import MissedSpans
from moothall_hub.mirror.wanted import Want
from moothall_hub.uplink.status_bar import CopyNow, Missed
from support.hubs.following import COMES, OTHER, WANT, Hub, hub_that_follows
from support.hubs.log_above import FLOOR, FRENCH, LogAbove, Served
from support.sessions.recorder import EPOCH, SESSION


async def test_what_comes_is_stored_then_acknowledged_then_shown() -> None:
    made = await hub_that_follows()
    made.done.clear()
    made.log.happens("line")
    await made.live()
    assert made.done == ["kept", "shown"]
    assert made.shown.texts[-1] == len(made.log.records)
    assert made.copy.whole
    assert made.replication.now(SESSION) == CopyNow(texts=COMES)


async def test_after_an_outage_live_comes_first_and_the_hole_is_filled_and_told_of() -> None:
    book = MemoryBook()
    made = Hub(MissedSpans(book, {}))
    await made.replication.want(WANT)
    await made.link()
    await made.live()
    made.replication.cut()
    first = len(made.log.records)
    made.log.happens("check")
    for _ in range(8):
        made.log.happens("line")
    await made.link(back=1)
    now = made.replication.now(SESSION)
    assert now is not None
    assert now.filling
    assert made.replication.events_missing() > 0
    made.log.happens("line")
    await made.live()
    assert made.shown.texts[-1] == len(made.log.records)
    made.done.clear()
    assert await made.missed(2)
    assert made.done[:2] == ["kept", "Taken"]
    while await made.missed(2):
        pass
    assert "renewed" in made.done
    assert made.copy.whole
    assert made.replication.events_missing() == 0
    made.log.happens("check")
    assert made.replication.now(SESSION) == CopyNow(checking=True, texts=COMES)
    await made.live()
    assert made.replication.now(SESSION) == CopyNow(texts=COMES)
    assert first < made.copy.verified


async def test_a_span_of_a_minute_is_told_of_and_outlives_the_process() -> None:
    book = MemoryBook()
    spans = await MissedSpans.load(book)
    log = LogAbove()
    lines = []
    for _ in range(3):
        log.happens("line")
        lines += log.records[-2:]
    spread = [_at(record, 50_000 * number) for number, record in enumerate(lines)]
    spans.begin(SESSION, worth=True)
    spans.begin(SESSION, worth=False)  # Cut once more: one hole still.
    spans.add(SESSION, [*spread, log.records[0], msgspec.structs.replace(log.records[-1], body=b"{")], [FLOOR])
    assert spans.of(SESSION) is None
    await spans.end(SESSION)
    assert spans.of(SESSION) == Missed(begin=0, end=250_000)
    assert (await MissedSpans.load(book)).of(SESSION) == Missed(begin=0, end=250_000)
    spans.begin(SESSION, worth=False)
    spans.add(SESSION, spread, [FRENCH])
    await spans.end(SESSION)
    await spans.end(SESSION)
    assert spans.of(SESSION) == Missed(begin=0, end=250_000)


def _at(record: LogRecord, t: int) -> LogRecord:
    """A line's event with its moment changed; nobody verifies it here."""
    assert record.body is not None
    body = msgspec.json.decode(record.body)
    body["t0" if "t0" in body else "t1"] = t
    return msgspec.structs.replace(record, body=msgspec.json.encode(body))


class Refusing(MemoryBook):
    """A book that keeps nothing."""

    async def write(self, entries: Sequence[BookEntry]) -> None:
        raise StorageUnavailable("The disk is full.")


@pytest.mark.parametrize("book", [MemoryBook(), Refusing()])
async def test_readers_are_told_of_the_minutes_that_they_missed(book: MemoryBook) -> None:
    made = Hub(MissedSpans(book, {}))
    made.log.happens("line")
    await made.replication.want(WANT)
    await made.link()
    while await made.missed():
        pass
    await made.live()
    made.replication.cut()
    for number in (1, 61_000, 122_000):
        segment = SegmentId(f"late-{number}")
        made.log.add(
            le.SegmentOpened(channel=FLOOR, segment=segment, t0=number, language="en", origin=le.Origin.MACHINE)
        )
        ended = le.SegmentEnded(
            channel=FLOOR, segment=segment, t1=number + 900, reason=le.EndReason.PAUSE, text=" Late."
        )
        made.log.add(ended)
    made.log.happens("line")
    await made.link(back=2)
    while await made.missed(3):
        pass
    now = made.replication.now(SESSION)
    assert now is not None
    assert now.missed == Missed(begin=1, end=122_900)


async def test_a_disk_that_refuses_is_asked_again_and_nothing_is_said_before() -> None:
    made = await hub_that_follows()
    made.log.happens("line")
    made.store.refuses = 2
    made.done.clear()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(made.live())
        await made.clock.advance(1_500)
        assert made.done == []
        await made.clock.advance(500)
    assert made.done == ["kept", "shown"]


async def test_what_can_not_be_shown_is_kept_all_the_same() -> None:
    made = await hub_that_follows()
    made.shown.fails = True
    made.log.happens("line")
    await made.live()
    assert made.copy.offset == len(made.log.records)


async def test_what_was_not_written_stops_the_session_and_names_the_event() -> None:
    made = await hub_that_follows()
    made.log.happens("line")
    data = pack(made.log.records[-1:], session=SESSION, epoch=EPOCH)  # One is left out.
    await made.replication.take(hub.Batch(session=SESSION, part=hub.FeedPart.LIVE, data=data))
    assert made.copy.broken is not None
    assert made.copy.broken.offset == len(made.log.records)
    assert made.replication.now(SESSION) == CopyNow(stopped=True, texts=COMES)
    assert isinstance(made.said[-1], hub.Leave)
    await made.live()  # Nothing more of it is taken.
    assert made.copy.offset < len(made.log.records)
    said = len(made.said)
    await made.replication.linked()
    assert made.said[said:] == []
    await made.replication.fetch_again(SESSION)
    assert made.shown.renewed == 1
    assert isinstance(made.said[-1], hub.Follow)
    assert made.said[-1].known is None


async def test_a_frame_that_can_not_be_read_stops_it_too() -> None:
    made = await hub_that_follows()
    await made.replication.take(hub.Batch(session=SESSION, part=hub.FeedPart.LIVE, data=b"garbage"))
    assert made.copy.broken is not None
    assert made.copy.broken.offset == made.copy.offset + 1
    assert "can't be read" in made.copy.broken.reason


async def test_what_is_not_wanted_is_left_and_other_texts_are_asked_for_again() -> None:
    made = await hub_that_follows()
    made.log.happens("french")
    await made.replication.want({SESSION: Want(channels=(FLOOR, FRENCH), words=True)})
    follow = made.said[-1]
    assert isinstance(follow, hub.Follow)
    assert (follow.channels, follow.words) == ((FLOOR, FRENCH), True)
    said = len(made.said)
    await made.replication.want({SESSION: Want(channels=(FLOOR, FRENCH), words=True)})
    assert len(made.said) == said
    await made.replication.want({})
    assert made.said[-1] == hub.Leave(session=SESSION)
    await made.live()  # On its way when it was left.
    await made.replication.take(hub.Caught(session=OTHER))
    assert made.replication.now(OTHER) is None


async def test_the_notes_of_the_hub_come_beside() -> None:
    made = await hub_that_follows()
    made.log.happens("own")
    assert made.served is not None
    await made.batch(hub.FeedPart.OWN, made.served.own())
    assert made.copy.own
    assert made.shown.texts[-1] == len(made.log.records)
    made.log.happens("own")
    await made.batch(hub.FeedPart.OWN, made.served.own())
    assert made.shown.texts[-1] == len(made.log.records)


async def test_the_server_above_may_stop_a_session_and_a_new_link_asks_again() -> None:
    made = await hub_that_follows()
    await made.replication.take(hub.Stopped(session=SESSION, message="It is not public any more."))
    assert made.copy.stopped == "It is not public any more."
    await made.link()
    assert made.copy.stopped == ""


async def test_a_session_is_finished_once_it_is_closed_and_whole() -> None:
    made = await hub_that_follows()
    assert made.replication.unfinished == {SESSION}
    made.closed = True
    assert made.replication.unfinished == frozenset()


@pytest.mark.parametrize("wanted", [WANT, {}])
async def test_nothing_is_said_without_a_link(wanted: dict[SessionId, Want]) -> None:
    made = Hub()
    await made.replication.want(wanted)
    await made.replication.fetch_again(SESSION)
    assert made.said == []


async def test_what_is_wanted_anew_is_asked_for_behind_a_batch_that_is_on_its_way_to_the_disk() -> None:
    made = await hub_that_follows()
    assert made.served is not None
    made.log.happens("line")
    made.store.ready.clear()
    both = {SESSION: Want(channels=(FLOOR, FRENCH))}
    async with asyncio.TaskGroup() as group:
        group.create_task(made.live())
        await asyncio.sleep(0)
        group.create_task(made.replication.want(both))
        await asyncio.sleep(0)
        made.store.ready.set()
    follow = made.said[-1]
    assert isinstance(follow, hub.Follow)
    assert follow.known is not None
    assert follow.known.offset == max(made.store.disk.records), "It asks for what it has."
    assert made.copy.asked
    await made.replication.take(Served(made.log, follow, little=3, back=2).live)
    assert not made.copy.asked
