from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events import types as ev
from moothall.core.events.question_parts import Order, Standing
from queue_order import simulated
from support.sessions.questions import Told, ask, meeting, name, stand


def test_under_another_rule_others_would_have_had_their_turn() -> None:
    found = simulated(meeting().events, Order.ALTERNATE)
    assert [(each.was, each.would) for each in found.turns] == [("q0", "q0"), ("q1", "q3"), ("q2", "q1")]
    assert (found.was["remote"].asked, found.was["remote"].taken) == (1, 0)
    assert (found.would["remote"].taken, found.would["remote"].waits) == (1, (117_000,))
    assert (found.was["room"].taken, found.would["room"].taken) == (3, 2)


def test_under_the_rule_that_was_it_is_as_it_was() -> None:
    found = simulated(meeting().events, Order.ARRIVAL)
    assert all(each.was == each.would for each in found.turns)
    assert found.was == found.would


def test_a_call_that_was_undone_is_no_turn_and_what_went_on_after_its_turn_had_one() -> None:
    told = Told()
    for what in "abcd":
        told.do(ask(what), stand(Standing.QUEUED, what))
    story = (("b", Standing.CALLED), ("b", Standing.QUEUED), ("b", Standing.CALLED), ("b", Standing.ANSWERED))
    undone = (("b", Standing.CALLED), ("b", Standing.TO_WRITE), ("d", Standing.ANSWERED), ("a", Standing.CALLED))
    for what, standing in (*story, *undone):
        told.at += 60_000
        told.do(stand(standing, what))
    found = simulated(told.events, Order.ARRIVAL)
    # What was answered without a turn has left the queue under any rule.
    assert [(each.was, each.would) for each in found.turns] == [("b", "a"), ("a", "b")]
    assert [turn.intervention for turn in told.state.floor.turns] == ["b", "a"]
    assert found.was["remote"].taken == 2


def test_a_turn_of_something_that_never_waited_stays_as_it_was() -> None:
    odd = [ev.InterventionStands(intervention=name("x"), number=1, standing=Standing.CALLED, t=5)]
    assert [(each.was, each.would) for each in simulated(odd, Order.SUPPORT).turns] == [("x", "x")]


@given(order=st.sampled_from(Order), places=st.lists(st.sampled_from(["room", "remote", "hub:x"]), max_size=6))
def test_as_many_turns_are_had_and_nobody_has_two(order: Order, places: list[str]) -> None:
    told = Told()
    for number, origin in enumerate(places):
        told.do(ask(f"q{number}", origin=origin), stand(Standing.QUEUED, f"q{number}"))
    for number in range(len(places)):
        told.at += 60_000
        told.do(stand(Standing.CALLED, f"q{number}"), stand(Standing.ANSWERED, f"q{number}"))
    found = simulated(told.events, order)
    assert sorted(each.would for each in found.turns) == sorted(each.was for each in found.turns)
