"""The rules of votes on comments: who is asked about what, and what may be told of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from moothall.core import commands as do
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, OpinionSums
from moothall.core.kernel.errors import NO_QUESTION, Refusal, RefusalCode, refuse
from moothall.core.opinions.rooms import RoomVotes
from moothall.core.questions.disclosure import FEWEST
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.listing import ASIDE
from moothall.core.questions.voting import CountedOpinions
from moothall.core.sessions.state import State, Status

MOST_PUT = 100
"""Comments that are put to the vote in one session."""
MOST_IN_ROOM = 100_000
"""People of a hub's room."""
_AWAY = ASIDE | {InterventionStatus.CHECKED}
VOTES_OVER = refuse(RefusalCode.CONFLICT, "Nobody can vote on comments now.")
CANCELLED = refuse(RefusalCode.CONFLICT, "The meeting is cancelled: nobody can vote on comments.")


def decide_voting(state: State, command: do.VotingCommand) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a command about votes on comments, or a refusal."""
    match command:
        case do.SwitchVoting():
            return _switch(state, command)
        case do.PutToVote():
            return _put(state, command)
        case _:
            return _count(state, command)


def may_be_put(each: Intervention) -> bool:
    """Whether a comment may be put to the vote: everybody may read it, and it was neither removed nor taken back, and
    not joined with another.
    """
    return each.readable and each.kind is InterventionKind.COMMENT and each.status not in _AWAY


def put_to_vote(questions: Questions) -> list[Intervention]:
    """The comments that were put to the vote and still may be, in the order in which they were put."""
    found = map(questions.get, questions.voting.comments)
    return [each for each in found if each is not None and may_be_put(each)]


def is_voting(state: State) -> bool:
    """Whether people can vote on comments now."""
    return state.questions.voting.on and state.status is not Status.CLOSED and state.cancelled is None


def comment_to_vote(state: State, number: int) -> Intervention | Refusal:
    """The comment with this number, when it can be voted on now; else a refusal."""
    each = next((each for each in put_to_vote(state.questions) if each.number == number), None)
    if each is None:
        return NO_QUESTION
    if state.cancelled is not None:
        return CANCELLED
    return each if is_voting(state) else VOTES_OVER


def refused_room(state: State, room: RoomVotes) -> Refusal | None:
    """Why what a hub's room has voted is not taken; None where it is. After the close it is: a hub may have been cut
    off.
    """
    if state.cancelled is not None:
        return CANCELLED
    if not state.questions.voting.on:
        return VOTES_OVER
    if not (
        0 <= room.people <= MOST_IN_ROOM
        and len(room.sums) <= MOST_PUT
        and all(
            min(each.agree, each.disagree, each.passed) >= 0 and each.people <= room.people
            for each in room.sums.values()
        )
    ):
        return refuse(RefusalCode.INVALID, f"The votes of a room are of 0 to {MOST_IN_ROOM} people.")
    return None


def _switch(state: State, command: do.SwitchVoting) -> Sequence[ev.AnyEvent] | Refusal:
    if command.on and state.young_people:
        return refuse(RefusalCode.FORBIDDEN, "Where young people take part nobody votes on comments.")
    if command.on and state.status is Status.CLOSED:
        return refuse(RefusalCode.CONFLICT, "The meeting is over: nobody can vote any more.")
    if command.on and state.cancelled is not None:
        return CANCELLED
    if command.on is state.questions.voting.on:
        return refuse(RefusalCode.CONFLICT, f"Votes on comments are {'on' if command.on else 'off'} already.")
    return [qe.VotingSwitched(on=command.on)]


def _put(state: State, command: do.PutToVote) -> Sequence[ev.AnyEvent] | Refusal:
    names, before = command.comments, state.questions.voting.comments
    if len(names) > MOST_PUT or len(set(names)) < len(names):
        return refuse(RefusalCode.INVALID, f"Put at most {MOST_PUT} comments to the vote, each of them once.")
    for name in names:
        each = state.questions.get(name)
        if each is None:
            return NO_QUESTION
        if name not in before and not may_be_put(each):
            return refuse(RefusalCode.CONFLICT, "Only comments that everybody may read are put to the vote.")
    if names == before:
        return refuse(RefusalCode.CONFLICT, "These comments are put to the vote already.")
    return [qe.CommentsPutToVote(comments=names)]


def _count(state: State, command: do.CountOpinions) -> Sequence[ev.AnyEvent] | Refusal:
    every = [command.sums, *(group.sums for group in command.groups)]
    if any(name not in state.questions.voting.comments for sums in every for name in sums):
        return NO_QUESTION
    if not (
        _concern(command.voters, command.sums.values())
        and all(_concern(group.people, group.sums.values()) for group in command.groups)
    ):
        return refuse(RefusalCode.INVALID, f"A sum of votes concerns at least {FEWEST} people.")
    now = CountedOpinions(voters=command.voters, sums=command.sums, groups=command.groups)
    if now == state.questions.voting.counted:
        return refuse(RefusalCode.CONFLICT, "This count is already known.")
    return [qe.OpinionsCounted(voters=command.voters, sums=command.sums, groups=command.groups)]


def _concern(people: int, sums: Iterable[OpinionSums]) -> bool:
    """Whether sums concern enough people, and no more than there are."""
    return people >= FEWEST and all(
        FEWEST <= each.people <= people and min(each.agree, each.disagree, each.passed) >= 0 for each in sums
    )
