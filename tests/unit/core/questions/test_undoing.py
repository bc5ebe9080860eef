from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.question_parts import Kind, Order, Standing
from moothall.core.questions.interventions import Floor
from moothall.core.questions.order import queue
from moothall.core.questions.undoing import brought_by, floor_step, moved_on, rearranged, still_stands, takes_turn_away
from moothall.core.rules.undo import read_act, standing
from moothall.core.session.state import State
from support.sessions.deciding import WALL, carry_out, events
from support.sessions.questions import MODERATOR, SOMEBODY, ask, asked, name, stand

A = name("a")


def where(state: State) -> dict[str, tuple[object, ...]]:
    """Where everything stands, without since when."""
    floor = state.floor
    found: dict[str, tuple[object, ...]] = {
        each.id: (each.standing, each.reason, each.into, each.segment, each.text, each.name, each.flags)
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
        stand(Standing.TO_REPORT, "b"),
        stand(Standing.CLOSED, "b"),
        do.Reword(intervention=A, text="Why now?"),
        do.Reword(intervention=A, text="Why?", name="Nobody"),
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


def test_what_is_held_in_its_turn_is_called_again() -> None:
    state = carry_out(queued(), stand(Standing.CALLED, "a"), actor=MODERATOR)
    after = undone(state, stand(Standing.CHECKED, "a"))
    assert where(after) == where(state)
    assert [turn.intervention for turn in after.floor.turns] == ["a"]


def test_a_wish_to_speak_that_was_given_words_has_none_again() -> None:
    state = carry_out(asked(), ask("d", "", kind=Kind.REQUEST))
    assert where(undone(state, do.Reword(intervention=name("d"), text="On water."))) == where(state)


def test_what_was_answered_in_writing_and_restored_is_answered_again() -> None:
    answer = do.WriteAnswer(intervention=A, text="Because.", language="en")
    state = carry_out(queued(), answer, actor=MODERATOR)
    after = undone(state, stand(Standing.QUEUED, "a", "c"))
    assert where(after) == where(state)
    found = after.floor.get(A)
    assert found is not None
    assert (found.answer, found.answer_language) == ("Because.", "en")


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


def undone(state: State, command: do.AnyCommand, wall: int = WALL) -> State:
    """The state after an act and what undoes it."""
    undoing = read_act(state, events(state, command, actor=MODERATOR, wall=wall)).undoing
    assert undoing
    return carry_out(state, command, *undoing, actor=MODERATOR, wall=wall)


@pytest.mark.parametrize("command", [stand(Standing.CALLED, "b"), stand(Standing.LATER, "a", "b")])
def test_what_comes_back_into_the_queue_stands_where_the_chair_had_put_it(command: do.Stand) -> None:
    state = carry_out(queued(), do.ArrangeQueue(first=(name("b"), A)), actor=MODERATOR)
    assert undone(state, command).floor.arranged == ("b", "a")


def test_what_its_author_had_put_off_is_the_authors_again() -> None:
    state = carry_out(queued(), stand(Standing.LATER, "a"), actor=SOMEBODY)
    for command in (stand(Standing.QUEUED, "a"), stand(Standing.CALLED, "a")):
        found = undone(state, command).floor.get(A)
        assert found is not None
        assert (found.standing, found.own) == (Standing.LATER, True)


def test_a_call_that_is_undone_was_no_turn_and_an_earlier_one_stays() -> None:
    state = carry_out(queued(), stand(Standing.LATER, "a"), actor=MODERATOR)
    assert undone(state, stand(Standing.CALLED, "a")).floor.turns == ()
    heard = carry_out(queued(), stand(Standing.CALLED, "a"), actor=MODERATOR, wall=WALL + 1_000)
    heard = carry_out(heard, stand(Standing.ANSWERED, "a"), actor=MODERATOR, wall=WALL + 9_000)
    again = carry_out(heard, stand(Standing.QUEUED, "a"), actor=MODERATOR, wall=WALL + 9_000)
    after = undone(again, stand(Standing.CALLED, "a"), wall=WALL + 20_000)
    assert after.floor.turns == heard.floor.turns
    assert [turn.spoken for turn in after.floor.turns] == [8_000]
    later = carry_out(heard, stand(Standing.CALLED, "a"), stand(Standing.LATER, "a"), actor=MODERATOR)
    assert len(undone(later, stand(Standing.CALLED, "a")).floor.turns) == 1


def test_a_second_answer_to_what_stands_elsewhere_is_undone_to_where_it_stood() -> None:
    answer = do.WriteAnswer(intervention=A, text="Because.", language="en")
    state = carry_out(queued(), answer, stand(Standing.QUEUED, "a"), actor=MODERATOR)
    found = undone(state, do.WriteAnswer(intervention=A, text="Parce que.", language="fr")).floor.get(A)
    assert found is not None
    assert (found.standing, found.answer) == (Standing.QUEUED, "Because.")


def due(before: State, act: do.AnyCommand, *since: do.AnyCommand) -> tuple[do.AnyCommand, ...]:
    """What of an act's undoing fits after what was done since."""
    reading = read_act(before, events(before, act, actor=MODERATOR))
    return standing(carry_out(before, act, *since, actor=MODERATOR), reading.commands, reading.undoing)


def test_what_somebody_has_brought_elsewhere_since_is_left_there() -> None:
    state, approval = asked(), stand(Standing.QUEUED, "a", "b", "c")
    assert due(state, approval, stand(Standing.CALLED, "b"), stand(Standing.ANSWERED, "b")) == (
        stand(Standing.CHECKED, "c"),
        stand(Standing.CHECKED, "a"),
    )
    now = carry_out(state, approval, stand(Standing.CALLED, "b"), actor=MODERATOR)
    assert not moved_on(now.floor, [approval])
    assert moved_on(now.floor, [stand(Standing.QUEUED, "b")])
    assert not moved_on(now.floor, [do.ClearWall()])
    call = [stand(Standing.QUEUED, "c"), stand(Standing.CALLED, "b")]
    assert not moved_on(now.floor, call)
    assert moved_on(carry_out(now, stand(Standing.ANSWERED, "b"), actor=MODERATOR).floor, call)
    answer = do.WriteAnswer(intervention=A, text="Because.", language="en")
    assert moved_on(now.floor, [answer])
    assert not moved_on(carry_out(now, answer, actor=MODERATOR).floor, [answer])
    assert moved_on(now.floor, [stand(Standing.QUEUED, "unknown")])


def test_an_answer_is_not_written_again_into_what_stands_elsewhere() -> None:
    first = do.WriteAnswer(intervention=A, text="Because.", language="en")
    state = carry_out(queued(), first, actor=MODERATOR)
    second = do.WriteAnswer(intervention=A, text="Parce que.", language="fr")
    assert due(state, second) == (first,)
    brought = brought_by([second])
    elsewhere = carry_out(state, second, stand(Standing.LATER, "a"), actor=MODERATOR)
    assert not still_stands(elsewhere.floor, first, brought)
    assert still_stands(elsewhere.floor, stand(Standing.LATER, "b"), brought)


def test_an_earlier_arrangement_comes_back_as_far_as_it_holds() -> None:
    b, c = name("b"), name("c")
    state = carry_out(asked(), stand(Standing.QUEUED, "a", "b", "c"), actor=MODERATOR)
    state = carry_out(state, do.ArrangeQueue(first=(c, b, A)), actor=MODERATOR)
    call, ended = stand(Standing.LATER, "c"), stand(Standing.LATER, "b")
    back = stand(Standing.QUEUED, "c")
    assert due(state, call) == (back, do.ArrangeQueue(first=(c, b, A)))
    assert due(state, call, ended) == (back, do.ArrangeQueue(first=(c, A)))
    assert due(state, call, do.ArrangeQueue(first=(A, b))) == (back,)  # Somebody has arranged it otherwise since.
    arranged = do.ArrangeQueue(first=(A,))
    assert due(state, arranged, ended) == (do.ArrangeQueue(first=(c, A)),)
    assert due(state, do.ArrangeQueue(first=(A, c)), stand(Standing.LATER, "b", "c")) == ()
    limit = do.LimitTurns(ms=0)
    assert rearranged(state.floor, arranged, [limit], anew=True) == (arranged,)


def test_undoing_ends_no_turn_of_another() -> None:
    state = carry_out(queued(), stand(Standing.CALLED, "a"), actor=MODERATOR)
    back = stand(Standing.QUEUED, "a")
    undoing = read_act(state, events(state, back, actor=MODERATOR)).undoing
    now = carry_out(state, back, actor=MODERATOR)
    assert not takes_turn_away(now.floor, [back], undoing)
    call = stand(Standing.CALLED, "b")
    called = read_act(now, events(now, call, actor=MODERATOR))
    now = carry_out(now, call, actor=MODERATOR)
    assert takes_turn_away(now.floor, [back], undoing)
    assert not takes_turn_away(now.floor, called.commands, called.undoing), "it is the turn that it gave"
    assert not takes_turn_away(now.floor, [back], [stand(Standing.LATER, "a")])
