"""The door for records to take home: `/s/{session}/record.{vtt,srt,txt,html,json}`.

A record is made once for all who ask for the same, in a thread, and only one at a time: a hall that downloads at the
end of a session doesn't hold up the words of the next.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.static_files import StaticFiles
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.record.texts import RecordErrorText, wording
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Position, SessionId, is_name
from moothall.core.views.captions import Snapshot
from moothall.record.html import policy, write_html
from moothall.record.json import write_json
from moothall.record.model import Record
from moothall.record.subtitles import write_srt, write_vtt
from moothall.record.text import write_text
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
}
"""The forms of a record and their media types."""
STYLES = ("css/lib/tokens.css", "css/reader/record.css")
"""What the HTML file's style is made of."""
FORM_VERSION = 4
"""Part of every tag. Higher when a release writes the same record in another way."""
MAX_WAITING = 64
"""Requests that may wait for records to be made. Overflow: the next is asked to come back."""
MAX_KEPT_BYTES = 32 << 20
"""Files that are kept for the next request. Overflow: the least recently used is forgotten."""
MAX_LANGUAGE = 35
"""Characters of a language tag (RFC 5646 §4.4.1)."""


class _Wrong(Exception):
    """The request can't be served: a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class _Asked(msgspec.Struct, frozen=True):
    """What makes two requests ask for the same, but for the state of the log."""

    session: SessionId
    feed: str
    form: str
    options: Options
    language: str
    """Of the texts that are not the record's own."""


class _File(msgspec.Struct, frozen=True):
    """A record as it goes out."""

    position: Position
    body: bytes
    packed: bytes
    """The body, gzip."""
    disposition: str

    @property
    def size(self) -> int:
        return len(self.body) + len(self.packed)


