from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import questions as qe
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, OpinionGroup, OpinionSums
from moothall.core.events.types import LogKind
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import NO_QUESTION, RefusalCode
from moothall.core.kernel.ids import InterventionId
from moothall.core.opinions.rooms import NO_VOTES, RoomVotes
from moothall.core.opinions.voting_rules import (
    CANCELLED,
    MOST_PUT,
    VOTES_OVER,
    comment_to_vote,
    is_voting,
    put_to_vote,
    refused_room,
)
from moothall.core.rules.authority import COMMANDS
from moothall.core.rules.fitting import fits
from moothall.core.rules.undo import read_act
from moothall.core.sessions.state import State
from support.sessions.deciding import carry_out, events, refused, speaking
from support.sessions.questions import MODERATOR, ask, name, stand

A, B, ASKED = map(name, "abq")
SUMS = OpinionSums(agree=4, disagree=1, passed=1)
COUNT = do.CountOpinions(voters=6, sums={A: SUMS}, groups=(OpinionGroup(people=6, sums={A: SUMS}),))


def commented() -> State:
    """Two comments and a question that everybody may read, and a comment that nobody may."""
    kinds = {"a": InterventionKind.COMMENT, "b": InterventionKind.COMMENT, "q": InterventionKind.QUESTION}
    state = carry_out(speaking(), *(ask(what, asker=what, kind=kind) for what, kind in kinds.items()))
    state = carry_out(state, stand(InterventionStatus.QUEUED, *kinds), actor=MODERATOR)
    return carry_out(state, ask("held", asker="h", kind=InterventionKind.COMMENT))


def voting() -> State:
    return carry_out(commented(), do.SwitchVoting(on=True), do.PutToVote(comments=(B, A)), actor=MODERATOR)


def test_a_moderator_switches_votes_on_and_that_is_undone() -> None:
    assert refused(commented(), do.SwitchVoting(on=False), actor=MODERATOR).code is RefusalCode.CONFLICT
    switched = events(commented(), do.SwitchVoting(on=True), actor=MODERATOR)
    assert switched == [qe.VotingSwitched(on=True)]
    assert refused(voting(), do.SwitchVoting(on=True), actor=MODERATOR).code is RefusalCode.CONFLICT
    assert read_act(commented(), switched).undoing == (do.SwitchVoting(on=False),)
    assert is_voting(voting())
    assert not is_voting(commented())


def test_where_young_people_take_part_nobody_votes() -> None:
    young = msgspec.structs.replace(commented(), young_people=True)
    assert refused(young, do.SwitchVoting(on=True), actor=MODERATOR).code is RefusalCode.FORBIDDEN


def test_after_the_close_nobody_votes() -> None:
    closed = carry_out(voting(), do.CloseSession())
    assert comment_to_vote(closed, 1) == VOTES_OVER
    assert not is_voting(closed)
    off = carry_out(closed, do.SwitchVoting(on=False), actor=MODERATOR)
    assert refused(off, do.SwitchVoting(on=True), actor=MODERATOR).code is RefusalCode.CONFLICT


def test_in_a_cancelled_meeting_nobody_votes() -> None:
    cancelled = msgspec.structs.replace(voting(), cancelled="")
    assert comment_to_vote(cancelled, 1) == CANCELLED
    assert not is_voting(cancelled)
    off = carry_out(cancelled, do.SwitchVoting(on=False), actor=MODERATOR)
    assert refused(off, do.SwitchVoting(on=True), actor=MODERATOR) == CANCELLED


def test_a_room_votes_while_votes_are_on_and_also_after_the_close() -> None:
    room = RoomVotes(people=6, sums={A: SUMS})
    assert refused_room(voting(), room) is None
    assert refused_room(carry_out(voting(), do.CloseSession()), room) is None
    assert refused_room(carry_out(voting(), do.SwitchVoting(on=False), actor=MODERATOR), room) == VOTES_OVER
    assert refused_room(msgspec.structs.replace(voting(), cancelled="Storm"), room) == CANCELLED
    for people, sums in ((5, SUMS), (-1, NO_VOTES), (6, OpinionSums(agree=7, disagree=-1, passed=0)), (200_000, SUMS)):
        answer = refused_room(voting(), RoomVotes(people=people, sums={A: sums}))
        assert answer is not None
        assert answer.code is RefusalCode.INVALID


