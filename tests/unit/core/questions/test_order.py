from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events.question_parts import Kind, Order, Standing, place_of
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.order import LONGEST_TURN_MS, TURN_MS, Why, ahead_of, mean_turn_ms, queue, wait_ms
from moothall.core.session.state import State
from support.sessions.deciding import WALL, carry_out, speaking

MODERATOR = Actor(Role.MODERATOR, "m1")


def name(number: int) -> InterventionId:
    return InterventionId(f"q{number}")


def asked(*who: tuple[str, str], order: Order = Order.ARRIVAL) -> State:
    """Questions that were approved, each by its place and asker."""
    state = speaking()
    for number, (origin, asker) in enumerate(who, 1):
        ask = do.Ask(
            intervention=name(number), kind=Kind.QUESTION, text="Why?", language="en", asker=asker, origin=origin
        )
        state = carry_out(state, ask, stand(Standing.QUEUED, number))
    return state if order is Order.ARRIVAL else carry_out(state, do.OrderQueue(order=order))


def stand(standing: Standing, *numbers: int) -> do.Stand:
    return do.Stand(interventions=tuple(map(name, numbers)), standing=standing)


def shown(state: State) -> list[tuple[str, Why]]:
    return [(each.intervention, each.why) for each in queue(state.floor)]


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
    state = asked(*ROOMFUL, order=Order.ALTERNATE)
    places = [place_of(ROOMFUL[int(each[1:]) - 1][0]) for each, _ in shown(state)]
    assert places == ["room", "remote", "hub", "room", "remote", "hub", "room"]
    assert shown(state)[:3] == [("q1", Why.ARRIVAL), ("q3", Why.PLACE), ("q5", Why.PLACE)]
    state = carry_out(state, stand(Standing.CALLED, 1), stand(Standing.ANSWERED, 1), actor=MODERATOR)
    assert [each for each, _ in shown(state)][:2] == ["q3", "q5"], "the room has had its turn"


def test_who_has_had_no_turn_comes_first() -> None:
    state = asked(("room", "a"), ("room", "a"), ("room", "b"), order=Order.NEWCOMERS)
    assert shown(state) == [("q1", Why.NEWCOMER), ("q3", Why.NEWCOMER), ("q2", Why.AGAIN)]


def test_by_support() -> None:
    state = asked(*ROOMFUL[:3], order=Order.SUPPORT)
    state = carry_out(state, do.CountSupport(counts={name(3): 5, name(2): 1}))
    assert shown(state) == [("q3", Why.SUPPORT), ("q2", Why.SUPPORT), ("q1", Why.ARRIVAL)]
    assert [each.intervention for each in queue(state.floor, Order.ARRIVAL)] == ["q1", "q2", "q3"]


def test_what_the_chair_put_first_comes_first_and_counts_as_a_turn() -> None:
    state = asked(*ROOMFUL, order=Order.ALTERNATE)
    state = carry_out(state, do.ArrangeQueue(first=(name(7), name(2))), actor=MODERATOR)
    assert shown(state)[:3] == [("q7", Why.ARRANGED), ("q2", Why.ARRANGED), ("q5", Why.PLACE)]
    assert queue(state.floor, Order.ALTERNATE)[0].why is Why.ARRIVAL, "another rule is asked without what was arranged"


def test_the_wait_is_told_by_the_last_turns() -> None:
    state = asked(*ROOMFUL)
    assert (ahead_of(state.floor, name(3)), ahead_of(state.floor, name(9))) == (2, None)
    assert wait_ms(state.floor, name(9), 0) is None
    assert wait_ms(state.floor, name(3), 0) is None, "nobody has had a turn: it may be at the end of the meeting"
    for number, at in ((1, 10_000), (2, 70_000), (3, 160_000)):
        call = stand(Standing.CALLED, number)
        state = carry_out(state, call, actor=MODERATOR, wall=WALL + at)
        if number < 3:
            state = carry_out(state, stand(Standing.ANSWERED, number), actor=MODERATOR, wall=WALL + at + 1)
        if number == 1:
            assert wait_ms(state.floor, name(4), at) == 2 * TURN_MS
    assert mean_turn_ms(state.floor.turns) == 75_000
    assert wait_ms(state.floor, name(4), 200_000) == 75_000 - 40_000
    assert wait_ms(state.floor, name(5), 900_000) == 75_000
    state = carry_out(state, stand(Standing.ANSWERED, 3), actor=MODERATOR, wall=WALL + 200_000)
    assert wait_ms(state.floor, name(5), 160_000 + LONGEST_TURN_MS) == 75_000
    assert wait_ms(state.floor, name(5), 160_001 + LONGEST_TURN_MS) is None, "it is at something else"


origins = st.sampled_from(["room", "remote", "hub:x", "hub:y"])
askers = st.sampled_from(["a", "b", "c", "d"])


@given(
    who=st.lists(st.tuples(origins, askers), max_size=9),
    order=st.sampled_from(Order),
    taken=st.lists(st.integers(1, 9), max_size=4, unique=True),
)
def test_every_rule_has_each_once_and_explains_each_place(
    who: list[tuple[str, str]], order: Order, taken: list[int]
) -> None:
    state = asked(*who, order=order)
    for number in taken:
        if number <= len(who):
            state = carry_out(state, stand(Standing.CALLED, number), stand(Standing.ANSWERED, number))
    found = queue(state.floor)
    waiting = {each.id for each in state.floor.standing(Standing.QUEUED)}
    assert Counter(each.intervention for each in found) == Counter(waiting)
    reasons = {
        Order.ARRIVAL: {Why.ARRIVAL},
        Order.ALTERNATE: {Why.ARRIVAL, Why.PLACE},
        Order.NEWCOMERS: {Why.NEWCOMER, Why.AGAIN},
        Order.SUPPORT: {Why.ARRIVAL, Why.SUPPORT},
    }
    assert {each.why for each in found} <= reasons[order]
    if order is Order.ALTERNATE:
        # As long as several places wait, none has two turns in a row.
        known = {each.id: place_of(each.origin) for each in state.floor.standing(*Standing)}
        places = [known[each.intervention] for each in found]
        for at in range(len(places) - 1):
            assert places[at] != places[at + 1] or len(set(places[at:])) == 1
