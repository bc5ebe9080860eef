from __future__ import annotations

from moothall.core import events as ev
from moothall.core.errors import ChannelNow
from moothall.core.event_codec import UnknownEvent
from moothall.core.ids import ChannelId, SegmentId, SessionId, SourceId, SpeakerId
from moothall.core.session import LAST_WORDS, Source, State, Status, evolve

FLOOR = ChannelId("floor")


def fold(*events: ev.AnyEvent | UnknownEvent | None) -> State:
    state = State(id=SessionId("s"))
    for event in events:
        state = evolve(state, event)
    return state


def channel() -> ev.ChannelAdded:
    return ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))


def opened(name: str) -> ev.SegmentOpened:
    return ev.SegmentOpened(channel=FLOOR, segment=SegmentId(name), t0=0, language="en", origin=ev.Origin.MACHINE)


def words(name: str, first: int, count: int) -> ev.WordsCommitted:
    made = tuple(ev.Word(text=f" {n}", t0=n * 100, t1=n * 100 + 100) for n in range(first, first + count))
    return ev.WordsCommitted(channel=FLOOR, segment=SegmentId(name), first=first, words=made)


def test_a_session_that_was_never_made_is_absent() -> None:
    state = fold()
    assert state.status is Status.ABSENT
    assert state.access is ev.Access.STAFF


def test_the_statuses() -> None:
    made = ev.SessionCreated(title="x", languages=("en",))
    life: list[tuple[ev.AnyEvent, Status]] = [
        (made, Status.CREATED),
        (ev.SessionOpened(wall=5), Status.OPEN),
        (ev.SessionPaused(t=1), Status.PAUSED),
        (ev.SessionResumed(t=2), Status.OPEN),
        (ev.SessionClosed(t=3), Status.CLOSED),
        (ev.SessionReopened(t=4), Status.OPEN),
    ]
    state = fold()
    for event, status in life:
        state = evolve(state, event)
        assert state.status is status
    assert evolve(state, ev.RecordSealed(version=ev.SealVersion.RAW, n=3)).seals == 3


def test_what_is_unknown_or_removed_changes_nothing() -> None:
    state = fold(channel())
    assert evolve(state, None) is state
    assert evolve(state, UnknownEvent(type="later", v=1)) is state
    assert evolve(state, ev.BodyRemoved(offsets=(1,), reason="request", by="x")) is state


def test_sources_speakers_and_engines_are_remembered() -> None:
    state = fold(
        channel(),
        ev.SourceAttached(source=SourceId("mic"), channel=FLOOR, t=5, rate=16_000),
        ev.SourceEnded(source=SourceId("mic"), t=9),
        ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana"),
        ev.EngineAttached(channel=FLOOR, generation=4, model="m"),
        ev.ClockMapped(t=7, wall=70),
    )
    assert state.sources == {SourceId("mic"): Source(channel=FLOOR, t=5, rate=16_000, ended=True)}
    assert state.speakers == {SpeakerId("ana"): "Ana"}
    assert state.channels[FLOOR].generation == 4
    assert state.media_now(75) == 12


def test_a_channel_knows_where_it_stands() -> None:
    state = fold(channel(), opened("a"), words("a", 0, 30))
    assert state.channel_now(FLOOR) == ChannelNow(
        channel=FLOOR, generation=0, committed_through=3000, segment=SegmentId("a"), words=30
    )
    assert len(state.channels[FLOOR].last_words) == LAST_WORDS
    assert state.channels[FLOOR].last_words[-1].text == " 29"
    ended = evolve(
        state, ev.SegmentEnded(channel=FLOOR, segment=SegmentId("a"), t1=1, reason=ev.EndReason.PAUSE, text="")
    )
    assert ended.channel_now(FLOOR).segment is None
    assert ended.channel_now(FLOOR).words == 0
    gap = ev.GapNoted(channel=FLOOR, t0=0, t1=10, reason=ev.GapReason.OVERLOAD)
    assert evolve(ended, gap).channels[FLOOR].committed_through == 3000


def test_a_line_whose_opening_was_removed_is_left_alone() -> None:
    state = fold(channel(), None, words("a", 0, 2))
    assert len(state.segments) == 0
