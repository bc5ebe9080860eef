from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RefusalCode
from moothall.core.removal.selection import not_kept
from moothall.core.rules.keeping import taken_over
from moothall.core.rules.lines import MOST_BACK
from moothall.core.rules.undo import read_act
from moothall.core.sessions.state import State, Status, evolve
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    events,
    opened,
    refused,
    segment,
    speaking,
    word,
)

TYPED = do.TypeSegment(channel=FLOOR, segment=segment("t"), text="Back at ten.", language="en", speaker=None)


def pause(state: State, t: int, back: int = 0) -> State:
    return carry_out(state, do.PauseSession(back=back), wall=WALL + t)


def resume(state: State, t: int, back: int = 0) -> State:
    return carry_out(state, do.ResumeSession(back=back), wall=WALL + t)


@pytest.mark.parametrize(
    ("passed", "wall", "told"),
    [
        (3_000, 13_000, None),
        (3_000, 13_500, None),
        (3_000, 13_501, 13_000),
        (3_000, 12_999, 13_000),
        (400, 8_400, 10_400),
        (-5, 8_400, 10_000),
        (None, 12_000, None),
        (None, 10_000, None),
        (None, 8_400, 10_000),
    ],
)
def test_a_node_that_takes_over_has_media_time_go_on_by_what_has_passed(
    passed: int | None, wall: int, told: int | None
) -> None:
    """The last event was written at 10 s; this node's wall clock shows what it should, or not."""
    assert taken_over(opened(), WALL + 10_000, passed, WALL + wall) == told


def test_media_time_does_not_stand_until_a_wall_that_is_behind_has_come_so_far() -> None:
    state = opened()
    assert taken_over(state, state.clock.wall, 0, state.clock.wall) is None
    assert taken_over(state, state.clock.wall, 0, state.clock.wall - 1) == state.clock.t


def test_a_break_keeps_nothing_until_it_is_ended() -> None:
    state = pause(opened(), 4_000)
    assert (state.in_break, state.keeps, state.recorded, state.status) == (True, False, True, Status.PAUSED)
    assert [state.kept(t) for t in (3_999, 4_000, 99_000)] == [True, False, False]
    state = resume(state, 9_000)
    assert (state.in_break, state.keeps, state.paused_at, state.status) == (False, True, None, Status.OPEN)
    assert [state.kept(t) for t in (3_999, 4_000, 8_999, 9_000)] == [True, False, False, True]
    assert [state.kept_through(*span) for span in ((0, 3_999), (3_000, 4_000), (9_000, 9_500))] == [True, False, True]


def test_it_may_begin_a_little_while_ago_by_the_rules_of_not_recorded() -> None:
    assert events(opened(), do.PauseSession(back=3_000), wall=WALL + 9_000) == [ev.SessionPaused(t=9_000, t0=6_000)]
    assert events(opened(), do.PauseSession(back=9_000), wall=WALL + 5_000) == [ev.SessionPaused(t=5_000, t0=0)]
    after = resume(pause(opened(), 4_000), 9_000)
    assert events(after, do.PauseSession(back=9_000), wall=WALL + 12_000) == [ev.SessionPaused(t=12_000, t0=9_000)]
    assert events(after, do.PauseSession(), wall=WALL + 8_000) == [ev.SessionPaused(t=8_000, t0=8_000)], "never later"
    for back in (-1, MOST_BACK + 1):
        for command in (do.PauseSession(back=back), do.ResumeSession(back=back)):
            assert refused(after, command).code is RefusalCode.INVALID
    # What the log holds of it goes: one word of the open line, and another line whole.
    state = carry_out(speaking(), commit("b", 1, word(" to", 1_500, 1_600)), actor=ENGINE)
    ended, paused = events(state, do.PauseSession(back=500), wall=WALL + 2_000)
    assert ended == le.SegmentEnded(
        channel=FLOOR, segment=segment("b"), t1=1_500, reason=le.EndReason.CLOSE, text="Welcome"
    )
    assert paused == ev.SessionPaused(t=2_000, t0=1_500)
    assert [(cut.line.id, cut.stays) for cut in not_kept(pause(state, 2_000, back=500))] == [("b", ((0, 1),))]
    assert not_kept(pause(state, 2_000)) == ()


def test_it_may_end_a_little_while_ago_but_never_before_it_was_said_to_begin() -> None:
    state = pause(opened(), 40_000, back=30_000)
    assert events(state, do.ResumeSession(back=20_000), wall=WALL + 90_000) == [ev.SessionResumed(t=90_000, t1=70_000)]
    # What was taken out of the log doesn't come back.
    assert events(state, do.ResumeSession(back=20_000), wall=WALL + 45_000) == [ev.SessionResumed(t=45_000, t1=40_000)]
    # A clock that was set back ends nothing in the future.
    assert events(state, do.ResumeSession(), wall=WALL + 39_000) == [ev.SessionResumed(t=39_000, t1=39_000)]
    assert resume(state, 45_000, back=20_000).breaks == ((10_000, 40_000),)
    assert resume(pause(opened(), 4_000), 9_000, back=9_000).breaks == (), "one that ends where it began was none"


