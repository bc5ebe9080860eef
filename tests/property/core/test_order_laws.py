"""Laws of the queue's rules: each does step by step what its sentence says."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events.question_parts import Order, Standing, place_of
from moothall.core.questions.interventions import Floor, Intervention
from moothall.core.questions.order import Why, queue
from support.sessions.deciding import carry_out, speaking
from support.sessions.questions import MODERATOR, SOMEBODY, ask, name, stand

people = st.tuples(st.sampled_from(["room", "remote", "hub:a", "hub:b"]), st.sampled_from("uvw"))


@st.composite
def floors(draw: st.DrawFn) -> Floor:
    """Some who wait, and some who have had their turn."""
    state = speaking()
    for number, (origin, asker) in enumerate(draw(st.lists(people, max_size=12))):
        what = f"q{number}"
        state = carry_out(state, ask(what, origin=origin, asker=asker), actor=SOMEBODY)
        state = carry_out(state, stand(Standing.QUEUED, what), actor=MODERATOR)
        if draw(st.booleans()):
            state = carry_out(state, stand(Standing.CALLED, what), stand(Standing.ANSWERED, what), actor=MODERATOR)
    return state.floor


def order_of(floor: Floor, order: Order) -> list[tuple[Intervention, Why]]:
    found = [(floor.get(each.intervention), each.why) for each in queue(floor, order)]
    return [(each, why) for each, why in found if each is not None]


@given(floors())
def test_the_place_that_waited_longest_is_next_and_there_who_came_first(floor: Floor) -> None:
    turns = [place_of(turn.origin) for turn in floor.turns]
    rest = floor.standing(Standing.QUEUED)
    for each, why in order_of(floor, Order.ALTERNATE):
        since = {place_of(one.origin): -1 for one in rest} | {place: at for at, place in enumerate(turns)}
        chosen = min(rest, key=lambda one: (since[place_of(one.origin)], one.number))
        assert each == chosen
        several = len({place_of(one.origin) for one in rest}) > 1
        assert why is (Why.PLACE if several and chosen != rest[0] else Why.ARRIVAL)
        turns.append(place_of(each.origin))
        rest.remove(each)
    assert rest == []


@given(floors())
def test_who_has_had_fewest_turns_is_next(floor: Floor) -> None:
    had = Counter(turn.asker for turn in floor.turns)
    rest = floor.standing(Standing.QUEUED)
    for each, why in order_of(floor, Order.NEWCOMERS):
        assert each == min(rest, key=lambda one: (had[one.asker], one.number))
        assert why is (Why.AGAIN if had[each.asker] else Why.NEWCOMER)
        had[each.asker] += 1
        rest.remove(each)
    assert rest == []


@given(floors(), st.dictionaries(st.integers(0, 11), st.integers(0, 3)))
def test_what_most_would_ask_is_next_then_what_came_first(floor: Floor, counts: dict[int, int]) -> None:
    for number, count in counts.items():
        floor = floor.with_(name(f"q{number}"), support=count)
    found = [each for each, _ in order_of(floor, Order.SUPPORT)]
    assert found == sorted(found, key=lambda each: (-each.support, each.number))
    assert [each for each, _ in order_of(floor, Order.ARRIVAL)] == floor.standing(Standing.QUEUED)
