"""Writes a record in any of its formats: for the door, for bundles and for the command line.

`moothall.record` has the text of each; what packs files or sets PDF needs more than the pure layers have.
"""

from __future__ import annotations

from collections.abc import Callable

from moothall.adapters.pages.static_files import StaticFiles
from moothall.adapters.record.packing import packed
from moothall.adapters.record.typesetting import typeset, typeset_data
from moothall.core.kernel.errors import ConfigurationError
from moothall.record.akn import write_akn
from moothall.record.documents.document import document_of
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
_TEXTS = {"vtt": write_vtt, "srt": write_srt, "txt": write_text, "ttml": write_ttml, "akn": write_akn}
"""The writers of formats that are text and need nothing else."""


def write_record(
    form: str,
    record: Record,
    words: Wording,
    options: Options,
    style: Callable[[], str],
    *,
    beside: OtherText | None = None,
) -> bytes:
    """Write a record in one of the formats of TYPES; `style` returns the style of the HTML file, `beside` is the text
    beside it where the format can have two. Sets a PDF in this process; raises TypesettingFailed.
    """
    match form:
        case "html":
            return write_html(record, words, options, style(), beside).encode()
        case "docx":
            return packed(write_docx(document_of(record, words, options, beside)))
        case "pdf":
            return typeset(pdf_data(record, words, options, beside))
        case "json":
            return write_json(record, words, options)
        case "epub":
            return packed(write_epub(record, words, options), stored="mimetype")
        case _:
            return _TEXTS[form](record, words, options).encode()


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
