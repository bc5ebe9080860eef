"""Laws of turns: typed text is its author's, in its turn, where it is recorded, and once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import SegmentId
from moothall.core.questions.interventions import speaker_of
from moothall.core.rules.decide import decide
from moothall.core.rules.turn_times import LONGER_MS, TIMES_TYPED, turn_now
from moothall.core.sessions.state import evolve
from support.sessions.deciding import WALL, carry_out
from support.sessions.questions import MODERATOR, asked, name, stand

NAMES = ("a", "b", "c")
QUESTION_STATUSES = (InterventionStatus.CALLED, InterventionStatus.ANSWERED, InterventionStatus.QUEUED)
lines = st.lists(
    st.builds(
        do.TypedLine,
        segment=st.sampled_from(["x1", "x2", "x3"]).map(SegmentId),
        text=st.sampled_from(["Why?", " ", "So."]),
    ),
    max_size=2,
).map(tuple)
typing = st.tuples(
    st.sampled_from(NAMES).map(lambda each: Actor(Role.PARTICIPANT, each)),
    st.builds(do.HoldTurn, intervention=st.sampled_from(NAMES).map(name))
    | st.builds(do.TypeTurn, intervention=st.sampled_from(NAMES).map(name), lines=lines),
)
others = st.tuples(
    st.just(MODERATOR),
    st.one_of(
        st.builds(
            stand,
            st.sampled_from([InterventionStatus.CALLED, InterventionStatus.ANSWERED, InterventionStatus.QUEUED]),
            st.sampled_from(NAMES),
        ),
        st.sampled_from([do.BeginNotRecorded(), do.EndNotRecorded(), do.LimitTurns(ms=0), do.LimitTurns(ms=60_000)]),
    ),
)


@given(st.lists(st.tuples(typing | others, st.integers(0, 3)), max_size=30))
def test_what_is_typed_is_its_authors_in_its_turn_where_it_is_kept_and_once(
    story: list[tuple[tuple[Actor, do.AnyCommand], int]],
) -> None:
    state = carry_out(
        asked(), stand(InterventionStatus.QUEUED, *NAMES), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR
    )
    typed, wall = set[SegmentId](), WALL
    for (actor, command), later in story:
        wall += 1_000 * later
        before, decision = state, decide(state, command, actor, wall)
        if isinstance(decision, Refusal):
            continue
        for event in decision:
            state = evolve(state, event, wall)
        for opened in (event for event in decision if isinstance(event, le.SegmentOpened)):
            called = before.questions.called
            each = None if called is None else before.questions.get(called)
            assert each is not None
            assert (actor.id, opened.speaker, opened.origin) == (each.id, speaker_of(each), le.Origin.SPEAKER)
            assert state.kept(opened.t0)
            assert opened.speaker in state.speakers
            assert opened.segment not in typed
            typed.add(opened.segment)
        now = turn_now(state)
        assert (now is None) == (state.questions.called is None)
        if now is not None:
            usual = state.questions.limit * (TIMES_TYPED if now.typed else 1)
            held = LONGER_MS if now.longer and usual else 0
            assert usual <= now.time <= usual + held
            assert now.begin is None or now.time == usual + held
            assert now.begin is None or not now.typed
