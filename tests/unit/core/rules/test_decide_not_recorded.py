from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RefusalCode
from moothall.core.rules.lines import MOST_BACK
from moothall.core.sessions.state import State
from support.sessions.deciding import (
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    created,
    events,
    opened,
    refused,
    segment,
    speaking,
    word,
)


def test_not_recorded_begins_and_ends_and_is_no_more_than_what_it_says() -> None:
    state = opened()
    assert events(state, do.BeginNotRecorded(), wall=WALL + 4000) == [ev.NotRecordedBegan(t0=4000)]
    assert refused(state, do.EndNotRecorded()).code is RefusalCode.CONFLICT
    state = carry_out(state, do.BeginNotRecorded(), wall=WALL + 4000)
    assert not state.recorded
    assert refused(state, do.BeginNotRecorded()).code is RefusalCode.CONFLICT
    assert events(state, do.EndNotRecorded(), wall=WALL + 9000) == [ev.NotRecordedEnded(t1=9000)]
    # A clock that is behind doesn't end a span before its beginning.
    assert events(state, do.EndNotRecorded(), wall=WALL + 3000) == [ev.NotRecordedEnded(t1=4000)]
    state = carry_out(state, do.EndNotRecorded(), wall=WALL + 9000)
    assert [state.kept(t) for t in (3999, 4000, 8999, 9000)] == [True, False, False, True]
    assert [state.kept_through(*span) for span in ((0, 3999), (0, 4000), (8999, 9500), (9000, 9500), (0, 9500))] == [
        True, False, False, True, False,
    ]  # fmt: skip


def test_not_recorded_may_be_set_back_a_little_and_never_into_a_span_before() -> None:
    state = carry_out(opened(), do.BeginNotRecorded(), wall=WALL + 4000)
    state = carry_out(state, do.EndNotRecorded(), wall=WALL + 9000)
    assert events(state, do.BeginNotRecorded(back=5000), wall=WALL + 60_000) == [ev.NotRecordedBegan(t0=55_000)]
    assert events(state, do.BeginNotRecorded(back=MOST_BACK), wall=WALL + 20_000) == [ev.NotRecordedBegan(t0=9000)]
    assert events(opened(), do.BeginNotRecorded(back=MOST_BACK), wall=WALL + 20_000) == [ev.NotRecordedBegan(t0=0)]
    for back in (-1, MOST_BACK + 1):
        assert refused(state, do.BeginNotRecorded(back=back)).code is RefusalCode.INVALID


def test_a_span_never_begins_in_the_future() -> None:
    # A release before this one let the clock jump ahead where a microphone came from another meeting.
    ahead = carry_out(opened(), do.MapClock(t=40_000))
    off = carry_out(ahead, do.BeginNotRecorded(), wall=WALL + 16_000)
    assert off.not_recorded == ((56_000, None),)
    assert events(off, do.MapClock(t=40_400), wall=WALL + 40_400) == [
        ev.NotRecordedEnded(t1=56_000),
        ev.ClockMapped(t=40_400, wall=WALL + 40_400),
        ev.NotRecordedBegan(t0=40_400),
    ]
    off = carry_out(off, do.MapClock(t=40_400), wall=WALL + 40_400)
    assert (off.kept(40_399), off.kept(40_400), off.recorded) == (True, False, False)
    # Nor where one that was before it ended later than it is now.
    on = carry_out(ahead, do.BeginNotRecorded(), do.EndNotRecorded(), wall=WALL + 16_000)
    back = carry_out(on, do.MapClock(t=40_400), wall=WALL + 40_400)
    assert events(back, do.BeginNotRecorded(), wall=WALL + 40_500) == [ev.NotRecordedBegan(t0=40_500)]


def test_drift_does_not_move_where_a_span_begins() -> None:
    off = carry_out(opened(), do.BeginNotRecorded(), wall=WALL + 60_000)
    assert events(off, do.MapClock(t=59_700), wall=WALL + 60_000) == [ev.ClockMapped(t=59_700, wall=WALL + 60_000)]
    assert events(off, do.MapClock(t=61_000), wall=WALL + 60_500) == [ev.ClockMapped(t=61_000, wall=WALL + 60_500)]


def test_a_session_that_does_not_go_on_is_not_recorded_anyway() -> None:
    for state in (created(), carry_out(opened(), do.CloseSession())):
        for command in (do.BeginNotRecorded(), do.EndNotRecorded()):
            assert refused(state, command).code is RefusalCode.CONFLICT


def test_set_back_it_ends_the_open_line_with_the_words_that_were_said_before() -> None:
    state = carry_out(speaking(), commit("b", 1, word(" to", 1500, 1600), word(" us", 1700, 1800)), actor=ENGINE)

    def ended(state: State, t0: int) -> list[ev.AnyEvent]:
        return list(events(state, do.BeginNotRecorded(back=2000 - t0), wall=WALL + 2000))

    def end_of(text: str, t1: int) -> le.SegmentEnded:
        return le.SegmentEnded(channel=FLOOR, segment=segment("b"), t1=t1, reason=le.EndReason.CLOSE, text=text)

    assert ended(state, 1700) == [end_of("Welcome to", 1600), ev.NotRecordedBegan(t0=1700)]
    assert ended(state, 1200) == [end_of("", 1200), ev.NotRecordedBegan(t0=1200)]
    assert ended(state, 1900) == [end_of("Welcome to us", 1800), ev.NotRecordedBegan(t0=1900)]
    # A correction that may hold words of the span is not said again, one that holds none is.
    assert ended(carry_out(state, correct("b", 0, 2, "Welcome, two")), 1700)[0] == end_of("Welcome, two", 1600)
    assert ended(carry_out(state, correct("b", 0, 3, "Welcome, tourists")), 1700)[0] == end_of("Welcome to", 1600)
    # Without setting it back the engine ends its line itself.
    assert events(state, do.BeginNotRecorded(), wall=WALL + 2000) == [ev.NotRecordedBegan(t0=2000)]


def test_words_of_a_span_that_is_not_recorded_become_no_events() -> None:
    state = carry_out(speaking(), do.BeginNotRecorded(), wall=WALL + 1700)
    assert len(events(state, commit("b", 1, word(" in", 1500, 1600)), actor=ENGINE)) == 1
    late = commit("b", 1, word(" in", 1500, 1600), word(" secret", 1700, 1800))
    assert refused(state, late, actor=ENGINE).code is RefusalCode.CONFLICT
    state = carry_out(state, do.EndNotRecorded(), wall=WALL + 5000)
    assert refused(state, late, actor=ENGINE).code is RefusalCode.CONFLICT
    assert len(events(state, commit("b", 1, word(" Now", 5000, 5200)), actor=ENGINE)) == 1


def test_closing_ends_what_is_not_recorded() -> None:
    state = carry_out(opened(), do.BeginNotRecorded(), wall=WALL + 1700)
    assert events(state, do.CloseSession(), wall=WALL + 2000) == [
        ev.NotRecordedEnded(t1=2000),
        ev.SessionClosed(t=2000),
    ]
