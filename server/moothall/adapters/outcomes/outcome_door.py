"""`/s/{session}/outcome`: the published report of a session, its downloads, confirmations and objections.

An objection stands beside its message for good, so one that has a blocked word is not taken: its author may put it in
other words, or ask the secretariat to enter it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web

from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.outcomes.document_rows import texts_objected
from moothall.adapters.outcomes.machine_made import NAME, being_made, entered_for, machine_made
from moothall.adapters.outcomes.published_report import PublishedReport, published_report
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest, own_html, page_headers
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import clean, read_form, title_language, title_of
from moothall.adapters.record.forms import TYPES
from moothall.adapters.record.packing import packed
from moothall.adapters.record.texts import RecordErrorText
from moothall.adapters.record.typesetting import FontsMissing, TypesettingFailed, typeset_data
from moothall.core.events.outcome_parts import Confirmer
from moothall.core.events.types import Access
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, MessageId, ObjectionId, SessionId
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.report_rules import MAX_NAME, MAX_OBJECTION
from moothall.core.rules.authority import COMMANDS
from moothall.record.documents.docx import write_docx
from moothall.record.documents.styled_epub import write_styled_epub
from moothall.services.outcomes.machine_translations import (
    MachineTranslations,
    TranslationBusy,
    VersionTranslation,
    placed_in_report,
    texts_quoted,
    vouched,
)
from moothall.services.outcomes.outcome_logs import report_of
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.services.outcomes.reports import SessionReports
from moothall.services.sessions.staff import MayAct, Staff, actor_of
from moothall.wire.token_bucket import Allowance

FORMS = ("json", "docx", "epub", "pdf")
ALLOWANCE = Allowance(per_second=1, burst=60)
"""Objections and confirmations of one address: more than a hall has reason for."""
MAX_WAITING = 16
"""The most requests that wait for a file to be made. Overflow: the next is answered with 503."""
MAX_DIGITS = 6
Flags = Callable[[str, str, str], tuple[str, ...]]
"""Returns the flags of a text in a language, and of the name of its author."""


class OutcomeText:
    """Keys of the sentences of the page."""

    NONE = "There is no report of this meeting yet."
    NAME = "Say by name or group who objects."
    WORDS = "Put it in other words: it has a word that is not shown here. The secretariat can enter it for you too."
    COOKIE = "Objections are taken only from browsers that keep a cookie. Open the page again, and send it once more."
    MEANWHILE = "The report was published anew, or this was received already. Look at it again."


@dataclass(eq=False, repr=False)
class OutcomeDoor:
    """Handlers of the page. `typeset` sets a PDF; None where that isn't installed."""

    context: VisitorContext
    reports: SessionReports
    published: PublishedReports
    _: KW_ONLY
    staff: Callable[[web.Request], Sequence[Staff]]
    may_act: MayAct
    flags: Flags
    public: str
    translations: MachineTranslations
    typeset: Callable[[bytes], Awaitable[bytes]] | None = None

    def __post_init__(self) -> None:
        self._senders = self.context.senders(ALLOWANCE)
        self._making = asyncio.Lock()
        self._waiting = 0

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/outcome", self.show),
            web.get("/s/{session}/outcome.{form}", self.file),
            web.post("/s/{session}/outcome", self.say),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The page of version `n`, else of the newest."""
        ui = self.context.language(request)
        try:
            wanted = await self.context.asked(request)
            found = await self._published(request, wanted, ui)
            log = report_of(wanted.session)
            at = await self.published.published_at(log, found.version.n)
            proof = "" if at is None else f"/s/{quote(log)}/line.tlog-proof?offset={at}"
        except TranslationBusy:
            return being_made(request, self.context.pages, ui)
        except HttpProblem as none:
            return self.context.refusal(none, ui)
        except StorageUnavailable:
            return self.context.refusal(HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        base, target = f"/s/{quote(wanted.session)}", found.machine.target
        versions, n = found.report.versions, found.version.n
        earlier = "" if n == versions[-1].n else str(n)
        staff = self._acting(request, wanted.session)
        text = self.context.pages.render(
            "report/outcome.html",
            ui=ui,
            title=title_of(wanted, ui),
            title_language=title_language(wanted),
            **found.values(),
            action=f"{base}/outcome{ui.query}",
            files=[
                {"name": each.upper(), "address": _to(f"{base}/outcome.{each}", ui, target, earlier)} for each in FORMS
            ],
            newest=versions[-1].n,
            newer=_to(f"{base}/outcome", ui) if earlier else "",
            versions=[(each.n, ui.moment(self.context.pages.zone().at(each.at))) for each in reversed(versions)],
            version=lambda n: _to(f"{base}/outcome", ui, n=str(n)),
            proof=proof,
            machine=found.machine.notice,
            original=_to(f"{base}/outcome", ui, n=earlier),
            vouched=found.machine.vouched(ui, lambda tag: _to(f"{base}/outcome", ui, tag, earlier)),
            translations=found.machine.rows(ui, lambda tag: _to(f"{base}/outcome", ui, tag, earlier)),
            back=f"{base}{ui.query}",
            room=f"/report/{quote(wanted.session)}{ui.query}"
            if any(do.WriteMessage in COMMANDS[each.role] for each in staff)
            else "",
            may_confirm=any(do.ConfirmMessage in COMMANDS[each.role] for each in staff),
            language=ui.language,
            max_name=MAX_NAME,
            max_text=MAX_OBJECTION,
            in_language=lambda tag: f"{base}/outcome?{urlencode({**({'n': earlier} if earlier else {}), 'ui': tag})}",
        )
        response = own_html(text, ui)
        self.context.know(request, response, wanted.session)
        return response

    async def file(self, request: web.Request) -> web.Response:
        """Version `n`, else the newest, as a file."""
        ui, form = self.context.language(request), request.match_info["form"]
        try:
            if form not in FORMS:
                raise HttpProblem(404, ErrorText.NOTHING)
            if self._waiting >= MAX_WAITING:
                raise HttpProblem(503, RecordErrorText.BUSY)
            found = await self._published(request, await self.context.asked(request), ui)
            self._waiting += 1
            try:
                async with self._making:
                    body = await self._made(form, found)
            finally:
                self._waiting -= 1
        except TranslationBusy:
            return being_made(request, self.context.pages, ui)
        except HttpProblem as none:
            return self.context.refusal(none, ui)
        except StorageUnavailable:
            return self.context.refusal(HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        headers = {**page_headers(ui), hdrs.CONTENT_TYPE: TYPES[form], **FOR_ANY_PAGE}
        if form != "json":
            name = f"{found.session}-report-{found.version.n}{found.machine.ending}.{form}"
            headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}"'
        return web.Response(body=body, headers=headers)

    async def _made(self, form: str, found: PublishedReport) -> bytes:
        if form == "json":
            return found.json()
        if form == "docx":
            return await asyncio.to_thread(lambda: packed(write_docx(found.document())))
        if form == "epub":
            return await asyncio.to_thread(_book, found)
        if self.typeset is None:
            raise HttpProblem(501, RecordErrorText.NO_PDF)
        try:
            return await self.typeset(typeset_data(found.document()))
        except FontsMissing:
            raise HttpProblem(501, RecordErrorText.NO_FONTS) from None
        except TypesettingFailed:
            raise HttpProblem(503, RecordErrorText.PDF_FAILED) from None

    async def say(self, request: web.Request) -> web.Response:
        """Take an objection to a message, or the chair's confirmation of it, and show it beside the message."""

        async def take(wanted: SessionRequest, _: str) -> tuple[str, str]:
            form = await read_form(request)
            n, message = number_in(form.get("n", ""), MAX_DIGITS) or 0, MessageId(form.get("message", ""))
            if form.get("act") == "confirm":
                await self._confirm(request, wanted.session, message, n)
            else:
                await self._object(request, wanted, message, n, form)
            return f"/s/{quote(wanted.session)}/outcome", f"Message-{message}"

        return await self.context.answer_form(request, self._senders, take)

    async def _object(
        self, request: web.Request, wanted: SessionRequest, message: MessageId, n: int, form: dict[str, str]
    ) -> None:
        name, text = clean(form.get("name", "")).strip(), clean(form.get("text", "")).strip()
        if not name or len(name) > MAX_NAME or len(text) > MAX_OBJECTION:
            raise HttpProblem(400, OutcomeText.NAME)
        ui = self.context.language(request)
        staff = next(
            (each for each in self._acting(request, wanted.session) if do.ObjectToMessage in COMMANDS[each.role]), None
        )
        token = self.context.token(request, wanted.session)
        if staff is None and not token:
            raise HttpProblem(409, OutcomeText.COOKIE)
        if staff is None and self.flags(ui.language, text, name):
            raise HttpProblem(409, OutcomeText.WORDS)
        # A browser objects once to a message of a version; the secretariat does so for many people.
        who = (staff.link, name, text) if staff is not None else (token,)
        known = hashlib.sha256("\n".join((*who, message, str(n))).encode()).hexdigest()[:24]
        command = do.ObjectToMessage(
            objection=ObjectionId(known), message=message, n=n, name=name, text=text, language=ui.language
        )
        actor = Actor(Role.PARTICIPANT, known) if staff is None else actor_of(staff)
        words = hashlib.sha256("\n".join((known, name, text)).encode()).hexdigest()[:24]
        _require(await self.reports.send(actor, wanted.session, CommandId(f"object-{words}"), command))

    async def _confirm(self, request: web.Request, session: SessionId, message: MessageId, n: int) -> None:
        staff = next(
            (each for each in self._acting(request, session) if do.ConfirmMessage in COMMANDS[each.role]), None
        )
        if staff is None:
            raise HttpProblem(403, ErrorText.STAFF)
        command = do.ConfirmMessage(message=message, n=n, by=Confirmer.CHAIR)
        digest = hashlib.sha256(f"{message}\n{n}".encode()).hexdigest()[:24]
        _require(await self.reports.send(actor_of(staff), session, CommandId(f"confirm-{digest}"), command))

    def _acting(self, request: web.Request, session: SessionId) -> list[Staff]:
        return [each for each in self.staff(request) if self.may_act(each, session)]

    async def _published(self, request: web.Request, wanted: SessionRequest, ui: Catalogue) -> PublishedReport:
        """The version that a request names, else the newest, with what it cites, in the language of a translation that
        it asks for. Raises HttpProblem, StorageUnavailable, TranslationBusy.
        """
        zone, asked_n = self.context.pages.zone(), request.query.get("n")
        n = None if asked_n is None else number_in(asked_n, MAX_DIGITS)
        found = await published_report(self.reports, wanted.session, ui, zone, self.public, n=n)
        if found is None or (asked_n is not None and n is None):
            raise HttpProblem(404, OutcomeText.NONE)
        session, version = wanted.snapshot.session, found.version
        here = session.young_people or session.access is Access.STAFF or await self.reports.stays_here(found.cited)
        placed = [*placed_in_report(version)]
        texts = [source for _, source in placed]
        entered = await self.reports.translations(wanted.session)
        languages = self.translations.languages(texts, here=here)
        machine = machine_made(request, languages, version.n, found.address, ui, translations=entered)
        if machine.target:
            asked = VersionTranslation(report_of(wanted.session), version.n, machine.target, here)
            if (person := entered_for(request, entered, version.n)) is not None:
                return dataclasses.replace(
                    found, version=vouched(asked, person, placed).report(version), machine=machine
                )
            objections = texts_objected(found.report, [each.id for each in version.messages])
            made = await self.translations.made(asked, texts, texts_quoted(found.cited.values()), objections)
            machine = machine.by_ways(made.ways, ui)
            return dataclasses.replace(found, version=made.report(version), machine=machine, made=made)
        return dataclasses.replace(found, machine=machine)


def _to(path: str, ui: Catalogue, translation: str = "", n: str = "") -> str:
    query = {**({"n": n} if n else {}), **ui.kept, **({NAME: translation} if translation else {})}
    return f"{path}?{urlencode(query)}" if query else path


def _book(found: PublishedReport) -> bytes:
    book = write_styled_epub(found.document(), identifier=f"{found.address}?n={found.version.n}", at=found.version.at)
    return packed(book, stored="mimetype")


def _require(answer: object) -> None:
    """Raise HttpProblem where something was not taken."""
    if isinstance(answer, Refusal):
        gone = answer.code is RefusalCode.UNKNOWN
        raise HttpProblem(404, ErrorText.NOTHING) if gone else HttpProblem(409, OutcomeText.MEANWHILE)
