"""A story for `make_log.py`: every fact about outcomes. In a house they stand in several logs; here they are in one."""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import outcomes as oe
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import (
    Citation,
    Confirmer,
    DocumentForm,
    MessageKind,
    MessageReference,
    NumberedParagraph,
    ParagraphStyle,
    PublishedMessage,
    PublishedSection,
    ReportStage,
    SendingState,
    SendingWay,
    TranslatedText,
)
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import (
    ChannelId,
    CitationId,
    InterventionId,
    MessageId,
    ObjectionId,
    PaperId,
    PolicyQuestionId,
    RecipientId,
    ReplyId,
    SegmentId,
    SendingId,
    SessionId,
)
from support.sessions.recorder import MORNING, Recorder

STAFF, RAPPORTEUR = Actor(Role.SECRETARIAT, "staff-1"), Actor(Role.RAPPORTEUR, "rapporteur-3")
HALL, REPORT, CALL = SessionId("open-hall"), SessionId("report.open-hall"), SessionId("call-2026")
Q1, CSTD, M1, M2 = PolicyQuestionId("q1"), RecipientId("cstd"), MessageId("m1"), MessageId("m2")
PROPOSAL = InterventionId("p1")
LINES = Citation(
    id=CitationId("c1"),
    session=HALL,
    offset=40,
    channel=ChannelId("floor"),
    first=SegmentId("s1"),
    last=SegmentId("s2"),
    start=4,
    end=20,
)
ASKED = Citation(id=CitationId("c2"), session=HALL, offset=41, intervention=PROPOSAL)


def outcomes(recorder: Recorder) -> list[LogRecord]:
    return [*_questions(recorder), *_report(recorder), *_document(recorder)]


def _questions(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    wanted = "Which questions should be answered?"
    how = "How can access be paid for?"
    return [
        tell(ev.SessionCreated(title="Outcomes", languages=("en",), kind=ev.LogKind.REGISTER), STAFF),
        tell(oe.CallStated(text=wanted, language="en", until=MORNING + 86_400_000), STAFF),
        tell(
            oe.RecipientRegistered(recipient=CSTD, name="CSTD", issues=("access",), site="https://cstd.example"), STAFF
        ),
        tell(oe.RecipientAddressed(recipient=CSTD, way=SendingWay.EMAIL, address="cstd@example.org"), STAFF),
        tell(oe.QuestionStated(question=Q1, text=how, language="en", recipients=(CSTD,), call=CALL), STAFF),
        tell(oe.SubmissionSelected(intervention=PROPOSAL, question=Q1, sessions=(HALL,)), STAFF),
        tell(oe.QuestionClosed(question=Q1, reason="It was answered."), STAFF),
        tell(oe.SessionPrepared(session=HALL, questions=(Q1,), objectives=("Two options",)), STAFF),
        tell(qe.InterventionTagged(intervention=PROPOSAL, question=Q1), STAFF),
        tell(oe.PaperFiled(paper=PaperId("a"), question=Q1, title="Paper", address="https://cstd.example/a"), STAFF),
    ]


def _report(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    written = oe.MessageWritten(
        message=M1,
        kind=MessageKind.AGREED,
        text="The fund pays.",
        question=Q1,
        holders=("Governments",),
        citations=(LINES, ASKED),
        revision=1,
    )
    said = PublishedMessage(
        id=M1, kind=MessageKind.AGREED, text=written.text, question=Q1, citations=written.citations, unheard=(ASKED.id,)
    )
    own = PublishedMessage(id=M2, kind=MessageKind.COMMITMENT, text="We shall pay.", own=True)
    return [
        tell(oe.ReportAssigned(session=HALL, template="session", due=MORNING, links=("l1",)), STAFF),
        tell(oe.SectionWritten(section="issues", text="Access.", revision=1), RAPPORTEUR),
        tell(written, RAPPORTEUR),
        tell(oe.MessagesOrdered(messages=(M1,)), RAPPORTEUR),
        tell(oe.CitationChecked(message=M1, citation=LINES.id, seen=44, doubts=("not",)), RAPPORTEUR),
        tell(oe.ReportMoved(stage=ReportStage.RETURNED, note="Who pays?"), STAFF),
        tell(
            oe.ReportPublished(
                n=1,
                session=HALL,
                title="Report",
                language="en",
                template="session",
                sections=(PublishedSection(id="issues", heading="Issues", text="Access."),),
                messages=(said, own),
            ),
            SYSTEM,
        ),
        tell(oe.MessageDropped(message=M1), RAPPORTEUR),
        tell(oe.MessageConfirmed(message=M2, n=1, by=Confirmer.GIVER, name="Ana"), STAFF),
        tell(
            oe.MessageObjected(
                objection=ObjectionId("o1"), message=M1, n=1, name="Civil society", text="It does not.", language="en"
            ),
            STAFF,
        ),
    ]


def _document(recorder: Recorder) -> list[LogRecord]:
    tell, document = recorder.record, SessionId("document.2026")
    paragraphs = (
        NumberedParagraph(
            n=1, style=ParagraphStyle.HEADING, text="Access", level=1, question=Q1, key="q1/", language="en"
        ),
        NumberedParagraph(
            n=3, style=ParagraphStyle.MESSAGE, question=Q1, message=MessageReference(report=REPORT, n=1, message=M1)
        ),
    )
    sent = oe.DocumentSent(
        sending=SendingId("x1"),
        recipient=CSTD,
        document=document,
        n=1,
        way=SendingWay.EMAIL,
        state=SendingState.FAILED,
        detail="No such mailbox.",
    )
    note = "CSTD took note of it."
    return [
        tell(
            oe.DocumentStated(form=DocumentForm.OUTCOME, since="2026-11-30", until="2026-12-04", questions=(Q1,)), STAFF
        ),
        tell(oe.DocumentPublished(n=1, language="en", paragraphs=paragraphs)),
        tell(oe.TranslationEntered(n=1, language="fr", name="Ana", texts=(TranslatedText("title", "Accès"),)), STAFF),
        tell(oe.CommentPlaced(intervention=PROPOSAL, paragraph=3)),
        tell(sent),
        tell(
            oe.RecipientReplied(
                reply=ReplyId("r1"), recipient=CSTD, text=note, language="en", document=document, message=M1
            ),
            STAFF,
        ),
    ]


def remove_a_draft(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone = (12, 13)
    return gone, [recorder.record(ev.BodyRemoved(offsets=gone, reason="request", by=STAFF.id), STAFF)]
