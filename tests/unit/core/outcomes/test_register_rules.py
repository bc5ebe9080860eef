from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import outcomes as oe
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import SendingState, SendingWay
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import (
    InterventionId,
    MessageId,
    PaperId,
    PolicyQuestionId,
    RecipientId,
    ReplyId,
    SendingId,
    SessionId,
)
from moothall.core.outcomes import commands as oc
from moothall.core.outcomes import register_rules as rules
from moothall.core.outcomes.call import Selected
from moothall.core.outcomes.register import MOST_SENDINGS, evolve_register
from moothall.core.sessions.state import State, evolve
from support.sessions.deciding import WALL, carry_out, events, refused
from support.sessions.outcomes import HALL, log

Q1, Q2, CSTD, ITU = PolicyQuestionId("q1"), PolicyQuestionId("q2"), RecipientId("cstd"), RecipientId("itu")
MAIN, FEEDER = SessionId("main"), SessionId("feeder")
P1 = InterventionId("p1")


def ask(text: str = "How can access be paid for?", **changed: object) -> oc.StateQuestion:
    fields: dict[str, object] = {"question": Q1, "text": text, "language": "en"}
    return oc.StateQuestion(**{**fields, **changed})  # type: ignore[arg-type]  # the fields of the command, by name


def recipient(name: str = "CSTD", **changed: object) -> oc.RegisterRecipient:
    fields: dict[str, object] = {"recipient": CSTD, "name": name}
    return oc.RegisterRecipient(**{**fields, **changed})  # type: ignore[arg-type]  # the fields of the command, by name


def paper(title: str = "A paper", **changed: object) -> oc.FilePaper:
    fields: dict[str, object] = {
        "paper": PaperId("a"),
        "question": Q1,
        "title": title,
        "address": "https://x.example/a",
    }
    return oc.FilePaper(**{**fields, **changed})  # type: ignore[arg-type]  # the fields of the command, by name


def reply(text: str = "CSTD took note of it.", **changed: object) -> oc.NoteReply:
    fields: dict[str, object] = {
        "reply": ReplyId("r1"),
        "recipient": CSTD,
        "text": text,
        "language": "en",
        "document": SessionId("document.2026"),
        "message": MessageId("m1"),
    }
    return oc.NoteReply(**{**fields, **changed})  # type: ignore[arg-type]  # the fields of the command, by name


def prepare(session: SessionId = HALL, *questions: PolicyQuestionId, **changed: object) -> oc.PrepareSession:
    return oc.PrepareSession(session=session, questions=questions, **changed)  # type: ignore[arg-type]  # by name


def register(*commands: do.AnyCommand) -> State:
    return log(ev.LogKind.REGISTER, *commands)


def wrong(state: State, command: do.AnyCommand) -> RefusalCode:
    return refused(state, command).code


def test_a_question_keeps_its_wordings() -> None:
    state = register(
        ask("  How   can it be paid for? "), ask(language="pt"), recipient(), ask(language="pt", recipients=(CSTD,))
    )
    known = state.outcomes.register.questions[Q1]
    assert [(each.text, each.language) for each in known.wordings] == [
        ("How can it be paid for?", "en"),
        ("How can access be paid for?", "pt"),
    ]
    assert (known.text, known.language, known.recipients) == ("How can access be paid for?", "pt", (CSTD,))
    assert known.wordings[0].at == WALL
    assert wrong(state, ask(language="pt", recipients=(CSTD,))) is RefusalCode.CONFLICT
    assert wrong(state, ask(recipients=(ITU,))) is RefusalCode.UNKNOWN


@pytest.mark.parametrize(
    "command", [ask(" "), ask("x" * 501), ask(question=PolicyQuestionId("Q 1")), ask(language="english!")]
)
def test_a_question_that_is_none(command: oc.StateQuestion) -> None:
    assert wrong(register(), command) is RefusalCode.INVALID


