"""Writes a bundle (`moothall.record.bundle`) as a ZIP file, or proceedings. Runs as a process of its own, behind
everything else.

    python -m moothall.adapters.record.bundle_child ORDER     messages on 0; the file, an ordinary one, on 1

It holds one session at a time. Equal messages give equal bytes: no file in the archive has a time of its own.
"""

from __future__ import annotations

import errno
import io
import os
import resource
import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from babel.dates import format_date

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.static_files import StaticFiles
from moothall.adapters.record.arriving import ArrivingSession
from moothall.adapters.record.bundle_messages import (
    LENGTH,
    NO_FONTS,
    NO_ROOM,
    NOT_SET,
    BundleForm,
    BundleMessage,
    BundleOrder,
    RecordingFile,
    SessionBegins,
    SessionEnds,
    SessionEvents,
)
from moothall.adapters.record.forms import COMPRESSED, TYPES, RecordForms, record_style
from moothall.adapters.record.packing import entry_of, packed
from moothall.adapters.record.pdf_setting import PdfSetting, SetPdf
from moothall.adapters.record.proceedings import ProceedingsEpub, ProceedingsPdf, bound
from moothall.adapters.record.texts import wording
from moothall.adapters.record.typesetting import FontsMissing, TypesettingFailed
from moothall.adapters.sound.spool_folder import leave_room
from moothall.adapters.system.time_zones import find_zone
from moothall.core.events.types import SourceAttached
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.record import bundle
from moothall.record.documents.docx import write_docx
from moothall.record.documents.styled_epub import write_styled_epub
from moothall.record.documents.styled_html import write_styled_html
from moothall.record.json import write_json
from moothall.record.model import Record
from moothall.record.proceedings.report import SessionReport
from moothall.record.wording import Options
from moothall.services.sound.live_audio import to_ms

FORMS = tuple(form for form in TYPES if form != "pdf")
"""The formats of each text that are written in this process. A PDF needs an extra, fonts and a while, and may not be
set: `pdf_setting` does that beside it.
"""
PIECE = 1 << 18
NICENESS = 10
"""It leaves the processor to the words of meetings that are on."""
SHEET, SCRIPT = "css/bundle/bundle.css", "js/bundle/search.js"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_decoder = msgspec.msgpack.Decoder(BundleMessage)


def messages(descriptor: int) -> Iterator[BundleMessage]:
    """The messages on a descriptor. Raises EOFError where they break off: the file is then worth nothing."""
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        while head := file.read(LENGTH.size):
            size = LENGTH.unpack(head)[0]
            body = file.read(size)
            if len(body) < size:
                raise EOFError
            yield _decoder.decode(body)


def texts_of(order: BundleOrder) -> tuple[Catalogue, Zone]:
    """The texts of an order's language, and its zone. Raises ConfigurationError when the texts are missing."""
    rules = find_zone(order.zone)
    zone = UTC_ZONE if rules is None else Zone(order.zone, rules)
    return Catalogue.read(Path(order.web) / "locales", order.language), zone


class _File(io.FileIO):
    """The file that is written; raises OSError (ENOSPC) before it would leave less than `reserve` bytes on its disk."""

    def __init__(self, descriptor: int, reserve: int) -> None:
        super().__init__(descriptor, "w+", closefd=False)
        self._reserve = reserve

    def write(self, data: Any, /) -> int:
        """Write at the position."""
        leave_room(self.fileno(), memoryview(data).nbytes, self._reserve)
        return super().write(data)


class RecordLines:
    """The file of JSON lines that is being written."""

    def __init__(self, out: BinaryIO, order: BundleOrder) -> None:
        self._out = out
        self._order = order
        self._ui, self._zone = texts_of(order)

    def add_session(self, session: ArrivingSession) -> None:
        """Write a session's lines."""
        records = list(session.records())
        if not records:
            return
        about, withdrawn, report = records[0].session, session.withdrawn, session.report
        first = made_of(
            bundle.DumpedSession,
            about,
            address=f"{self._order.public}/s/{about.id}",
            texts=len(records),
            withdrawn=withdrawn,
            withdrawals=f"{self._order.public}/withdrawals.json?session={about.id}",
            report=None if report is None else msgspec.Raw(report.data.strip()),
        )
        self._out.write(msgspec.json.encode(first) + b"\n")
        for record in records:
            self._out.write(write_json(record, wording(record, self._ui, self._zone, self._order.public), Options()))

    def finish(self) -> None:
        """Nothing follows the last session."""


_Texts = list[tuple[bundle.BundledText, Future[SetPdf] | None]]
"""Texts of a session, and their PDFs, which are being set."""


