from __future__ import annotations

import msgspec
import pytest

from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.questions.interventions import Intervention
from moothall.core.questions.limits import MOST, MOST_EVER, MOST_OF_HUB, MOST_OPEN
from moothall.core.sessions.state import State, Status
from moothall.services.questions.asking import RejectedQuestion
from moothall.services.questions.author_view import Own, OwnAct, QuestionStage
from moothall_hub.outbox.outbox import ActState, ActStatus
from moothall_hub.room import own_view
from moothall_hub.room.local_questions import Local, LocalQuestion, LocalQuestions, Mode, SentAct
from moothall_hub.room.own_view import where

S, WALL = SessionId("s"), 1_000
WAITS = ActStatus(state=ActState.WAITING)
DONE = ActStatus(state=ActState.DONE)


def question(what: str, asker: str = "", **more: object) -> LocalQuestion:
    made = LocalQuestion(
        id=InterventionId(what), number=0, form=f"f-{what}", kind=InterventionKind.QUESTION,
        text="Why?", language="en", name="",
        asker=asker or f"by-{what}", at=WALL,
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def local(*questions: LocalQuestion, mode: Mode = Mode.COORDINATOR) -> LocalQuestions:
    return LocalQuestions(session=S, mode=mode).with_(
        *(msgspec.structs.replace(each, number=n) for n, each in enumerate(questions, 1))
    )


def there(what: str, status: InterventionStatus, **more: object) -> Intervention:
    made = Intervention(
        id=InterventionId(what), number=7, kind=InterventionKind.QUESTION,
        received="", text="Why?", language="en", name="",
        origin="hub:kisumu", asker="", t=0, status=status, published=True,
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def meeting(*all_: Intervention, status: Status = Status.OPEN) -> State:
    state = State(id=S, status=status)
    known = state.questions.interventions
    for each in all_:
        known = known.set(each.id, each)
    return msgspec.structs.replace(state, questions=msgspec.structs.replace(state.questions, interventions=known))


def tried(each: LocalQuestion, on: LocalQuestions, state: State | None = None) -> object:
    return own_view.ask(on, each, state, WALL)


def test_the_rules_are_those_of_the_meeting() -> None:
    one = local(question("r", "ana", text="", kind=InterventionKind.REQUEST))
    assert tried(question("t", "ana", text="", kind=InterventionKind.REQUEST), one) is RejectedQuestion.REQUESTED
    assert isinstance(tried(question("t", "bea", text="", kind=InterventionKind.REQUEST), one), LocalQuestion)
    many = local(*(question(f"q{n}", "ana") for n in range(MOST_OPEN)))
    assert tried(question("t", "ana"), many) is RejectedQuestion.MANY
    full = local(*(question(f"q{n}") for n in range(MOST)))
    assert tried(question("t"), full) is RejectedQuestion.FULL
    ever = LocalQuestions(session=S).with_(question("q", number=MOST_EVER, stands=Local.WITHDRAWN))
    assert tried(question("t"), ever) is RejectedQuestion.FULL, "whatever became of them"
    passed_on = local(
        *(question(f"q{n}", stands=Local.FORWARDED, forwarded=True) for n in range(MOST_OF_HUB)), mode=Mode.OPEN
    )
    assert tried(question("t"), passed_on) is RejectedQuestion.MANY, "the meeting takes no more of one hub"
    taken = tried(question("t"), msgspec.structs.replace(passed_on, mode=Mode.COORDINATOR))
    assert isinstance(taken, LocalQuestion), "it is kept here first"


def test_what_has_had_its_turn_or_is_kept_here_is_not_open() -> None:
    waits = question("r", "ana", text="", kind=InterventionKind.REQUEST, stands=Local.FORWARDED, forwarded=True)
    again = question("t", "ana", text="", kind=InterventionKind.REQUEST)
    assert tried(again, local(waits)) is RejectedQuestion.REQUESTED
    assert (
        tried(again, local(waits), meeting(there("r", InterventionStatus.QUEUED, kind=InterventionKind.REQUEST)))
        is RejectedQuestion.REQUESTED
    )
    answered = meeting(there("r", InterventionStatus.ANSWERED, kind=InterventionKind.REQUEST))
    assert isinstance(tried(again, local(waits), answered), LocalQuestion)
    kept = local(msgspec.structs.replace(waits, stands=Local.KEPT, forwarded=False))
    assert isinstance(tried(again, kept), LocalQuestion)


def test_what_another_machine_of_the_hub_has_brought_to_the_meeting_is_taken_here_too() -> None:
    many = local(*(question(f"q{n}", "ana") for n in range(MOST_OPEN)))
    taken = tried(question("t", "ana"), many, meeting(there("t", InterventionStatus.QUEUED)))
    assert isinstance(taken, LocalQuestion)
    assert taken.number == MOST_OPEN + 1


def test_where_a_question_is_for_its_author() -> None:
    here = question("a")
    on = question("a", stands=Local.FORWARDED, forwarded=True)
    sent = ActStatus(state=ActState.SENT)
    refused = ActStatus(state=ActState.REFUSED, code=RefusalCode.CONFLICT, message="The meeting is over.")
    assert where(here, None, None) is QuestionStage.HERE
    assert where(question("a", stands=Local.KEPT), None, None) is QuestionStage.KEPT
    assert where(question("a", stands=Local.JOINED), None, None) is QuestionStage.JOINED
    assert where(question("a", stands=Local.WITHDRAWN), None, None) is QuestionStage.WITHDRAWN
    assert [where(on, act, None) for act in (None, WAITS, sent, DONE, refused)] == [
        QuestionStage.WAITING,
        QuestionStage.WAITING,
        QuestionStage.WAITING,
        QuestionStage.ARRIVED,
        QuestionStage.REFUSED,
    ]
    assert where(on, WAITS, there("a", InterventionStatus.QUEUED)) is QuestionStage.STANDS
    gone = question("a", stands=Local.WITHDRAWN, forwarded=True)
    assert where(gone, DONE, there("a", InterventionStatus.CALLED)) is QuestionStage.STANDS


def offered(own: Own) -> set[str]:
    may = {"back": own.may_go, "later": own.may_put_off, "ready": own.may_return, "again": own.may_ask_again}
    return {name for name, yes in may.items() if yes}


def seen(each: LocalQuestion, state: State, *acts: OwnAct, asked: ActStatus = DONE) -> Own:
    sent = [(SentAct(id=CommandId(f"a{n}"), act=act), WAITS) for n, act in enumerate(acts)]
    return own_view.own_here(local(each), each, state, asked, sent, wall=WALL, up=True)


def test_what_is_offered_is_what_the_meeting_takes_once_what_waits_is_done() -> None:
    on, queued = question("a", stands=Local.FORWARDED, forwarded=True), meeting(there("a", InterventionStatus.QUEUED))
    assert offered(seen(on, queued)) == {"back", "later"}
    later = seen(on, queued, OwnAct.LATER)
    assert offered(later) == {"back", "ready"}
    assert later.intervention.status is InterventionStatus.QUEUED, "the meeting has not said so"
    assert offered(seen(on, queued, OwnAct.LATER, OwnAct.READY)) == {"back", "later"}
    assert offered(seen(on, queued, OwnAct.BACK)) == {"again"}
    assert offered(seen(on, queued, OwnAct.READY)) == {"back", "later"}, "that is refused there"
    over = meeting(there("a", InterventionStatus.QUEUED), status=Status.CLOSED)
    assert offered(seen(on, over)) == {"back"}
    assert offered(seen(on, meeting(), asked=ActStatus(state=ActState.REFUSED))) == set()
    assert offered(seen(question("a"), meeting())) == {"back"}
    assert offered(seen(question("a", stands=Local.WITHDRAWN), meeting())) == {"again"}
    assert offered(seen(question("a", stands=Local.JOINED), meeting())) == set()


@pytest.mark.parametrize("mode", Mode)
def test_here_it_is_taken_back_and_asked_after_all_without_any_uplink(mode: Mode) -> None:
    one = question("a", on_wall=True)
    back = own_view.bring(local(one, mode=mode), one, meeting(), (), OwnAct.BACK, wall=WALL)
    assert isinstance(back, LocalQuestion)
    assert (back.stands, back.on_wall, back.forwarded) == (Local.WITHDRAWN, False, False)
    again = own_view.bring(local(back, mode=mode), back, meeting(), (), OwnAct.AGAIN, wall=WALL)
    assert isinstance(again, LocalQuestion)
    assert again.forwarded is (mode is Mode.OPEN)
    assert again.stands is (Local.FORWARDED if again.forwarded else Local.HERE)


def test_acts_of_an_author_go_by_the_rules_and_what_waits() -> None:
    on, queued = question("a", stands=Local.FORWARDED, forwarded=True), meeting(there("a", InterventionStatus.QUEUED))

    def code(act: OwnAct, *waiting: OwnAct, state: State = queued) -> RefusalCode | None:
        sent = [SentAct(id=CommandId(f"a{n}"), act=each) for n, each in enumerate(waiting)]
        found = own_view.bring(local(on), on, state, sent, act, wall=WALL)
        return None if isinstance(found, LocalQuestion) else found.code

    assert code(OwnAct.LATER) is None
    assert code(OwnAct.LATER, OwnAct.LATER) is RefusalCode.FORBIDDEN, "pressed twice it is there once"
    assert code(OwnAct.READY) is RefusalCode.FORBIDDEN
    assert code(OwnAct.READY, OwnAct.LATER) is None
    assert code(OwnAct.LONGER) is RefusalCode.CONFLICT
    over = meeting(there("a", InterventionStatus.QUEUED), status=Status.CLOSED)
    assert code(OwnAct.LATER, state=over) is RefusalCode.CONFLICT
    assert code(OwnAct.BACK, state=over) is None


def test_a_refused_act_is_told_unless_its_author_has_what_it_wanted() -> None:
    on, state = question("a", stands=Local.FORWARDED, forwarded=True), meeting(there("a", InterventionStatus.ANSWERED))
    act = SentAct(id=CommandId("a1"), act=OwnAct.LATER)

    def told(answer: ActStatus) -> str:
        room = own_view.own_here(local(on), on, state, DONE, [(act, answer)], wall=WALL, up=True).room
        assert room is not None
        return "" if room.refused is None else room.refused.message

    assert told(ActStatus(state=ActState.REFUSED, code=RefusalCode.CONFLICT, message="Too late.")) == "Too late."
    assert not told(ActStatus(state=ActState.REFUSED, code=RefusalCode.STALE, message="It is there."))
    assert not told(DONE)
