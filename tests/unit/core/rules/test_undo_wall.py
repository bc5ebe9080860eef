from __future__ import annotations

from asking import ask, asked, name, stand
from deciding import FLOOR, WALL, carry_out, events
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.question_parts import Kind, Standing
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SpeakerId
from moothall.core.rules.undo import read_act
from moothall.core.rules.undo_wall import goes_with_wall
from moothall.core.session.state import State, evolve

MODERATOR = Actor(Role.MODERATOR, "m1")


def read(state: State, *commands: do.AnyCommand, wall: int = WALL) -> tuple[State, tuple[do.AnyCommand, ...]]:
    """The state after an act, and what undoes it."""
    after, done = state, list[ev.AnyEvent]()
    for command in commands:
        made = events(after, command, actor=MODERATOR, wall=wall)
        done += made
        for event in made:
            after = evolve(after, event)
    return after, read_act(state, done).undoing


def speaking_now() -> State:
    """Somebody was called to speak, and is named."""
    return carry_out(
        asked(),
        ask("r", "", kind=Kind.REQUEST, name="Rosa"),
        stand(Standing.QUEUED, "r", "a"),
        stand(Standing.CALLED, "r"),
        actor=MODERATOR,
    )


def test_a_clearing_is_one_act_and_is_undone_with_all_that_went_with_it() -> None:
    state = speaking_now()
    after, undoing = read(state, do.ClearWall(), wall=WALL + 5_000)
    assert undoing == (do.RestoreWall(intervention=name("r")),)
    back = carry_out(after, *undoing, actor=MODERATOR, wall=WALL + 6_000)
    assert (back.wall_cleared, back.floor.called) == (None, "r")
    assert back.channels[FLOOR].speaker == state.channels[FLOOR].speaker


def test_the_second_clearing_is_undone_to_the_first() -> None:
    once = carry_out(asked(), do.ClearWall(), actor=MODERATOR, wall=WALL + 5_000)
    twice, undoing = read(once, do.ClearWall(), wall=WALL + 9_000)
    assert undoing == (do.RestoreWall(t=5_001),)
    assert carry_out(twice, *undoing, actor=MODERATOR).wall_cleared == 5_001


def test_what_was_taken_back_by_hand_is_undone_by_clearing_again() -> None:
    once = carry_out(speaking_now(), do.ClearWall(), actor=MODERATOR, wall=WALL + 5_000)
    shown, undoing = read(once, do.RestoreWall(intervention=name("r")), wall=WALL + 9_000)
    after = carry_out(shown, *undoing, actor=MODERATOR, wall=WALL + 9_500)
    assert (after.wall_cleared, after.floor.called) == (9_501, None)
    nearer, undoing = read(
        carry_out(once, do.ClearWall(), actor=MODERATOR, wall=WALL + 7_000), do.RestoreWall(t=5_001), wall=WALL + 9_000
    )
    assert (nearer.wall_cleared, undoing) == (5_001, (do.ClearWall(),))


def test_what_else_is_done_in_the_same_act_is_undone_by_itself() -> None:
    state = speaking_now()
    _, undoing = read(state, do.ClearWall(), stand(Standing.LATER, "a"))
    assert stand(Standing.QUEUED, "a") in undoing
    nobody = ev.SpeakerTookFloor(channel=FLOOR, speaker=None, t=0)
    checked = ev.InterventionStands(intervention=name("r"), number=4, standing=Standing.CHECKED, t=0)
    assert goes_with_wall(state, checked, nobody)
    somebody = ev.SpeakerTookFloor(channel=FLOOR, speaker=SpeakerId("ana"), t=0)
    assert not goes_with_wall(state, checked, somebody)
    assert not goes_with_wall(state, None, nobody)