class Bundle:
    """The archive that is being written."""

    def __init__(self, archive: zipfile.ZipFile, order: BundleOrder) -> None:
        """Raises ConfigurationError when texts or styles are missing."""
        web = Path(order.web)
        self._archive = archive
        self._order = order
        self._static = StaticFiles(web)
        self._style = record_style(self._static)
        self._ui, self._zone = texts_of(order)
        self._files: list[bundle.BundledFile] = []
        self._sessions: list[bundle.BundledSession] = []
        self._searched: dict[str, list[str]] = {}
        self._pdfs = PdfSetting() if order.pdf else None
        self._waiting: tuple[bundle.BundledSession, _Texts] | None = None
        """The last session, and its texts."""

    def add_session(self, session: ArrivingSession) -> None:
        """Write a session's files."""
        texts: _Texts = []
        first: Record | None = None
        for record in session.records():
            first = first or record
            texts.append(self._text(record))
        # The PDFs of the session before were set while this one's others were written.
        self._add_waiting()
        if first is None:
            return
        sound = tuple(self._sound(first, part, source) for part, source in session.heard())
        opened, title = first.session.opened, first.session.title.strip()
        written = bundle.BundledSession(
            id=first.id,
            title=title or self._ui.text("Meeting without a title"),
            language=first.session.languages[0] if title and first.session.languages else "",
            day=""
            if opened is None
            else str(format_date(self._zone.at(opened).date(), "full", locale=self._ui.locale)),
            opened=opened,
            address=f"{self._order.public}/s/{first.id}",
            texts=(),
            sound=sound,
            report=None if session.report is None else self._report(first, session.report),
            withdrawn=session.withdrawn,
        )
        self._waiting = written, texts

    def _add_waiting(self) -> None:
        """Add the last session, once its PDFs are set."""
        if self._waiting is None:
            return
        (session, texts), self._waiting = self._waiting, None
        whole = tuple(self._with_pdf(session.id, *each) for each in texts)
        self._sessions.append(msgspec.structs.replace(session, texts=whole))

    def _text(self, record: Record) -> tuple[bundle.BundledText, Future[SetPdf] | None]:
        words, files = wording(record, self._ui, self._zone, self._order.public), dict[str, str]()
        made = RecordForms(record, words, Options(), lambda: self._style)
        pdf = None if self._pdfs is None else self._pdfs.begin(made.pdf_data())
        for form in FORMS:
            files[form] = path = f"{bundle.DATA}/{record.id}/{record.channel}.{form}"
            self._write(path, made.write(form), packed=form in COMPRESSED)
        script = f"{bundle.SEARCH}/{record.id}/{record.channel}.js"
        self._write(script, bundle.search_lines(files["html"], words.title_of(record), record).encode())
        name = self._ui.listed(self._ui.language_name(tag) for tag in record.languages)
        for tag in record.languages or ("und",):
            self._searched.setdefault(self._ui.language_name(tag), []).append(script)
        text = bundle.BundledText(
            channel=record.channel,
            kind=record.kind,
            languages=record.languages,
            name=name or record.channel,
            position=str(record.position),
            seal=record.seal,
            files=files,
        )
        return text, pdf

    def _with_pdf(self, session: str, text: bundle.BundledText, waiting: Future[SetPdf] | None) -> bundle.BundledText:
        """The text with its PDF, or with the reason why it has none."""
        made = SetPdf(b"", bundle.WithoutPdf.NOT_INSTALLED) if waiting is None else waiting.result()
        if made.without is not None:
            return msgspec.structs.replace(text, without_pdf=made.without)
        path = f"{bundle.DATA}/{session}/{text.channel}.pdf"
        self._write(path, made.pdf, packed=True)
        return msgspec.structs.replace(text, files={**text.files, "pdf": path})

    def _report(self, record: Record, report: SessionReport) -> bundle.BundledReport:
        ui, files = self._ui, dict[str, str]()
        document = report.document(
            around=ui.language,
            right_to_left=ui.direction == "rtl",
            contents=ui.named("record/contents"),
            unshown=ui.text("□ stands for a character that cannot be shown here. The other files have it."),
        )
        book = write_styled_epub(document, identifier=report.address, at=report.at)
        made = {
            "html": write_styled_html(document, self._style).encode(),
            "json": report.data,
            "docx": packed(write_docx(document)),
            "epub": packed(book, stored="mimetype"),
        }
        for form, data in made.items():
            files[form] = path = f"{bundle.DATA}/{record.id}/report.{form}"
            self._write(path, data, packed=form in COMPRESSED)
        return bundle.BundledReport(title=report.title, language=report.language, n=report.n, files=files)

    def _sound(self, record: Record, part: RecordingFile, source: SourceAttached) -> bundle.BundledSound:
        path = f"{bundle.DATA}/{record.id}/sound/{part.source}-{part.first:015d}.ogg"
        with open(part.path, "rb") as file:
            size, digest = os.fstat(file.fileno()).st_size, sha256()
            entry = entry_of(f"{self._order.folder}/{path}", packed=True)
            entry.file_size = size  # so that zipfile knows whether it is too large for the older form of ZIP
            with self._archive.open(entry, "w") as out:
                while piece := file.read(PIECE):
                    digest.update(piece)
                    out.write(piece)
        self._files.append(bundle.BundledFile(path=path, bytes=size, sha256=digest.hexdigest()))
        return bundle.BundledSound(path=path, channel=source.channel, t0=source.t + to_ms(part.first))

    def close(self) -> None:
        """End the process that sets PDFs."""
        if self._pdfs is not None:
            self._pdfs.close()

    def finish(self) -> None:
        """Write the page, the search and the lists."""
        self._add_waiting()
        style = self._style + self._asset(SHEET)
        self._write(bundle.STYLE, style.encode())
        self._write(bundle.SCRIPT, self._asset(SCRIPT).encode())
        sessions = sorted(self._sessions, key=lambda each: (each.opened or 0, each.id))
        manifest = bundle.BundleManifest(
            title=self._order.title,
            language=self._order.language,
            withdrawals=self._order.withdrawals,
            keys=f"{self._order.public}/.well-known/moothall.json",
            proof=self._order.proof,
            proceedings=self._order.proceedings,
            sessions=tuple(sessions),
            files=(),
        )
        ui = self._ui
        words = bundle.BundleWording(**ui.group("bundle"))
        self._write(bundle.INDEX, bundle.write_index(manifest, words, self._searched).encode())
        manifest = msgspec.structs.replace(manifest, files=tuple(self._files))
        self._write(bundle.MANIFEST, bundle.write_manifest(manifest))
        # The end of the archive: the server has this digest logged.
        self._archive.comment = self._files[-1].sha256.encode()
        self._write("bagit.txt", bundle.BAG.encode())
        self._write("bag-info.txt", bundle.bag_info(manifest).encode())
        inside = [file for file in self._files if file.path.startswith(f"{bundle.DATA}/")]
        self._write("manifest-sha256.txt", bundle.bag_list(inside).encode())
        beside = [file for file in self._files if not file.path.startswith(f"{bundle.DATA}/")]
        self._write("tagmanifest-sha256.txt", bundle.bag_list(beside).encode())

    def _asset(self, name: str) -> str:
        found = self._static.get(name)
        if found is None:
            raise ConfigurationError(f"The web folder lacks {name}. Install it again.")
        return found.body.decode()

    def _write(self, path: str, data: bytes, *, packed: bool = False) -> None:
        self._archive.writestr(entry_of(f"{self._order.folder}/{path}", packed=packed), data)
        self._files.append(bundle.BundledFile(path=path, bytes=len(data), sha256=sha256(data).hexdigest()))


