from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Position, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.sessions.state import Status
from moothall.core.signals import ChannelState, Sound
from moothall.core.views.reading_order import BREAK_SET_BACK, Gap
from moothall.services.log.publication import Publication
from moothall.services.reading.feed import Subscription
from moothall.services.reading.mirrored import LOOK_MS, UNUSED_MS, MirroredSession, MirroredSessions
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.records import NotThere, Records
from moothall.testing.clock import ManualClock
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Format, Received, decode
from support.hubs.copies import Followed, MemoryCopies
from support.hubs.log_above import FLOOR, OWN, LogAbove
from support.memory.fanout import settle
from support.sessions.recorder import EPOCH, SESSION

FEED = Feed(FLOOR)


class Room:
    """A hub's sessions, running, and the log that they are a copy of."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.copies = MemoryCopies()
        self.sessions = MirroredSessions(self.copies, self.clock)
        self.log = LogAbove()
        self.log.add(ev.SessionOpened(wall=1_764_000_000_000))
        self.uplink = Followed(self.log, self.copies, self.sessions)

    async def loaded(self) -> MirroredSession:
        found = await self.sessions.find(SESSION)
        assert found is not None
        return found

    async def reader(self, after: Position | None = None) -> MemoryOutlet:
        outlet = MemoryOutlet()
        joined = await (await self.loaded()).fanout.subscribe(outlet, FEED, Format.SSE, after)
        assert isinstance(joined, Subscription)
        return outlet


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    started = asyncio.Event()
    task = asyncio.ensure_future(made.sessions.run(started))
    await started.wait()
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def frames(outlet: MemoryOutlet) -> list[Received]:
    return [decode(event.data) for event in EventStream().feed(b"".join(outlet.writes))]


def shown(outlet: MemoryOutlet) -> list[str]:
    """The lines of the newest snapshot that somebody got."""
    (*_, last) = (frame.snapshot for frame in frames(outlet) if frame.snapshot is not None)
    return [line.text for line in last.lines]


async def test_what_comes_goes_to_the_readers(room: Room) -> None:
    room.log.happens("line")
    await room.uplink.follow()
    await room.uplink.live()
    live = await room.loaded()
    assert (live.id, live.state.status, live.offset, live.copy) == (SESSION, Status.OPEN, 5, room.uplink.copy)
    outlet = await room.reader()
    assert shown(outlet) == [" Line 3."]
    for kind in ("note", "words", "line"):
        room.log.happens(kind)
    await room.uplink.live()
    await settle()
    assert [event.offset for event in frames(outlet)[-1].events] == [7, 8, 9]
    assert live.state.segments.get(SegmentId("s7")) is not None
    back = await room.reader(Position(EPOCH, 5))
    assert [event.offset for frame in frames(back) for event in frame.events] == [7, 8, 9]


async def test_a_hub_has_whose_text_it_is_and_which_tool_wrote_and_nothing_that_was_offered(room: Room) -> None:
    name, offered = SegmentId("t"), "Nobody reads this."
    for event in (
        le.AirChanged(channel=FLOOR, source=le.AirSource.PERSON, t=0, t0=0),
        le.AirHeld(channel=FLOOR, holder="c1", token=1),
        le.LineOffered(channel=FLOOR, segment=name, text=offered, language="en", t=0, by="x1", tool="StenoCo"),
        le.SegmentOpened(channel=FLOOR, segment=name, t0=1, language="en", origin=le.Origin.PERSON, tool="StenoCo"),
        le.SegmentEnded(channel=FLOOR, segment=name, t1=2, reason=le.EndReason.SENTENCE, text="We go on."),
    ):
        room.log.add(event)
    await room.uplink.follow()
    await room.uplink.live()
    outlet = await room.reader()
    state = (await room.loaded()).state
    assert (state.channels[FLOOR].air.source, state.channels[FLOOR].air.holder) == (le.AirSource.PERSON, "")
    *_, snapshot = (frame.snapshot for frame in frames(outlet) if frame.snapshot is not None)
    (line,) = snapshot.lines
    assert (line.text, line.tool) == ("We go on.", "StenoCo")
    assert not any(offered.encode() in (each.body or b"") for each in room.copies.disk.records.values())


async def test_a_hub_has_which_line_was_respoken(room: Room) -> None:
    for event in (
        le.AirChanged(channel=FLOOR, source=le.AirSource.RESPEAKER, t=0, t0=0),
        le.AirHeld(channel=FLOOR, holder="c1", token=1),
        le.SegmentOpened(
            channel=FLOOR, segment=SegmentId("r"), t0=1, language="en", origin=le.Origin.MACHINE, respoken=True
        ),
        le.SegmentEnded(channel=FLOOR, segment=SegmentId("r"), t1=2, reason=le.EndReason.SENTENCE, text="We go on."),
    ):
        room.log.add(event)
    await room.uplink.follow()
    await room.uplink.live()
    outlet = await room.reader()
    air = (await room.loaded()).state.channels[FLOOR].air
    assert (air.respoken, air.holder) == (True, "")
    *_, snapshot = (frame.snapshot for frame in frames(outlet) if frame.snapshot is not None)
    (line,) = snapshot.lines
    assert (line.text, line.respoken) == ("We go on.", True)


async def test_what_is_of_the_moment_goes_to_the_readers_of_a_session_that_is_loaded(room: Room) -> None:
    late = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=60_000, t=0)
    room.sessions.signal(SESSION, [late])  # Nobody reads it.
    await room.uplink.follow()
    await room.uplink.live()
    outlet = await room.reader()
    room.sessions.signal(SESSION, [])
    room.sessions.signal(SESSION, [late])
    await settle()
    assert frames(outlet)[-1].signals == (late,)
    assert frames(await room.reader())[-1].signals == (late,), "whoever comes later is told as well"


async def test_a_hole_that_is_filled_brings_a_snapshot_and_no_position_of_before_is_good(room: Room) -> None:
    renewed: list[SessionId] = []
    room.sessions.tell_renewed(renewed.append)
    await room.uplink.follow()
    await room.uplink.live()
    for _ in range(4):
        room.log.happens("line")
    await room.uplink.follow(little=0, back=2)
    outlet = await room.reader()
    await room.uplink.live()
    await settle()
    assert [event.offset for event in frames(outlet)[-1].events] == [10, 11]
    live = await room.loaded()
    before = live.fanout.position
    await room.uplink.missed(2)
    await settle()
    assert renewed == []
    await room.uplink.missed()
    await settle()
    assert shown(outlet) == [" Line 3.", " Line 5.", " Line 7.", " Line 9."]
    assert (renewed, live.fanout.position) == ([SESSION], Position(room.uplink.copy.reader_epoch, 11))
    assert frames(await room.reader(before))[0].snapshot is not None
    room.log.happens("line")
    await room.uplink.live()
    await settle()
    after = frames(outlet)[-1]
    assert after.events
    position = Position(room.uplink.copy.reader_epoch, 13)
    assert outlet.writes[-1].startswith(f"id: {position}\n".encode())
    assert frames(await room.reader(position)) == []


async def test_a_session_that_was_never_here_can_be_read_once_its_beginning_has_come(room: Room) -> None:
    for _ in range(4):
        room.log.happens("line")
    await room.uplink.follow(little=0, back=2)
    await room.uplink.live()
    access = ReaderAccess(room.sessions)
    assert await access.snapshot(SESSION, FEED) is None, "whether it may be read is not known yet"
    await room.uplink.missed(3)
    snapshot = await access.snapshot(SESSION, FEED)
    assert snapshot is not None
    assert [line.text for line in snapshot.lines] == [" Line 9."]


async def test_events_that_speak_of_what_is_missing_change_nothing(room: Room) -> None:
    await room.uplink.follow()
    await room.uplink.live()
    room.log.add(ev.NotRecordedBegan(t0=5))
    room.log.add(ev.NotRecordedEnded(t1=9))
    await room.uplink.follow(little=0, back=1)
    await room.uplink.live()
    live = await room.loaded()
    assert list(live.state.not_recorded) == []
    await room.uplink.missed()
    assert list(live.state.not_recorded) == [(5, 9)]


async def test_a_hubs_readers_are_told_of_a_break_of_its_end_and_of_text_before_that(room: Room) -> None:
    await room.uplink.follow()
    room.log.add(ev.SessionPaused(t=5_000, t0=4_000))
    await room.uplink.live()
    live, outlet = await room.loaded(), await room.reader()
    (first,) = (frame.snapshot for frame in frames(outlet) if frame.snapshot is not None)
    assert (live.state.status, first.session.status, first.session.paused) == (Status.PAUSED, Status.PAUSED, 4_000)
    room.log.add(ev.SessionResumed(t=90_000, t1=70_000))
    await room.uplink.live()
    await settle()
    (late,) = (frame.snapshot for frame in frames(await room.reader()) if frame.snapshot is not None)
    assert (late.session.status, late.session.paused) == (Status.OPEN, None)
    assert late.session.gaps == (Gap(t0=4_000, t1=70_000, reason=BREAK_SET_BACK),)
    assert live.state.unkept == ((4_000, 70_000),)


async def test_the_end_of_a_break_whose_beginning_is_missing_changes_nothing(room: Room) -> None:
    await room.uplink.follow()
    await room.uplink.live()
    room.log.add(ev.SessionPaused(t=5, t0=5))
    room.log.add(ev.SessionResumed(t=9, t1=9))
    await room.uplink.follow(little=0, back=1)
    await room.uplink.live()
    live = await room.loaded()
    assert list(live.state.breaks) == []
    await room.uplink.missed()
    assert list(live.state.breaks) == [(5, 9)]


async def test_what_was_removed_is_shown_nowhere(room: Room) -> None:
    room.log.happens("line")
    await room.uplink.follow()
    await room.uplink.live()
    outlet = await room.reader()
    room.log.remove(5)
    await room.uplink.live()
    await settle()
    assert shown(outlet) == [""]
    assert (await room.loaded()).state.segments.get(SegmentId("s3")) is not None


@pytest.mark.parametrize("what", ["filled", "removed", "filled, and live goes on"])
async def test_what_can_not_be_read_for_a_moment_is_shown_after_it(room: Room, what: str) -> None:
    for _ in range(4):
        room.log.happens("line")
    await room.uplink.follow(little=0, back=2)
    await room.uplink.live()
    await room.uplink.missed(3)
    outlet = await room.reader()
    room.copies.away = True
    if what == "removed":
        room.log.remove(len(room.log.records))
    with pytest.raises(StorageUnavailable):
        await (room.uplink.live() if what == "removed" else room.uplink.missed())
    if what == "filled, and live goes on":
        room.log.happens("line")
        room.copies.away = False
        await room.uplink.live()
    else:
        await room.clock.advance(1_000)
        room.copies.away = False
        await room.clock.advance(1_000)
    await settle()
    whole = {"filled": [" Line 3.", " Line 5.", " Line 7.", " Line 9."], "removed": [""]}
    assert shown(outlet) == whole.get(what, [*whole["filled"], " Line 11."])
    await room.clock.advance(1_000)
    live = await room.loaded()
    assert (live.stale, live.fanout.position.offset) == (False, live.offset)


async def test_what_can_not_be_read_at_all_sends_its_readers_away(room: Room) -> None:
    for _ in range(4):
        room.log.happens("line")
    await room.uplink.follow(little=0, back=2)
    await room.uplink.live()
    await room.uplink.missed(3)
    outlet = await room.reader()
    room.copies.damaged = True
    with pytest.raises(RecordBroken):
        await room.uplink.missed()
    await room.clock.advance(1_000)
    await settle()
    assert outlet.aborted
    assert room.sessions.all_loaded == ()


async def test_the_hubs_own_lane_is_in_the_state_and_goes_to_no_reader(room: Room) -> None:
    await room.uplink.follow()
    await room.uplink.live()
    outlet = await room.reader()
    room.log.happens("own")
    await room.uplink.own()
    await settle()
    live = await room.loaded()
    assert [note.hub for note in live.state.notes_and_tags.hub_notes] == ["kisumu"]
    assert (live.offset, live.reached[OWN], len(outlet.writes)) == (3, 4, 1)


async def test_observers_hear_of_all_that_comes_and_stop_nothing(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Sequence[int]] = []

    def hear(_: MirroredSession, publication: Publication) -> None:
        heard.append([record.header.offset for record in publication.records])

    def fail(_: MirroredSession, __: Publication) -> None:
        raise RuntimeError

    room.sessions.observe(fail)
    room.sessions.observe(hear)
    await room.uplink.follow()
    with caplog.at_level(logging.ERROR):
        await room.uplink.live()
    assert "session plenary: an observer failed" in caplog.text
    room.log.happens("line")
    await room.uplink.live()
    assert heard == [[1, 2, 3], [4, 5]]
    assert (await room.loaded()).offset == 5


async def test_the_list_and_the_records_follow(room: Room) -> None:
    catalogue = SessionCatalogue(room.copies)
    records = Records(ReaderAccess(room.sessions), room.copies)
    room.sessions.observe(lambda _, publication: catalogue.take(publication))
    room.sessions.tell_renewed(catalogue.read_again)
    room.sessions.tell_renewed(records.forget)
    assert list(await catalogue.listed()) == []
    await room.uplink.follow()
    await room.uplink.live()
    (entry,) = await catalogue.listed()
    assert (entry.title, entry.status) == ("Open hall", Status.OPEN)
    for kind in ("session", "line", "line", "line"):
        room.log.happens(kind)
    await room.uplink.follow(little=0, back=2)
    await room.uplink.live()
    snapshot = await records.find(SESSION)
    assert not isinstance(snapshot, NotThere)
    assert [line.text for line in (await records.read(snapshot)).lines] == ["Line 8."]
    assert (await catalogue.listed())[0].title == "Open hall"
    await room.uplink.missed()
    assert (await catalogue.listed())[0].title == "Title 3"
    whole = await records.find(SESSION)
    assert not isinstance(whole, NotThere)
    assert [line.text for line in (await records.read(whole)).lines] == ["Line 4.", "Line 6.", "Line 8."]
    assert whole.offset == snapshot.offset
    assert whole.epoch != snapshot.epoch


async def test_a_copy_that_is_dropped_sends_its_readers_away(room: Room) -> None:
    await room.uplink.follow()
    await room.uplink.live()
    outlet = await room.reader()
    await room.uplink.drop()
    assert outlet.aborted
    assert await room.sessions.find(SESSION) is None
    assert list(await room.sessions.names()) == []
    await room.uplink.follow()
    await room.uplink.live()
    assert (await room.loaded()).fanout.epoch == f"{EPOCH}r1"
    assert list(await room.sessions.names()) == [SESSION]


async def test_what_is_not_here_is_not_found(room: Room) -> None:
    assert await room.sessions.find(SESSION) is None
    assert await room.sessions.find(SessionId("../up")) is None
    assert room.sessions.loaded(SESSION) is None
    await room.sessions.renew(SESSION)
    await room.uplink.follow()
    assert room.sessions.all_loaded == ()


async def test_nothing_is_loaded_before_it_runs() -> None:
    room = Room()
    with pytest.raises(RuntimeError, match="only while `run` is running"):
        await room.sessions.find(SESSION)


async def test_what_nobody_needs_is_unloaded(room: Room) -> None:
    await room.uplink.follow()
    await room.uplink.live()
    await room.clock.advance(UNUSED_MS + LOOK_MS)
    assert room.sessions.loaded(SESSION) is not None, "it is on"
    room.log.add(ev.SessionClosed(t=9))
    await room.uplink.live()
    outlet = await room.reader()
    await room.clock.advance(UNUSED_MS + LOOK_MS)
    live = room.sessions.loaded(SESSION)
    assert live is not None, "it is read"
    outlet.abort()
    room.log.happens("line")
    await room.uplink.live()
    await settle()
    await room.clock.advance(UNUSED_MS + LOOK_MS)
    assert room.sessions.loaded(SESSION) is None
    assert (await room.loaded()).state.status is Status.CLOSED


async def test_a_link_that_is_cut_again_and_again_keeps_nothing_in_memory(room: Room) -> None:
    await room.uplink.follow()
    room.log.add(ev.SessionClosed(t=9))
    await room.uplink.live()
    for _ in range(3):
        await room.clock.advance(UNUSED_MS // 2)
        await room.uplink.follow()
    await room.clock.advance(LOOK_MS)
    assert room.sessions.loaded(SESSION) is None
    await room.uplink.follow()
    assert room.sessions.loaded(SESSION) is None


class Unwilling(MemoryOutlet):
    """Breaks the walk."""

    def is_closing(self) -> bool:
        raise SystemExit


async def test_a_fanout_that_fails_is_begun_again_and_not_for_ever(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    await room.uplink.follow()
    await room.uplink.live()
    live = await room.loaded()
    outlet = await room.reader()
    room.copies.damaged = True
    await fail(live)
    await room.clock.advance(1_000)
    assert "the copy can't be read" in caplog.text
    assert room.sessions.loaded(SESSION) is None
    assert outlet.aborted
    room.copies.damaged = False
    live = await room.loaded()
    outlet = await room.reader()
    room.copies.away = True
    await fail(live)
    await room.clock.advance(1_000)
    room.copies.away = False
    await room.clock.advance(1_000)
    await settle()
    assert shown(outlet) == []
    assert len(outlet.writes) == 2
    for wait in (2_000, 4_000, 8_000, 16_000):
        await fail(live)
        await room.clock.advance(wait)
        await settle()
    assert room.sessions.loaded(SESSION) is live
    await fail(live)
    await settle()
    assert room.sessions.loaded(SESSION) is None
    room.copies.away = True
    with pytest.raises(StorageUnavailable):
        await room.sessions.find(SESSION)


async def fail(live: MirroredSession) -> None:
    """An event that can't be is given to the fan-out."""
    live.fanout.publish(Publication(session=SESSION, records=(), events=(), signals=(None,)))  # type: ignore[arg-type]
    await settle()
