from __future__ import annotations

from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.events.types import LogKind
from moothall.core.kernel.ids import PolicyQuestionId, SessionId
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.preparing import session_list
from moothall.core.outcomes.register_rules import MOST_OF_SESSION
from support.sessions.outcomes import HALL, log

A, B, OWN = PolicyQuestionId("a"), PolicyQuestionId("b"), PolicyQuestionId("q1")


def register(*questions: PolicyQuestionId) -> do.PrepareSession:
    return do.PrepareSession(session=HALL, questions=questions)


STATED = [do.StateQuestion(question=name, text=f"Who pays {name}?", language="en") for name in (A, B)]


def test_a_session_gets_the_prepared_questions_before_its_own() -> None:
    known = log(LogKind.REGISTER, *STATED, register(B, A)).outcomes.register
    own = PolicyQuestion(id=OWN, text="Its own?")
    listed = session_list(known, HALL, [PolicyQuestion(id=A, text="An earlier wording?"), own])
    assert [(each.id, each.text) for each in listed] == [(B, "Who pays b?"), (A, "Who pays a?"), (OWN, "Its own?")]


def test_what_is_prepared_no_longer_leaves_the_list_and_own_questions_stay() -> None:
    known = log(LogKind.REGISTER, *STATED, register(A)).outcomes.register
    own = [PolicyQuestion(id=PolicyQuestionId(f"q{n}"), text="Own?") for n in range(MOST_OF_SESSION)]
    listed = session_list(known, HALL, [PolicyQuestion(id=B, text="Who pays b?"), *own])
    assert [each.id for each in listed] == [A, *(each.id for each in own[:-1])]
    assert session_list(known, SessionId("another"), own[:2]) == tuple(own[:2])
