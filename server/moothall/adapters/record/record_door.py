"""The door for records as downloads: `/s/{session}/record.{form}`, in the formats of `TYPES`.

A record is made once for all who request the same, in a thread, and only one at a time: a hall that downloads at the
end of a session doesn't delay the words of the next. PDF is set in a process of its own, one file at a time too, while
other forms go on being made.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import alone
from moothall.adapters.pages.static_files import StaticFiles
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.record.document_files import BILINGUAL, DOCUMENTS, pdf_data, write_document
from moothall.adapters.record.packing import packed
from moothall.adapters.record.texts import RecordErrorText, wording
from moothall.adapters.record.typesetting import FontsMissing, TypesettingFailed, typeset_apart
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Position, SessionId, is_name, log_epoch
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Snapshot
from moothall.record.akn import write_akn
from moothall.record.epub import write_epub
from moothall.record.html import policy, write_html
from moothall.record.json import write_json
from moothall.record.model import Record
from moothall.record.parallel import OtherText
from moothall.record.subtitles import write_srt, write_vtt
from moothall.record.text import write_text
from moothall.record.ttml import write_ttml
from moothall.record.wording import Options, Wording, file_name
from moothall.services.log.publication import Publication
from moothall.services.sessions.reader_access import ReadSession
from moothall.services.sessions.records import NotThere, Records

TYPES = {
    "vtt": "text/vtt; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "ttml": "application/ttml+xml; charset=utf-8; codecs=im2t",
    "akn": "application/akn+xml; charset=utf-8",
    "epub": "application/epub+zip",
    **DOCUMENTS,
}
"""The file formats of a record, with their media types."""
COMPRESSED = frozenset({"epub", *DOCUMENTS})
"""Formats that are compressed by themselves, and so are never sent in gzip."""
STYLES = ("css/lib/tokens.css", "css/reader/record.css")
"""The style sheets that are joined to the style of the HTML file."""
FORM_VERSION = 5
"""A part of every ETag. Increase it when a release writes the same record in another way."""
MAX_WAITING = 64
"""The most requests that wait for records to be made. Overflow: the next is answered with 503."""
MAX_SETTING = 8
"""The most requests that wait for PDF files, each of which takes seconds. Overflow: the next is answered with 503."""
MAX_KEPT_BYTES = 32 << 20
"""The most bytes of files in the cache. Overflow: the least recently used file is dropped."""
_TYPESET = typeset_apart if can_typeset() else None
MAX_LANGUAGE = 35
"""The most characters of a language tag (RFC 5646 §4.4.1)."""


class _Wrong(Exception):
    """The request can't be served: a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class _Asked(msgspec.Struct, frozen=True):
    """The key of a cached file: everything that decides on its content, except the state of the log."""

    session: SessionId
    feed: str
    form: str
    options: Options
    language: str
    """Language of the texts that are not the record's own."""
    beside: str
    """The feed of the text beside it; empty for none."""
    at: int | None
    """The offset at which the text is read; None for the present text."""


class _Texts(msgspec.Struct, frozen=True):
    """The texts that a request names, as they are now."""

    first: Snapshot
    beside: Snapshot | None

    @property
    def positions(self) -> tuple[Position, ...]:
        """Where the logs of the texts stand."""
        each = (self.first,) if self.beside is None else (self.first, self.beside)
        return tuple(Position(snapshot.epoch, snapshot.offset) for snapshot in each)