def test_the_register_is_full() -> None:
    state = register(ask(), recipient(), paper(), reply())
    known = state.outcomes.register
    full = msgspec.structs.replace(
        known,
        questions={PolicyQuestionId(f"q{n}"): known.questions[Q1] for n in range(1, rules.MOST_QUESTIONS + 1)},
        papers={PaperId(f"a{n or ''}"): known.papers[PaperId("a")] for n in range(rules.MOST_PAPERS)},
        recipients={CSTD: known.recipients[CSTD], **dict.fromkeys(_names(), known.recipients[CSTD])},
        replies={ReplyId(f"r{n}"): known.replies[ReplyId("r1")] for n in range(1, rules.MOST_REPLIES + 1)},
    )
    state = msgspec.structs.replace(state, outcomes=msgspec.structs.replace(state.outcomes, register=full))
    for command in (
        ask(question=PolicyQuestionId("more")),
        recipient(recipient=ITU),
        paper(paper=PaperId("more")),
        reply(reply=ReplyId("more")),
    ):
        assert wrong(state, command) is RefusalCode.CONFLICT
    carry_out(state, ask("Other?"), recipient("Other"), paper("Other"), reply("Other"))


def _names() -> list[RecipientId]:
    return [RecipientId(f"b{n}") for n in range(1, rules.MOST_RECIPIENTS)]


def test_a_question_is_closed_and_asked_again() -> None:
    state = register(ask(), oc.CloseQuestion(question=Q1, reason=" Answered. "))
    assert state.outcomes.register.questions[Q1].closed == "Answered."
    assert wrong(state, oc.CloseQuestion(question=Q1, reason="Answered.")) is RefusalCode.CONFLICT
    assert wrong(state, oc.CloseQuestion(question=Q2, reason="")) is RefusalCode.UNKNOWN
    assert wrong(state, oc.CloseQuestion(question=Q1, reason="x" * 501)) is RefusalCode.INVALID
    reworded = carry_out(state, ask("Who pays?"))
    assert reworded.outcomes.register.questions[Q1].closed == "Answered."
    again = carry_out(state, oc.CloseQuestion(question=Q1, reason=None))
    assert again.outcomes.register.questions[Q1].closed is None


def test_what_sessions_are_to_answer() -> None:
    state = register(
        ask(),
        ask(question=Q2),
        prepare(MAIN, Q1, objectives=(" Two  options ", "")),
        prepare(FEEDER, Q1, Q2, feeds=MAIN),
    )
    known = state.outcomes.register
    assert known.prepared[MAIN].objectives == ("Two options",)
    assert (known.sessions_of(Q1), known.sessions_of(Q2)) == ((MAIN, FEEDER), (FEEDER,))
    assert (known.feeders_of(MAIN), known.feeders_of(FEEDER)) == ((FEEDER,), ())
    assert wrong(state, prepare(FEEDER, Q1, Q2, feeds=MAIN)) is RefusalCode.CONFLICT
    assert wrong(state, prepare(MAIN, Q1, feeds=HALL)) is RefusalCode.CONFLICT, "others feed it"
    assert wrong(state, prepare(HALL, Q1, feeds=FEEDER)) is RefusalCode.CONFLICT, "it feeds another itself"
    carry_out(state, prepare(HALL, Q1, feeds=MAIN))


def test_a_closed_question_stays_where_it_was_and_comes_nowhere_else() -> None:
    state = register(ask(), prepare(MAIN, Q1), oc.CloseQuestion(question=Q1, reason=""))
    carry_out(state, prepare(MAIN, Q1, objectives=("Go on",)))
    assert wrong(state, prepare(FEEDER, Q1)) is RefusalCode.UNKNOWN
    assert wrong(state, prepare(MAIN, Q1, Q2)) is RefusalCode.UNKNOWN


@pytest.mark.parametrize(
    "command",
    [
        prepare(SessionId("No Name")),
        prepare(MAIN, feeds=MAIN),
        prepare(MAIN, Q1, Q1),
        prepare(MAIN, *(PolicyQuestionId(f"q{n}") for n in range(21))),
        prepare(MAIN, objectives=tuple(f"o{n}" for n in range(11))),
        prepare(MAIN, objectives=("x" * 501,)),
    ],
)
def test_a_preparation_that_is_none(command: oc.PrepareSession) -> None:
    assert wrong(register(ask()), command) is RefusalCode.INVALID


