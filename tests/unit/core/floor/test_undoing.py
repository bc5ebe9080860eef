from __future__ import annotations

import pytest

from asking import MODERATOR, ask, asked, name, stand
from deciding import WALL, carry_out, events
from moothall.core import commands as do
from moothall.core import events as ev
from moothall.core.floor.interventions import Floor
from moothall.core.floor.order import queue
from moothall.core.floor.parts import Order, Standing
from moothall.core.floor.undoing import floor_step
from moothall.core.session import State
from moothall.core.undo import read_act

A = name("a")


def where(state: State) -> dict[str, tuple[object, ...]]:
    """Where everything stands, without since when."""
    floor = state.floor
    found: dict[str, tuple[object, ...]] = {
        each.id: (each.standing, each.reason, each.into, each.segment, each.text, each.flags)
        for each in floor.standing(*Standing)
    }
    return found | {
        "queue": tuple(each.intervention for each in queue(floor)),
        "called": (floor.called, floor.order, floor.limit),
    }


def queued() -> State:
    return carry_out(asked(), stand(Standing.QUEUED, "a", "b"), actor=MODERATOR)


@pytest.mark.parametrize(
    "command",
    [
        stand(Standing.QUEUED, "c"),
        stand(Standing.CALLED, "a"),
        stand(Standing.LATER, "a", "b"),
        stand(Standing.DECLINED, "a", "c", reason="No time."),
        stand(Standing.JOINED, "c", into=name("a")),
        stand(Standing.ANSWERED, "b"),
        stand(Standing.TO_WRITE, "b"),
        stand(Standing.CLOSED, "b"),
        do.Reword(intervention=A, text="Why now?"),
        do.Flag(intervention=A, flags=("abuse",)),
        do.ArrangeQueue(first=(name("b"),)),
        do.OrderQueue(order=Order.SUPPORT),
        do.LimitTurns(ms=300_000),
        do.WriteAnswer(intervention=A, text="Because.", language="en"),
    ],
)
def test_every_act_can_be_undone(command: do.AnyCommand) -> None:
    state = queued()
    undoing = read_act(state, events(state, command, actor=MODERATOR)).undoing
    assert undoing
    after = carry_out(state, command, actor=MODERATOR)
    assert where(after) != where(state) or isinstance(command, do.WriteAnswer)
    assert where(carry_out(after, *undoing, actor=MODERATOR, wall=WALL)) == where(state)


def test_a_call_that_put_another_one_back_is_undone_with_that() -> None:
    state = carry_out(queued(), stand(Standing.CALLED, "a"), actor=MODERATOR)
    call = stand(Standing.CALLED, "b")
    undoing = read_act(state, events(state, call, actor=MODERATOR)).undoing
    after = carry_out(state, call, *undoing, actor=MODERATOR)
    assert (after.floor.called, [turn.intervention for turn in after.floor.turns]) == ("a", ["a"])


@pytest.mark.parametrize(
    "ending", [stand(Standing.ANSWERED, "a"), stand(Standing.LATER, "a"), stand(Standing.DECLINED, "a", reason="No.")]
)
def test_the_end_of_a_turn_is_undone_and_the_turn_goes_on(ending: do.AnyCommand) -> None:
    state = carry_out(queued(), stand(Standing.CALLED, "a"), actor=MODERATOR, wall=WALL + 1_000)
    undoing = read_act(state, events(state, ending, actor=MODERATOR)).undoing
    after = carry_out(state, ending, *undoing, actor=MODERATOR, wall=WALL + 9_000)
    assert where(after) == where(state)
    assert [(turn.intervention, turn.t) for turn in after.floor.turns] == [("a", 1_000)]


def test_a_second_answer_is_undone_to_the_first() -> None:
    answer = do.WriteAnswer(intervention=A, text="Because.", language="en")
    state = carry_out(queued(), answer, actor=MODERATOR)
    again = do.WriteAnswer(intervention=A, text="Parce que.", language="fr")
    undoing = read_act(state, events(state, again, actor=MODERATOR)).undoing
    after = carry_out(state, again, *undoing, actor=MODERATOR)
    found = after.floor.get(A)
    assert found is not None
    assert (found.answer, found.answer_language) == ("Because.", "en")


def test_what_was_asked_is_not_unasked() -> None:
    state = asked()
    act = read_act(state, events(state, ask("d"), actor=MODERATOR))
    assert [type(command) for command in act.commands] == [do.Ask]
    assert act.undoing == ()


def test_what_is_not_there_any_more_has_no_undoing() -> None:
    nothing = Floor()
    for event in (
        ev.InterventionReworded(intervention=A, text="?"),
        ev.InterventionFlagged(intervention=A, flags=()),
    ):
        step = floor_step(nothing, event)
        assert step is not None
        assert step[1] is None
    written = floor_step(nothing, ev.InterventionWritten(intervention=A, number=1, text="x", language="en"))
    assert written is not None
    assert written[1] == ()
    stood = ev.InterventionStands(intervention=A, number=1, standing=Standing.LATER, t=0)
    assert floor_step(nothing, stood) is None
    assert floor_step(nothing, ev.SupportCounted(counts={})) is None