def test_an_engines_words_of_a_break_become_no_events() -> None:
    state = pause(speaking(), 1_700)
    assert events(state, commit("b", 1, word(" in", 1_500, 1_600)), actor=ENGINE)
    late = commit("b", 1, word(" coffee", 1_700, 1_800))
    assert refused(state, late, actor=ENGINE).code is RefusalCode.CONFLICT
    assert refused(resume(state, 5_000), late, actor=ENGINE).code is RefusalCode.CONFLICT


@pytest.mark.parametrize(
    "command",
    [
        TYPED,
        do.RewindChannel(channel=FLOOR, t=0),
        do.RestoreSegments(channel=FLOOR, rewinding=1, t=0, through=1, segments=()),
    ],
)
def test_nothing_is_written_in_a_break_and_it_is_said_why(command: do.AnyCommand) -> None:
    state = pause(speaking(), 2_000)
    answer = refused(state, command, actor=CAPTIONER)
    assert answer.code is RefusalCode.BREAK
    assert "end it" in answer.message
    off = carry_out(speaking(), do.BeginNotRecorded(), wall=WALL + 2_000)
    assert refused(off, command, actor=CAPTIONER).code is RefusalCode.CONFLICT


def test_what_is_typed_after_it_stands_behind_it() -> None:
    state = resume(pause(speaking(), 2_000), 9_000)
    opened_line = events(state, TYPED, actor=CAPTIONER, wall=WALL + 8_000)[0]
    assert isinstance(opened_line, le.SegmentOpened)
    assert opened_line.t0 == 9_000


def test_the_close_ends_it_and_undoing_the_close_begins_it_again() -> None:
    state = pause(opened(), 4_000)
    closed = carry_out(state, do.CloseSession(), wall=WALL + 9_000)
    assert (closed.breaks, closed.in_break, closed.paused_at) == (((4_000, 9_000),), False, None)
    act = read_act(state, events(state, do.CloseSession(), wall=WALL + 9_000))
    assert act.undoing == (do.ReopenSession(), do.PauseSession())
    again = carry_out(closed, *act.undoing, wall=WALL + 12_000)
    assert again.breaks == ((4_000, 9_000), (12_000, None))


def test_beside_what_is_not_recorded_the_stricter_wins() -> None:
    state = carry_out(pause(opened(), 10_000), do.BeginNotRecorded(back=5_000), wall=WALL + 20_000)
    assert state.unkept == ((10_000, None),)
    state = carry_out(resume(state, 30_000), do.EndNotRecorded(), wall=WALL + 40_000)
    assert (state.not_recorded, state.breaks, state.unkept) == (
        ((15_000, 40_000),),
        ((10_000, 30_000),),
        ((10_000, 40_000),),
    )
    state = carry_out(state, do.BeginNotRecorded(), wall=WALL + 50_000)
    state = carry_out(pause(state, 60_000), do.EndNotRecorded(), wall=WALL + 70_000)
    assert (state.recorded, state.keeps) == (True, False)
    assert resume(state, 80_000).unkept == ((10_000, 40_000), (50_000, 80_000))


def test_in_a_log_of_an_earlier_release_the_text_went_on_through_a_break() -> None:
    state = evolve(speaking(), ev.SessionPaused(t=100))
    assert (state.status, state.unkept, not_kept(state)) == (Status.PAUSED, (), ())
    state = evolve(state, ev.SessionResumed(t=5_000))
    assert (state.status, state.unkept, not_kept(state)) == (Status.OPEN, (), ())


def test_a_mapping_that_sets_the_clock_back_leaves_no_break_that_begins_in_the_future() -> None:
    state = carry_out(opened(), do.MapClock(t=60_000))
    state = carry_out(state, do.PauseSession(), do.BeginNotRecorded(), wall=WALL + 10_000)
    assert state.unkept == ((70_000, None),)
    state = evolve(state, ev.ClockMapped(t=0, wall=WALL))  # A file goes on after a restart.
    assert events(state, do.MapClock(t=20_000), wall=WALL + 20_000) == [
        ev.NotRecordedEnded(t1=70_000),
        ev.SessionResumed(t=70_000, t1=70_000),
        ev.ClockMapped(t=20_000, wall=WALL + 20_000),
        ev.NotRecordedBegan(t0=20_000),
        ev.SessionPaused(t=20_000, t0=20_000),
    ]
    after = carry_out(state, do.MapClock(t=20_000), wall=WALL + 20_000)
    assert (after.breaks, after.in_break, after.recorded) == (((20_000, None),), True, False)
    assert events(state, do.MapClock(t=80_000), wall=WALL + 80_000) == [ev.ClockMapped(t=80_000, wall=WALL + 80_000)]
