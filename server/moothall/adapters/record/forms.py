"""Records as documents: DOCX, which needs nothing, and PDF, which needs the extra `documents`; and which forms can have
two texts beside each other.

A module of its own, though short: the door and the command line write with it, and typesetting knows no records.
"""

from __future__ import annotations

from moothall.adapters.record.packing import packed
from moothall.adapters.record.typesetting import typeset, typeset_data
from moothall.record.documents.document import document_of
from moothall.record.documents.docx import write_docx
from moothall.record.model import Record
from moothall.record.parallel import OtherText
from moothall.record.wording import Options, Wording

DOCUMENTS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
"""The formats for printing and working on, with their media types."""
BILINGUAL = frozenset({"html", *DOCUMENTS})
"""The formats that can have two texts beside each other."""


def write_document(
    form: str, record: Record, words: Wording, options: Options, beside: OtherText | None = None
) -> bytes:
    """Write a record in one of the formats of DOCUMENTS. Sets a PDF in this process; raises TypesettingFailed."""
    if form == "docx":
        return packed(write_docx(document_of(record, words, options, beside)))
    return typeset(pdf_data(record, words, options, beside))


def pdf_data(record: Record, words: Wording, options: Options, beside: OtherText | None = None) -> bytes:
    """A record as `typesetting.typeset` takes it."""
    return typeset_data(document_of(record, words, options, beside))
