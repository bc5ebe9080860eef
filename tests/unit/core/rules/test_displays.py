from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.questions.interventions import speaker_of
from moothall.core.questions.listing import listing
from moothall.core.rules.authority import may_send
from moothall.core.sessions.state import State
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    created,
    end,
    events,
    refused,
    segment,
    word,
)
from support.sessions.questions import ask, asked, name, of, stand

MODERATOR = Actor(Role.MODERATOR, "m1")


def called() -> State:
    """A question is called, another one waits."""
    return carry_out(
        asked(), stand(InterventionStatus.QUEUED, "a", "b"), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR
    )


def test_what_began_by_now_is_on_no_wall_and_what_begins_later_is() -> None:
    state = carry_out(asked(), do.ClearWall(), actor=CAPTIONER, wall=WALL + 5_000)
    assert state.wall_cleared == 5_001
    later = do.TypeSegment(channel=FLOOR, segment=segment("t"), text="New", language="en")
    state = carry_out(state, later, actor=CAPTIONER, wall=WALL + 5_001)
    assert [line.t0 >= 5_001 for _, line in sorted(state.segments.items())] == [False, False, True]


def test_words_that_are_ahead_of_the_clock_are_cleared_too() -> None:
    state = carry_out(asked(), end("b", 1500), commit("c", 0, word("Soon", 9_000, 9_500), start=9_000), actor=ENGINE)
    assert carry_out(state, do.ClearWall(), actor=MODERATOR).wall_cleared == 9_501


def test_before_the_beginning_nothing_has_been_said() -> None:
    assert carry_out(created(), do.ClearWall(), actor=MODERATOR).wall_cleared == 0


def test_the_question_that_is_called_is_checked_again_and_on_no_public_list() -> None:
    state = called()
    done = events(state, do.ClearWall(), actor=CAPTIONER, wall=WALL + 5_000)
    assert done == [
        ev.WallCleared(t=5_001, withdrawn=name("a")),
        qe.InterventionStatusChanged(intervention=name("a"), number=1, status=InterventionStatus.CHECKED, t=5_000),
    ]
    after = carry_out(state, do.ClearWall(), actor=CAPTIONER, wall=WALL + 5_000)
    found = listing(after.questions)
    assert (found.now, [each.intervention.id for each in found.queue]) == ((), ["b"])
    assert after.questions.turns == ()  # it has not had its turn


def test_the_name_of_who_was_called_to_speak_goes_from_the_lines_that_follow() -> None:
    state = carry_out(
        asked(),
        ask("r", "", kind=InterventionKind.REQUEST, name="Rude"),
        stand(InterventionStatus.QUEUED, "r"),
        stand(InterventionStatus.CALLED, "r"),
        actor=MODERATOR,
    )
    assert state.channels[FLOOR].speaker == speaker_of(of(state, "r"))
    assert carry_out(state, do.ClearWall(), actor=MODERATOR).channels[FLOOR].speaker is None


def test_a_clearing_is_taken_back_once() -> None:
    state = carry_out(called(), do.ClearWall(), actor=MODERATOR, wall=WALL + 5_000)
    again = carry_out(state, do.RestoreWall(intervention=name("a")), actor=MODERATOR, wall=WALL + 6_000)
    assert (again.wall_cleared, again.questions.called) == (None, "a")
    assert refused(again, do.RestoreWall(intervention=name("a")), actor=MODERATOR).code is RefusalCode.CONFLICT


@pytest.mark.parametrize(
    "meanwhile",
    [
        stand(InterventionStatus.DECLINED, "a", reason="Rude."),
        stand(InterventionStatus.CALLED, "b"),
    ],
)
def test_a_question_of_which_something_else_has_become_is_left_alone(meanwhile: do.SetStatus) -> None:
    state = carry_out(called(), do.ClearWall(), meanwhile, actor=MODERATOR)
    after = carry_out(state, do.RestoreWall(intervention=name("a")), actor=MODERATOR)
    assert after.wall_cleared is None
    assert after.questions == msgspec.structs.replace(state.questions, off_wall=False)


def test_who_may_empty_the_walls() -> None:
    allowed = {Role.TECHNICIAN, Role.CHAIR, Role.MODERATOR, Role.CAPTIONER, Role.SECRETARIAT}
    for command in (do.ClearWall(), do.RestoreWall()):
        assert {role for role in Role if may_send(role, command)} == allowed


@pytest.mark.parametrize("status", [InterventionStatus.CHECKED, InterventionStatus.QUEUED])
def test_restoring_calls_nothing_but_what_a_clearing_has_withdrawn(status: InterventionStatus) -> None:
    state = carry_out(called(), stand(status, "a"), do.ClearWall(), actor=MODERATOR)
    after = carry_out(state, do.RestoreWall(intervention=name("a")), actor=CAPTIONER)
    assert (after.questions.called, of(after, "a").status) == (None, status)
    unread = carry_out(called(), stand(InterventionStatus.ANSWERED, "a"), do.ClearWall(), actor=MODERATOR)
    assert not of(carry_out(unread, do.RestoreWall(intervention=name("c")), actor=CAPTIONER), "c").published


def test_a_later_clearing_shows_nothing_of_what_an_earlier_one_has_cleared() -> None:
    state = carry_out(asked(), do.ClearWall(), actor=MODERATOR, wall=WALL + 60_000)
    set_back = carry_out(state, do.ClearWall(), actor=MODERATOR, wall=WALL + 5_000)
    assert set_back.wall_cleared == 60_001
    twice = carry_out(state, do.ClearWall(), actor=MODERATOR, wall=WALL + 90_000)
    assert carry_out(twice, do.RestoreWall(t=60_001), actor=MODERATOR).wall_cleared == 60_001
    assert refused(state, do.RestoreWall(t=90_000), actor=MODERATOR).code is RefusalCode.CONFLICT


def test_once_a_clearing_was_taken_back_walls_show_what_comes_next_as_they_did_before() -> None:
    once = carry_out(called(), do.ClearWall(), actor=MODERATOR)
    twice = carry_out(once, do.ClearWall(), actor=MODERATOR, wall=WALL + 9_000)
    assert carry_out(twice, do.RestoreWall(t=once.wall_cleared), actor=MODERATOR).questions.off_wall
    heard = carry_out(
        once, stand(InterventionStatus.CALLED, "b"), stand(InterventionStatus.ANSWERED, "b"), actor=MODERATOR
    )
    cleared = carry_out(heard, do.ClearWall(), actor=MODERATOR, wall=WALL + 9_000)
    assert not carry_out(cleared, do.RestoreWall(t=once.wall_cleared), actor=MODERATOR).questions.off_wall
