"""Questions of every status, for the pages that show them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from moothall.app.hall import RunningServer
from moothall.core import commands as do
from moothall.core.events.question_parts import (
    HUB,
    REMOTE,
    ROOM,
    InterventionKind,
    InterventionStatus,
    OpinionGroup,
    OpinionSums,
)
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, PollId, SegmentId, SessionId
from moothall.core.questions.statements import Dimension
from moothall.services.log.act_queue import Receipt

TEXT = (
    ("en", "The session is open to everybody, wherever they are."),
    ("ar", "يمكن للجميع طرح الأسئلة، أينما كانوا."),
    ("en", "Questions from remote hubs come first & are read aloud <in full>."),
)


BEFORE, NOW = PollId("before"), PollId("now")
SHOWS_OF_HANDS: tuple[do.AnyCommand, ...] = (
    do.OpenPoll(poll=BEFORE, question="هل نواصل؟", language="ar", options=("نعم", "لا")),
    do.CountRoom(poll=BEFORE, room=(7, 2)),
    do.ClosePoll(poll=BEFORE),
    do.OpenPoll(
        poll=NOW, question="Shall <the board> publish the figures?", language="en", options=("Yes & now", "No", "Later")
    ),
    do.CountRoom(poll=NOW, room=(12, 4, 0)),
)
"""A show of hands that is over, and one that is open."""


async def asked(running: RunningServer) -> None:
    """Ask questions of every visible status, in the meeting with translations."""
    writer = (await running.backend.sessions.open(SessionId("translated"))).writer
    names = tuple(
        InterventionId(name) for name in ("answered", "now", "first", "second", "later", "writing", "written")
    )

    async def told(what: str, *commands: do.AnyCommand) -> None:
        assert isinstance(await writer.send(Actor(Role.MODERATOR, "m1"), CommandId(what), commands), Receipt)

    for number, name in enumerate(names):
        language, text = TEXT[number % len(TEXT)]
        question = do.Ask(
            intervention=name,
            kind=list(InterventionKind)[number % 3],
            text=text,
            language=language,
            asker=name,
            name="Añez <Ms.>" if number % 2 else "",
        )
        await told(f"ask-{name}", question)
    statuses = (InterventionStatus.QUEUED,) * 4 + (InterventionStatus.LATER, InterventionStatus.TO_WRITE)
    for name, status in zip(names, statuses, strict=False):
        await told(f"stand-{name}", do.SetStatus(interventions=(name,), status=status))
    await told("write", do.WriteAnswer(intervention=names[-1], text="By the end of 2026 & not later.", language="en"))
    await told("call", do.SetStatus(interventions=names[:1], status=InterventionStatus.CALLED))
    line = SegmentId("line-2")
    await told("answer", do.SetStatus(interventions=names[:1], status=InterventionStatus.ANSWERED, segment=line))
    await told("next", do.SetStatus(interventions=names[1:2], status=InterventionStatus.CALLED))
    await running.backend.ballots.support(SessionId("translated"), 4, "somebody", "198.51.100.7")
    await told("hands", *SHOWS_OF_HANDS)


async def said_of_themselves(running: RunningServer) -> None:
    """Add statements of half of the authors in the plenary, so that figures by group exist."""
    session = SessionId("plenary")
    for number in range(6):
        said = {Dimension.GROUP: "civil-society", Dimension.YOUNG: "yes"}
        assert await running.backend.balance.say(session, InterventionId(f"q{number}"), said) is None
    await running.backend.balance.renew(session)


async def every_question(told: Callable[..., Awaitable[None]]) -> None:
    """Ask a question for each status, from every origin, in both directions of writing."""
    texts = (
        ("en", "Who pays for <water> & power?"),
        ("ar", "من يدفع ثمن المياه؟"),
        ("en", "Who pays for water and power?"),
    )
    origins = (ROOM, REMOTE, f"{HUB}kisumu")
    for number in range(12):
        language, text = texts[number % 3]
        asked = do.Ask(
            intervention=InterventionId(f"q{number}"),
            kind=(InterventionKind.QUESTION, InterventionKind.COMMENT, InterventionKind.REQUEST)[number % 3],
            text=text,
            language=language,
            asker=f"somebody-{number}",
            name=("Ana", "", "Bo & <Co>")[number % 3],
            origin=origins[number % 3],
            flags=("blocked-word",) if number == 1 else (),
        )
        await told(Actor(Role.PARTICIPANT, "p1"), f"asked-{number}", asked)

    async def stand(number: int, status: InterventionStatus, **more: Any) -> None:
        brought = do.SetStatus(interventions=(InterventionId(f"q{number}"),), status=status, **more)
        await told(Actor(Role.MODERATOR, "m1"), f"{status}-{number}", brought)

    for number in range(3, 12):
        await stand(number, InterventionStatus.QUEUED)
    await stand(6, InterventionStatus.CALLED)
    await stand(7, InterventionStatus.ANSWERED, segment=SegmentId("line-1"))
    await stand(8, InterventionStatus.LATER)
    await stand(9, InterventionStatus.DECLINED, reason="There is no time left")
    await stand(10, InterventionStatus.JOINED, into=InterventionId("q4"))
    answer = do.WriteAnswer(intervention=InterventionId("q11"), text="The towns do.", language="en")
    mended = do.Reword(intervention=InterventionId("q4"), text="من يدفع ثمن المياه والكهرباء؟")
    await told(Actor(Role.MODERATOR, "m1"), "answered-in-writing", answer, mended)
    await told(Actor(Role.MODERATOR, "m1"), "hands", *SHOWS_OF_HANDS)
    comments = (InterventionId("q4"), InterventionId("q7"))
    for_it, against = OpinionSums(agree=12, disagree=0, passed=1), OpinionSums(agree=1, disagree=9, passed=0)
    counted = do.CountOpinions(
        voters=23,
        sums={
            comments[0]: OpinionSums(agree=13, disagree=9, passed=1),
            comments[1]: OpinionSums(agree=22, disagree=0, passed=1),
        },
        groups=(
            OpinionGroup(people=13, sums=dict.fromkeys(comments, for_it)),
            OpinionGroup(people=10, sums={comments[0]: against}),
        ),
    )
    await told(Actor(Role.MODERATOR, "m1"), "votes", do.SwitchVoting(on=True), do.PutToVote(comments=comments))
    await told(SYSTEM, "opinions", counted)
