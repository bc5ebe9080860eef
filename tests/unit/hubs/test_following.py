"""What comes over the line is checked, stored, answered and shown, in that order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from copies_in_memory import MemoryCopies
from log_above import FLOOR, FRENCH, SIGNED, Disk, LogAbove, Served
from moothall.core import events as ev
from moothall.core.chain import LogRecord
from moothall.core.errors import StorageUnavailable
from moothall.core.ids import Epoch, SegmentId, SessionId
from moothall.core.ports import BookEntry
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock
from moothall.wire import hub
from moothall.wire.hub_records import pack, unpack
from moothall_hub.copied import Copy, Step, dropped
from moothall_hub.following import STOPPED_MS, Following
from moothall_hub.mirrored import MirroredSessions
from moothall_hub.missed import MissedSpans
from moothall_hub.node_meetings import NodeMeetings
from moothall_hub.offers import Offers
from moothall_hub.strip import CopyNow, Missed
from moothall_hub.wanted import Want
from recorder import EPOCH, SESSION

WANT = {SESSION: Want(channels=(FLOOR,))}
COMES = frozenset({FLOOR})
OTHER = SessionId("other")


class Store:
    """The disk, which may refuse."""

    def __init__(self, done: list[object]) -> None:
        self.disk = Disk()
        self.refuses = 0
        self.fails: Exception | None = None
        self.ready = asyncio.Event()
        self.ready.set()
        self._done = done

    async def keep(self, step: Step) -> None:
        await self.ready.wait()
        if self.refuses:
            self.refuses -= 1
            msg = "The disk is full."
            raise StorageUnavailable(msg)
        if self.fails is not None:
            failure, self.fails = self.fails, None
            raise failure
        self.disk.keep(step)
        self._done.append("kept")

    async def drop(self, session: SessionId) -> Copy:
        self.disk.records.clear()
        self.disk.copy = dropped(self.disk.copy)
        return self.disk.copy


class Shown:
    """What readers get."""

    def __init__(self, done: list[object]) -> None:
        self.fails = False
        self.renewed = 0
        self.texts: list[int] = []
        self._done = done

    async def take(self, step: Step) -> None:
        if self.fails:
            msg = "The disk can't be read."
            raise StorageUnavailable(msg)
        self._done.append("renewed" if step.renew else "shown" if step.show else "nothing")
        if step.show:
            self.texts += [each.header.offset for each in step.records]

    async def renew(self, session: SessionId) -> None:
        self.renewed += 1


class Hub:
    """Everything but a line."""

    def __init__(self, spans: MissedSpans | None = None, disk: Disk | None = None) -> None:
        self.done: list[object] = []
        self.store = Store(self.done)
        self.store.disk = disk or self.store.disk
        self.shown = Shown(self.done)
        self.said: list[hub.FromHub] = []
        self.closed = False
        self.clock = ManualClock()
        self.log = LogAbove()
        self.served: Served | None = None
        self.following = Following(
            () if disk is None else (disk.copy,),
            store=self.store,
            shown=self.shown,
            closed=lambda _: self.closed,
            unpack=unpack,
            signed=SIGNED,
            say=self._say,
            missed=spans or MissedSpans(MemoryBook(), {}),
            clock=self.clock,
        )

    def _say(self, message: hub.FromHub) -> None:
        self.said.append(message)
        self.done.append(type(message).__name__)

    @property
    def copy(self) -> Copy:
        found = self.following.copy(SESSION)
        assert found is not None
        return found

    async def link(self, *, little: int = 3, back: int = 2) -> None:
        """A link begins, and the server above answers."""
        await self.following.linked()
        follow = self.said[-1]
        assert isinstance(follow, hub.Follow)
        self.served = Served(self.log, follow, little=little, back=back)
        await self.following.take(self.served.live)

    async def live(self) -> None:
        assert self.served is not None
        await self.batch(hub.Part.LIVE, self.served.now())

    async def missed(self, most: int = 100) -> bool:
        """The next batch of what was missed."""
        assert self.served is not None
        found = self.served.missed(most)
        if isinstance(found, hub.Caught):
            await self.following.take(found)
        elif found is not None:
            await self.batch(hub.Part.MISSED, found[1], number=found[0])
        return found is not None

    async def batch(self, part: hub.Part, records: Sequence[LogRecord], number: int = 0) -> None:
        data = pack(records, session=SESSION, epoch=EPOCH)
        await self.following.take(hub.Batch(session=SESSION, part=part, number=number, data=data))


async def hub_that_follows() -> Hub:
    """A hub that has been there from the beginning."""
    made = Hub()
    made.log.happens("line")
    await made.following.want(WANT)
    assert made.said == []  # There is no link.
    await made.link()
    while await made.missed():
        pass
    await made.live()
    return made


async def test_what_comes_is_stored_then_acknowledged_then_shown() -> None:
    made = await hub_that_follows()
    made.done.clear()
    made.log.happens("line")
    await made.live()
    assert made.done == ["kept", "shown"]
    assert made.shown.texts[-1] == len(made.log.records)
    assert made.copy.whole
    assert made.following.now(SESSION) == CopyNow(texts=COMES)


async def test_after_an_outage_live_comes_first_and_the_hole_is_filled_and_told_of() -> None:
    book = MemoryBook()
    made = Hub(MissedSpans(book, {}))
    await made.following.want(WANT)
    await made.link()
    await made.live()
    made.following.cut()
    first = len(made.log.records)
    made.log.happens("check")
    for _ in range(8):
        made.log.happens("line")
    await made.link(back=1)
    now = made.following.now(SESSION)
    assert now is not None
    assert now.filling
    assert made.following.events_missing() > 0
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
    assert made.following.events_missing() == 0
    made.log.happens("check")
    assert made.following.now(SESSION) == CopyNow(checking=True, texts=COMES)
    await made.live()
    assert made.following.now(SESSION) == CopyNow(texts=COMES)
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
        msg = "The disk is full."
        raise StorageUnavailable(msg)


@pytest.mark.parametrize("book", [MemoryBook(), Refusing()])
async def test_readers_are_told_of_the_minutes_that_they_missed(book: MemoryBook) -> None:
    made = Hub(MissedSpans(book, {}))
    made.log.happens("line")
    await made.following.want(WANT)
    await made.link()
    while await made.missed():
        pass
    await made.live()
    made.following.cut()
    for number in (1, 61_000, 122_000):
        segment = SegmentId(f"late-{number}")
        made.log.add(
            ev.SegmentOpened(channel=FLOOR, segment=segment, t0=number, language="en", origin=ev.Origin.MACHINE)
        )
        ended = ev.SegmentEnded(
            channel=FLOOR, segment=segment, t1=number + 900, reason=ev.EndReason.PAUSE, text=" Late."
        )
        made.log.add(ended)
    made.log.happens("line")
    await made.link(back=2)
    while await made.missed(3):
        pass
    now = made.following.now(SESSION)
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
    await made.following.take(hub.Batch(session=SESSION, part=hub.Part.LIVE, data=data))
    assert made.copy.broken is not None
    assert made.copy.broken.offset == len(made.log.records)
    assert made.following.now(SESSION) == CopyNow(stopped=True, texts=COMES)
    assert isinstance(made.said[-1], hub.Leave)
    await made.live()  # Nothing more of it is taken.
    assert made.copy.offset < len(made.log.records)
    said = len(made.said)
    await made.following.linked()
    assert made.said[said:] == []
    await made.following.fetch_again(SESSION)
    assert made.shown.renewed == 1
    assert isinstance(made.said[-1], hub.Follow)
    assert made.said[-1].known is None


async def test_a_frame_that_can_not_be_read_stops_it_too() -> None:
    made = await hub_that_follows()
    await made.following.take(hub.Batch(session=SESSION, part=hub.Part.LIVE, data=b"garbage"))
    assert made.copy.broken is not None
    assert made.copy.broken.offset == made.copy.offset + 1
    assert "can't be read" in made.copy.broken.reason


async def test_what_is_not_wanted_is_left_and_other_texts_are_asked_for_again() -> None:
    made = await hub_that_follows()
    made.log.happens("french")
    await made.following.want({SESSION: Want(channels=(FLOOR, FRENCH), words=True)})
    follow = made.said[-1]
    assert isinstance(follow, hub.Follow)
    assert (follow.channels, follow.words) == ((FLOOR, FRENCH), True)
    said = len(made.said)
    await made.following.want({SESSION: Want(channels=(FLOOR, FRENCH), words=True)})
    assert len(made.said) == said
    await made.following.want({})
    assert made.said[-1] == hub.Leave(session=SESSION)
    await made.live()  # On its way when it was left.
    await made.following.take(hub.Caught(session=OTHER))
    assert made.following.now(OTHER) is None


async def test_the_notes_of_the_hub_come_beside() -> None:
    made = await hub_that_follows()
    made.log.happens("own")
    assert made.served is not None
    await made.batch(hub.Part.OWN, made.served.own())
    assert made.copy.own
    assert made.shown.texts[-1] == len(made.log.records)
    made.log.happens("own")
    await made.batch(hub.Part.OWN, made.served.own())
    assert made.shown.texts[-1] == len(made.log.records)


async def test_the_server_above_may_stop_a_session_and_a_new_link_asks_again() -> None:
    made = await hub_that_follows()
    await made.following.take(hub.Stopped(session=SESSION, message="It is not public any more."))
    assert made.copy.stopped == "It is not public any more."
    await made.link()
    assert made.copy.stopped == ""


async def test_a_session_is_finished_once_it_is_closed_and_whole() -> None:
    made = await hub_that_follows()
    assert made.following.unfinished == {SESSION}
    made.closed = True
    assert made.following.unfinished == frozenset()


@pytest.mark.parametrize("wanted", [WANT, {}])
async def test_nothing_is_said_without_a_link(wanted: dict[SessionId, Want]) -> None:
    made = Hub()
    await made.following.want(wanted)
    await made.following.fetch_again(SESSION)
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
        group.create_task(made.following.want(both))
        await asyncio.sleep(0)
        made.store.ready.set()
    follow = made.said[-1]
    assert isinstance(follow, hub.Follow)
    assert follow.known is not None
    assert follow.known.offset == max(made.store.disk.records), "It asks for what it has."
    assert made.copy.asked
    await made.following.take(Served(made.log, follow, little=3, back=2).live)
    assert not made.copy.asked


async def test_a_hub_that_wants_a_session_no_more_follows_it_until_what_was_removed_is_erased() -> None:
    made = await hub_that_follows()
    made.closed = True
    await made.following.want({})
    made.following.cut()
    made.log.remove(4)
    removal = made.log.records[-1].header.offset
    await made.following.linked()
    before = len(made.said)
    recall = hub.Recall(session=SESSION, epoch=EPOCH, offset=removal)
    await made.following.take(recall)
    follow = made.said[-1]
    assert isinstance(follow, hub.Follow)
    made.served = Served(made.log, follow, little=9)
    await made.following.take(made.served.live)
    await made.live()
    assert made.said[before + 1 :] == [hub.Erased(session=SESSION, offset=removal), hub.Leave(session=SESSION)]
    assert made.store.disk.records[4].body is None
    await made.following.take(recall)
    assert made.said[-1] == hub.Erased(session=SESSION, offset=removal), "it has been done"
    await made.following.take(hub.Recall(session=OTHER, epoch=EPOCH, offset=7))
    assert made.said[-1] == hub.Erased(session=OTHER, offset=7), "nothing of it is here"


async def test_a_session_that_is_no_more_is_dropped_whole() -> None:
    made = await hub_that_follows()
    assert made.store.disk.records
    other = hub.Recall(session=SESSION, epoch=Epoch("other"), offset=0)
    await made.following.take(other)
    assert made.store.disk.records, "that log this copy isn't of"
    await made.following.take(msgspec.structs.replace(other, epoch=EPOCH))
    assert not made.store.disk.records
    assert made.shown.renewed == 1
    assert made.said[-2:] == [hub.Leave(session=SESSION), hub.Erased(session=SESSION, offset=0)]


class Room:
    """What the room asked, whose disk may hang; nobody is below."""

    def __init__(self, done: list[object]) -> None:
        self.hangs = asyncio.Event()
        self._done = done

    async def erase_removed(self, session: SessionId) -> None:
        await self.hangs.wait()
        self._done.append("room")

    async def forget(self, session: SessionId) -> None:
        await self.erase_removed(session)

    def removed(self, session: SessionId, epoch: Epoch, offset: int, at: int) -> None:
        self._done.append(offset)

    async def gone(self, session: SessionId) -> None:
        return

    def outstanding(self, session: SessionId, offset: int) -> bool:
        return False


async def test_a_hub_that_dies_before_all_is_erased_says_so_only_after_it_was_asked_again() -> None:
    made = await hub_that_follows()
    made.done.clear()
    room = Room(made.done)
    made.following.erasing.has(room=room, below=room)
    made.log.remove(4)
    removal = made.log.records[-1].header.offset
    taking = asyncio.ensure_future(made.live())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    taking.cancel()
    assert made.done == ["kept", "shown", removal], "the copy alone is done"
    again = Hub(disk=made.store.disk)
    room = Room(again.done)
    room.hangs.set()
    again.following.erasing.has(room=room, below=room)
    await again.following.take(hub.Recall(session=SESSION, epoch=EPOCH, offset=removal))
    assert again.done == [removal, "room", "Erased"]


async def test_a_disk_that_refuses_is_told_of_as_long_as_it_does() -> None:
    made = await hub_that_follows()
    made.log.happens("line")
    made.store.refuses = 1
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(made.live())
        await asyncio.sleep(0)
        assert not made.following.storing
        await made.clock.advance(1_000)
    assert made.following.storing


async def test_what_the_server_above_stopped_is_asked_for_anew_after_a_minute() -> None:
    made = await hub_that_follows()
    await made.following.take(hub.Stopped(session=SESSION, message="The record of this meeting can't be read."))
    said = len(made.said)
    await made.following.want(WANT)
    assert len(made.said) == said
    await made.clock.advance(STOPPED_MS)
    await made.following.want(WANT)
    assert isinstance(made.said[-1], hub.Follow)


async def test_a_session_of_which_something_fails_that_nobody_foresaw_is_left_alone_for_a_while() -> None:
    made = await hub_that_follows()
    made.store.fails = ZeroDivisionError("A bug.")
    made.log.happens("line")
    await made.live()
    assert made.said[-1] == hub.Leave(session=SESSION)
    assert made.copy.broken is None
    await made.clock.advance(STOPPED_MS)
    await made.following.want(WANT)
    assert isinstance(made.said[-1], hub.Follow)
    assert made.said[-1].known is not None
    assert made.said[-1].known.offset < len(made.log.records)


async def test_what_is_being_checked_is_so_after_a_restart_too() -> None:
    made = await hub_that_follows()
    for _ in range(8):
        made.log.happens("line")
    await made.link(back=1)
    while await made.missed():
        pass
    assert made.copy.due > made.copy.verified
    again = Hub()
    again.following = Following(
        [made.store.disk.copy],
        store=again.store,
        shown=again.shown,
        closed=lambda _: False,
        unpack=unpack,
        signed=SIGNED,
        say=again.said.append,
        missed=MissedSpans(MemoryBook(), {}),
        clock=again.clock,
    )
    now = again.following.now(SESSION)
    assert now is not None
    assert now.checking


async def test_a_copy_of_which_nothing_was_signed_yet_is_not_called_checked() -> None:
    made = await hub_that_follows()
    meetings = NodeMeetings(
        MirroredSessions(MemoryCopies(), made.clock), lambda: made.following, await Offers.load(MemoryBook())
    )
    assert made.copy.whole
    assert not await meetings.checked(SESSION)
    assert not await meetings.checked(OTHER)
    made.log.happens("check")
    made.log.happens("line")
    await made.live()
    assert await meetings.checked(SESSION)
    await made.batch(hub.Part.LIVE, made.log.records[-1:])  # Once more.
    assert not await meetings.checked(SESSION)
    (stuck,) = await meetings.stuck()
    assert stuck.offset == len(made.log.records)
