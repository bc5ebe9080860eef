"""Laws of the floor: whatever is done in whatever order, no intervention is lost, and none stands in two places."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from asking import MODERATOR, SOMEBODY
from deciding import WALL, speaking
from moothall.core import commands as do
from moothall.core.decide import decide
from moothall.core.errors import Refusal
from moothall.core.event_codec import decode_event, encode_event
from moothall.core.floor.order import queue, wait_ms
from moothall.core.floor.parts import Kind, Order, Standing
from moothall.core.ids import InterventionId, SegmentId
from moothall.core.session import State, evolve
from moothall.core.undo import read_act

names = st.sampled_from(["a", "b", "c", "d"]).map(InterventionId)
few = st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)
asks = st.builds(
    do.Ask,
    intervention=names,
    kind=st.sampled_from(Kind),
    text=st.sampled_from(["Why?", "", "When?"]),
    language=st.just("en"),
    asker=st.sampled_from(["x", "y"]),
    name=st.sampled_from(["", "Ana"]),
    origin=st.sampled_from(["room", "remote", "hub:x"]),
    age=st.sampled_from([0, 5_000]),
)
stands = st.builds(
    do.Stand,
    interventions=few,
    standing=st.sampled_from(Standing),
    reason=st.sampled_from(["", "No time."]),
    into=st.none() | names,
    segment=st.none() | st.just(SegmentId("a")),
)
others: st.SearchStrategy[do.AnyCommand] = st.one_of(
    st.builds(do.Reword, intervention=names, text=st.sampled_from(["Why?", "Who?", ""])),
    st.builds(do.WriteAnswer, intervention=names, text=st.just("Because."), language=st.just("en")),
    st.builds(do.ArrangeQueue, first=few),
    st.builds(do.OrderQueue, order=st.sampled_from(Order)),
    st.builds(do.CountSupport, counts=st.dictionaries(names, st.integers(0, 3), max_size=2)),
    st.builds(do.LimitTurns, ms=st.sampled_from([0, 60_000])),
    st.builds(do.Flag, intervention=names, flags=st.sampled_from([(), ("abuse",)])),
    st.sampled_from([do.CloseSession(), do.ReopenSession()]),
)
sent = st.tuples(st.sampled_from([MODERATOR, SOMEBODY]), st.one_of(asks, stands, stands, others), st.integers(0, 5))


@given(st.lists(sent, max_size=30))
def test_none_is_lost_none_stands_twice_and_each_place_in_the_queue_is_told_why(
    story: list[tuple[object, do.AnyCommand, int]],
) -> None:
    state, received, wall = speaking(), set[InterventionId](), WALL
    for actor, command, later in story:
        wall += 1_000 * later
        before = state
        decision = decide(state, command, actor, wall)  # type: ignore[arg-type]
        if isinstance(decision, Refusal):
            continue
        for event in decision:
            state = evolve(state, decode_event(encode_event(event)), wall)
        if isinstance(command, do.Ask):
            received.add(command.intervention)
        floor = state.floor
        assert {name for name, _ in floor.interventions.items()} == received
        numbers = [each.number for _, each in floor.interventions.items()]
        assert sorted(numbers) == list(range(1, len(received) + 1))
        called = [each.id for each in floor.standing(Standing.CALLED)]
        assert called == ([] if floor.called is None else [floor.called])
        waiting = Counter(each.id for each in floor.standing(Standing.QUEUED))
        for order in (None, *Order):
            assert Counter(each.intervention for each in queue(floor, order)) == waiting
        if floor.called is not None:
            assert all(wait_ms(floor, name, state.media_now(wall)) is not None for name in waiting)
        assert set(floor.arranged) <= set(waiting)
        for each in floor.standing(*Standing):
            hidden = each.standing in (Standing.CHECKED, Standing.DECLINED, Standing.WITHDRAWN, Standing.CLOSED)
            late = each.standing is Standing.TO_WRITE and each.after_close
            assert each.published or hidden or late, "what everybody sees the standing of, everybody may read"
            joined = each.standing is Standing.JOINED
            assert (each.into is not None) == joined
            into = None if each.into is None else floor.get(each.into)
            lost = into is None or into.standing in (Standing.JOINED, Standing.WITHDRAWN)
            assert not joined or not lost, "it goes on with another one"
        _undone(before, state, read_act(before, decision).undoing, wall)


def _undone(before: State, after: State, undoing: tuple[do.AnyCommand, ...], wall: int) -> None:
    """What undoes an act leads back to where everything stood."""
    state = after
    for command in undoing:
        decision = decide(state, command, MODERATOR, wall)
        assert not isinstance(decision, Refusal), decision
        for event in decision:
            state = evolve(state, event, wall)
    if undoing:
        assert {name: each.standing for name, each in state.floor.interventions.items()} == {
            name: each.standing for name, each in before.floor.interventions.items()
        }
