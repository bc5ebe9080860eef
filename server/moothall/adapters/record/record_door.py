"""The door for records as downloads: `/s/{session}/record.{form}`, in the formats of `forms.TYPES`.

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

from moothall.adapters.http.entity_tags import is_known
from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import alone
from moothall.adapters.pages.request_context import HttpProblem, language, refusal_for
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.reading.page_address import BILINGUAL
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.record.forms import COMPRESSED, TYPES, pdf_data, record_style, write_record
from moothall.adapters.record.texts import NOT_THERE, RecordErrorText, wording
from moothall.adapters.record.typesetting import FontsMissing, TypesettingFailed, typeset_apart
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Position, SessionId, is_name
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Snapshot
from moothall.record.html import policy
from moothall.record.model import Record
from moothall.record.parallel import OtherText
from moothall.record.wording import Options, file_name
from moothall.services.log.publication import Publication
from moothall.services.sessions.reader_access import ReadSession
from moothall.services.sessions.records import NotThere, Records

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
    public: str
    """The address that the file names, without a path."""


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
            positions=texts.positions,
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
    """Handlers of records. `pages` supplies texts, error pages and the style of the HTML file; `public` returns the
    public address that files name, without a path, as for `CitingDoor`.
    """

    def __init__(
        self,
        records: Records,
        pages: Pages,
        *,
        public: Callable[[], str] = str,
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
        ui = language(self._pages, request)
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
            return refusal_for(request, HttpProblem(503, ErrorText.UNAVAILABLE), self._pages, ui)
        except HttpProblem as wrong:
            return refusal_for(request, wrong, self._pages, ui)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the record as a download; the address names the text, the format, and the options."""
        ui = language(self._pages, request)
        try:
            texts, asked = await self._what(request, ui)
            headers: dict[str, str] = {
                hdrs.CACHE_CONTROL: "no-cache",
                hdrs.ETAG: f'"{_tag(asked, texts)}"',
                hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.ACCEPT_ENCODING}",
            }
            if is_known(request, _tag(asked, texts)):
                return web.Response(status=304, headers=headers)
            file = await self._file(asked, texts, ui)
        except StorageUnavailable:
            return refusal_for(request, HttpProblem(503, ErrorText.UNAVAILABLE), self._pages, ui)
        except HttpProblem as wrong:
            return refusal_for(request, wrong, self._pages, ui)
        headers |= {hdrs.CONTENT_TYPE: TYPES[asked.form], hdrs.CONTENT_DISPOSITION: file.disposition}
        if asked.form == "html":
            headers["Content-Security-Policy"] = f"{policy(self._style)}; frame-ancestors 'none'; sandbox"
        if file.packed and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return web.Response(body=file.packed, headers={**headers, hdrs.CONTENT_ENCODING: "gzip"})
        return web.Response(body=file.body, headers=headers)

    async def _what(self, request: web.Request, ui: Catalogue) -> tuple[_Texts, _Asked]:
        """Return the texts that a request names, and the key of its file. Raises HttpProblem."""
        form, name = request.match_info["form"], request.match_info["session"]
        beside = request.query.get("beside")
        if form not in TYPES:
            raise HttpProblem(404, RecordErrorText.FORM, forms=ui.listed(alone(f".{each}") for each in TYPES))
        if beside is not None and form not in BILINGUAL:
            raise HttpProblem(400, RecordErrorText.BESIDE_FORM)
        options = Options(
            speakers=_switch(request, "speakers", default=True),
            times=_switch(request, "times", default=True),
            sources=_switch(request, "sources", default=False),
            marks=_switch(request, "marks", default=False),
        )
        if not is_name(name):
            raise HttpProblem(404, ErrorText.NO_SESSION)
        session = SessionId(name)
        first = await self._find(session, request.query.get("channel"), request.query.get("language"))
        other = None if beside is None else await self._find(session, beside)
        if other is not None and other.feed == first.feed:
            raise HttpProblem(400, RecordErrorText.BESIDE_SAME)
        feed, texts = "" if other is None else other.feed, _Texts(first, other)
        at = await self._at(request, texts)
        return texts, _Asked(session, first.feed, form, options, ui.language, feed, at, self._public())

    async def _find(self, session: SessionId, channel: str | None, tag: str | None = None) -> Snapshot:
        """Return the text of a channel or in a language. Raises HttpProblem."""
        if channel is not None and not is_name(channel):
            raise HttpProblem(404, ErrorText.NO_CHANNEL)
        if tag is not None and not 0 < len(tag) <= MAX_LANGUAGE:
            raise HttpProblem(404, RecordErrorText.LANGUAGE)
        wanted = None if channel is None else ChannelId(channel)
        snapshot = await self._records.find(session, channel=wanted, language=tag)
        if isinstance(snapshot, NotThere):
            raise HttpProblem(404, NOT_THERE[snapshot])
        return snapshot

    async def _at(self, request: web.Request, texts: _Texts) -> int | None:
        """The offset of the position that a request names; None where it names none, or one since which no text has
        changed. Raises HttpProblem for a position that the log doesn't have.
        """
        at = request.query.get("at")
        if at is None:
            return None
        offset = await self._records.offset_of(at, texts.first)
        if offset is None:
            raise HttpProblem(404, RecordErrorText.NO_STATE)
        return offset if offset < max(position.offset for position in texts.positions) else None

    async def _file(self, asked: _Asked, texts: _Texts, ui: Catalogue) -> _File:
        """Return the file from the cache, or make it now. Raises HttpProblem when too many requests wait."""
        set_apart = asked.form == "pdf"
        if self._waiting >= MAX_WAITING or (set_apart and self._waiting_for_pdf >= MAX_SETTING):
            raise HttpProblem(503, RecordErrorText.BUSY)
        self._waiting += 1
        self._waiting_for_pdf += set_apart
        try:
            async with self._setting if set_apart else self._making:
                file = self._files.get(asked)
                if file is not None and file.positions == texts.positions:
                    self._files.move_to_end(asked)
                    return file
                while True:
                    removals = self._removals
                    file = await (self._made_apart if set_apart else self._made)(asked, texts, ui)
                    if removals == self._removals:
                        self._keep(asked, file)
                        return file
                    # What was removed meanwhile may be in the file, so it is made again.
        finally:
            self._waiting -= 1
            self._waiting_for_pdf -= set_apart

    async def _made(self, asked: _Asked, texts: _Texts, ui: Catalogue) -> _File:
        record, beside = await self._read(asked, texts, ui)

        def make() -> _File:
            words = wording(record, ui, self._pages.zone(), asked.public)
            body = write_record(asked.form, record, words, asked.options, lambda: self._style, beside=beside)
            return _File.of(asked, texts, record, beside, body)

        return await asyncio.to_thread(make)

    async def _made_apart(self, asked: _Asked, texts: _Texts, ui: Catalogue) -> _File:
        """Make a PDF file. Raises HttpProblem when it can't be set."""
        typeset = self._typeset
        if typeset is None:
            raise HttpProblem(501, RecordErrorText.NO_PDF)
        async with self._making:
            record, beside = await self._read(asked, texts, ui)

            def write() -> bytes:
                return pdf_data(record, wording(record, ui, self._pages.zone(), asked.public), asked.options, beside)

            data = await asyncio.to_thread(write)
        try:
            body = await typeset(data)
        except FontsMissing:
            raise HttpProblem(501, RecordErrorText.NO_FONTS) from None
        except TypesettingFailed:
            raise HttpProblem(503, RecordErrorText.PDF_FAILED) from None
        return _File.of(asked, texts, record, beside, body)

    async def _read(self, asked: _Asked, texts: _Texts, ui: Catalogue) -> tuple[Record, OtherText | None]:
        """Return the record, and the text beside it."""
        record = await self._records.read(texts.first, asked.at)
        if texts.beside is None:
            return record, None
        other = await self._records.read(texts.beside, asked.at)
        words = await asyncio.to_thread(wording, other, ui, self._pages.zone(), asked.public)
        return record, OtherText(record=other, wording=words)

    def _keep(self, asked: _Asked, file: _File) -> None:
        self._files[asked] = file
        self._files.move_to_end(asked)
        size = sum(each.size for each in self._files.values())
        while size > self._most_kept and len(self._files) > 1:
            _, oldest = self._files.popitem(last=False)
            size -= oldest.size


def _disposition(record: Record, form: str, beside: OtherText | None = None) -> str:
    """The Content-Disposition header that saves the record under its name; for `curl -OJ` and old browsers, when the
    name isn't ASCII, under its id.

    RFC 6266, RFC 8187.
    """
    name = file_name(record, form, None if beside is None else beside.record)
    plain = name if name.isascii() and not set('"\\') & set(name) else f"{record.id}-{record.channel}.{form}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _switch(request: web.Request, name: str, *, default: bool) -> bool:
    """Return a query parameter that is `0` or `1`. Raises HttpProblem for any other value."""
    text = request.query.get(name)
    if text not in (None, "0", "1"):
        raise HttpProblem(400, RecordErrorText.SWITCH, name=name)
    return default if text is None else text == "1"


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
