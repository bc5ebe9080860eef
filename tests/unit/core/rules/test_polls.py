from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import PollId
from moothall.core.questions.polls import Poll
from moothall.core.rules.authority import COMMANDS, STAFF_ROLES, may_send
from moothall.core.rules.polls import (
    MAX_OPTION,
    MAX_QUESTION,
    MOST_HANDS,
    MOST_POLLS,
    NO_POLL,
    VOTE_OVER,
    poll_to_vote,
    refused_hands,
)
from moothall.core.rules.undo import read_act
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import carry_out, created, events, refused, speaking
from support.sessions.questions import MODERATOR, SOMEBODY

P, Q = PollId("p"), PollId("q")


def ask(name: PollId = P, **more: object) -> do.OpenPoll:
    asked = do.OpenPoll(poll=name, question=" Shall we go on? ", language="en", options=("Yes", " No "))
    return msgspec.structs.replace(asked, **more)


def the(state: State) -> Poll:
    return state.questions.polls[-1]


def test_a_show_of_hands_from_its_opening_to_its_end() -> None:
    (opened,) = events(speaking(), ask())
    assert isinstance(opened, qe.PollOpened)
    assert (opened.number, opened.question, opened.options) == (1, "Shall we go on?", ("Yes", "No"))
    state = carry_out(speaking(), ask(), do.CountRoom(poll=P, room=(12, 3)))
    state = carry_out(state, do.CountPoll(poll=P, remote=(4, 1)), actor=SYSTEM)
    assert (the(state).remote, the(state).room) == ((4, 1), (12, 3))
    state = carry_out(state, do.ClosePoll(poll=P))
    assert not the(state).open
    # What came before the end is counted after it, and hands are mended.
    state = carry_out(state, do.CountPoll(poll=P, remote=(5, 1)), do.CountRoom(poll=P, room=(12, 4)))
    assert the(state).sums == (17, 5)
    (second,) = events(state, ask(Q))
    assert isinstance(second, qe.PollOpened)
    assert second.number == 2


@pytest.mark.parametrize("gone", [(0,), (1,), (0, 1)])
def test_a_number_is_given_once_although_what_had_it_was_removed(gone: tuple[int, ...]) -> None:
    names = [PollId(f"p{n}") for n in range(2)]
    state = speaking()
    for n, name in enumerate(names):
        opened, closed = ask(name), do.ClosePoll(poll=name)
        if n in gone:
            for event in (None, qe.PollCounted(poll=name, remote=(1, 0), room=(0, 0)), qe.PollClosed(poll=name, t=9)):
                state = evolve(state, event)
        else:
            state = carry_out(state, opened, closed)
    if gone == (0,):  # The one that stayed has its own number.
        (only,) = state.questions.polls
        state = msgspec.structs.replace(
            state,
            questions=msgspec.structs.replace(state.questions, polls=(msgspec.structs.replace(only, number=2),)),
        )
    (third,) = events(state, ask(Q))
    assert isinstance(third, qe.PollOpened)
    assert third.number == 3


@pytest.mark.parametrize(
    "wrong",
    [
        ask(PollId("No Name")),
        ask(language="English!"),
        ask(question="  "),
        ask(question="x" * (MAX_QUESTION + 1)),
        ask(options=("Yes",)),
        ask(options=tuple("abcdefghi")),
        ask(options=("Yes", " Yes")),
        ask(options=("Yes", " ")),
        ask(options=("Yes", "x" * (MAX_OPTION + 1))),
    ],
)
def test_what_can_never_be_asked(wrong: do.OpenPoll) -> None:
    assert refused(speaking(), wrong).code is RefusalCode.INVALID


def test_one_is_open_at_a_time_while_the_meeting_is() -> None:
    assert refused(created(), ask()).code is RefusalCode.CONFLICT
    state = carry_out(speaking(), ask())
    for again in (ask(), ask(Q)):
        assert refused(state, again).code is RefusalCode.CONFLICT
    state = carry_out(state, do.ClosePoll(poll=P))
    assert refused(state, do.ClosePoll(poll=P)).code is RefusalCode.CONFLICT
    # It goes on under its number, as it was.
    assert refused(state, ask(options=("Yes", "Never"))).code is RefusalCode.CONFLICT
    (opened,) = events(state, ask())
    assert isinstance(opened, qe.PollOpened)
    assert opened.number == 1


def test_there_is_an_end_to_them() -> None:
    state = speaking()
    for number in range(MOST_POLLS):
        name = PollId(f"p{number}")
        state = carry_out(state, ask(name), do.ClosePoll(poll=name))
    assert refused(state, ask(Q)).code is RefusalCode.CONFLICT
    assert events(state, ask(PollId("p0")))


