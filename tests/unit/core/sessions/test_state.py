from __future__ import annotations

from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.errors import ChannelNow
from moothall.core.kernel.ids import ChannelId, InterventionId, SegmentId, SessionId, SourceId, SpeakerId
from moothall.core.sessions.parts import SessionSource
from moothall.core.sessions.state import LAST_WORDS, State, Status, evolve

FLOOR = ChannelId("floor")


def fold(*events: ev.AnyEvent | UnknownEvent | None) -> State:
    state = State(id=SessionId("s"))
    for event in events:
        state = evolve(state, event)
    return state


def channel() -> ev.ChannelAdded:
    return ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))


def opened(name: str) -> le.SegmentOpened:
    return le.SegmentOpened(channel=FLOOR, segment=SegmentId(name), t0=0, language="en", origin=le.Origin.MACHINE)


def words(name: str, first: int, count: int) -> le.WordsCommitted:
    made = tuple(le.Word(text=f" {n}", t0=n * 100, t1=n * 100 + 100) for n in range(first, first + count))
    return le.WordsCommitted(channel=FLOOR, segment=SegmentId(name), first=first, words=made)


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
    assert state.closures == ((3, 4),)
    assert evolve(state, ev.SessionClosed(t=9)).closures == ((3, 4), (9, None))
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
    assert state.sources == {SourceId("mic"): SessionSource(channel=FLOOR, t=5, rate=16_000, ended=True)}
    assert state.speakers == {SpeakerId("ana"): "Ana"}
    assert state.channels[FLOOR].generation == 4
    assert state.clock[:2] == (7, 70)


def test_media_time_stands_still_where_a_mapping_sets_it_back_a_little() -> None:
    opened = fold(channel(), ev.SessionOpened(wall=1_000_000))
    assert [opened.media_now(1_000_000 + after) for after in (-5, 0, 7)] == [0, 0, 7]
    drifted = evolve(opened, ev.ClockMapped(t=59_700, wall=1_060_000))
    assert [drifted.media_now(1_060_000 + after) for after in (0, 299, 301)] == [60_000, 60_000, 60_001]
    assert evolve(drifted, ev.ClockMapped(t=60_400, wall=1_060_400)).media_now(1_060_401) == 60_401
    # By so much no sound card drifts: a file went on after a restart, or an older release had let it jump ahead.
    assert evolve(opened, ev.ClockMapped(t=30_000, wall=1_060_000)).media_now(1_060_000) == 30_000


def test_a_channel_knows_where_it_stands() -> None:
    state = fold(channel(), opened("a"), words("a", 0, 30))
    assert state.channel_now(FLOOR) == ChannelNow(
        channel=FLOOR, generation=0, committed_through=3000, segment=SegmentId("a"), words=30
    )
    assert len(state.channels[FLOOR].last_words) == LAST_WORDS
    assert state.channels[FLOOR].last_words[-1].text == " 29"
    end = le.SegmentEnded(channel=FLOOR, segment=SegmentId("a"), t1=1, reason=le.EndReason.PAUSE, text="")
    ended = evolve(state, end, 7_000)
    line = ended.segments.get(SegmentId("a"))
    assert line is not None
    assert line.ended_at == 7_000
    assert ended.channel_now(FLOOR).segment is None
    assert ended.channel_now(FLOOR).words == 0
    gap = ev.GapNoted(channel=FLOOR, t0=0, t1=10, reason=ev.GapReason.OVERLOAD)
    assert evolve(ended, gap).channels[FLOOR].committed_through == 3000


def test_a_line_whose_opening_was_removed_is_left_alone() -> None:
    state = fold(channel(), None, words("a", 0, 2))
    assert len(state.segments) == 0


def test_what_was_removed_is_not_heard_again() -> None:
    state = fold(channel(), opened("a"), words("a", 0, 2))
    removed = ev.BodyRemoved(offsets=(2, 3), reason="request", by="x", through={FLOOR: 200, ChannelId("gone"): 9})
    assert evolve(state, removed) is state
    assert fold(channel(), None, None, removed).channels[FLOOR].committed_through == 200


def test_words_that_a_removal_left_neither_open_a_line_beside_the_open_one_nor_count_as_the_last() -> None:
    state = fold(channel(), opened("a"), words("a", 5, 3), opened("kept"), words("kept", 0, 2))
    assert state.channels[FLOOR].open_segment == "a"
    assert [word.text for word in state.channels[FLOOR].last_words] == [" 5", " 6", " 7"]
    assert state.channels[FLOOR].committed_through == 800


def test_spans_that_are_not_recorded_are_remembered() -> None:
    state = fold(ev.NotRecordedBegan(t0=5), ev.NotRecordedEnded(t1=7), ev.NotRecordedBegan(t0=9))
    assert (state.not_recorded, state.recorded) == (((5, 7), (9, None)), False)
    assert [state.kept(t) for t in (4, 5, 6, 7, 8, 9, 99)] == [True, False, False, True, True, False, False]
    assert fold().recorded


def test_struck_and_moved_lines_are_gone_and_unknown_ones_are_passed_over() -> None:
    lines = (SegmentId("a"), SegmentId("x"))
    state = fold(channel(), opened("a"), words("a", 0, 2))
    for event in (
        le.ChannelRewound(channel=FLOOR, t=0, segments=lines),
        le.SegmentsMovedAway(channel=FLOOR, segments=lines, session=SessionId("other")),
    ):
        struck = evolve(state, event)
        line = struck.segments.get(SegmentId("a"))
        assert line is not None
        assert line.gone
        assert len(struck.segments) == 1
    assert evolve(state, le.SegmentsMovedHere(channel=FLOOR, segments=lines, session=SessionId("other"))) is state
    assert evolve(state, ne.NoteLeft(text="x")) is state


def test_public_events_tell_which_question_came_after_the_close() -> None:
    def stands(name: str, number: int, status: InterventionStatus) -> qe.InterventionStatusChanged:
        return qe.InterventionStatusChanged(intervention=InterventionId(name), number=number, status=status, t=0)

    declined = he.HubDeclined(hub="kisumu", intervention=InterventionId("b"), reason="Late.")
    state = fold(
        stands("a", 1, InterventionStatus.CHECKED),
        ev.SessionClosed(t=0),
        declined,
        stands("a", 1, InterventionStatus.TO_WRITE),
        stands("b", 2, InterventionStatus.DECLINED),
        stands("c", 3, InterventionStatus.TO_WRITE),
    )
    assert [each.after_close for _, each in sorted(state.questions.interventions.items())] == [False, True, True]
