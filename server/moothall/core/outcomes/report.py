"""The report of a session, folded from its log: the draft, for the staff, and what was published of it.

A fold of public events alone gives the published part.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.events import outcomes as oe
from moothall.core.events.outcome_parts import (
    Citation,
    Confirmer,
    MessageKind,
    PublishedMessage,
    PublishedSection,
    ReportStage,
)
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import CitationId, MessageId, ObjectionId, PolicyQuestionId, SessionId


class DraftSection(msgspec.Struct, frozen=True):
    """The draft of a section."""

    text: str
    revision: int
    """How often it was written."""


class CheckedCitation(msgspec.Struct, frozen=True):
    """Somebody opened or played what a citation names."""

    citation: Citation
    """The citation as it was then: another span under the same id is unchecked."""
    seen: int
    """Offset of the cited session's log at which the words were read."""
    doubts: frozenset[str]
    """The words in doubt that were confirmed."""


class DraftMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The draft of a message."""

    id: MessageId
    kind: MessageKind
    text: str
    question: PolicyQuestionId | None
    holders: tuple[str, ...]
    citations: tuple[Citation, ...]
    own: bool
    drafted_by: str = ""
    """The service that has written the text; empty: a person has, or has changed it since."""
    revision: int
    """How often it was written."""
    checked: dict[CitationId, CheckedCitation] = msgspec.field(default_factory=dict)

    def check_of(self, citation: Citation) -> CheckedCitation | None:
        """The check of a citation as it is now, or None."""
        found = self.checked.get(citation.id)
        return found if found is not None and found.citation == citation else None


class ReportVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A published version."""

    n: int
    at: int
    """Unix ms."""
    session: SessionId
    title: str
    language: str
    template: str
    sections: tuple[PublishedSection, ...]
    messages: tuple[PublishedMessage, ...]
    redacted: bool = False
    """Whether words were removed from it after it was published."""

    def message(self, name: MessageId) -> PublishedMessage | None:
        """The message of that id, or None."""
        return next((each for each in self.messages if each.id == name), None)


class Confirmation(msgspec.Struct, frozen=True):
    """A confirmation of a published message."""

    n: int
    """The version that was confirmed."""
    by: Confirmer
    name: str
    at: int
    """Unix ms."""


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """An objection to a published message."""

    id: ObjectionId
    message: MessageId
    n: int
    """The version to which it was made."""
    name: str
    text: str
    language: str
    at: int
    """Unix ms."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a session."""

    session: SessionId | None = None
    """The session that is reported on; None while nobody is assigned, and where only public events are known."""
    template: str = ""
    due: int | None = None
    """Until when it is to be submitted, Unix ms."""
    links: tuple[str, ...] = ()
    stage: ReportStage = ReportStage.NOT_BEGUN
    note: str = ""
    """What the secretariat said when it returned the report."""
    sections: dict[str, DraftSection] = msgspec.field(default_factory=dict)
    messages: dict[MessageId, DraftMessage] = msgspec.field(default_factory=dict)
    """The messages of the draft, in order."""
    versions: tuple[ReportVersion, ...] = ()
    confirmations: dict[MessageId, tuple[Confirmation, ...]] = msgspec.field(default_factory=dict)
    objections: tuple[Objection, ...] = ()

    @property
    def newest(self) -> ReportVersion | None:
        """The newest published version, or None."""
        return self.versions[-1] if self.versions else None

    def confirmed(self, message: PublishedMessage, by: Confirmer) -> Confirmation | None:
        """The confirmation of a published message whose text is still what was confirmed, or None."""
        for each in self.confirmations.get(message.id, ()):
            was = next((version.message(message.id) for version in self.versions if version.n == each.n), None)
            if each.by is by and was is not None and (was.kind, was.text) == (message.kind, message.text):
                return each
        return None


def evolve_report(report: Report, event: oe.ReportFact, at: int) -> Report:
    """Return the report after `event`, logged at Unix ms `at`."""
    replace = msgspec.structs.replace
    match event:
        case oe.ReportAssigned():
            return replace(report, session=event.session, template=event.template, due=event.due, links=event.links)
        case oe.SectionWritten():
            section = DraftSection(event.text, event.revision)
            return _begun(replace(report, sections={**report.sections, event.section: section}))
        case oe.MessageWritten():
            known = report.messages.get(event.message)
            checked = {} if known is None else known.checked
            message = made_of(DraftMessage, event, id=event.message, checked=checked)
            return _begun(replace(report, messages={**report.messages, event.message: message}))
        case oe.MessageDropped():
            left = {name: each for name, each in report.messages.items() if name != event.message}
            return replace(report, messages=left)
        case oe.MessagesOrdered():
            return replace(report, messages=_ordered(report.messages, event.messages))
        case oe.CitationChecked():
            return _checked(report, event)
        case oe.ReportMoved():
            return replace(report, stage=event.stage, note=event.note)
        case oe.ReportPublished():
            first, redacted = event.first_at, event.first_at is not None
            version = made_of(ReportVersion, event, at=at if first is None else first, redacted=redacted)
            versions = sorted((*report.versions, version), key=lambda each: each.n)
            return replace(report, versions=tuple(versions), stage=ReportStage.PUBLISHED)
        case oe.MessageConfirmed():
            confirmation = Confirmation(event.n, event.by, event.name, at)
            before = report.confirmations.get(event.message, ())
            return replace(report, confirmations={**report.confirmations, event.message: (*before, confirmation)})
        case _:
            at = at if event.first_at is None else event.first_at
            objection = made_of(Objection, event, id=event.objection, at=at)
            return replace(report, objections=tuple(sorted((*report.objections, objection), key=lambda each: each.at)))


def _begun(report: Report) -> Report:
    """The report after something was written: a published or returned one is a draft again."""
    if report.stage in (ReportStage.NOT_BEGUN, ReportStage.PUBLISHED):
        return msgspec.structs.replace(report, stage=ReportStage.DRAFT)
    return report


def _ordered(messages: dict[MessageId, DraftMessage], names: Sequence[MessageId]) -> dict[MessageId, DraftMessage]:
    """The messages in the order of `names`; those that aren't named stay behind them."""
    first = {name: messages[name] for name in names if name in messages}
    return first | {name: each for name, each in messages.items() if name not in first}


def _checked(report: Report, event: oe.CitationChecked) -> Report:
    message = report.messages.get(event.message)
    cited = None if message is None else next((each for each in message.citations if each.id == event.citation), None)
    if message is None or cited is None:
        return report
    before = message.check_of(cited)
    doubts = frozenset(event.doubts)
    if before is not None and before.seen == event.seen:
        doubts |= before.doubts
    checked = {**message.checked, cited.id: CheckedCitation(cited, event.seen, doubts)}
    changed = msgspec.structs.replace(message, checked=checked)
    return msgspec.structs.replace(report, messages={**report.messages, message.id: changed})
