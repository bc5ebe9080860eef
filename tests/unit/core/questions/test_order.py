from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, QueueOrder, side_of
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.order import LONGEST_TURN_MS, TURN_MS, Why, ahead_of, mean_turn_ms, queue, wait_ms
from moothall.core.sessions.state import State
from support.sessions.deciding import WALL, carry_out, speaking

MODERATOR = Actor(Role.MODERATOR, "m1")


def name(number: int) -> InterventionId:
    return InterventionId(f"q{number}")


def asked(*who: tuple[str, str], order: QueueOrder = QueueOrder.ARRIVAL) -> State:
    """Questions that were approved, each by its place and asker."""
    state = speaking()
    for number, (origin, asker) in enumerate(who, 1):
        ask = do.Ask(
            intervention=name(number),
            kind=InterventionKind.QUESTION,
            text="Why?",
            language="en",
            asker=asker,
            origin=origin,
        )
        state = carry_out(state, ask, stand(InterventionStatus.QUEUED, number))
    return state if order is QueueOrder.ARRIVAL else carry_out(state, do.OrderQueue(order=order))


def stand(status: InterventionStatus, *numbers: int) -> do.SetStatus:
    return do.SetStatus(interventions=tuple(map(name, numbers)), status=status)


def shown(state: State) -> list[tuple[str, Why]]:
    return [(each.intervention, each.why) for each in queue(state.questions)]


ROOMFUL = (
    ("room", "a"),
    ("room", "b"),
    ("remote", "c"),
    ("room", "d"),
    ("hub:x", "e"),
    ("hub:y", "f"),
    ("remote", "g"),
)


def test_in_the_order_in_which_they_came() -> None:
    assert shown(asked(*ROOMFUL[:3])) == [("q1", Why.ARRIVAL), ("q2", Why.ARRIVAL), ("q3", Why.ARRIVAL)]


def test_the_room_the_remote_and_the_hubs_take_turns() -> None:
    state = asked(*ROOMFUL, order=QueueOrder.ALTERNATE)
    sides = [side_of(ROOMFUL[int(each[1:]) - 1][0]) for each, _ in shown(state)]
    assert sides == ["room", "remote", "hub", "room", "remote", "hub", "room"]
    assert shown(state)[:3] == [("q1", Why.ARRIVAL), ("q3", Why.SIDE), ("q5", Why.SIDE)]
    state = carry_out(
        state, stand(InterventionStatus.CALLED, 1), stand(InterventionStatus.ANSWERED, 1), actor=MODERATOR
    )
    assert [each for each, _ in shown(state)][:2] == ["q3", "q5"], "the room has had its turn"


def test_who_has_had_no_turn_comes_first() -> None:
    state = asked(("room", "a"), ("room", "a"), ("room", "b"), order=QueueOrder.NEWCOMERS)
    assert shown(state) == [("q1", Why.NEWCOMER), ("q3", Why.NEWCOMER), ("q2", Why.AGAIN)]


def test_by_support() -> None:
    state = asked(*ROOMFUL[:3], order=QueueOrder.SUPPORT)
    state = carry_out(state, do.CountSupport(counts={name(3): 5, name(2): 1}))
    assert shown(state) == [("q3", Why.SUPPORT), ("q2", Why.SUPPORT), ("q1", Why.ARRIVAL)]
    assert [each.intervention for each in queue(state.questions, QueueOrder.ARRIVAL)] == ["q1", "q2", "q3"]


def test_what_the_chair_put_first_comes_first_and_counts_as_a_turn() -> None:
    state = asked(*ROOMFUL, order=QueueOrder.ALTERNATE)
    state = carry_out(state, do.ArrangeQueue(first=(name(7), name(2))), actor=MODERATOR)
    assert shown(state)[:3] == [("q7", Why.ARRANGED), ("q2", Why.ARRANGED), ("q5", Why.SIDE)]
    assert queue(state.questions, QueueOrder.ALTERNATE)[0].why is Why.ARRIVAL, (
        "another rule is asked without what was arranged"
    )


def test_the_wait_is_told_by_the_last_turns() -> None:
    state = asked(*ROOMFUL)
    assert (ahead_of(state.questions, name(3)), ahead_of(state.questions, name(9))) == (2, None)
    assert wait_ms(state.questions, name(9), 0) is None
    assert wait_ms(state.questions, name(3), 0) is None, "nobody has had a turn: it may be at the end of the meeting"
    for number, at in ((1, 10_000), (2, 70_000), (3, 160_000)):
        call = stand(InterventionStatus.CALLED, number)
        state = carry_out(state, call, actor=MODERATOR, wall=WALL + at)
        if number < 3:
            state = carry_out(state, stand(InterventionStatus.ANSWERED, number), actor=MODERATOR, wall=WALL + at + 1)
        if number == 1:
            assert wait_ms(state.questions, name(4), at) == 2 * TURN_MS
    assert mean_turn_ms(state.questions.turns) == 75_000
    assert wait_ms(state.questions, name(4), 200_000) == 75_000 - 40_000
    assert wait_ms(state.questions, name(5), 900_000) == 75_000
    state = carry_out(state, stand(InterventionStatus.ANSWERED, 3), actor=MODERATOR, wall=WALL + 200_000)
    assert wait_ms(state.questions, name(5), 160_000 + LONGEST_TURN_MS) == 75_000
    assert wait_ms(state.questions, name(5), 160_001 + LONGEST_TURN_MS) is None, "it is at something else"


origins = st.sampled_from(["room", "remote", "hub:x", "hub:y"])
askers = st.sampled_from(["a", "b", "c", "d"])


@given(
    who=st.lists(st.tuples(origins, askers), max_size=9),
    order=st.sampled_from(QueueOrder),
    taken=st.lists(st.integers(1, 9), max_size=4, unique=True),
)
def test_every_rule_has_each_once_and_explains_each_place(
    who: list[tuple[str, str]], order: QueueOrder, taken: list[int]
) -> None:
    state = asked(*who, order=order)
    for number in taken:
        if number <= len(who):
            state = carry_out(
                state, stand(InterventionStatus.CALLED, number), stand(InterventionStatus.ANSWERED, number)
            )
    found = queue(state.questions)
    waiting = {each.id for each in state.questions.with_status(InterventionStatus.QUEUED)}
    assert Counter(each.intervention for each in found) == Counter(waiting)
    reasons = {
        QueueOrder.ARRIVAL: {Why.ARRIVAL},
        QueueOrder.ALTERNATE: {Why.ARRIVAL, Why.SIDE},
        QueueOrder.NEWCOMERS: {Why.NEWCOMER, Why.AGAIN},
        QueueOrder.SUPPORT: {Why.ARRIVAL, Why.SUPPORT},
    }
    assert {each.why for each in found} <= reasons[order]
    if order is QueueOrder.ALTERNATE:
        # As long as several places wait, none has two turns in a row.
        known = {each.id: side_of(each.origin) for each in state.questions.with_status(*InterventionStatus)}
        sides = [known[each.intervention] for each in found]
        for at in range(len(sides) - 1):
            assert sides[at] != sides[at + 1] or len(set(sides[at:])) == 1
