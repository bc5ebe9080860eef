"""The door of *Something wrong?*: a form on the reader's page that works with and without a script.

A reporter is recognised by a cookie that is valid for this door of one session alone; no address is kept. A report must
come from a page of this server.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest, own_html, own_json, wants_json
from moothall.adapters.pages.texts import DoorText, report_part
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import read_body, read_form, title_language, title_of
from moothall.core.kernel.decoding import read_json
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import SessionId
from moothall.services.sessions.reports import ReportKind, ReportOutcome, Reports
from moothall.wire.token_bucket import Allowance

COOKIE = "reporter"
MAX_BODY_BYTES, MAX_FIELDS = 1 << 10, 8
"""Limits of a form: bytes of its body, number of its fields."""
AGAIN = "again"
"""A query parameter that marks the second request of a browser that was just given its cookie."""
ALLOWANCE = Allowance(per_second=4, burst=600)
"""Reports of one address: a hall of 300 whose text is missing stays within it, with two requests a report."""
MAX_WAIT_S = 25
MAX_WAITING = 5_000
"""The most reporters who wait for an answer at once. Overflow: further requests are answered at once, and the script
asks again.
"""


class _Sent(msgspec.Struct):
    """The body of a report that a script sends."""

    kind: ReportKind
    channel: str = ""


class ReportsDoor:
    """Handlers of the form *Something wrong?*. They pass reports to `Reports`, where desks see them."""

    def __init__(self, context: VisitorContext, reports: Reports) -> None:
        self._context = context
        self._reports = reports
        self._senders = context.senders(ALLOWANCE)
        self._waiting = 0
        self._closed = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/report", self.show),
            web.post("/s/{session}/report", self.submit),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Answer with what became of this browser's reports: a page, or JSON for scripts.

        With `?wait=1` the JSON is sent when the answers differ from `?known=kind:answer,…`, or after 25 s.
        """
        ui = self._context.language(request)
        try:
            wanted = await self._context.asked(request)
        except HttpProblem as wrong:
            return self._refuse(request, wrong, ui)
        token = self._context.visitors.token(request, COOKIE, wanted.session)
        if not wants_json(request):
            return self._page(request, wanted, ui, token)
        if request.query.get("wait") == "1" and token:
            await self._changed(wanted.session, token, _known(request.query.get("known", "")))
        return self._json(wanted.session, ui, token)

    async def submit(self, request: web.Request) -> web.Response:
        """Take a report, from the form or from the script.

        A browser without a cookie is given one and redirected here with the same request (307). All browsers that keep
        no cookie count as one reporter.
        """
        ui = self._context.language(request)
        try:
            self._senders.check(request)
            sent = await _sent(request)
            wanted = await self._context.asked(request, sent.channel)
            token = self._context.visitors.token(request, COOKIE, wanted.session)
            if not token and AGAIN not in request.query:
                return self._once_more(request, wanted.session)
            refused = self._reports.report(wanted.session, wanted.feed.channel, sent.kind, token)
            if isinstance(refused, Refusal):
                raise HttpProblem(503, DoorText.MANY)
        except HttpProblem as wrong:
            return self._refuse(request, wrong, ui)
        if wants_json(request):
            response = self._json(wanted.session, ui, token)
        else:
            response = self._page(request, wanted, ui, token)
        return response

    def _once_more(self, request: web.Request, session: SessionId) -> web.Response:
        where = f"{request.path}?{urlencode([*request.query.items(), (AGAIN, '1')])}"
        response = web.Response(status=307, headers={hdrs.LOCATION: where, hdrs.CACHE_CONTROL: "no-store"})
        self._context.give(request, response, COOKIE, session, f"/s/{quote(session)}/report")
        return response

    async def close(self) -> None:
        """End all waiting, because the server is ending."""
        self._closed.set()

    async def _changed(self, session: SessionId, token: str, known: dict[ReportKind, ReportOutcome]) -> None:
        """Wait until a reporter's answers differ from `known`, at most `MAX_WAIT_S`."""
        if self._waiting >= MAX_WAITING:
            return
        self._waiting += 1
        try:
            async with asyncio.TaskGroup() as group:
                waits = [
                    group.create_task(self._reports.changed(session, token, known)),
                    group.create_task(self._context.clock.sleep(MAX_WAIT_S * 1_000)),
                    group.create_task(self._closed.wait()),
                ]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for each in waits:
                    each.cancel()
        finally:
            self._waiting -= 1

    def _json(self, session: SessionId, ui: Catalogue, token: str) -> web.Response:
        answers = self._reports.answers(session, token) if token else {}
        said = [{"kind": kind, "answer": answer, **_words(kind, answer, ui)} for kind, answer in answers.items()]
        return own_json({"reports": said})

    def _page(self, request: web.Request, wanted: SessionRequest, ui: Catalogue, token: str) -> web.Response:
        answers = self._reports.answers(wanted.session, token) if token else {}
        query = urlencode({"channel": wanted.feed.channel, **ui.kept})
        text = self._context.pages.render(
            "panels/report.html",
            ui=ui,
            title=title_of(wanted, ui),
            title_language=title_language(wanted),
            report=report_part(wanted.session, wanted.feed.channel, ui, opened=True),
            said=[_words(kind, answer, ui) for kind, answer in answers.items()],
            back=f"/s/{quote(wanted.session)}?{query}",
            again=f"{request.path}?{query}",
        )
        return own_html(text, ui)

    def _refuse(self, request: web.Request, wrong: HttpProblem, ui: Catalogue) -> web.Response:
        if not wants_json(request):
            response = self._context.refusal(wrong, ui)
        else:
            response = own_json({"error": ui.text(wrong.key, **wrong.values)}, status=wrong.status)
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
        if wrong.status in (429, 503):
            response.headers[hdrs.RETRY_AFTER] = "60"
        return response


async def _sent(request: web.Request) -> _Sent:
    """The report in a request's body. Raises HttpProblem when it is too long or no report."""
    try:
        if request.content_type == "application/json":
            return read_json(await read_body(request, MAX_BODY_BYTES, DoorText.REPORT), _Sent)
        form = await read_form(request, MAX_BODY_BYTES, fields=MAX_FIELDS, long=DoorText.REPORT, unread=DoorText.REPORT)
        return msgspec.convert(form, _Sent)
    except ValueError as error:
        raise HttpProblem(400, DoorText.REPORT) from error


def _known(text: str) -> dict[ReportKind, ReportOutcome]:
    """Parse `late:sent,word:seen`. What can't be parsed is skipped, so the answer then differs and is sent at once."""
    kinds, answers = {kind.value: kind for kind in ReportKind}, {answer.value: answer for answer in ReportOutcome}
    pairs = [part.partition(":") for part in text[:200].split(",")]
    return {kinds[kind]: answers[answer] for kind, _, answer in pairs if kind in kinds and answer in answers}


def _words(kind: ReportKind, answer: ReportOutcome, ui: Catalogue) -> dict[str, str]:
    return {"what": ui.named(f"staff/report.{kind}"), "became": ui.named(f"page/answer.{answer}")}