class RecordDoor:
    """Handlers of records. `pages` gives texts, error pages and the style of the HTML file."""

    def __init__(self, records: Records, pages: Pages, *, most_kept: int = MAX_KEPT_BYTES) -> None:
        """Raises ConfigurationError when the style of the HTML file is missing."""
        self._most_kept = most_kept
        self._records = records
        self._pages = pages
        self._style = record_style(pages.static)
        self._files: OrderedDict[_Asked, _File] = OrderedDict()
        self._making = asyncio.Lock()
        self._waiting = 0
        self._removals = 0

    def observe(self, live: ReadSession, publication: Publication) -> None:
        """For `Sessions.observe`: once something was removed, nothing made before it is kept, not even in memory."""
        if any(isinstance(event, BodyRemoved) for event in publication.events):
            self._removals += 1
            self._records.forget(live.id)
            for asked in [asked for asked in self._files if asked.session == live.id]:
                del self._files[asked]

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/s/{session}/record.{form}", self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """The record, to be saved; the address says which text, in which form, with what in it."""
        ui = self._pages.catalogues.choose(request.query.get("ui"), request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        try:
            snapshot, asked = await self._what(request, ui)
            headers: dict[str, str] = {
                hdrs.CACHE_CONTROL: "no-cache",
                hdrs.ETAG: f'"{_tag(asked, snapshot)}"',
                hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.ACCEPT_ENCODING}",
            }
            if any(seen.value in (_tag(asked, snapshot), "*") for seen in request.if_none_match or ()):
                return web.Response(status=304, headers=headers)
            file = await self._file(asked, snapshot, ui)
        except StorageUnavailable:
            return self._refuse(request, ui, 503, ui.text(ErrorText.UNAVAILABLE))
        except _Wrong as wrong:
            return self._refuse(request, ui, wrong.status, wrong.sentence)
        headers |= {hdrs.CONTENT_TYPE: TYPES[asked.form], hdrs.CONTENT_DISPOSITION: file.disposition}
        if asked.form == "html":
            headers["Content-Security-Policy"] = f"{policy(self._style)}; frame-ancestors 'none'; sandbox"
        if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return web.Response(body=file.packed, headers={**headers, hdrs.CONTENT_ENCODING: "gzip"})
        return web.Response(body=file.body, headers=headers)

    async def _what(self, request: web.Request, ui: Catalogue) -> tuple[Snapshot, _Asked]:
        """The text that a request means, and in what shape. Raises _Wrong."""
        form, name = request.match_info["form"], request.match_info["session"]
        channel, language = request.query.get("channel"), request.query.get("language")
        if form not in TYPES:
            raise _Wrong(404, ui.text(RecordErrorText.FORM))
        options = Options(
            speakers=_switch(request, "speakers", True, ui),
            times=_switch(request, "times", True, ui),
            sources=_switch(request, "sources", False, ui),
            marks=_switch(request, "marks", False, ui),
        )
        if not is_name(name):
            raise _Wrong(404, ui.text(ErrorText.NO_SESSION))
        if channel is not None and not is_name(channel):
            raise _Wrong(404, ui.text(ErrorText.NO_CHANNEL))
        if language is not None and not 0 < len(language) <= MAX_LANGUAGE:
            raise _Wrong(404, ui.text(RecordErrorText.LANGUAGE))
        wanted = None if channel is None else ChannelId(channel)
        snapshot = await self._records.find(SessionId(name), channel=wanted, language=language)
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
                return snapshot, _Asked(SessionId(name), snapshot.feed, form, options, ui.language)

    async def _file(self, asked: _Asked, snapshot: Snapshot, ui: Catalogue) -> _File:
        """The file, made now unless it is at hand. Raises _Wrong when too many wait."""
        if self._waiting >= MAX_WAITING:
            raise _Wrong(503, ui.text(RecordErrorText.BUSY))
        self._waiting += 1
        try:
            async with self._making:
                file = self._files.get(asked)
                if file is None or file.position != Position(snapshot.epoch, snapshot.offset):
                    removals = self._removals
                    record = await self._records.read(snapshot)
                    file = await asyncio.to_thread(self._make, asked, record, ui)
                    if removals == self._removals:
                        self._keep(asked, file)
                else:
                    self._files.move_to_end(asked)
                return file
        finally:
            self._waiting -= 1

    def _make(self, asked: _Asked, record: Record, ui: Catalogue) -> _File:
        words = wording(record, ui, self._pages.zone())
        body = write_record(asked.form, record, words, asked.options, lambda: self._style)
        return _File(record.position, body, gzip.compress(body, 6, mtime=0), _disposition(record, asked.form))

    def _keep(self, asked: _Asked, file: _File) -> None:
        self._files[asked] = file
        self._files.move_to_end(asked)
        size = sum(each.size for each in self._files.values())
        while size > self._most_kept and len(self._files) > 1:
            _, oldest = self._files.popitem(last=False)
            size -= oldest.size

    def _refuse(self, request: web.Request, ui: Catalogue, status: int, sentence: str) -> web.Response:
        """A page for a browser, a line of text for a script."""
        headers = {hdrs.CACHE_CONTROL: "no-store", hdrs.CONTENT_LANGUAGE: ui.language}
        if status == 503:
            headers[hdrs.RETRY_AFTER] = "10"
        if "text/html" in request.headers.get(hdrs.ACCEPT, ""):
            html = self._pages.render("lib/error.html", ui=ui, status=status, sentence=sentence)
            return web.Response(status=status, text=html, content_type="text/html", headers=headers)
        return web.Response(status=status, text=sentence + "\n", headers=headers)


def write_record(form: str, record: Record, words: Wording, options: Options, style: Callable[[], str]) -> bytes:
    """A record in one of the forms of TYPES; `style`: of the HTML file."""
    if form == "html":
        return write_html(record, words, options, style()).encode()
    write = {"vtt": write_vtt, "srt": write_srt, "txt": write_text}.get(form)
    return write_json(record, words, options) if write is None else write(record, words, options).encode()


def record_style(static: StaticFiles) -> str:
    """The style of the HTML file. Raises ConfigurationError when it is missing."""
    sheets = [static.get(name) for name in STYLES]
    found = [sheet.body.decode() for sheet in sheets if sheet is not None]
    if len(found) < len(STYLES):
        raise ConfigurationError(f"The web folder lacks the style of records: {' or '.join(STYLES)}. Install it again.")
    return "\n".join(found)


def _disposition(record: Record, form: str) -> str:
    """Has the record saved under its name; where that isn't ASCII, `curl -OJ` and old browsers take its id.

    RFC 6266, RFC 8187.
    """
    name = file_name(record, form)
    plain = name if name.isascii() and not set('"\\') & set(name) else f"{record.id}-{record.channel}.{form}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _switch(request: web.Request, name: str, default: bool, ui: Catalogue) -> bool:
    """A parameter that is `0` or `1`. Raises _Wrong when it is something else."""
    text = request.query.get(name)
    if text not in (None, "0", "1"):
        raise _Wrong(400, ui.text(RecordErrorText.SWITCH, name=name))
    return default if text is None else text == "1"


def _tag(asked: _Asked, snapshot: Snapshot) -> str:
    """Names the file without making it: equal addresses at equal positions give equal files."""
    parts = (FORM_VERSION, snapshot.epoch, snapshot.offset, asked)
    return sha256(msgspec.json.encode(parts)).hexdigest()[:32]


class KeysDoor:
    """Publishes the public key that verifies records, at `/.well-known/moothall.json`.

    The document is made by `moothall.adapters.store.signing`.
    """

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = dict(document)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/.well-known/moothall.json", self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """The document, for everybody and from everywhere."""
        return web.json_response(self._document, headers=FOR_ANY_PAGE)