def test_comments_that_everybody_may_read_are_put_to_the_vote() -> None:
    put = events(commented(), do.PutToVote(comments=(B, A)), actor=MODERATOR)
    assert put == [qe.CommentsPutToVote(comments=(B, A))]
    assert read_act(commented(), put).undoing == (do.PutToVote(comments=()),)
    assert [each.id for each in put_to_vote(voting().questions)] == [B, A]
    for names, code in (
        ((ASKED,), RefusalCode.CONFLICT),
        ((name("held"),), RefusalCode.CONFLICT),
        ((name("nothing"),), RefusalCode.UNKNOWN),
        ((A, A), RefusalCode.INVALID),
        (tuple(InterventionId(f"c{n}") for n in range(MOST_PUT + 1)), RefusalCode.INVALID),
        ((), RefusalCode.CONFLICT),
    ):
        assert refused(commented(), do.PutToVote(comments=names), actor=MODERATOR).code is code


@pytest.mark.parametrize(
    "status",
    [
        InterventionStatus.CHECKED,
        InterventionStatus.DECLINED,
        InterventionStatus.JOINED,
        InterventionStatus.WITHDRAWN,
    ],
)
def test_a_comment_that_nobody_may_read_any_more_is_not_voted_on(status: InterventionStatus) -> None:
    gone = stand(status, "a", reason="No.", into=B if status is InterventionStatus.JOINED else None)
    state = carry_out(voting(), gone, actor=MODERATOR)
    assert comment_to_vote(state, 1) == NO_QUESTION
    assert [each.id for each in put_to_vote(state.questions)] == [B]
    # The list may be changed although it still names the comment.
    assert carry_out(state, do.PutToVote(comments=(A,)), actor=MODERATOR).questions.voting.comments == (A,)


def test_what_can_be_voted_on() -> None:
    state = voting()
    assert comment_to_vote(state, 1) == state.questions.get(A)
    assert comment_to_vote(state, 3) == comment_to_vote(state, 9) == NO_QUESTION
    assert comment_to_vote(carry_out(state, do.SwitchVoting(on=False), actor=MODERATOR), 1) == VOTES_OVER


def test_sums_of_five_people_are_told_once() -> None:
    assert events(voting(), COUNT, actor=SYSTEM) == [qe.OpinionsCounted(voters=6, sums=COUNT.sums, groups=COUNT.groups)]
    state = carry_out(voting(), COUNT, actor=SYSTEM)
    counted = state.questions.voting.counted
    assert (counted.voters, counted.sums, counted.groups) == (6, COUNT.sums, COUNT.groups)
    assert refused(state, COUNT, actor=SYSTEM).code is RefusalCode.CONFLICT
    few = OpinionSums(agree=2, disagree=1, passed=1)
    less = OpinionSums(agree=7, disagree=-1, passed=0)
    for wrong, code in (
        ({"voters": 4}, RefusalCode.INVALID),
        ({"voters": 5}, RefusalCode.INVALID),
        ({"sums": {A: few}}, RefusalCode.INVALID),
        ({"sums": {A: less}}, RefusalCode.INVALID),
        ({"groups": (OpinionGroup(people=6, sums={A: few}),)}, RefusalCode.INVALID),
        ({"sums": {ASKED: SUMS}}, RefusalCode.UNKNOWN),
    ):
        assert refused(voting(), msgspec.structs.replace(COUNT, **wrong), actor=SYSTEM).code is code


def test_who_does_what() -> None:
    leaders = {role for role in Role if do.SwitchVoting in COMMANDS[role]}
    assert leaders == {role for role in Role if do.PutToVote in COMMANDS[role]}
    assert leaders == {Role.MODERATOR, Role.CHAIR, Role.TECHNICIAN, Role.SECRETARIAT}
    assert [role for role in Role if do.CountOpinions in COMMANDS[role]] == [Role.SYSTEM]
    assert [kind for kind in LogKind if fits(kind, do.SwitchVoting)] == [LogKind.SESSION]
