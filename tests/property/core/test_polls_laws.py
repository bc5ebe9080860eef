"""Laws of shows of hands: at most one is open, each count belongs to an option, and every act can be undone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.events import questions as qe
from moothall.core.events.codec import decode_event, encode_event
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import PollId
from moothall.core.questions.polls import Poll, rows_of, shown_polls
from moothall.core.rules.decide import decide
from moothall.core.rules.undo import read_act
from moothall.core.sessions.state import evolve
from support.sessions.deciding import WALL, speaking
from support.sessions.questions import MODERATOR

names = st.sampled_from(["a", "b", "c"]).map(PollId)
counts = st.lists(st.integers(0, 2), min_size=2, max_size=3).map(tuple)
acts: st.SearchStrategy[do.AnyCommand] = st.one_of(
    st.builds(
        do.OpenPoll,
        poll=names,
        question=st.just("Shall we?"),
        language=st.just("en"),
        options=st.sampled_from([("Yes", "No"), ("Yes", "No", "Later")]),
    ),
    st.builds(do.ClosePoll, poll=names, void=st.booleans()),
    st.builds(do.CountRoom, poll=names, room=counts),
    st.builds(do.CountPoll, poll=names, remote=counts),
    st.sampled_from([do.CloseSession(), do.ReopenSession()]),
)


@given(st.lists(acts, max_size=30))
def test_one_is_open_and_every_act_has_a_way_back(story: list[do.AnyCommand]) -> None:
    state = speaking()
    for command in story:
        before = state
        decision = decide(state, command, MODERATOR, WALL)
        if isinstance(decision, Refusal):
            continue
        for event in decision:
            state = evolve(state, decode_event(encode_event(event)), WALL)
        polls = state.questions.polls
        assert sum(poll.open for poll in polls) <= 1
        assert [poll.number for poll in polls] == list(range(1, len(polls) + 1))
        assert all(len(poll.remote) == len(poll.room) == len(poll.options) for poll in polls)
        assert {poll.id for poll in shown_polls(polls)} == {poll.id for poll in polls if not poll.void}
        for poll in polls:
            assert sum(row.sum for row in rows_of(poll)) == sum(poll.remote) + sum(poll.room)
            assert (poll.closed is None) == poll.open
        undoing = read_act(before, decision).undoing
        if undoing and any(isinstance(event, qe.PollEvent) for event in decision):
            after = state
            for back in undoing:
                undone = decide(after, back, MODERATOR, WALL)
                assert not isinstance(undone, Refusal), undone
                for event in undone:
                    after = evolve(after, event, WALL)
            assert _known(after.questions.polls, before.questions.polls) == list(map(_settled, before.questions.polls))


def _known(polls: tuple[Poll, ...], before: tuple[Poll, ...]) -> list[object]:
    """Those that were there before; the others have to be void."""
    names = {poll.id for poll in before}
    assert all(poll.void for poll in polls if poll.id not in names)
    return [_settled(poll) for poll in polls if poll.id in names]


def _settled(poll: Poll) -> object:
    """All of it but the moment at which it was closed, which doesn't run back."""
    return poll.id, poll.open, poll.void, poll.remote, poll.room