def write_bundle(
    descriptor: int,
    order: BundleOrder,
    arriving: Iterator[BundleMessage],
    *,
    before_setting: Callable[[], None] = lambda: None,
) -> None:
    """Write the file to a descriptor. `before_setting` is called before a PDF is set. Raises EOFError when the messages
    break off, OSError, ConfigurationError, TypesettingFailed.
    """
    with io.BufferedRandom(_File(descriptor, order.reserve), PIECE) as out:
        if order.form is BundleForm.LINES:
            _write(RecordLines(out, order), arriving)
        elif order.form is BundleForm.PDF:
            pdf = ProceedingsPdf(out, order, *texts_of(order), before_setting=before_setting)
            _write(pdf, arriving)
        else:
            with zipfile.ZipFile(out, "w") as archive:
                if order.form is BundleForm.EPUB:
                    _write(ProceedingsEpub(archive, order, *texts_of(order)), arriving)
                else:
                    with closing(Bundle(archive, order)) as made:
                        _write(made, arriving)


def _write(made: RecordLines | Bundle | ProceedingsEpub | ProceedingsPdf, arriving: Iterator[BundleMessage]) -> None:
    session: ArrivingSession | None = None
    for message in arriving:
        match message:
            case SessionBegins():
                session = ArrivingSession(message)
            case SessionReport() if session is not None:
                session.report = message
            case SessionEvents() if session is not None:
                session.take(message.records)
            case SessionEnds() if session is not None:
                made.add_session(session)
                session = None
            case _:
                raise EOFError
    if session is not None:
        raise EOFError
    made.finish()


def main(order_json: str) -> int:
    """Serve one order; return the exit code."""
    order = msgspec.json.decode(order_json, type=BundleOrder)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["RAYON_NUM_THREADS"] = "1"  # Typst takes all cores otherwise.
    resource.setrlimit(resource.RLIMIT_FSIZE, (order.most_bytes, order.most_bytes))
    try:
        write_bundle(1, order, messages(0), before_setting=bound)
    except OSError as error:
        if error.errno in _FULL:
            return NO_ROOM
        raise
    except FontsMissing:
        return NO_FONTS
    except TypesettingFailed:
        return NOT_SET
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
