from __future__ import annotations

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import FirstKnow, Refusal
from moothall.core.kernel.ids import CommandId
from moothall.core.sessions.state import State
from moothall.services.desks.acts import DeskPresence
from moothall.services.desks.calls import WITHIN_MS, Call, Calls
from support.sessions.deciding import carry_out
from support.sessions.questions import MODERATOR, asked, name, stand

AMINA = DeskPresence(desk="1", role=Role.MODERATOR, label="Desk 1", name="Amina")
BEN = DeskPresence(desk="2", role=Role.MODERATOR, label="Desk 2")
A, B, C = (CommandId(each) for each in "abc")


def queued() -> State:
    return carry_out(asked(), stand(InterventionStatus.QUEUED, "a", "b", "c"), actor=MODERATOR)


def begin(
    calls: Calls, state: State, act: CommandId, what: str, by: DeskPresence, *, now: int, known: bool = False
) -> Refusal | Call | None:
    return calls.begin(state, act, [stand(InterventionStatus.CALLED, what)], by, now, known=known)


def test_whoever_calls_another_one_within_seconds_is_told_first_and_named_when_they_do() -> None:
    calls, state = Calls(), queued()
    assert begin(calls, state, A, "a", AMINA, now=0) is None
    state = carry_out(state, stand(InterventionStatus.CALLED, "a"), actor=MODERATOR)
    told = begin(calls, state, B, "b", BEN, now=4_000)
    assert isinstance(told, Refusal)
    assert told.first_know == FirstKnow(kind="called", who="Amina", number=1, seconds=4)
    assert begin(calls, state, B, "b", BEN, now=5_000, known=True) == Call(
        act=A, by=AMINA, intervention=name("a"), at=0
    )
    state = carry_out(state, stand(InterventionStatus.CALLED, "b"), actor=MODERATOR)
    back = begin(calls, state, C, "c", AMINA, now=6_000)
    assert isinstance(back, Refusal)
    assert back.first_know == FirstKnow(kind="called", who="Desk 2", number=2, seconds=1)


def test_two_calls_that_are_under_way_are_told_apart_as_well() -> None:
    calls, state = Calls(), queued()
    assert begin(calls, state, A, "a", AMINA, now=0) is None
    assert isinstance(begin(calls, state, B, "b", BEN, now=1), Refusal)
    calls.ended(B, done=False)
    calls.ended(A, done=False)
    assert begin(calls, state, B, "b", BEN, now=2) is None


def test_nothing_is_asked_of_the_same_person_the_same_question_or_later() -> None:
    state = carry_out(queued(), stand(InterventionStatus.CALLED, "a"), actor=MODERATOR)

    def after(act: CommandId, what: str, by: DeskPresence, now: int) -> object:
        calls = Calls()
        begin(calls, state, A, "a", AMINA, now=0)
        return begin(calls, state, act, what, by, now=now)

    assert after(B, "b", AMINA, 1) is None
    assert after(A, "b", BEN, 1) is None, "it is sent again"
    assert after(B, "a", BEN, 1) is None
    assert after(B, "b", BEN, WITHIN_MS) is None
    calls = Calls()
    begin(calls, state, A, "a", AMINA, now=0)
    calls.ended(A, done=True)
    for status in (InterventionStatus.ANSWERED, InterventionStatus.QUEUED):
        over = carry_out(state, stand(status, "a"), actor=MODERATOR)
        again = Calls()
        begin(again, state, A, "a", AMINA, now=0)
        again.ended(A, done=True)
        assert begin(again, over, B, "b", BEN, now=1) is None, "it was brought elsewhere"
    assert calls.begin(state, C, [stand(InterventionStatus.LATER, "b")], BEN, 1, known=False) is None
