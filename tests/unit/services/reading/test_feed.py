from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import AnySignal, ChannelState, Sound, Unsaved
from moothall.core.views.captions import CaptionsView
from moothall.services.reading.feed import RING_BYTES, FeedState, Subscription
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format, Frame, Received, carry
from moothall.wire.reader import Reader
from support.sessions.meeting import ENGINE, FLOOR, LINES, LIVE, Meeting, ended, frames_of, opened, partial, read, words
from support.sessions.recorder import MORNING


class Followed:
    """A feed that takes whatever its meeting stores."""

    def __init__(self, meeting: Meeting, feed: Feed = LIVE) -> None:
        self.meeting = meeting
        self.state = FeedState(meeting.session, meeting.recorder.epoch, feed)

    async def load(self) -> None:
        records = await self.meeting.log.read(
            self.meeting.session, self.state.view.offset, 100_000, self.state.feed.lanes
        )
        self.state.load(records, MORNING)

    async def take(
        self, *events: ev.AnyEvent, signals: Sequence[AnySignal] = (), by: Actor = SYSTEM
    ) -> Received | None:
        publication = await self.meeting.store(*events, signals=signals, by=by)
        entries = list(zip(publication.records, publication.events, strict=True))
        return decoded(self.state.advance(entries, publication.signals, MORNING))

    def replayed(self, offset: int, form: Format = Format.SSE) -> list[list[int]] | None:
        """Offsets of the events that a reader at `offset` gets, frame by frame."""
        data = self.state.replay(offset, form)
        return None if data is None else [offsets(frame) for frame in frames_of(data)]


def decoded(frame: Frame | None) -> Received | None:
    if frame is None:
        return None
    (received,) = frames_of(carry(frame, Format.SSE))
    return received


def offsets(frame: Received | None) -> list[int]:
    return [] if frame is None else [event.offset for event in frame.events]


async def followed(feed: Feed = LIVE, *, channels: tuple[str, ...] = ()) -> Followed:
    """A feed of a session that has been opened: three events."""
    meeting = Meeting()
    await meeting.open(*channels)
    made = Followed(meeting, feed)
    await made.load()
    return made


async def test_what_is_loaded_is_folded_and_its_frames_are_kept() -> None:
    it = await followed()
    assert (it.state.view.offset, it.state.view.session.title) == (3, "Plenary")
    assert it.replayed(0) == [[1], [2], [3]]
    assert it.replayed(2) == [[3]]
    data = it.state.replay(0, Format.SSE)
    assert data is not None
    assert [frame.prev for frame in frames_of(data)] == [0, 1, 2]


async def test_a_publication_is_one_frame_of_the_feeds_lanes_that_knows_what_came_before() -> None:
    meeting = Meeting()
    await meeting.open()
    live, lines = Followed(meeting), Followed(meeting, LINES)
    await live.load()
    await lines.load()
    publication = await meeting.line()
    entries = list(zip(publication.records, publication.events, strict=True))
    frames = [decoded(each.state.advance(entries, (), MORNING)) for each in (live, lines)]
    assert [(offsets(frame), frame.prev if frame else None) for frame in frames] == [([4, 5, 6], 3), ([4, 6], 3)]
    publication = await meeting.store(words("s9", 0, " x"))
    entries = list(zip(publication.records, publication.events, strict=True))
    frames = [decoded(each.state.advance(entries, (), MORNING)) for each in (live, lines)]
    assert [(offsets(frame), frame.prev if frame else None) for frame in frames] == [([7], 6), ([], None)]


async def test_events_that_were_loaded_already_are_passed_over() -> None:
    it = await followed()
    publication = await it.meeting.store(opened("s1"), words("s1", 0, " a"))
    late = await it.meeting.store(words("s1", 1, " b"))
    entries = [pair for each in (publication, late) for pair in zip(each.records, each.events, strict=True)]
    it.state.load(publication.records, MORNING)
    assert offsets(decoded(it.state.advance(entries, (), MORNING))) == [6]
    assert it.state.advance(entries, (), MORNING) is None
    assert it.state.view.lines[0].words == 2