@pytest.mark.parametrize("wrong", [(1,), (1, 2, 3), (-1, 0), (0, MOST_HANDS + 1)])
def test_hands_are_counted_for_each_option(wrong: tuple[int, ...]) -> None:
    state = carry_out(speaking(), ask())
    for counted in (do.CountRoom(poll=P, room=wrong), do.CountPoll(poll=P, remote=wrong)):
        assert refused(state, counted).code is RefusalCode.INVALID
    for same in (do.CountRoom(poll=P, room=(0, 0)), do.CountPoll(poll=P, remote=(0, 0))):
        assert refused(state, same).code is RefusalCode.CONFLICT


def test_what_was_never_opened_can_neither_be_counted_nor_closed() -> None:
    for command in (do.ClosePoll(poll=P), do.CountRoom(poll=P, room=(1, 2)), do.CountPoll(poll=P, remote=(1, 2))):
        assert refused(speaking(), command).code is RefusalCode.UNKNOWN


def test_who_leads_opens_and_the_server_alone_counts_what_is_remote() -> None:
    for role in Role:
        leads = role in STAFF_ROLES and do.SetStatus in COMMANDS[role]
        for command in (ask(), do.ClosePoll(poll=P), do.CountRoom(poll=P, room=(1, 2))):
            assert may_send(role, command) == leads
        assert may_send(role, do.CountPoll(poll=P, remote=(1, 2))) == (role is Role.SYSTEM)
    assert not may_send(SOMEBODY.role, ask())


def undone(before: State, *commands: do.AnyCommand) -> State:
    """The state after an act and what undoes it."""
    state, did = before, list[ev.AnyEvent]()
    for command in commands:
        did += events(state, command, actor=MODERATOR)
        state = carry_out(before, *commands[: commands.index(command) + 1])
    reading = read_act(before, did)
    assert reading.commands == tuple(
        msgspec.structs.replace(each, question="Shall we go on?", options=("Yes", "No"))
        if isinstance(each, do.OpenPoll)
        else each
        for each in commands
    )
    return carry_out(state, *reading.undoing)


def test_every_act_can_be_undone() -> None:
    state = undone(speaking(), ask())
    assert (the(state).open, the(state).void) == (False, True)
    assert events(state, ask(Q)), "nothing is in the way of the next one"
    hands = carry_out(speaking(), ask(), do.CountRoom(poll=P, room=(1, 2)))
    assert the(undone(hands, do.CountRoom(poll=P, room=(3, 4)))).room == (1, 2)
    assert the(undone(hands, do.ClosePoll(poll=P))).open
    closed = carry_out(hands, do.ClosePoll(poll=P))
    again = the(undone(closed, ask()))
    assert (again.open, again.void, again.room) == (False, False, (1, 2))
    assert the(undone(closed, do.ClosePoll(poll=P, void=True))).void is False
    void = carry_out(closed, do.ClosePoll(poll=P, void=True))
    assert the(undone(void, ask())).void
    both = carry_out(hands, do.CountPoll(poll=P, remote=(7, 7)))
    (counted,) = events(hands, do.CountPoll(poll=P, remote=(7, 7)))
    assert read_act(hands, [counted]).commands == ()
    assert the(undone(both, do.CountRoom(poll=P, room=(3, 4)))).remote == (7, 7)


def test_an_act_is_told_though_its_opening_was_removed() -> None:
    assert read_act(speaking(), [qe.PollClosed(poll=P, t=1)]).commands == ()


def test_a_vote_is_taken_while_its_show_of_hands_goes_on() -> None:
    state = carry_out(speaking(), ask())
    assert poll_to_vote(state, 1, 0) is poll_to_vote(state, 1, 1) is the(state)
    assert poll_to_vote(state, 2, 0) is poll_to_vote(state, 1, 2) is poll_to_vote(state, 1, -1) is NO_POLL
    assert refused_hands(state, P, (0, MOST_HANDS)) is None
    assert refused_hands(state, Q, (0, 1)) is NO_POLL
    for wrong in ((), (1,), (1, 2, 3), (-1, 0), (0, MOST_HANDS + 1)):
        answer = refused_hands(state, P, wrong)
        assert answer is not None
        assert answer.code is RefusalCode.INVALID
    closed = carry_out(state, do.ClosePoll(poll=P))
    over = carry_out(state, do.CloseSession(), actor=SYSTEM)
    assert poll_to_vote(closed, 1, 0) is refused_hands(closed, P, (0, 1)) is VOTE_OVER
    assert poll_to_vote(over, 1, 0) is refused_hands(over, P, (0, 1)) is VOTE_OVER
    void = carry_out(state, do.ClosePoll(poll=P, void=True))
    assert poll_to_vote(void, 1, 0) is refused_hands(void, P, (0, 1)) is NO_POLL
