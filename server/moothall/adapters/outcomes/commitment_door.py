"""`/commitments/{session}/{message}`: the page of whoever gave a commitment, behind their private link. It has the
words of that commitment alone, and takes a confirmation of it or an objection.

`/commitments/{session}/{message}/enter/{secret}` exchanges the link for a cookie that is sent to the page alone, so
that no secret stays in an address. The page needs no scripts.
"""

from __future__ import annotations

import hashlib
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote

from aiohttp import hdrs, web

from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.form_guard import FIELD, FormGuard
from moothall.adapters.outcomes.outcome_door import Flags, OutcomeText
from moothall.adapters.outcomes.published_report import objection_row, standing
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, own_html
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import clean, private, read_form, see_other
from moothall.core.events.outcome_parts import Confirmer, MessageKind, PublishedMessage
from moothall.core.events.types import Access
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import RecordBroken, Refusal, StorageUnavailable
from moothall.core.kernel.ids import CommandId, MessageId, ObjectionId, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.report import Report
from moothall.core.outcomes.report_rules import MAX_NAME, MAX_OBJECTION
from moothall.core.sessions.state import State
from moothall.services.outcomes.commitment_links import VALID_MS, CommitmentLink, CommitmentLinks
from moothall.services.outcomes.reports import SessionReports
from moothall.wire.token_bucket import Allowance