async def test_signals_of_other_channels_and_partials_of_words_stay_away() -> None:
    meeting = Meeting()
    await meeting.open("floor", "de")
    live, lines = Followed(meeting), Followed(meeting, LINES)
    state = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=0, t=1)
    signals: list[AnySignal] = [partial(" Guten", channel=ChannelId("de")), partial(" Good"), state]
    received = [decoded(each.state.advance((), signals, MORNING)) for each in (live, lines)]
    assert [frame and frame.signals for frame in received] == [(partial(" Good"), state), (state,)]
    assert lines.state.advance((), signals[:2], MORNING) is None


async def test_a_translation_is_told_how_late_and_how_silent_the_floor_is() -> None:
    meeting = Meeting()
    await meeting.open("floor")
    for name, kind in (("mt-es", ev.ChannelKind.TRANSLATION), ("fr", ev.ChannelKind.INTERPRETATION)):
        await meeting.store(ev.ChannelAdded(channel=ChannelId(name), kind=kind, languages=("es",)))
    late = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=15_000, t=1)
    none = ChannelState(channel=ChannelId("fr"), sound=Sound.NONE, lag=0, t=1)
    signals: list[AnySignal] = [partial(" Good"), late, none]
    told = {}
    for name in ("mt-es", "fr", "later"):
        it = Followed(meeting, Feed(ChannelId(name)))
        await it.load()
        frame = decoded(it.state.advance((), signals, MORNING))
        told[name] = frame and frame.signals
    assert told == {"mt-es": (late,), "fr": (none,), "later": None}


async def test_of_signals_with_one_key_the_newest_goes_and_a_newcomer_gets_it() -> None:
    it = await followed()
    assert it.state.moment(MORNING) is None
    unsaved = Unsaved(channel=FLOOR, text=" lost?")
    frame = await it.take(signals=[partial(" Go"), unsaved, partial(" Good")])
    assert frame is not None
    assert frame.signals == (partial(" Good"), unsaved)
    await it.take(signals=[partial(" Good day")])
    moment = decoded(it.state.moment(MORNING))
    assert moment is not None
    assert moment.signals == (partial(" Good day"), unsaved)


async def test_a_partial_that_was_taken_away_does_not_come_back_with_the_ring() -> None:
    it = await followed()
    start = it.state.view
    await it.take(opened("s1"), words("s1", 0, " a"), signals=[partial(" ghost", first=1)])
    await it.take(signals=[partial("", first=1)])
    data, moment = it.state.replay(3, Format.SSE), it.state.moment(MORNING)
    assert data is not None
    assert moment is not None
    assert read(data, Reader(feed=LIVE, view=start)).partial == partial(" ghost", first=1)
    assert read(data + carry(moment, Format.SSE), Reader(feed=LIVE, view=start)).partial is None


async def test_a_position_between_two_events_of_one_frame_is_served_with_the_whole_frame() -> None:
    it = await followed()
    await it.take(opened("s1"), words("s1", 0, " a"), ended("s1", " a"))
    assert it.replayed(5) == [[4, 5, 6]]
    assert it.replayed(6) == []
    assert it.replayed(99) == []


async def test_a_log_without_events_has_nothing_to_replay_and_nothing_is_too_far() -> None:
    meeting = Meeting()
    assert Followed(meeting).replayed(0) == []


async def test_a_long_session_keeps_its_last_frames_for_every_door() -> None:
    it = await followed()
    assert it.replayed(0) is not None  # From here on this door's bytes are kept as well.
    text = "x" * 10_000
    for n in range(20):
        await it.take(opened(f"a{n}"), ended(f"a{n}", text))
    newest = it.meeting.recorder.offset
    replayed = {offset: data for offset in range(newest) if (data := it.state.replay(offset, Format.SSE)) is not None}
    assert len(replayed) > 2
    oldest = min(replayed)
    assert RING_BYTES - 2 * len(text) < len(replayed[oldest]) < 5 * RING_BYTES // 4 + len(text)
    assert sorted(replayed) == list(range(oldest, newest))
    for form in Format:
        assert it.state.replay(oldest, form) is not None
        assert it.state.replay(oldest - 1, form) is None
    frames = it.replayed(oldest)
    assert frames is not None
    assert [offset for frame in frames for offset in frame] == list(range(oldest + 1, newest + 1))
    truth = Followed(it.meeting)
    await truth.load()
    assert it.state.view == truth.state.view


