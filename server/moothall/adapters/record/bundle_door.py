"""The doors for what is taken away: bundles of the records of a session, of a day and of all sessions, proceedings of a
day and of all, and the list of what was withdrawn since.

They give what anybody may read, also to visitors who may read more: what is in a bundle goes on without us.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

import msgspec
from aiohttp import hdrs, web
from babel.dates import format_date

from moothall.adapters.http.entity_tags import is_known, tagged
from moothall.adapters.http.ranges import NotSatisfiable, wanted_range
from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import alone
from moothall.adapters.pages.request_context import HttpProblem, language, refusal
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.record.bundle_messages import PROCEEDINGS, BundleForm
from moothall.adapters.record.bundling import (
    BundleBusy,
    BundleFailed,
    BundleFontsMissing,
    BundleNotSet,
    Bundles,
    BundleWish,
    KeptBundle,
)
from moothall.adapters.record.forms import TYPES
from moothall.adapters.record.record_door import MAX_LANGUAGE
from moothall.adapters.record.texts import RecordErrorText
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import is_language
from moothall.core.sessions.state import Status
from moothall.services.sessions.catalogue import Entry, ListPublic, Withdrawal

PIECE = 1 << 18
"""Bytes that are sent at a time."""
AGAIN_S = 5
"""After how many seconds a browser asks again for a bundle that is being made."""
_TYPES = {
    BundleForm.ZIP: "application/zip",
    BundleForm.LINES: "application/jsonl",
    BundleForm.EPUB: TYPES["epub"],
    BundleForm.PDF: TYPES["pdf"],
}
EVERYTHING = "all"
"""Name of the bundle of all sessions."""
_Wish = Callable[[], Awaitable[BundleWish]]
"""Finds out what is wanted. Raises HttpProblem, StorageUnavailable."""


class SessionWithdrawals(msgspec.Struct, frozen=True, kw_only=True):
    """What was withdrawn from one session."""

    session: SessionId
    withdrawn: tuple[Withdrawal, ...]


class Withdrawals(msgspec.Struct, frozen=True, kw_only=True):
    """The list of what was withdrawn: `/withdrawals.json`."""

    sessions: tuple[SessionWithdrawals, ...]
    """All sessions of which records can be had. One that is missing here can't be read by everybody any more."""


