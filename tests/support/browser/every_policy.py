"""Policy questions and calls of the house that shows every page."""

from __future__ import annotations

from moothall.app.hall import RunningServer
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, PaperId, PolicyQuestionId, RecipientId, SessionId
from moothall.core.outcomes import commands as of
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.calls import CallFields, OpenCalls, SelectedProposal, call_of, question_of
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.policy import PolicyQuestions
from moothall.services.sessions.catalogue import SessionCatalogue

OFFICE = Actor(Role.SECRETARIAT, "office")
CALL, OVER = call_of("every page"), call_of("over")
P1, P2, P3, P4 = (InterventionId(f"proposal{n}") for n in range(1, 5))
QUESTION = question_of(CALL, P1)
ENDED = PolicyQuestionId("ended")
NEAR = "Who pays for the last mile to each village?"
_TEXTS = (
    (P1, "Who pays for the <last mile> to the villages?", "en"),
    (P2, "من يدفع ثمن الميل الأخير إلى القرى؟", "ar"),
    (P3, "¿Quién paga la última milla hasta los pueblos?", "es"),
    (P4, "Who will pay for the last mile?", "en"),
)


async def every_policy(running: RunningServer) -> None:
    """Make an open call with a proposal of each fate, one that is over, and policy questions with all they have."""
    sessions, clock = running.backend.sessions, running.backend.clock
    logs = OutcomeLogs(sessions, entries=SessionCatalogue(running.backend.log).all)
    policy = PolicyQuestions(logs, clock=clock)
    calls = OpenCalls(logs, policy, clock=clock)
    text = "Propose what the meetings are to answer & why.\n\n- One question each\n- In any language"
    fields = CallFields(title="What shall we <ask>?", text=text, language="en", until=clock.wall() + 10**10)
    assert await calls.make("every page", OFFICE, fields) == CALL
    assert await calls.make("over", OFFICE, CallFields(title="Last year", text="It is over.", language="en")) == OVER
    assert await calls.close(OVER) is None
    live = await calls.find(CALL)
    assert live is not None
    for name, words, language in _TEXTS:
        ask = do.Ask(
            intervention=name,
            kind=InterventionKind.QUESTION,
            text=words,
            language=language,
            name="Ms. Añez <chair>",
            asker=name,
            origin="remote",
        )
        assert isinstance(await live.writer.send(Actor(Role.PARTICIPANT, name), CommandId(name), ask), Receipt)
    acts = (
        do.SetStatus(interventions=(P1, P2, P3, P4), status=InterventionStatus.QUEUED),
        do.SetStatus(interventions=(P4,), status=InterventionStatus.JOINED, into=P1),
        do.SetStatus(interventions=(P3,), status=InterventionStatus.DECLINED, reason="Asked & answered"),
    )
    for n, act in enumerate(acts):
        assert isinstance(await live.writer.send(OFFICE, CommandId(f"act{n}"), act), Receipt)
    body = RecipientId("cstd")
    stated = (
        of.RegisterRecipient(recipient=body, name="CSTD <Geneva>", issues=("Access",), site="https://example.org/"),
        of.StateQuestion(question=ENDED, text="Who paid for the water?", language="en"),
        of.CloseQuestion(question=ENDED, reason="It is answered & closed."),
    )
    assert await policy.send(OFFICE, CommandId("stated"), stated) is None
    chosen = SelectedProposal(
        intervention=P1,
        text="Who is to pay for the <last mile>?",
        language="en",
        sessions=(SessionId("plenary"), SessionId("yesterday")),
        recipients=(body,),
    )
    assert await calls.select(CALL, "select", OFFICE, chosen) is None
    again = of.StateQuestion(
        question=QUESTION,
        text="Who pays for the <last mile>, and how?",
        language="en",
        recipients=(body,),
        call=CALL,
        intervention=P1,
    )
    more = (
        again,
        of.FilePaper(
            paper=PaperId("study"),
            question=QUESTION,
            title="A <study>",
            address="https://example.org/a",
            recipient=body,
        ),
        of.PrepareSession(
            session=SessionId("plenary"), questions=(QUESTION,), objectives=("Agree on a <fund>", "Name who pays")
        ),
        of.PrepareSession(session=SessionId("yesterday"), questions=(QUESTION,), feeds=SessionId("plenary")),
    )
    assert await policy.send(SYSTEM, CommandId("more"), more) is None
