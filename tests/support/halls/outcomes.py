"""A report of a meeting, policy questions and a document made of the report, in a running server."""

from __future__ import annotations

from moothall.app.hall import RunningServer
from moothall.core import commands as do
from moothall.core.events.outcome_parts import (
    Citation,
    DocumentForm,
    MessageKind,
    PublishedMessage,
    PublishedSection,
    SendingState,
    SendingWay,
)
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import (
    ChannelId,
    CitationId,
    CommandId,
    MessageId,
    ObjectionId,
    PolicyQuestionId,
    RecipientId,
    ReplyId,
    SegmentId,
    SendingId,
    SessionId,
)
from moothall.core.outcomes import commands as oc
from moothall.core.outcomes.assembling import Answered, AssemblyWords
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.documents import Documents
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.services.outcomes.quoted_words import QuotedTexts
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.live_session import LiveSession

STAFF = Actor(Role.SECRETARIAT, "staff-1")
Q1, Q2, CSTD = PolicyQuestionId("access"), PolicyQuestionId("alone"), RecipientId("cstd")
DOCUMENT = SessionId("outcomes-2026")
WORDS = AssemblyWords(
    language="en",
    bodies="Bodies that deal with it already: {names}",
    answered={each: each.value for each in Answered},
    sessions="From these meetings: {names}",
    unreported="No report is published yet of: {names}",
    headings={each: each.value for each in MessageKind},
    nothing="No report of this meeting is published yet.",
    held="{day}, version {n}",
)


class OutcomeWriter:
    """Writes logs about outcomes into a running server."""

    def __init__(self, running: RunningServer) -> None:
        self.running = running
        self.catalogue = SessionCatalogue(running.backend.log)
        self.logs = OutcomeLogs(running.backend.sessions, entries=self.catalogue.all)
        self.n = 0

    async def send(self, live: object, by: Actor, *commands: do.AnyCommand) -> None:
        assert isinstance(live, LiveSession), live
        self.n += 1
        answer = await live.writer.send(by, CommandId(f"outcomes-{self.n}"), list(commands))
        assert isinstance(answer, Receipt), answer

    async def register(self) -> None:
        """State two policy questions and register a body that deals with one of them."""
        register = await self.logs.register()
        body = oc.RegisterRecipient(
            recipient=CSTD, name="CSTD & others", issues=("access",), site="https://cstd.example", symbol="E/CN.16"
        )
        first = oc.StateQuestion(question=Q1, text="How can <access> be paid for?", language="en", recipients=(CSTD,))
        second = oc.StateQuestion(question=Q2, text="¿Quién decide?", language="es")
        await self.send(register, STAFF, body, first, second)

    async def report(self, session: SessionId, *messages: PublishedMessage) -> None:
        """Publish a report of a session."""
        live = await self.logs.report(session, "Report", Access.PUBLIC)
        draft = oc.WriteSection(section="issues", text="Access.", base_revision=0)
        assign = oc.AssignReport(session=session, template="session")
        await self.send(live, STAFF, assign, draft, oc.SubmitReport())
        sections = (PublishedSection(id="issues", heading="Issues", text="Access was spoken of.\n\nAll took part."),)
        published = oc.PublishReport(title="Report", language="en", sections=sections, messages=messages)
        await self.send(live, SYSTEM, published)

    async def cited(self, session: SessionId, channel: ChannelId, segment: SegmentId) -> Citation:
        """A citation of a line as it reads now."""
        live = await self.running.backend.sessions.open(session)
        return Citation(
            id=CitationId("c1"),
            session=session,
            offset=live.writer.offset,
            channel=channel,
            first=segment,
            last=segment,
        )

    async def object_to(self, session: SessionId, message: MessageId) -> None:
        """Object to a message of the newest version."""
        live = await self.logs.report(session, "Report", Access.PUBLIC)
        assert isinstance(live, LiveSession)
        newest = live.state.outcomes.report.newest
        assert newest is not None
        objected = oc.ObjectToMessage(
            objection=ObjectionId("o1"), message=message, n=newest.n, name="Ana <x>", text="It was not.", language="en"
        )
        await self.send(live, STAFF, objected)

    async def document(
        self, name: SessionId = DOCUMENT, form: DocumentForm = DocumentForm.OUTCOME, comments_until: int | None = None
    ) -> None:
        """State a document of all meetings and publish a version of it."""
        documents = self.documents()
        stated = oc.StateDocument(
            form=form, since="2026-12-01", until="2026-12-01", questions=(Q1, Q2), comments_until=comments_until
        )
        assert await documents.state(name, "Outcomes & <more>", stated, STAFF) is None
        assert await documents.publish(name, WORDS) is None

    async def document_again(self, name: SessionId = DOCUMENT) -> None:
        """Publish its next version."""
        assert await self.documents().publish(name, WORDS) is None

    async def sent_and_answered(self) -> None:
        """Send the document to the body, in vain and then not, and note what it did."""
        register = await self.logs.register()
        address = oc.AddressRecipient(recipient=CSTD, way=SendingWay.WEBHOOK, address="https://cstd.example/hook")
        reply = oc.NoteReply(
            reply=ReplyId("r1"),
            recipient=CSTD,
            text="CSTD took note of it.",
            language="en",
            document=DOCUMENT,
            message=MessageId("m2"),
            address="https://cstd.example/note",
        )
        await self.send(register, STAFF, address, reply)
        states = {SendingState.FAILED: "Nobody answered.", SendingState.ACKNOWLEDGED: ""}
        for n, (state, detail) in enumerate(states.items()):
            note = oc.NoteSending(
                sending=SendingId(f"x{n}"),
                recipient=CSTD,
                document=DOCUMENT,
                n=1,
                way=SendingWay.WEBHOOK,
                state=state,
                detail=detail,
            )
            await self.send(register, SYSTEM, note)

    def documents(self) -> Documents:
        """The service, for which all meetings are held on one day."""

        async def readable(_: SessionId) -> bool:
            return True

        return Documents(
            self.logs,
            PublishedReports(self.running.backend.log),
            QuotedTexts(self.running.backend.log, readable),
            entries=SessionCatalogue(self.running.backend.log).all,
            day_of=lambda _: ("2026-12-01", 0),
            randomness=self.running.backend.randomness,
        )


def messages(citation: Citation) -> tuple[PublishedMessage, ...]:
    """A message of each kind; all but one rest on the citation."""
    kinds = list(MessageKind)
    return tuple(
        PublishedMessage(
            id=MessageId(f"m{n}"),
            kind=kind,
            text=f"Message no. {n} & <more>.",
            question=Q1,
            holders=("Governments", "Civil society") if kind is MessageKind.VIEW else (),
            citations=(citation,) if n else (),
            own=not n,
            unheard=(citation.id,) if n == 1 else (),
        )
        for n, kind in enumerate(kinds)
    )
