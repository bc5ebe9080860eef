"""The information report for a body: what of a document concerns it, with the document's numbers of paragraphs, and the
letter with which it is mailed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from babel.dates import format_date

from moothall.adapters.outcomes.document_files import WrittenDocument, written
from moothall.adapters.outcomes.document_rows import ParagraphRow, comment_rows, paragraph_rows
from moothall.adapters.outcomes.document_texts import DocumentText
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import alone
from moothall.adapters.pages.templates import Pages
from moothall.core.events.outcome_parts import ParagraphStyle
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.outcomes.concerns import concerning, for_body
from moothall.core.outcomes.document import DocumentVersion
from moothall.core.outcomes.register import Recipient, Register
from moothall.services.outcomes.documents import Documents, ListedDocument, version_of
from moothall.services.outcomes.sending import Letter, OrderedSending


class BodyReport(NamedTuple):
    """What of a version concerns a body."""

    listed: ListedDocument
    version: DocumentVersion


def for_recipient(
    recipient: Recipient, register: Register, listed: ListedDocument, version: DocumentVersion, ui: Catalogue
) -> BodyReport:
    """What of a version concerns a body, without comments on the other paragraphs, under a title with the symbol of
    documents for it.
    """
    title = ui.text(DocumentText.FOR_BODY, title=alone(listed.title), name=alone(recipient.name))
    if recipient.symbol:
        title = f"{recipient.symbol} {title}"
    paragraphs = for_body(version.paragraphs, concerning(register, recipient.id))
    others = {each.n for each in version.paragraphs} - {each.n for each in paragraphs}
    comments = tuple(each for each in listed.comments if each.paragraph not in others)
    return BodyReport(
        listed._replace(title=title, comments=comments), msgspec.structs.replace(version, paragraphs=paragraphs)
    )


@dataclass(eq=False, repr=False, kw_only=True)
class BodyLetters:
    """Writes letters, in the language of the house. `public`: the server's public address."""

    pages: Pages
    documents: Documents
    public: str
    language: str = "en"

    async def write(self, order: OrderedSending) -> Letter:
        """The letter of an ordered document. Raises StorageUnavailable."""
        listed = await self.documents.find(order.document)
        version = None if listed is None else version_of(listed.document, order.n)
        if listed is None or version is None:
            raise StorageUnavailable("The document is gone.")
        ui, recipient = self.pages.catalogues[self.language], order.recipient
        report = for_recipient(recipient, await self.documents.register(), listed, version, ui)
        rows = paragraph_rows(report.version, await self.documents.shown(report.version.paragraphs), ui)
        when = format_date(self.pages.zone().at(version.at), "long", locale=ui.locale)
        address = f"{self.public}/outcomes/{listed.id}?n={version.n}&body={recipient.id}"
        about = ui.text("Version {n}, {date}", n=version.n, date=when)
        comments = comment_rows(report.listed.comments)
        document = WrittenDocument(report.listed, report.version, rows, about, address, comments=comments)
        file = await asyncio.to_thread(written, "docx", document, ui)
        name = f"{listed.id}-{version.n}-{recipient.id}.docx"
        return Letter(report.listed.title, _text(document, recipient, ui), name, file)


def _text(document: WrittenDocument, recipient: Recipient, ui: Catalogue) -> str:
    """The letter's text: the notice, the address, and the messages with their numbers and what is said of each."""
    parts = [
        ui.named("outcome/notice"),
        f"{document.listed.title}\n{document.about}",
        f"{ui.text(DocumentText.LETTER, name=alone(recipient.name))}\n{document.address}",
        *_messages(document.rows),
    ]
    return "\n\n".join(parts) + "\n"


def _messages(rows: Sequence[ParagraphRow]) -> list[str]:
    shown = (ParagraphStyle.MESSAGE, ParagraphStyle.HEADING)
    return ["\n".join((f"{row.n}. {row.text}", *row.facts)) for row in rows if row.style in shown]