def test_papers_stand_beside_a_question() -> None:
    state = register(ask(), recipient(), paper(" Access  for all ", recipient=CSTD))
    assert [(each.title, each.recipient) for each in state.outcomes.register.papers.values()] == [
        ("Access for all", CSTD)
    ]
    assert carry_out(state, paper("")).outcomes.register.papers == {}
    assert wrong(state, paper("", paper=PaperId("b"))) is RefusalCode.CONFLICT
    assert wrong(state, paper(question=Q2)) is RefusalCode.UNKNOWN
    assert wrong(state, paper(recipient=ITU)) is RefusalCode.UNKNOWN
    for address in ("", "x.example", "javascript:x", "https://x y", "https://" + "x" * 2_000):
        assert wrong(state, paper(address=address)) is RefusalCode.INVALID
    for command in (paper("x" * 301), paper(paper=PaperId("A B"))):
        assert wrong(state, command) is RefusalCode.INVALID


def test_bodies_and_where_they_are_reached() -> None:
    there = recipient(issues=(" access ", "access", ""), questions=(Q1,), site="https://cstd.example", symbol="E/CN.16")
    state = register(ask(), there)
    known = state.outcomes.register.recipients[CSTD]
    assert (known.issues, known.questions, known.symbol) == (("access",), (Q1,), "E/CN.16")
    by_mail = oc.AddressRecipient(recipient=CSTD, way=SendingWay.EMAIL, address=" cstd@example.org ")
    state = carry_out(state, by_mail)
    assert state.outcomes.register.addresses[CSTD].address == "cstd@example.org"
    assert wrong(state, by_mail) is RefusalCode.CONFLICT
    feed = carry_out(state, oc.AddressRecipient(recipient=CSTD, way=SendingWay.FEED, address="ignored"))
    assert feed.outcomes.register.addresses[CSTD].address == ""
    hook = carry_out(state, oc.AddressRecipient(recipient=CSTD, way=SendingWay.WEBHOOK, address="https://x.example/h"))
    assert hook.outcomes.register.addresses[CSTD].way is SendingWay.WEBHOOK
    nothing = carry_out(state, oc.AddressRecipient(recipient=CSTD, way=None))
    assert nothing.outcomes.register.addresses == {}
    assert wrong(nothing, oc.AddressRecipient(recipient=CSTD, way=None)) is RefusalCode.CONFLICT
    assert wrong(state, oc.AddressRecipient(recipient=ITU, way=None)) is RefusalCode.UNKNOWN
    for way, address in ((SendingWay.EMAIL, "cstd"), (SendingWay.EMAIL, "a@b, c@d"), (SendingWay.WEBHOOK, "cstd@x")):
        assert wrong(state, oc.AddressRecipient(recipient=CSTD, way=way, address=address)) is RefusalCode.INVALID
    assert (
        wrong(state, oc.AddressRecipient(recipient=CSTD, way=SendingWay.EMAIL, address="a@" + "b" * 2_000))
        is RefusalCode.INVALID
    )
    assert carry_out(state, recipient("")).outcomes.register.recipients == {}
    assert wrong(state, recipient("", recipient=ITU)) is RefusalCode.UNKNOWN


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (recipient(recipient=RecipientId("A B")), RefusalCode.INVALID),
        (recipient("x" * 301), RefusalCode.INVALID),
        (recipient(symbol="x" * 301), RefusalCode.INVALID),
        (recipient(issues=tuple(f"i{n}" for n in range(41))), RefusalCode.INVALID),
        (recipient(issues=("x" * 301,)), RefusalCode.INVALID),
        (recipient(site="cstd.example"), RefusalCode.INVALID),
        (recipient(questions=(Q2,)), RefusalCode.UNKNOWN),
    ],
)
def test_a_body_that_is_none(command: oc.RegisterRecipient, code: RefusalCode) -> None:
    assert wrong(register(ask()), command) is code


def sending(name: str, state: SendingState = SendingState.SENT, to: RecipientId = CSTD) -> oc.NoteSending:
    document = SessionId("document.2026")
    return oc.NoteSending(
        sending=SendingId(name), recipient=to, document=document, n=1, way=SendingWay.EMAIL, state=state
    )


def test_what_was_sent_to_whom() -> None:
    state = register(recipient(), sending("x1"), sending("x2"), sending("x1", SendingState.ACKNOWLEDGED))
    assert {name: each.state for name, each in state.outcomes.register.sendings.items()} == {
        "x2": SendingState.SENT,
        "x1": SendingState.ACKNOWLEDGED,
    }
    assert wrong(state, sending("x3", to=ITU)) is RefusalCode.UNKNOWN
    assert wrong(state, sending("x 3")) is RefusalCode.UNKNOWN


