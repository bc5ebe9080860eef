"""A document made of reports, folded from its log: the outcome document, the Chair's report, the messages of a day,
the reports of all sessions.
"""

from __future__ import annotations

import msgspec

from moothall.core.events import outcomes as oe
from moothall.core.events.outcome_parts import DocumentForm, NumberedParagraph
from moothall.core.kernel.decoding import made_of, shared
from moothall.core.kernel.ids import InterventionId, PolicyQuestionId


class DocumentVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A published version."""

    n: int
    at: int
    """Unix ms."""
    language: str
    paragraphs: tuple[NumberedParagraph, ...]
    redacted: bool = False
    """Whether words were removed from it after it was published."""


class OutcomeDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document."""

    form: DocumentForm = DocumentForm.OUTCOME
    since: str = ""
    """The first day of the sessions of which it is made, YYYY-MM-DD; empty before it is stated."""
    until: str = ""
    questions: tuple[PolicyQuestionId, ...] = ()
    comments_until: int | None = None
    versions: tuple[DocumentVersion, ...] = ()
    comments: dict[InterventionId, int] = msgspec.field(default_factory=dict)
    """The paragraph of each comment."""

    @property
    def newest(self) -> DocumentVersion | None:
        """The newest version, or None."""
        return self.versions[-1] if self.versions else None


def evolve_document(document: OutcomeDocument, event: oe.DocumentFact, at: int) -> OutcomeDocument:
    """Return the document after `event`, logged at Unix ms `at`."""
    replace = msgspec.structs.replace
    match event:
        case oe.DocumentStated():
            return replace(document, **shared(document, event))
        case oe.DocumentPublished():
            first, redacted = event.first_at, event.first_at is not None
            version = made_of(DocumentVersion, event, at=at if first is None else first, redacted=redacted)
            return replace(document, versions=tuple(sorted((*document.versions, version), key=lambda each: each.n)))
        case _:
            return replace(document, comments={**document.comments, event.intervention: event.paragraph})