COOKIE = "moothall_commitment"
PATH = "/commitments"
LINK_TRIES = Allowance(per_second=1, burst=60)
"""Links and forms that one address may send: nobody guesses 256 bits at this rate."""
_SECRET = {hdrs.CACHE_CONTROL: "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(eq=False, repr=False)
class CommitmentDoor:
    """Handlers of the page."""

    context: VisitorContext
    reports: SessionReports
    links: CommitmentLinks
    guard: FormGuard
    _: KW_ONLY
    flags: Flags

    def __post_init__(self) -> None:
        self._senders = self.context.senders(LINK_TRIES)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/commitments/{session}/{message}/enter/{secret}", self.enter, allow_head=False),
            web.get("/commitments/{session}/{message}", self.page),
            web.post("/commitments/{session}/{message}", self.act),
        ]

    async def enter(self, request: web.Request) -> web.Response:
        """Exchange a link for a cookie, and redirect to the page."""
        ui = self.context.language(request)
        session, message = _place(request)
        try:
            self._senders.check(request)
        except HttpProblem as often:
            return private(self.context.refusal(often, ui))
        proof = self.links.opened(session, message, request.match_info["secret"])
        if proof is None:
            return private(self.context.refusal(HttpProblem(404, AdminText.NO_LINK), ui))
        path = address_of(session, message)
        response = see_other(f"{path}{ui.query}", _SECRET)
        secure = self.context.secure or request.secure
        age = VALID_MS // 1000
        response.set_cookie(COOKIE, proof, max_age=age, path=path, httponly=True, samesite="Lax", secure=secure)
        return response

    async def page(self, request: web.Request) -> web.Response:
        """The commitment, how it stands, and the two forms."""
        ui = self.context.language(request)
        try:
            _, state, report = await self._asked(request)
        except HttpProblem as wrong:
            return private(self.context.refusal(wrong, ui))
        return self._page(request, state, report, ui)

    async def act(self, request: web.Request) -> web.Response:
        """Take a confirmation or an objection, and show the page again, with why where it was not taken."""
        ui = self.context.language(request)
        try:
            self._senders.check(request)
            link, state, report = await self._asked(request)
            form = await read_form(request)
            if not self.guard.passes(form.get(FIELD, ""), _proof(request)):
                return self._page(request, state, report, ui, wrong=ui.text(AdminText.FORM), typed=form)
            wrong = await self._carry_out(link, report, form, ui)
        except HttpProblem as problem:
            return private(self.context.refusal(problem, ui))
        except StorageUnavailable:
            return private(self.context.refusal(HttpProblem(503, ErrorText.UNAVAILABLE), ui))
        if wrong:
            return self._page(request, state, report, ui, wrong=ui.text(wrong), typed=form)
        return private(see_other(f"{quote(request.path)}{ui.query}"))

    async def _carry_out(self, link: CommitmentLink, report: Report, form: dict[str, str], ui: Catalogue) -> str:
        """Return the key of the sentence that says why it was not taken; empty where it was."""
        name, text = clean(form.get("name", "")).strip(), clean(form.get("text", "")).strip()
        if not name or len(name) > MAX_NAME or len(text) > MAX_OBJECTION:
            return OutcomeText.NAME
        if self.flags(ui.language, text, name):
            return OutcomeText.WORDS
        n = 0 if report.newest is None else report.newest.n
        words = hashlib.sha256("\n".join((name, text)).encode()).hexdigest()[:16]
        command: do.ReportCommand = do.ConfirmMessage(message=link.message, n=n, by=Confirmer.GIVER, name=name)
        if form.get("act") == "object":
            known = hashlib.sha256(f"{link.id}\n{link.message}\n{n}".encode()).hexdigest()[:24]
            command = do.ObjectToMessage(
                objection=ObjectionId(known), message=link.message, n=n, name=name, text=text, language=ui.language
            )
        act = CommandId(f"giver-{link.id}-{n}-{form.get('act') == 'object':d}-{words}")
        answer = await self.reports.send(Actor(Role.PARTICIPANT, link.id), link.session, act, command)
        return OutcomeText.MEANWHILE if isinstance(answer, Refusal) else ""

    async def _asked(self, request: web.Request) -> tuple[CommitmentLink, State, Report]:
        """The link of a request's browser, its session's state, and the report. Raises HttpProblem."""
        link = self.links.of_proof(*_place(request), _proof(request))
        if link is None:
            raise HttpProblem(404, AdminText.NO_LINK)
        try:
            about, report = (
                await self.reports.logs.sessions.find(link.session),
                await self.reports.report(link.session),
            )
        except StorageUnavailable as error:
            raise HttpProblem(503, ErrorText.UNAVAILABLE) from error
        except RecordBroken as error:
            raise HttpProblem(500, ErrorText.BROKEN) from error
        if about is None or commitment_of(report, link.message) is None:
            raise HttpProblem(404, AdminText.NO_LINK)
        return link, about.state, report

    def _page(
        self,
        request: web.Request,
        state: State,
        report: Report,
        ui: Catalogue,
        *,
        wrong: str = "",
        typed: dict[str, str] | None = None,
    ) -> web.Response:
        message, version, zone = _place(request)[1], report.newest, self.context.pages.zone()
        commitment = commitment_of(report, message)
        if version is None or commitment is None:
            raise HttpProblem(404, AdminText.NO_LINK)
        given = typed or {}
        text = self.context.pages.render(
            "report/commitment.html",
            ui=ui,
            title=state.title.strip() or ui.text("Meeting without a title"),
            title_language=next(iter(state.languages), "") if state.title.strip() else "",
            report_title=version.title,
            report_language=version.language,
            report_direction=direction(version.language),
            text=commitment.text,
            holders=commitment.holders,
            standing=standing(report, commitment, ui, zone),
            confirmed=report.confirmed(commitment, Confirmer.GIVER) is not None,
            objections=[objection_row(each, ui, zone) for each in report.objections if each.message == message],
            report=f"/s/{quote(state.id)}/outcome{ui.query}#Message-{quote(message)}"
            if state.access is Access.PUBLIC
            else "",
            wrong=wrong,
            name=given.get("name", ""),
            why=given.get("text", ""),
            action=f"{quote(request.path)}{ui.query}",
            field=FIELD,
            token=self.guard.token(_proof(request)),
            max_name=MAX_NAME,
            max_text=MAX_OBJECTION,
            in_language=lambda tag: f"{quote(request.path)}?ui={tag}",
        )
        return private(own_html(text, ui, status=409 if wrong else 200))


def commitment_of(report: Report, message: MessageId) -> PublishedMessage | None:
    """The commitment of that id in the newest version of a report, or None."""
    found = None if report.newest is None else report.newest.message(message)
    return found if found is not None and found.kind is MessageKind.COMMITMENT else None


def address_of(session: SessionId, message: MessageId) -> str:
    """The path of the page of a commitment."""
    return f"{PATH}/{quote(session)}/{quote(message)}"


def _place(request: web.Request) -> tuple[SessionId, MessageId]:
    return SessionId(request.match_info["session"]), MessageId(request.match_info["message"])


def _proof(request: web.Request) -> str:
    return request.cookies.get(COOKIE, "")
