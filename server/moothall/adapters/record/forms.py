"""Writes a record in any of its formats: for the door, for bundles and for the command line.

`moothall.record` has the text of each; what packs files or sets PDF needs more than the pure layers have.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from moothall.adapters.pages.static_files import StaticFiles
from moothall.adapters.record.packing import packed
from moothall.adapters.record.typesetting import typeset, typeset_data
from moothall.core.kernel.errors import ConfigurationError
from moothall.record.akn import write_akn
from moothall.record.cues import Cue, cues_of
from moothall.record.documents.document import StyledDocument, document_of
from moothall.record.documents.docx import write_docx
from moothall.record.epub import write_epub
from moothall.record.html import write_html
from moothall.record.json import write_json
from moothall.record.model import Record
from moothall.record.parallel import OtherText
from moothall.record.subtitles import write_srt, write_vtt
from moothall.record.text import write_text
from moothall.record.ttml import write_ttml
from moothall.record.wording import Options, Wording

TYPES = {
    "vtt": "text/vtt; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "ttml": "application/ttml+xml; charset=utf-8; codecs=im2t",
    "akn": "application/akn+xml; charset=utf-8",
    "epub": "application/epub+zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
"""The file formats of a record, with their media types."""
COMPRESSED = frozenset({"epub", "docx", "pdf"})
"""Formats that are compressed by themselves, and so are never sent in gzip."""
STYLES = ("css/lib/tokens.css", "css/reader/record.css")
"""The style sheets that are joined to the style of the HTML file."""
_TEXTS = {"txt": write_text, "akn": write_akn}
"""The writers of formats that are text and need nothing else."""
_CAPTIONS = {"vtt": write_vtt, "srt": write_srt, "ttml": write_ttml}
"""The writers of formats that have the same cues."""


class RecordForms:
    """A record in its formats. What several of them have is made once, when the first of them is written."""

    def __init__(
        self,
        record: Record,
        words: Wording,
        options: Options,
        style: Callable[[], str],
        beside: OtherText | None = None,
    ) -> None:
        """`style` returns the style of the HTML file, `beside` is the text beside it in formats that can have two."""
        self._of = record, words, options
        self._style = style
        self._beside = beside

    @cached_property
    def _cues(self) -> list[Cue]:
        return cues_of(*self._of)

    @cached_property
    def _document(self) -> StyledDocument:
        return document_of(*self._of, self._beside)

    def pdf_data(self) -> bytes:
        """The record as `typeset` takes it."""
        return typeset_data(self._document)

    def write(self, form: str) -> bytes:
        """Write one of the formats of TYPES. Sets a PDF in this process; raises TypesettingFailed."""
        match form:
            case "html":
                return write_html(*self._of, self._style(), self._beside).encode()
            case "docx":
                return packed(write_docx(self._document))
            case "pdf":
                return typeset(self.pdf_data())
            case "json":
                return write_json(*self._of)
            case "epub":
                return packed(write_epub(*self._of), stored="mimetype")
            case "vtt" | "srt" | "ttml":
                return _CAPTIONS[form](*self._of, self._cues).encode()
            case _:
                return _TEXTS[form](*self._of).encode()


def write_record(
    form: str,
    record: Record,
    words: Wording,
    options: Options,
    style: Callable[[], str],
    *,
    beside: OtherText | None = None,
) -> bytes:
    """Write a record in one of its formats, as `RecordForms.write` does."""
    return RecordForms(record, words, options, style, beside).write(form)


def pdf_data(record: Record, words: Wording, options: Options, beside: OtherText | None = None) -> bytes:
    """A record as `typeset` takes it."""
    return typeset_data(document_of(record, words, options, beside))


def record_style(static: StaticFiles) -> str:
    """Return the style of the HTML file. Raises ConfigurationError when it is missing."""
    sheets = [static.get(name) for name in STYLES]
    found = [sheet.body.decode() for sheet in sheets if sheet is not None]
    if len(found) < len(STYLES):
        raise ConfigurationError(f"The web folder lacks the style of records: {' or '.join(STYLES)}. Install it again.")
    return "\n".join(found)
