"""Laws of the queue's rules: each step of a rule does what its sentence says."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.question_parts import InterventionStatus, QueueOrder, side_of
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.order import Why, queue
from support.sessions.deciding import carry_out, speaking
from support.sessions.questions import MODERATOR, SOMEBODY, ask, name, stand

people = st.tuples(st.sampled_from(["room", "remote", "hub:a", "hub:b"]), st.sampled_from("uvw"))


@st.composite
def floors(draw: st.DrawFn) -> Questions:
    """Some who wait, and some who have had their turn."""
    state = speaking()
    for number, (origin, asker) in enumerate(draw(st.lists(people, max_size=12))):
        what = f"q{number}"
        state = carry_out(state, ask(what, origin=origin, asker=asker), actor=SOMEBODY)
        state = carry_out(state, stand(InterventionStatus.QUEUED, what), actor=MODERATOR)
        if draw(st.booleans()):
            state = carry_out(
                state, stand(InterventionStatus.CALLED, what), stand(InterventionStatus.ANSWERED, what), actor=MODERATOR
            )
    return state.questions


def order_of(questions: Questions, order: QueueOrder) -> list[tuple[Intervention, Why]]:
    found = [(questions.get(each.intervention), each.why) for each in queue(questions, order)]
    return [(each, why) for each, why in found if each is not None]


@given(floors())
def test_the_place_that_waited_longest_is_next_and_there_who_came_first(questions: Questions) -> None:
    turns = [side_of(turn.origin) for turn in questions.turns]
    rest = questions.with_status(InterventionStatus.QUEUED)
    for each, why in order_of(questions, QueueOrder.ALTERNATE):
        since = {side_of(one.origin): -1 for one in rest} | {place: at for at, place in enumerate(turns)}
        chosen = min(rest, key=lambda one: (since[side_of(one.origin)], one.number))
        assert each == chosen
        several = len({side_of(one.origin) for one in rest}) > 1
        assert why is (Why.SIDE if several and chosen != rest[0] else Why.ARRIVAL)
        turns.append(side_of(each.origin))
        rest.remove(each)
    assert rest == []


@given(floors())
def test_who_has_had_fewest_turns_is_next(questions: Questions) -> None:
    had = Counter(turn.asker for turn in questions.turns)
    rest = questions.with_status(InterventionStatus.QUEUED)
    for each, why in order_of(questions, QueueOrder.NEWCOMERS):
        assert each == min(rest, key=lambda one: (had[one.asker], one.number))
        assert why is (Why.AGAIN if had[each.asker] else Why.NEWCOMER)
        had[each.asker] += 1
        rest.remove(each)
    assert rest == []


@given(floors(), st.dictionaries(st.integers(0, 11), st.integers(0, 3)))
def test_what_most_would_ask_is_next_then_what_came_first(questions: Questions, counts: dict[int, int]) -> None:
    for number, count in counts.items():
        questions = questions.with_(name(f"q{number}"), support=count)
    found = [each for each, _ in order_of(questions, QueueOrder.SUPPORT)]
    assert found == sorted(found, key=lambda each: (-each.support, each.number))
    assert [each for each, _ in order_of(questions, QueueOrder.ARRIVAL)] == questions.with_status(
        InterventionStatus.QUEUED
    )
