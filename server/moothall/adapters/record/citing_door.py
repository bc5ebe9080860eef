"""The door for citing a record: quotations of any span, the history of a line, and the sealed versions.

Pages are made in a thread, one at a time, like the record's files: a comparison of long texts delays no words.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from aiohttp import hdrs, web

from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, html, language, page_headers, refusal_for
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_request import see_other
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.record.citing_pages import FORMS, NOW, CitingPages, Edition
from moothall.adapters.record.texts import NOT_THERE, RecordErrorText
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.ids import ChannelId, Position, SegmentId, SessionId, is_name, log_epoch
from moothall.record.citation.history import History, shown_lines
from moothall.record.citation.quoting import Quotation, QuotedSpan, SpanEnd, quote
from moothall.services.sessions.records import NotThere, Records

MAX_WAITING = 64
"""The most requests that wait for a page to be made. Overflow: the next is answered with 503."""
MAX_DIGITS = 9
_TIME = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)", re.ASCII)
"""A media time as pages write it: `4:05`, `1:04:05`."""


class _Asked:
    """A text of which something is cited, its history, and the state in which it is cited."""

    def __init__(self, history: History, address: TextAddresses, ui: Catalogue, at: int | None) -> None:
        """`at`: the offset of the position that the request names; None where it names none."""
        self.history = history
        self.address = address
        self.ui = ui
        self.at = at

    @property
    def values(self) -> tuple[History, TextAddresses, Catalogue]:
        """What each page is made of."""
        return self.history, self.address, self.ui

    @property
    def offset(self) -> int:
        """The offset at which the words are quoted. The text of now is cited by that of the version with the same text,
        where there is one that has lost nothing since.
        """
        if self.at is not None:
            return self.at
        now = self.history.position.offset
        version = self.history.version_at(now)
        return now if version is None or self.history.lost(0, now, version.offset) else version.offset


class CitingDoor:
    """Handlers of citations and versions. `public` returns the public address that citations name, without a path: at a
    hub that of the server above it, since a hub's own address is of its room alone. Empty: the one that the request
    names. `publisher` and `proved` are as in `CitingPages`.
    """

    def __init__(
        self,
        records: Records,
        pages: Pages,
        *,
        public: Callable[[], str] = str,
        publisher: Callable[[], str] = str,
        proved: bool = False,
    ) -> None:
        self._records = records
        self._pages = pages
        self._public = public
        self._citing = CitingPages(pages, publisher=publisher, proved=proved)
        self._making = asyncio.Lock()
        self._waiting = 0

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/cite", self.quotation),
            web.get("/s/{session}/cite.{style}", self.citation),
            web.get("/s/{session}/history/{segment}", self.line_history),
            web.get("/s/{session}/versions", self.versions),
            web.get("/s/{session}/versions/{first}", self.version),
            web.get("/s/{session}/versions/{first}/{second}", self.comparison),
        ]

    async def quotation(self, request: web.Request) -> web.Response:
        """Answer with the page of a quotation. An address without a position is redirected to one that names it."""

        def make(asked: _Asked) -> web.Response:
            quoted = _quoted(request, asked)
            if asked.at is None:
                at = str(Position(log_epoch(asked.history.position.epoch), quoted.offset))
                ends = (str(quoted.span.first), str(quoted.span.last))
                return see_other(asked.address.citation(*ends, at))
            return html(self._citing.quotation(quoted, *asked.values, public=self._origin(request)), asked.ui)

        return await self._answer(request, make)

    async def citation(self, request: web.Request) -> web.Response:
        """Answer with the citation of a quotation as a file, readable from pages of any origin."""

        def make(asked: _Asked) -> web.Response:
            kind, write = FORMS[request.match_info["style"]]
            quoted = _quoted(request, asked)
            if not quoted.text:
                raise HttpProblem(410, RecordErrorText.REMOVED)
            written = write(self._citing.cited(quoted, *asked.values, public=self._origin(request)))
            body = written if isinstance(written, bytes) else written.encode()
            return web.Response(body=body, headers={**page_headers(asked.ui), hdrs.CONTENT_TYPE: kind, **FOR_ANY_PAGE})

        if request.match_info["style"] not in FORMS:
            return refusal_for(
                request, HttpProblem(404, ErrorText.NOTHING), self._pages, language(self._pages, request)
            )
        return await self._answer(request, make)

    async def line_history(self, request: web.Request) -> web.Response:
        """Answer with the page of all that a line has read."""

        def make(asked: _Asked) -> web.Response:
            line = asked.history.line(SegmentId(request.match_info["segment"]))
            if line is None or line.segment not in asked.history.texts:
                raise HttpProblem(404, RecordErrorText.NO_LINES)
            return html(self._citing.line_history(line, *asked.values), asked.ui)

        return await self._answer(request, make)

    async def versions(self, request: web.Request) -> web.Response:
        """Answer with the list of versions."""
        return await self._answer(request, lambda asked: html(self._citing.versions(*asked.values), asked.ui))

    async def version(self, request: web.Request) -> web.Response:
        """Answer with the text of a version."""

        def make(asked: _Asked) -> web.Response:
            edition = _edition(request.match_info["first"], asked.history)
            return html(self._citing.version(edition, *asked.values), asked.ui)

        return await self._answer(request, make)

    async def comparison(self, request: web.Request) -> web.Response:
        """Answer with what differs between two versions."""

        def make(asked: _Asked) -> web.Response:
            first, second = (_edition(request.match_info[name], asked.history) for name in ("first", "second"))
            return html(self._citing.comparison(first, second, *asked.values), asked.ui)

        return await self._answer(request, make)

    def _origin(self, request: web.Request) -> str:
        return self._public() or f"{request.scheme}://{request.host}"

    async def _answer(self, request: web.Request, make: Callable[[_Asked], web.Response]) -> web.Response:
        """Read the history that a request names, and answer with what `make` makes of it in a thread."""
        ui = language(self._pages, request)
        try:
            if self._waiting >= MAX_WAITING:
                raise HttpProblem(503, RecordErrorText.BUSY)
            self._waiting += 1
            try:
                asked = await self._asked(request, ui)
                async with self._making:
                    return await asyncio.to_thread(make, asked)
            finally:
                self._waiting -= 1
        except HttpProblem as wrong:
            return refusal_for(request, wrong, self._pages, ui)

    async def _asked(self, request: web.Request, ui: Catalogue) -> _Asked:
        name, channel = request.match_info["session"], request.query.get("channel")
        if not is_name(name):
            raise HttpProblem(404, ErrorText.NO_SESSION)
        if channel and not is_name(channel):
            raise HttpProblem(404, ErrorText.NO_CHANNEL)
        session = SessionId(name)
        snapshot = await self._records.find(session, channel=ChannelId(channel) if channel else None)
        if isinstance(snapshot, NotThere):
            raise HttpProblem(404, NOT_THERE[snapshot])
        at = request.query.get("at")
        offset = None if at is None else await self._records.offset_of(at, snapshot)
        if at is not None and offset is None:
            raise HttpProblem(404, RecordErrorText.NO_STATE)
        history = await self._records.history(snapshot)
        address = TextAddresses(session, channel=history.view.feed.channel, ui=ui.chosen or None)
        return _Asked(history, address, ui, offset)


def _quoted(request: web.Request, asked: _Asked) -> Quotation:
    """The quotation that an address names. Raises HttpProblem."""
    quoted = quote(asked.history, _span(request, asked.history), asked.offset)
    if quoted is None:
        raise HttpProblem(404, RecordErrorText.NO_LINES)
    return quoted


def _span(request: web.Request, history: History) -> QuotedSpan:
    since, until = request.query.get("since"), request.query.get("until")
    if since is not None:
        return _span_of_times(since, until or since, history)
    first = SpanEnd.parse(request.query.get("from", ""))
    last = SpanEnd.parse(request.query["to"]) if "to" in request.query else first and SpanEnd(first.segment)
    if first is None or last is None:
        raise HttpProblem(404, RecordErrorText.NO_LINES)
    return QuotedSpan(first, last)


def _span_of_times(since: str, until: str, history: History) -> QuotedSpan:
    """The lines from a time of the meeting to another one; also the line that goes on at the first."""
    t0, t1 = _media_ms(since), _media_ms(until)
    lines = [line for line in shown_lines(history.view) if line.segment in history.texts]
    begun = [line for line in lines if line.t0 < t0 + 1_000]
    within = [line for line in lines if t0 <= line.t0 < t1 + 1_000]
    found = within if within and within[0].t0 < t0 + 1_000 else [*begun[-1:], *within]
    if not found or t1 < t0:
        raise HttpProblem(404, RecordErrorText.NO_LINES)
    return QuotedSpan(SpanEnd(found[0].segment), SpanEnd(found[-1].segment))


def _media_ms(text: str) -> int:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise HttpProblem(400, RecordErrorText.TIME)
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000


def _edition(key: str, history: History) -> Edition:
    """The version with a number, or the text as it is now. Raises HttpProblem."""
    if key == NOW:
        return Edition(key=NOW, version=None, view=history.view)
    number = number_in(key, MAX_DIGITS)
    found = next((each for each in history.versions if each.n == number), None)
    if found is None:
        raise HttpProblem(404, RecordErrorText.NO_VERSION)
    return Edition(key=key, version=found, view=found.view)