def test_what_was_sent_is_answered_by_what_came_back_since() -> None:
    state = register(recipient(), sending("x1"))
    [sent] = state.outcomes.register.sendings.values()
    assert not state.outcomes.register.answered(sent)
    known = carry_out(state, reply(document=sent.document)).outcomes.register
    assert known.answered(sent)
    assert not known.answered(msgspec.structs.replace(sent, at=sent.at + 1)), "it came before"
    assert not known.answered(msgspec.structs.replace(sent, recipient=ITU))


def test_the_oldest_sending_leaves_the_state() -> None:
    state = register(recipient(), sending("x1"))
    known = state.outcomes.register
    many = dict.fromkeys((SendingId(f"y{n}") for n in range(MOST_SENDINGS)), known.sendings[SendingId("x1")])
    (sent,) = events(state, sending("x2"))
    assert isinstance(sent, oe.DocumentSent)
    known = evolve_register(msgspec.structs.replace(known, sendings=many), sent, WALL)
    assert (len(known.sendings), "y0" in known.sendings, "x2" in known.sendings) == (MOST_SENDINGS, False, True)


def test_what_a_body_did() -> None:
    state = register(recipient(), reply(" CSTD took note. ", address="https://cstd.example/n"))
    known = state.outcomes.register.replies[ReplyId("r1")]
    assert (known.text, known.at, known.message) == ("CSTD took note.", WALL, "m1")
    assert carry_out(state, reply("")).outcomes.register.replies == {}
    assert wrong(state, reply("", reply=ReplyId("r2"))) is RefusalCode.CONFLICT
    assert wrong(state, reply(recipient=ITU)) is RefusalCode.UNKNOWN
    for command in (
        reply("x" * 1_001),
        reply(language="!"),
        reply(reply=ReplyId("R 1")),
        reply(address="cstd.example"),
    ):
        assert wrong(state, command) is RefusalCode.INVALID


def test_a_question_whose_statement_was_removed_is_closed_by_nothing() -> None:
    state = register()
    assert evolve(state, oe.QuestionClosed(question=Q1, reason=""), WALL) == state


def call() -> State:
    asked = do.Ask(
        intervention=P1, kind=InterventionKind.QUESTION, text="Who pays?", language="en", asker="a1", origin="remote"
    )
    return log(ev.LogKind.CALL, oc.StateCall(text="Which questions?", language="en", until=WALL + 1), asked)


def test_a_call_says_what_it_asks_for() -> None:
    state = call()
    assert (state.outcomes.call.text, state.outcomes.call.until) == ("Which questions?", WALL + 1)
    same = oc.StateCall(text="Which questions?", language="en", until=WALL + 1)
    assert wrong(state, same) is RefusalCode.CONFLICT
    for text, language in ((" ", "en"), ("x" * 10_001, "en"), ("Which?", "!")):
        assert wrong(state, oc.StateCall(text=text, language=language)) is RefusalCode.INVALID


def test_a_published_proposal_becomes_a_policy_question() -> None:
    select = oc.SelectSubmission(intervention=P1, question=Q1, sessions=(HALL,))
    assert wrong(call(), select) is RefusalCode.UNKNOWN, "only the staff has read it"
    assert wrong(call(), oc.SelectSubmission(intervention=InterventionId("p9"), question=Q1)) is RefusalCode.UNKNOWN
    state = carry_out(call(), do.SetStatus(interventions=(P1,), status=InterventionStatus.QUEUED))
    assert wrong(state, oc.SelectSubmission(intervention=P1, question=PolicyQuestionId("Q 1"))) is RefusalCode.INVALID
    state = carry_out(state, select)
    assert state.outcomes.call.selected == {P1: Selected(Q1, (HALL,))}
    assert wrong(state, select) is RefusalCode.CONFLICT
    back = oc.SelectSubmission(intervention=P1, question=None)
    assert carry_out(state, back).outcomes.call.selected == {}
    assert wrong(carry_out(state, back), back) is RefusalCode.CONFLICT
