"""The rules of a show of hands: at most one is open at a time, and once it is closed its question and options stay as
they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import PollId, is_name
from moothall.core.kernel.languages import is_short_language
from moothall.core.questions.polls import FEWEST_OPTIONS, MOST_OPTIONS, Poll, open_poll, poll_of
from moothall.core.sessions.state import ON, State

MAX_QUESTION = 300
"""Characters of a question."""
MAX_OPTION = 80
"""Characters of an option."""
MOST_POLLS = 100
"""Shows of hands in one session."""
MOST_HANDS = 100_000
"""Hands for one option."""
NO_POLL = refuse(RefusalCode.UNKNOWN, "The session has no such show of hands.")
VOTE_OVER = refuse(RefusalCode.CONFLICT, "This show of hands is closed.")


def decide_poll(state: State, command: do.PollCommand, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a command about shows of hands, or a refusal."""
    known = poll_of(state.questions.polls, command.poll)
    if isinstance(command, do.OpenPoll):
        return _open(state, command, known, wall)
    if known is None:
        return NO_POLL
    if isinstance(command, do.ClosePoll):
        if not known.open and known.void is command.void:
            return refuse(RefusalCode.CONFLICT, "This show of hands is already closed.")
        return [qe.PollClosed(poll=known.id, t=state.media_now(wall), void=command.void)]
    remote, room = known.remote, known.room
    if isinstance(command, do.CountRoom):
        room = command.room
    else:
        remote = command.remote
    if any(len(counts) != len(known.options) or not _possible(counts) for counts in (remote, room)):
        return refuse(RefusalCode.INVALID, f"Count 0 to {MOST_HANDS} hands for each option.")
    if (remote, room) == (known.remote, known.room):
        return refuse(RefusalCode.CONFLICT, "This count is already known.")
    return [qe.PollCounted(poll=known.id, remote=remote, room=room)]


def poll_to_vote(state: State, number: int, option: int) -> Poll | Refusal:
    """The show of hands with this number, when its option `option` (counted from 0) may be chosen now; else a
    refusal.
    """
    poll = next((poll for poll in state.questions.polls if poll.number == number and not poll.void), None)
    if poll is None or not 0 <= option < len(poll.options):
        return NO_POLL
    return poll if is_going(state, poll) else VOTE_OVER


def refused_hands(state: State, poll: PollId, counts: Sequence[int]) -> Refusal | None:
    """Why these counts of a hub's ballots, one number for each option, are not taken now; None when they are."""
    known = poll_of(state.questions.polls, poll)
    if known is None or known.void:
        return NO_POLL
    if not is_going(state, known):
        return VOTE_OVER
    if len(counts) != len(known.options) or not _possible(counts):
        return refuse(RefusalCode.INVALID, f"Count 0 to {MOST_HANDS} hands for each option.")
    return None


def is_going(state: State, poll: Poll) -> bool:
    """Whether people can raise a hand now: the show of hands is open and the session is on."""
    return poll.open and state.status in ON


def _open(state: State, command: do.OpenPoll, known: Poll | None, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    question, options = command.question.strip(), tuple(option.strip() for option in command.options)
    if not is_name(command.poll) or not is_short_language(command.language):
        return refuse(RefusalCode.INVALID, "A show of hands needs an id and a language.")
    if not 0 < len(question) <= MAX_QUESTION:
        return refuse(RefusalCode.INVALID, f"A show of hands has a question of 1 to {MAX_QUESTION} characters.")
    if not FEWEST_OPTIONS <= len(options) <= MOST_OPTIONS or len(set(options)) < len(options):
        return refuse(
            RefusalCode.INVALID, f"A show of hands needs {FEWEST_OPTIONS} to {MOST_OPTIONS} different options."
        )
    if any(not 0 < len(option) <= MAX_OPTION for option in options):
        return refuse(RefusalCode.INVALID, f"An option has 1 to {MAX_OPTION} characters.")
    if state.status not in ON:
        return refuse(RefusalCode.CONFLICT, f"The session is {state.status}: nobody can raise a hand now.")
    polls = state.questions.polls
    if open_poll(polls) is not None:
        return refuse(RefusalCode.CONFLICT, "Another show of hands is open; close it first.")
    if known is None and len(polls) >= MOST_POLLS:
        return refuse(RefusalCode.CONFLICT, f"The session has had too many shows of hands (limit {MOST_POLLS}).")
    if known is not None and (question, command.language, options) != (known.question, known.language, known.options):
        return refuse(
            RefusalCode.CONFLICT, "A show of hands can only be opened again with the same question and options."
        )
    # Numbers are given one after the other, so those of removed shows of hands are up to how many there were.
    given = max([len(polls) + len(state.questions.polls_removed), *(poll.number for poll in polls)])
    number = given + 1 if known is None else known.number
    opened = qe.PollOpened(
        poll=command.poll,
        number=number,
        question=question,
        language=command.language,
        options=options,
        t=state.media_now(wall),
        quiet=command.quiet if known is None else known.quiet,
    )
    return [opened]


def _possible(counts: Sequence[int]) -> bool:
    return all(0 <= count <= MOST_HANDS for count in counts)
