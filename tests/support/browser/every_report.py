"""A report with a message of every kind, one that was published and is written further, for tests of pages."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.app.backend import Backend
from moothall.core.commands import CorrectSegment
from moothall.core.events.outcome_parts import Confirmer, MessageKind, PublishedMessage
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import ChannelId, CommandId, MessageId, ObjectionId, SessionId
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.report import ReportVersion
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.prefilling import lines_cited, spoken_lines
from moothall.services.outcomes.publishing import published_sections
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.live_session import LiveSession

OFFICE = Actor(Role.SECRETARIAT, "office")
FLOOR = ChannelId("floor")
DUE = 1_764_000_000_000


async def every_report(backend: Backend, session: SessionId) -> None:
    """Write and publish the report of a closed session that has lines; mend one of the lines that it cites, and write a
    message that misquotes it.
    """
    about = await backend.sessions.find(session)
    assert about is not None

    async def nothing() -> Sequence[Entry]:
        return ()

    logs = OutcomeLogs(backend.sessions, entries=nothing)
    live = await logs.report(session, about.state.title, about.state.access)
    assert isinstance(live, LiveSession)

    async def told(by: Actor, name: str, command: do.ReportCommand) -> None:
        answer = await live.writer.send(by, CommandId(f"every-{name}"), command)
        assert isinstance(answer, Receipt), answer

    def newest() -> ReportVersion:
        version = live.state.outcomes.report.newest
        assert version is not None
        return version

    assign = do.AssignReport(session=session, template="igf-session", due=DUE, links=("nobody",))
    await told(OFFICE, "assign", assign)
    section = do.WriteSection(section="discussion", text="It was <long>.\n\nIt ended.", base_revision=0)
    await told(OFFICE, "section", section)
    lines = [line.id for line in spoken_lines(about.state, FLOOR)]
    for number, kind in enumerate(MessageKind):
        first, last = lines[number], lines[number + 1]
        cited = lines_cited(session, about.writer.offset, FLOOR, first, last)
        message = do.WriteMessage(
            message=MessageId(f"m{number}"),
            kind=kind,
            text=f"The <board> was heard: {kind}.",
            holders=("Business", "المجتمع المدني"),
            citations=(cited,) if number else (),
            own=not number,
            base_revision=0,
        )
        await told(OFFICE, f"message-{number}", message)
    await told(OFFICE, "submit", do.SubmitReport())
    report = live.state.outcomes.report
    publish = do.PublishReport(
        title="What the <plenary> found",
        language="en",
        sections=published_sections(report, None, "en"),
        messages=tuple(made_of(PublishedMessage, each) for each in report.messages.values()),
    )
    await told(SYSTEM, "publish", publish)
    await told(OFFICE, "confirm", do.ConfirmMessage(message=MessageId("m0"), n=newest().n, by=Confirmer.CHAIR))
    assert isinstance(await backend.commitments.make(session, MessageId("m4")), str)
    objection = do.ObjectToMessage(
        objection=ObjectionId("o"), message=MessageId("m1"), n=1, name="Youth <group>", text="لا نوافق.", language="ar"
    )
    await told(OFFICE, "object", objection)
    line = about.state.segments.get(lines[2])
    assert line is not None
    fix = CorrectSegment(
        channel=line.channel,
        segment=line.id,
        base_revision=line.revision,
        base_words=len(line.words),
        text="It was mended.",
    )
    assert isinstance(await about.writer.send(Actor(Role.CAPTIONER, "c1"), CommandId("every-report-fix"), fix), Receipt)
    again = live.state.outcomes.report.messages[MessageId("m1")]
    wrong = do.WriteMessage(
        message=again.id,
        kind=again.kind,
        text="Somebody said “nothing of the kind”.",
        holders=again.holders,
        citations=again.citations,
        base_revision=again.revision,
    )
    await told(OFFICE, "wrong", wrong)