class _File(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it is sent."""

    positions: tuple[Position, ...]
    """Where the logs of the texts stood when it was made."""
    shows: Position
    """Where the log stood at what it shows."""
    version: str
    """The newest seal there; empty before the first."""
    body: bytes
    packed: bytes = b""
    """The body in gzip; empty for a format that is compressed by itself."""
    disposition: str

    @classmethod
    def of(cls, asked: _Asked, texts: _Texts, record: Record, beside: OtherText | None, body: bytes) -> _File:
        """The file of a record."""
        return cls(
            positions=_made_at(asked, texts, record, beside),
            shows=record.position,
            version="" if record.seal is None else record.seal.version.value,
            body=body,
            packed=b"" if asked.form in COMPRESSED else gzip.compress(body, 6, mtime=0),
            disposition=_disposition(record, asked.form, beside),
        )

    @property
    def size(self) -> int:
        return len(self.body) + len(self.packed)


class TakenFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a request names, as it is given out."""

    session: SessionId
    channel: ChannelId
    form: str
    position: Position
    """Where the log stood at what it shows."""
    version: str
    """The newest seal there; empty before the first."""
    finished: bool
    """Whether the session is closed now."""
    body: bytes


class RecordDoor:
    """Handlers of records. `pages` supplies texts, error pages and the style of the HTML file; `public` is the server's
    public address, without a path.
    """

    def __init__(
        self,
        records: Records,
        pages: Pages,
        *,
        public: str = "",
        most_kept: int = MAX_KEPT_BYTES,
        typeset: Callable[[bytes], Awaitable[bytes]] | None = _TYPESET,
    ) -> None:
        """Raises ConfigurationError when the style of the HTML file is missing. `typeset` sets what `pdf_data` gives,
        and may raise TypesettingFailed; None: there is no PDF here.
        """
        self._public = public
        self._most_kept = most_kept
        self._typeset = typeset
        self._records = records
        self._pages = pages
        self._style = record_style(pages.static)
        self._files: OrderedDict[_Asked, _File] = OrderedDict()
        self._making = asyncio.Lock()
        self._setting = asyncio.Lock()
        self._waiting = 0
        self._waiting_for_pdf = 0
        self._removals = 0

    def observe(self, live: ReadSession, publication: Publication) -> None:
        """Drop all cached files of a session from memory once something of it was removed. For `Sessions.observe`."""
        if any(isinstance(event, BodyRemoved) for event in publication.events):
            self._removals += 1
            self._records.forget(live.id)
            for asked in [asked for asked in self._files if asked.session == live.id]:
                del self._files[asked]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/s/{session}/record.{form}", self.handle)]

    async def taken(self, request: web.Request) -> TakenFile | web.Response:
        """The file that a request names, as `handle` gives it out; or the answer that refuses it."""
        ui = self._pages.catalogues.choose(request.query.get("ui"), request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        try:
            texts, asked = await self._what(request, ui)
            file = await self._file(asked, texts, ui)
            return TakenFile(
                session=asked.session,
                channel=texts.first.channel,
                form=asked.form,
                position=file.shows,
                version=file.version,
                finished=texts.first.session.status is Status.CLOSED,
                body=file.body,
            )
        except StorageUnavailable:
            return self._refuse(request, ui, 503, ui.text(ErrorText.UNAVAILABLE))
        except _Wrong as wrong:
            return self._refuse(request, ui, wrong.status, wrong.sentence)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the record as a download; the address names the text, the format, and the options."""
        ui = self._pages.catalogues.choose(request.query.get("ui"), request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        try:
            texts, asked = await self._what(request, ui)
            headers: dict[str, str] = {
                hdrs.CACHE_CONTROL: "no-cache",
                hdrs.ETAG: f'"{_tag(asked, texts)}"',
                hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.ACCEPT_ENCODING}",
            }
            if any(seen.value in (_tag(asked, texts), "*") for seen in request.if_none_match or ()):
                return web.Response(status=304, headers=headers)
            file = await self._file(asked, texts, ui)
        except StorageUnavailable:
            return self._refuse(request, ui, 503, ui.text(ErrorText.UNAVAILABLE))
        except _Wrong as wrong:
            return self._refuse(request, ui, wrong.status, wrong.sentence)
        headers |= {hdrs.CONTENT_TYPE: TYPES[asked.form], hdrs.CONTENT_DISPOSITION: file.disposition}
        if asked.form == "html":
            headers["Content-Security-Policy"] = f"{policy(self._style)}; frame-ancestors 'none'; sandbox"
        if file.packed and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return web.Response(body=file.packed, headers={**headers, hdrs.CONTENT_ENCODING: "gzip"})
        return web.Response(body=file.body, headers=headers)

    async def _what(self, request: web.Request, ui: Catalogue) -> tuple[_Texts, _Asked]:
        """Return the texts that a request names, and the key of its file. Raises _Wrong."""
        form, name = request.match_info["form"], request.match_info["session"]
        channel, language = request.query.get("channel"), request.query.get("language")
        beside = request.query.get("beside")
        if form not in TYPES:
            raise _Wrong(404, ui.text(RecordErrorText.FORM, forms=ui.listed(alone(f".{each}") for each in TYPES)))
        if form == "pdf" and self._typeset is None:
            raise _Wrong(501, ui.text(RecordErrorText.NO_PDF))
        if beside is not None and form not in BILINGUAL:
            raise _Wrong(400, ui.text(RecordErrorText.BESIDE_FORM))
        options = Options(
            speakers=_switch(request, "speakers", True, ui),
            times=_switch(request, "times", True, ui),
            sources=_switch(request, "sources", False, ui),
            marks=_switch(request, "marks", False, ui),
        )
        if not is_name(name):
            raise _Wrong(404, ui.text(ErrorText.NO_SESSION))
        session = SessionId(name)
        first = await self._find(session, channel, language, ui)
        other = None if beside is None else await self._find(session, beside, None, ui)
        if other is not None and other.feed == first.feed:
            raise _Wrong(400, ui.text(RecordErrorText.BESIDE_SAME))
        feed = "" if other is None else other.feed
        at = _offset(request, first, ui)
        return _Texts(first, other), _Asked(session, first.feed, form, options, ui.language, feed, at)

    async def _find(self, session: SessionId, channel: str | None, language: str | None, ui: Catalogue) -> Snapshot:
        """Return a text of a session. Raises _Wrong."""
        if channel is not None and not is_name(channel):
            raise _Wrong(404, ui.text(ErrorText.NO_CHANNEL))
        if language is not None and not 0 < len(language) <= MAX_LANGUAGE:
            raise _Wrong(404, ui.text(RecordErrorText.LANGUAGE))
        wanted = None if channel is None else ChannelId(channel)
        snapshot = await self._records.find(session, channel=wanted, language=language)
        match snapshot:
            case NotThere.SESSION:
                raise _Wrong(404, ui.text(ErrorText.NO_SESSION))
            case NotThere.CHANNEL:
                raise _Wrong(404, ui.text(ErrorText.NO_CHANNEL))
            case NotThere.HERE:
                raise _Wrong(404, ui.text(ErrorText.NOT_HERE))
            case NotThere.LANGUAGE:
                raise _Wrong(404, ui.text(RecordErrorText.LANGUAGE))
            case _:
                return snapshot

    async def _file(self, asked: _Asked, texts: _Texts, ui: Catalogue) -> _File:
        """Return the file from the cache, or make it now. Raises _Wrong when too many requests wait."""
        set_apart = asked.form == "pdf"
        if self._waiting >= MAX_WAITING or (set_apart and self._waiting_for_pdf >= MAX_SETTING):
            raise _Wrong(503, ui.text(RecordErrorText.BUSY))
        self._waiting += 1
        self._waiting_for_pdf += set_apart
        try:
            async with self._setting if set_apart else self._making:
                file = self._files.get(asked)
                if file is None or file.positions != texts.positions:
                    removals = self._removals
                    file = await (self._made_apart if set_apart else self._made)(asked, texts, ui)
                    if removals == self._removals:
                        self._keep(asked, file)
                else:
                    self._files.move_to_end(asked)
                return file
        finally:
            self._waiting -= 1
            self._waiting_for_pdf -= set_apart

    async def _made(self, asked: _Asked, texts: _Texts, ui: Catalogue) -> _File:
        record, beside = await self._read(asked, texts, ui)

        def make() -> _File:
            words = wording(record, ui, self._pages.zone(), self._public)
            body = write_record(asked.form, record, words, asked.options, lambda: self._style, beside=beside)
            return _File.of(asked, texts, record, beside, body)

        return await asyncio.to_thread(make)

    async def _made_apart(self, asked: _Asked, texts: _Texts, ui: Catalogue) -> _File:
        """Make a PDF file. Raises _Wrong when it can't be set."""
        assert self._typeset is not None  # noqa: S101 - else it was refused
        async with self._making:
            record, beside = await self._read(asked, texts, ui)

            def write() -> bytes:
                return pdf_data(record, wording(record, ui, self._pages.zone(), self._public), asked.options, beside)

            data = await asyncio.to_thread(write)
        try:
            body = await self._typeset(data)
        except FontsMissing:
            raise _Wrong(501, ui.text(RecordErrorText.NO_FONTS)) from None
        except TypesettingFailed:
            raise _Wrong(503, ui.text(RecordErrorText.PDF_FAILED)) from None
        return _File.of(asked, texts, record, beside, body)

    async def _read(self, asked: _Asked, texts: _Texts, ui: Catalogue) -> tuple[Record, OtherText | None]:
        """Return the record, and the text beside it."""
        record = await self._records.read(texts.first, asked.at)
        if texts.beside is None:
            return record, None
        other = await self._records.read(texts.beside, asked.at)
        words = await asyncio.to_thread(wording, other, ui, self._pages.zone(), self._public)
        return record, OtherText(record=other, wording=words)

    def _keep(self, asked: _Asked, file: _File) -> None:
        self._files[asked] = file
        self._files.move_to_end(asked)
        size = sum(each.size for each in self._files.values())
        while size > self._most_kept and len(self._files) > 1:
            _, oldest = self._files.popitem(last=False)
            size -= oldest.size

    def _refuse(self, request: web.Request, ui: Catalogue, status: int, sentence: str) -> web.Response:
        """Answer with an error page for a browser, or a line of text for a script."""
        headers = {hdrs.CACHE_CONTROL: "no-store", hdrs.CONTENT_LANGUAGE: ui.language}
        if status == 503:
            headers[hdrs.RETRY_AFTER] = "10"
        if "text/html" in request.headers.get(hdrs.ACCEPT, ""):
            html = self._pages.render("lib/error.html", ui=ui, status=status, sentence=sentence)
            return web.Response(status=status, text=html, content_type="text/html", headers=headers)
        return web.Response(status=status, text=sentence + "\n", headers=headers)


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
    beside it in the formats of BILINGUAL. Sets a PDF in this process; raises TypesettingFailed.
    """
    if form == "html":
        return write_html(record, words, options, style(), beside).encode()
    if form in DOCUMENTS:
        return write_document(form, record, words, options, beside)
    if form == "json":
        return write_json(record, words, options)
    if form == "epub":
        return packed(write_epub(record, words, options), stored="mimetype")
    return _WRITERS[form](record, words, options).encode()


_WRITERS = {"vtt": write_vtt, "srt": write_srt, "txt": write_text, "ttml": write_ttml, "akn": write_akn}
"""The writers of formats that are text and need nothing else."""


def record_style(static: StaticFiles) -> str:
    """Return the style of the HTML file. Raises ConfigurationError when it is missing."""
    sheets = [static.get(name) for name in STYLES]
    found = [sheet.body.decode() for sheet in sheets if sheet is not None]
    if len(found) < len(STYLES):
        raise ConfigurationError(f"The web folder lacks the style of records: {' or '.join(STYLES)}. Install it again.")
    return "\n".join(found)


def _made_at(asked: _Asked, texts: _Texts, record: Record, beside: OtherText | None) -> tuple[Position, ...]:
    """Where the logs stood when a file was made: the records may be newer than the snapshots that were asked for."""
    if asked.at is not None:
        return texts.positions
    return (record.position,) if beside is None else (record.position, beside.record.position)


def _disposition(record: Record, form: str, beside: OtherText | None = None) -> str:
    """The Content-Disposition header that saves the record under its name; for `curl -OJ` and old browsers, when the
    name isn't ASCII, under its id.

    RFC 6266, RFC 8187.
    """
    name = file_name(record, form, None if beside is None else beside.record)
    plain = name if name.isascii() and not set('"\\') & set(name) else f"{record.id}-{record.channel}.{form}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _switch(request: web.Request, name: str, default: bool, ui: Catalogue) -> bool:
    """Return a query parameter that is `0` or `1`. Raises _Wrong for any other value."""
    text = request.query.get(name)
    if text not in (None, "0", "1"):
        raise _Wrong(400, ui.text(RecordErrorText.SWITCH, name=name))
    return default if text is None else text == "1"


def _offset(request: web.Request, snapshot: Snapshot, ui: Catalogue) -> int | None:
    """The offset of the position that a request names; None where it names none, or the present. Raises _Wrong for a
    position that the log doesn't have.
    """
    text = request.query.get("at")
    if text is None:
        return None
    try:
        position = Position.parse(text)
    except ValueError as error:
        raise _Wrong(404, ui.text(RecordErrorText.NO_STATE)) from error
    if log_epoch(position.epoch) != log_epoch(snapshot.epoch) or not 0 < position.offset <= snapshot.offset:
        raise _Wrong(404, ui.text(RecordErrorText.NO_STATE))
    return None if position.offset == snapshot.offset else position.offset


def _tag(asked: _Asked, texts: _Texts) -> str:
    """The ETag of a file, without making the file: equal addresses at equal positions give equal files."""
    parts = (FORM_VERSION, texts.positions, asked)
    return sha256(msgspec.json.encode(parts)).hexdigest()[:32]


class KeysDoor:
    """Publishes the public key that verifies records, at `/.well-known/moothall.json`.

    `moothall.adapters.store.signing` makes the document.
    """

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = dict(document)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/.well-known/moothall.json", self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the document, readable from pages of any origin."""
        return web.json_response(self._document, headers=FOR_ANY_PAGE)