async def test_a_frame_that_is_longer_than_all_that_is_kept_is_not_kept() -> None:
    it = await followed()
    await it.take(opened("a"), ended("a", "x" * 2 * RING_BYTES))
    newest = it.meeting.recorder.offset
    assert it.replayed(newest - 2) is None
    await it.take(opened("b"))
    assert it.replayed(newest) == [[newest + 1]]


async def test_the_bytes_kept_for_a_door_are_the_frames_as_they_went_out() -> None:
    it = await followed()
    for form in Format:
        assert it.state.replay(3, form) == b""
    publication = await it.meeting.line()
    entries = list(zip(publication.records, publication.events, strict=True))
    frame = it.state.advance(entries, (), MORNING)
    assert frame is not None
    for form in Format:
        assert it.state.replay(3, form) == carry(frame, form)
        assert it.state.replay(3, form) == carry(frame, form)


async def test_nobody_goes_on_from_before_a_removal_that_was_loaded() -> None:
    meeting = Meeting()
    await meeting.open()
    await meeting.store(opened("s1"), words("s1", 0, " secret"))
    await meeting.remove(5)
    await meeting.store(opened("s2"))
    it = Followed(meeting)
    await it.load()
    assert it.replayed(5) is None
    assert it.replayed(6) == [[7]]
    assert b"secret" not in carry(it.state.snapshot(MORNING), Format.SSE)


async def test_a_body_that_can_not_be_read_is_said() -> None:
    it = await followed()
    (record,) = (await it.meeting.store(opened("s1"))).records
    with pytest.raises(RecordBroken, match="can't be read"):
        it.state.load([msgspec.structs.replace(record, body=b"{")], MORNING)


async def test_a_snapshot_is_encoded_once_until_the_next_event() -> None:
    it = await followed()
    first = it.state.snapshot(MORNING)
    await it.take(signals=[partial(" Good")])
    assert it.state.snapshot(MORNING + 500) is first
    await it.take(opened("s1"))
    second = decoded(it.state.snapshot(MORNING + 900))
    assert second is not None
    assert second.sent == MORNING + 900
    assert second.snapshot == it.state.view.snapshot()


async def test_a_frame_goes_out_once_a_door_to_those_who_are_there_now() -> None:
    it = await followed()
    made = {form: Subscription(MemoryOutlet(), LIVE, form) for form in (Format.SSE, Format.WEBSOCKET)}
    for form, reader in made.items():
        it.state.readers[form][reader] = None
    frame = it.state.snapshot(MORNING)
    served = it.state.outgoing(frame)
    it.state.readers[Format.SSE].clear()  # Whoever leaves meanwhile is marked as gone; the list stays as it was.
    assert [(each.data, readers) for each, readers in served] == [
        (carry(frame, form), [reader]) for form, reader in made.items()
    ]
    assert [each.snapshot for each, _ in served] == [True, True]


async def test_a_feed_that_is_folded_anew_takes_over_its_readers_but_not_those_who_left() -> None:
    old, new = await followed(), await followed()
    stays, left = (Subscription(MemoryOutlet(), LIVE, Format.SSE_CHUNKED) for _ in range(2))
    left.gone = True
    old.state.readers[Format.SSE_CHUNKED] = {stays: None, left: None}
    new.state.adopt(old.state)
    assert new.state.all_readers() == [stays]
    assert (new.state.reader_count, old.state.reader_count) == (1, 2)


async def test_an_event_whose_body_is_gone_moves_the_view_and_is_told_by_its_type() -> None:
    it = await followed()
    (record,) = (await it.meeting.store(words("s1", 0, " secret"), by=ENGINE)).records
    frame = it.state.advance([(msgspec.structs.replace(record, body=None, salt=None), None)], (), MORNING)
    received = decoded(frame)
    assert received is not None
    assert [(event.offset, event.type, event.original) for event in received.events] == [(4, "words.committed", None)]
    start = CaptionsView.empty(it.meeting.session, it.meeting.recorder.epoch, LIVE)
    assert (it.state.view.offset, it.state.view.lines) == (4, start.lines)
