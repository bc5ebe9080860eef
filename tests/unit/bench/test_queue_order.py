from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events import questions as qe
from moothall.core.events.question_parts import InterventionStatus, QueueOrder
from queue_order import simulated
from support.sessions.questions import Told, ask, meeting, name, stand


def test_under_another_rule_others_would_have_had_their_turn() -> None:
    found = simulated(meeting().events, QueueOrder.ALTERNATE)
    assert [(each.was, each.would) for each in found.turns] == [("q0", "q0"), ("q1", "q3"), ("q2", "q1")]
    assert (found.was["remote"].asked, found.was["remote"].taken) == (1, 0)
    assert (found.would["remote"].taken, found.would["remote"].waits) == (1, (117_000,))
    assert (found.was["room"].taken, found.would["room"].taken) == (3, 2)


def test_under_the_rule_that_was_it_is_as_it_was() -> None:
    found = simulated(meeting().events, QueueOrder.ARRIVAL)
    assert all(each.was == each.would for each in found.turns)
    assert found.was == found.would


def test_a_call_that_was_undone_is_no_turn_and_what_went_on_after_its_turn_had_one() -> None:
    told = Told()
    for what in "abcd":
        told.do(ask(what), stand(InterventionStatus.QUEUED, what))
    story = (
        ("b", InterventionStatus.CALLED),
        ("b", InterventionStatus.QUEUED),
        ("b", InterventionStatus.CALLED),
        ("b", InterventionStatus.ANSWERED),
    )
    undone = (
        ("b", InterventionStatus.CALLED),
        ("b", InterventionStatus.TO_WRITE),
        ("d", InterventionStatus.ANSWERED),
        ("a", InterventionStatus.CALLED),
    )
    for what, status in (*story, *undone):
        told.at += 60_000
        told.do(stand(status, what))
    found = simulated(told.events, QueueOrder.ARRIVAL)
    # What was answered without a turn has left the queue under any rule.
    assert [(each.was, each.would) for each in found.turns] == [("b", "a"), ("a", "b")]
    assert [turn.intervention for turn in told.state.questions.turns] == ["b", "a"]
    assert found.was["remote"].taken == 2


def test_a_turn_of_something_that_never_waited_stays_as_it_was() -> None:
    odd = [qe.InterventionStatusChanged(intervention=name("x"), number=1, status=InterventionStatus.CALLED, t=5)]
    assert [(each.was, each.would) for each in simulated(odd, QueueOrder.SUPPORT).turns] == [("x", "x")]


@given(order=st.sampled_from(QueueOrder), places=st.lists(st.sampled_from(["room", "remote", "hub:x"]), max_size=6))
def test_as_many_turns_are_had_and_nobody_has_two(order: QueueOrder, places: list[str]) -> None:
    told = Told()
    for number, origin in enumerate(places):
        told.do(ask(f"q{number}", origin=origin), stand(InterventionStatus.QUEUED, f"q{number}"))
    for number in range(len(places)):
        told.at += 60_000
        told.do(stand(InterventionStatus.CALLED, f"q{number}"), stand(InterventionStatus.ANSWERED, f"q{number}"))
    found = simulated(told.events, order)
    assert sorted(each.would for each in found.turns) == sorted(each.was for each in found.turns)
