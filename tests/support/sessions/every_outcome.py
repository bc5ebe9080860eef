"""An event of every type about outcomes, with the secret word in those that only the staff may read."""

from __future__ import annotations

from moothall.core.events import outcomes as oe
from moothall.core.events.outcome_parts import (
    Confirmer,
    DocumentForm,
    MessageKind,
    ReportStage,
    SendingState,
    SendingWay,
    TranslatedText,
)
from moothall.core.kernel.ids import (
    CitationId,
    InterventionId,
    MessageId,
    ObjectionId,
    PaperId,
    PolicyQuestionId,
    RecipientId,
    ReplyId,
    SendingId,
    SessionId,
)

Q, M, R = PolicyQuestionId("water"), MessageId("m"), RecipientId("cstd")
HALL, P = SessionId("hall"), InterventionId("q")


def outcome_events(secret: str) -> list[oe.OutcomeFact]:
    """Return an event of every type; `secret` is in the staff's alone."""
    return [
        oe.CallStated(text="Propose.", language="en"),
        oe.SubmissionSelected(intervention=P, question=Q),
        oe.QuestionStated(question=Q, text="Who pays?", language="en"),
        oe.QuestionClosed(question=Q, reason="Answered"),
        oe.SessionPrepared(session=HALL, questions=(Q,)),
        oe.PaperFiled(paper=PaperId("p"), question=Q, title="A study"),
        oe.RecipientRegistered(recipient=R, name="CSTD"),
        oe.RecipientAddressed(recipient=R, way=SendingWay.EMAIL, address=f"{secret}@example.org"),
        oe.DocumentSent(
            sending=SendingId("s"),
            recipient=R,
            document=HALL,
            n=1,
            way=SendingWay.EMAIL,
            state=SendingState.FAILED,
            detail=secret,
        ),
        oe.RecipientReplied(reply=ReplyId("r"), recipient=R, text="Took note", language="en", document=HALL),
        oe.ReportAssigned(session=HALL, template="session", links=(secret,)),
        oe.SectionWritten(section="summary", text=secret, revision=1),
        oe.MessageWritten(message=M, kind=MessageKind.AGREED, text=secret, revision=1),
        oe.MessageDropped(message=MessageId("gone")),
        oe.MessagesOrdered(messages=(M,)),
        oe.CitationChecked(message=M, citation=CitationId("c"), seen=1, doubts=(secret,)),
        oe.ReportMoved(stage=ReportStage.RETURNED, note=secret),
        oe.ReportPublished(
            n=1, session=HALL, title="Hall", language="en", template="session", sections=(), messages=()
        ),
        oe.MessageConfirmed(message=M, n=1, by=Confirmer.CHAIR),
        oe.MessageObjected(objection=ObjectionId("o"), message=M, n=1, name="Ana", text="No", language="en"),
        oe.DocumentStated(form=DocumentForm.OUTCOME, since="2026-12-01", until="2026-12-04"),
        oe.DocumentPublished(n=1, language="en", paragraphs=()),
        oe.TranslationEntered(n=1, language="fr", name="Ana", texts=(TranslatedText("title", "Salle"),)),
        oe.CommentPlaced(intervention=P, paragraph=1),
    ]
