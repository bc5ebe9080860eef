"""`/admin/reports`: the reports of all meetings, who writes them, until when, and how far they have come."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote

from aiohttp import web

from moothall.adapters.admin.request import (
    AdminProblem,
    AdminRequest,
    StaffPages,
    runs_the_house,
    staff_page,
    wrong,
)
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.form_guard import FIELD
from moothall.adapters.outcomes.commitment_door import address_of, commitment_of
from moothall.adapters.outcomes.published_report import standing
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.events.outcome_parts import Confirmer, MessageKind, PublishedMessage, ReportStage
from moothall.core.events.types import LogKind
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import ProgrammeError, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CommandId, MessageId, SessionId
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.register_rules import EMAIL
from moothall.core.outcomes.report import Report
from moothall.core.ports import Clock
from moothall.core.programme.times import moment
from moothall.core.reports.templates import said_in
from moothall.core.sessions.state import Status
from moothall.services.log.act_queue import Receipt
from moothall.services.outcomes.commitment_links import CommitmentLinks
from moothall.services.outcomes.outcome_logs import report_of
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.services.outcomes.publishing import Hindrance, Obstacle
from moothall.services.outcomes.redacting import MAX_WORDS, Redacting
from moothall.services.outcomes.reminding import RapporteurAddress, RapporteurAddresses
from moothall.services.outcomes.reports import SessionReports
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.staff import MayAct, Staff, actor_of

PATH = "/admin/reports"
MOST_ADDRESS = 254
"""Characters of an address (RFC 5321)."""
MOST = 100
"""Meetings on a page."""
WEEK_MS = 7 * 86_400_000
"""Reports that are due within this time are to be reminded of."""
_WRITTEN = frozenset({ReportStage.SUBMITTED, ReportStage.PUBLISHED})


@dataclass(eq=False, repr=False)
class ReportsDeskDoor:
    """Handlers of the list of reports."""

    pages: StaffPages
    reports: SessionReports
    clock: Clock
    _: KW_ONLY
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    held: Callable[[Entry], int | None]
    """When a meeting began or is to begin, Unix ms; None where that isn't known."""
    whole: PublishedReports
    """The reports with what only the staff may read."""
    links: Callable[[], Sequence[Staff]]
    commitments: CommitmentLinks
    addresses: RapporteurAddresses
    remind_days: int | None
    """How many days before a deadline a reminder is mailed; None where no mail server is set."""
    redacting: Redacting
    may_act: MayAct
    public: str

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/admin/reports", self.show), web.post("/admin/reports", self.act)]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """List the reports of a `page`, latest first, and all that are to be reminded of."""
        return await self._page(request, asked)

    @staff_page(runs_the_house)
    async def act(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Assign, return or publish a report, remove words from it, make or revoke the link of a commitment (`act`)."""
        sent = await self.pages.sent(request)
        fields = self.pages.checked(sent, asked)
        session = SessionId(fields.get("session", ""))
        done = await self._done(asked, session, fields, sent)
        if isinstance(done, int):
            return await self._page(request, asked, at=session, redacted=done)
        if isinstance(done, str):
            return await self._page(request, asked, at=session, made=done)
        if isinstance(done, tuple):
            return await self._page(request, asked, at=session, hindrances=done)
        if isinstance(done, Refusal):
            if done.code is RefusalCode.INVALID or done.code is RefusalCode.CONFLICT:
                return await self._page(request, asked, at=session, problem=asked.ui.text(AdminText.CONFLICT))
            raise wrong(done)
        n = _page_of(self._meetings(await self.entries()), session)
        return see_other(f"{asked.to(PATH, **_paged(n))}#Report-{quote(session)}")

    async def _done(
        self, asked: AdminRequest, session: SessionId, fields: Mapping[str, str], sent: Mapping[str, Sequence[str]]
    ) -> object:
        by = actor_of(asked.staff[0])
        name = CommandId(f"office-{hashlib.sha256(fields[FIELD].encode()).hexdigest()[:24]}")
        match fields.get("act"):
            case "assign":
                known = {each.link for each in self._rapporteurs(session)}
                command = do.AssignReport(
                    session=session,
                    template=fields.get("template", ""),
                    due=self._due(fields.get("due", "").strip()),
                    links=tuple(link for link in dict.fromkeys(sent.get("rapporteur", ())) if link in known),
                )
                addresses = self._addresses(command.links, sent)
                answer = await self.reports.assign(by, name, command)
                if isinstance(answer, Receipt) and self.remind_days is not None:
                    kept = await self.addresses.assign(session, command.due, addresses, asked.ui.language)
                    return answer if kept else refuse(RefusalCode.BUSY, "There are too many addresses already.")
                return answer
            case "return":
                back = do.MoveReport(stage=ReportStage.RETURNED, note=fields.get("note", "").strip())
                return await self.reports.send(by, session, name, back)
            case "publish":
                title, language = fields.get("title", "").strip(), fields.get("language", "").strip()
                published = await self.reports.publish(session, name, title=title, language=language)
                if isinstance(published, Receipt):
                    await self.addresses.forget(session)
                return published
            case "redact":
                return await self.redacting.remove_typed(session, fields.get("words", "").strip(), by, name)
            case "link":
                return await self._linked(session, MessageId(fields.get("message", "")), fields)
            case "revoke":
                await self.commitments.revoke(session, MessageId(fields.get("message", "")))
                return None
            case _:
                raise AdminProblem(400, AdminText.FORM)

    async def _linked(self, session: SessionId, message: MessageId, fields: Mapping[str, str]) -> str | Refusal | None:
        """The address of a new link of a commitment, which is shown once; None where the form was sent again."""
        if commitment_of(await self.reports.report(session), message) is None:
            return refuse(RefusalCode.UNKNOWN, "The report has no such commitment.")
        if not self.pages.once(dict(fields)):
            return None
        secret = await self.commitments.make(session, message)
        if isinstance(secret, Refusal):
            return secret
        return f"{self.public}{address_of(session, message)}/enter/{secret}"

    def _due(self, text: str) -> int | None:
        if not text:
            return None
        try:
            return moment(text, self.pages.pages.zone().rules, "Until when")
        except ProgrammeError as error:
            raise AdminProblem(400, AdminText.EXPIRES, detail=str(error)) from error

    @staticmethod
    def _addresses(links: Sequence[str], sent: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """The addresses for reminders that were typed, by the links of those who were chosen. Raises AdminProblem."""
        typed = zip(sent.get("link", ()), sent.get("address", ()), strict=False)
        found = {link: address.strip() for link, address in typed if link in links}
        if any(each and (len(each) > MOST_ADDRESS or EMAIL.match(each) is None) for each in found.values()):
            raise AdminProblem(400, AdminText.MAIL)
        return found

    def _rapporteurs(self, session: SessionId) -> list[Staff]:
        return [each for each in self.links() if each.role is Role.RAPPORTEUR and self.may_act(each, session)]

    async def _page(
        self,
        request: web.Request,
        asked: AdminRequest,
        *,
        at: SessionId | None = None,
        hindrances: Sequence[Hindrance] = (),
        problem: str = "",
        made: str = "",
        redacted: int | None = None,
    ) -> web.Response:
        ui, templates = asked.ui, self.reports.templates()
        entries = await self.entries()
        meetings, logs = self._meetings(entries), {each.session for each in entries if each.kind is LogKind.REPORT}
        reports = {
            each.session: await self.whole.read(log) for each in meetings if (log := report_of(each.session)) in logs
        }
        n = (number_in(request.query.get("page", "1"), 4) or 1) if at is None else _page_of(meetings, at)
        pages = max(1, -(-len(meetings) // MOST))
        n = min(n, pages)
        rows = [
            self._row(each, reports.get(each.session, Report()), asked) for each in meetings[(n - 1) * MOST : n * MOST]
        ]
        for row in rows:
            if row["session"] == at:
                row |= {
                    "problem": problem,
                    "obstacles": [_said(each, ui) for each in hindrances],
                    "made": made,
                    "redacted": redacted,
                }
        return self.pages.show(
            "report/admin_reports.html",
            asked,
            status=200 if at is None or made or redacted is not None else 409,
            rows=rows,
            remind=[
                self._row(each, report, asked)
                for each in meetings
                if (report := reports.get(each.session)) is not None and self._is_due(report)
            ],
            remind_days=self.remind_days,
            page=n,
            pages=pages,
            turned=lambda n: asked.to(PATH, **_paged(n)),
            most_words=MAX_WORDS,
            errors=templates.errors,
            templates=[
                {"value": each.id, "name": said_in(each.name, ui.language)[0]} for each in templates.templates.values()
            ],
        )

    def _is_due(self, report: Report) -> bool:
        """Whether whoever writes a report is to be reminded of it."""
        soon = report.due is not None and report.due - self.clock.wall() < WEEK_MS
        return soon and report.stage not in _WRITTEN

    def _meetings(self, entries: Sequence[Entry]) -> list[Entry]:
        """All meetings, the latest first; those whose time is not known last."""
        found = [
            each
            for each in entries
            if each.kind is LogKind.SESSION and each.status is not Status.ABSENT and not each.rehearsal
        ]
        return sorted(found, key=lambda each: (self.held(each) or 0, each.session), reverse=True)

    def _row(self, entry: Entry, report: Report, asked: AdminRequest) -> dict[str, object]:
        ui, zone = asked.ui, self.pages.pages.zone()
        citations = [(each, message) for message in report.messages.values() for each in message.citations]
        links = {each.link: each.label for each in self.links()}
        addresses = self.addresses.of(entry.session)
        return {
            "session": entry.session,
            "title": entry.title.strip() or entry.session,
            "language": next(iter(entry.languages), ""),
            "spoken": next(iter(entry.languages), "en"),
            "stage": report.stage.value,
            "stage_said": ui.named(f"report/stage.{report.stage}"),
            "due": "" if report.due is None else ui.moment(zone.at(report.due)),
            "due_typed": "" if report.due is None else zone.at(report.due).strftime("%Y-%m-%d %H:%M"),
            "overdue": report.due is not None and report.due < self.clock.wall() and report.stage not in _WRITTEN,
            "template": report.template,
            "messages": len(report.messages),
            "citations": len(citations),
            "unheard": sum(message.check_of(each) is None for each, message in citations),
            "drafted": sum(bool(each.drafted_by) for each in report.messages.values()),
            "note": report.note,
            "rapporteurs": [
                {
                    "link": each.link,
                    "label": each.label or each.link,
                    "chosen": each.link in report.links,
                    "address": addresses[each.link].address if each.link in addresses else "",
                }
                for each in self._rapporteurs(entry.session)
            ],
            "assigned": [links.get(each) or each for each in report.links],
            "reminders": [self._reminder(each, links, asked) for each in addresses.values()],
            "room": asked.to(f"/report/{quote(entry.session)}"),
            "address": f"{self.public}/report/{quote(entry.session)}",
            "published": "" if report.newest is None else asked.to(f"/s/{quote(entry.session)}/outcome"),
            "translate": asked.to(f"/admin/translations/{quote(report_of(entry.session))}"),
            "commitments": [
                self._commitment(entry.session, each, report, asked)
                for each in (() if report.newest is None else report.newest.messages)
                if each.kind is MessageKind.COMMITMENT
            ],
            "problem": "",
            "obstacles": (),
            "made": "",
            "redacted": None,
        }

    def _reminder(self, each: RapporteurAddress, links: Mapping[str, str], asked: AdminRequest) -> dict[str, object]:
        """What became of somebody's reminders."""

        def said(at: int | None) -> str:
            return "" if at is None else asked.ui.moment(self.pages.pages.zone().at(at))

        return {
            "name": links.get(each.link) or each.link,
            "sent": said(each.sent),
            "failed": said(each.failed),
            "failure": each.failure,
            "again": "" if each.waiting is None else said(each.waiting.again),
        }

    def _commitment(
        self, session: SessionId, message: PublishedMessage, report: Report, asked: AdminRequest
    ) -> dict[str, object]:
        ui, zone, link = asked.ui, self.pages.pages.zone(), self.commitments.of(session, message.id)
        return {
            "id": message.id,
            "text": message.text,
            "standing": standing(report, message, ui, zone),
            "confirmed": report.confirmed(message, Confirmer.GIVER) is not None,
            "until": "" if link is None else ui.day(zone.at(link.until - 1)),
        }


def _page_of(meetings: Sequence[Entry], session: SessionId) -> int:
    """The page on which a meeting stands, from 1; the first for a meeting that isn't listed."""
    return next((n // MOST + 1 for n, each in enumerate(meetings) if each.session == session), 1)


def _paged(n: int) -> dict[str, str]:
    """The part of an address that says which page."""
    return {"page": str(n)} if n > 1 else {}


def _said(hindrance: Hindrance, ui: Catalogue) -> str:
    values = {"words": f"\u2068{hindrance.words}\u2069"}
    if hindrance.obstacle in (Obstacle.MISQUOTED, Obstacle.DOUBT):
        return ui.named(f"report/obstacle.{hindrance.obstacle}", **values)
    return ui.named(f"report/obstacle.{hindrance.obstacle}")