@dataclass(eq=False, repr=False, kw_only=True)
class BundleDoor:
    """Handlers of bundles. `all`: all sessions; `listed`: those that public lists have; `house`: the conference's name,
    empty for none; `pdf`: whether PDF files can be set here.
    """

    pages: Pages
    bundles: Bundles
    all: ListPublic
    listed: ListPublic
    house: Callable[[], str]
    pdf: bool = field(default_factory=can_typeset)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/bundle.zip", self.of_session),
            web.get("/bundle.zip", self.of_day),
            web.get("/records.jsonl", self.as_lines),
            web.get("/proceedings.{form}", self.proceedings),
            web.get("/withdrawals.json", self.withdrawals),
        ]

    async def of_session(self, request: web.Request) -> web.StreamResponse:
        """Answer with the bundle of one session that is closed."""
        ui, name = language(self.pages, request), request.match_info["session"]

        async def wish() -> BundleWish:
            found = [each for each in await self.all() if each.session == name and each.public]
            if not found:
                raise HttpProblem(404, ErrorText.NO_SESSION)
            if found[0].status is not Status.CLOSED:
                raise HttpProblem(409, RecordErrorText.GOES_ON)
            title = found[0].title.strip() or ui.text("Meeting without a title")
            sessions, query = (found[0].session,), f"?session={name}"
            return BundleWish(name=name, title=title, language=ui.language, sessions=sessions, query=query)

        return await self._answer(request, ui, wish)

    async def of_day(self, request: web.Request) -> web.StreamResponse:
        """Answer with the bundle of the closed sessions of `day` (ISO 8601), without it of all days."""
        return await self._of_day(request, BundleForm.ZIP)

    async def as_lines(self, request: web.Request) -> web.StreamResponse:
        """Answer with the records of the same sessions as JSON, one a line."""
        return await self._of_day(request, BundleForm.LINES)

    async def proceedings(self, request: web.Request) -> web.StreamResponse:
        """Answer with the records of the same sessions as one book: in the `language` that is asked for (BCP-47), or as
        spoken.
        """
        ui, name = language(self.pages, request), request.match_info["form"]
        form = next((form for form in sorted(PROCEEDINGS) if form == name), None)
        if form is None:
            forms = ui.listed(alone(f".{each}") for each in sorted(PROCEEDINGS))
            return refusal(HttpProblem(404, RecordErrorText.FORM, forms=forms), self.pages, ui)
        if form is BundleForm.PDF and not self.pdf:
            return refusal(HttpProblem(501, RecordErrorText.NO_PROCEEDINGS_PDF), self.pages, ui)
        tag = request.query.get("language", "")
        if len(tag) > MAX_LANGUAGE or (tag and not is_language(tag)):
            return refusal(HttpProblem(404, RecordErrorText.NO_LANGUAGE), self.pages, ui)
        return await self._of_day(request, form, tag)

    async def _of_day(self, request: web.Request, form: BundleForm, tag: str = "") -> web.StreamResponse:
        ui, text = language(self.pages, request), request.query.get("day")
        if form in PROCEEDINGS and not text:  # as a form sends it
            text = None

        async def wish() -> BundleWish:
            day = None if text is None else _day(text)
            found = [each for each in await self.listed() if each.status is Status.CLOSED and each.opened is not None]
            if day is not None:
                found = [each for each in found if self._day_of(each) == day]
            if not found:
                raise HttpProblem(404, RecordErrorText.NO_BUNDLE)
            if tag and not any(each.has_text_in(tag) for each in found):
                raise HttpProblem(404, RecordErrorText.NO_TEXT_IN)
            found.sort(key=lambda each: (each.opened or 0, each.session))
            title, name = self.house() or ui.text("Agenda"), EVERYTHING if day is None else day.isoformat()
            sessions = tuple(each.session for each in found)
            # A day can be written in several ways, and all of them want one file.
            named = {"day": "" if day is None else day.isoformat(), "language": tag, "ui": ui.language}
            asked = urlencode({key: value for key, value in named.items() if value})
            books = {each: f"{self.bundles.public}/proceedings.{each}?{asked}" for each in PROCEEDINGS}
            if form in PROCEEDINGS:
                return BundleWish(
                    name=f"proceedings-{name}",
                    title=title,
                    language=ui.language,
                    sessions=sessions,
                    form=form,
                    text=tag,
                    address=books[form],
                )
            if day is not None:
                title = f"{title}, {format_date(day, 'long', locale=ui.locale)}"
            return BundleWish(
                name=name,
                title=title,
                language=ui.language,
                sessions=sessions,
                form=form,
                proceedings=tuple(books[each] for each in sorted(books) if self.pdf or each is not BundleForm.PDF)
                if form is BundleForm.ZIP
                else (),
            )

        return await self._answer(request, ui, wish)

    async def withdrawals(self, request: web.Request) -> web.Response:
        """Answer with what was withdrawn from the sessions of which records can be had; with `session` from one, which
        public lists need not have.
        """
        try:
            entries = await self.all()
        except StorageUnavailable:
            ui = language(self.pages, request)
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        name = request.query.get("session")
        shown = [each for each in entries if (each.listed if name is None else each.public and each.session == name)]
        withdrawn = tuple(SessionWithdrawals(session=each.session, withdrawn=each.withdrawals) for each in shown)
        headers = {**FOR_ANY_PAGE, hdrs.CACHE_CONTROL: "no-cache", hdrs.CONTENT_TYPE: "application/json"}
        return tagged(request, msgspec.json.encode(Withdrawals(sessions=withdrawn)), headers)

    def _day_of(self, entry: Entry) -> date | None:
        return None if entry.opened is None else self.pages.zone().at(entry.opened).date()

    async def _answer(self, request: web.Request, ui: Catalogue, wish: _Wish) -> web.StreamResponse:
        try:
            wanted = await wish()
            tag = await self.bundles.tag(wanted)
            if is_known(request, tag.strip('"')):
                return web.Response(status=304, headers={hdrs.ETAG: tag})
            kept = await self.bundles.get(wanted, tag)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        except BundleFontsMissing:
            return refusal(HttpProblem(501, RecordErrorText.PROCEEDINGS_FONTS), self.pages, ui)
        except BundleNotSet:
            return refusal(HttpProblem(503, RecordErrorText.PROCEEDINGS_FAILED), self.pages, ui)
        except BundleFailed:
            return refusal(HttpProblem(503, RecordErrorText.BUNDLE_FAILED), self.pages, ui)
        except BundleBusy:
            response = refusal(HttpProblem(503, RecordErrorText.BUNDLING), self.pages, ui)
            response.headers[hdrs.RETRY_AFTER] = str(AGAIN_S)
            response.headers["Refresh"] = str(AGAIN_S)
            return response
        return await _send(request, kept, wanted)


async def _send(request: web.Request, kept: KeptBundle, wanted: BundleWish) -> web.StreamResponse:
    """Send a bundle, or the range of it that is asked for. A download is cut off once something in it is withdrawn."""

    def cut_off() -> None:
        if request.transport is not None:
            request.transport.abort()

    headers = {
        hdrs.ETAG: kept.tag,
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.CACHE_CONTROL: "private, no-cache",
        hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
        hdrs.CONTENT_TYPE: _TYPES[wanted.form],
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{wanted.name}.{wanted.form}"',
    }
    with kept.reading(cut_off):
        try:
            span = wanted_range(request.headers, kept.tag, kept.size)
        except NotSatisfiable:
            return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{kept.size}", hdrs.ETAG: kept.tag})
        start, end = span or (0, kept.size)
        if span is not None:
            headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{kept.size}"
        response = web.StreamResponse(status=200 if span is None else 206, headers=headers)
        response.content_length = end - start
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        while start < end:
            piece = await asyncio.to_thread(os.pread, kept.file.fileno(), min(PIECE, end - start), start)
            await response.write(piece)  # After `cut_off` it raises ConnectionError.
            start += len(piece)
        return response


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HttpProblem(404, RecordErrorText.NO_BUNDLE) from None
