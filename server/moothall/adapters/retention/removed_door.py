"""What was removed, when and why, without the words: for the secretariat each removal, for everybody their numbers."""

from __future__ import annotations

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.admin.request import AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.http.entity_tags import tagged
from moothall.adapters.pages.request_context import HttpProblem, language, refusal
from moothall.adapters.pages.texts import ErrorText
from moothall.core.backup.removed import AnyLine, SoundRemoved
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.retention.periods import DUE, STAFF_DUE
from moothall.services.sessions.catalogue import Entry

SHOWN = 500
"""Removals on the page, the newest; the files have all."""
SOUND = "sound-kept-no-longer"
"""The reason in the files for erased recordings."""
REASONS = {
    "request": "On request",
    "not-recorded": "It was not to be recorded",
    DUE: "Its time was over",
    STAFF_DUE: "Its time was over",
}
"""Message keys of the reasons of removals."""
OTHER_REASON = "Another reason"
SOUND_REASON = "The sound is kept no longer"


class ReportedRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """One removal."""

    at: int
    """Unix ms."""
    session: SessionId
    reason: str
    """As in `body.removed`, or `sound-kept-no-longer`."""
    events: int
    """How many events of the log lost their words; 0 for sound."""


class RemovalReport(msgspec.Struct, frozen=True, kw_only=True):
    """All removals, the newest first: `/admin/removed.json`."""

    removals: tuple[ReportedRemoval, ...]


class RemovalCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many removals there were in one year for one reason."""

    year: int
    reason: str
    removals: int


class RemovalCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The removals from sessions that public lists name, counted: `/removed.json`."""

    counts: tuple[RemovalCount, ...]
    """The newest year first."""


@dataclass(eq=False, repr=False, kw_only=True)
class RemovedDoor:
    """Handlers of both reports. `entries` returns all sessions, `removals` reads the list of removals, which blocks."""

    pages: StaffPages
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    removals: Callable[[], Sequence[AnyLine]]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/removed", self.page),
            web.get("/admin/removed.json", self.as_json),
            web.get("/admin/removed.csv", self.as_csv),
            web.get("/removed.json", self.counts),
        ]

    @staff_page(runs_the_house)
    async def page(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show the newest removals."""
        ui, zone = asked.ui, self.pages.pages.zone()
        report, known = await self._report(), {each.session: each for each in await self.entries()}
        of = {name: {"text": each.title, "language": next(iter(each.languages), "")} for name, each in known.items()}
        rows = [
            {
                "when": ui.moment(zone.at(each.at)),
                "year": zone.at(each.at).year,
                "title": of.get(each.session) or {"text": each.session, "language": ""},
                "why": ui.text(SOUND_REASON if each.reason == SOUND else REASONS.get(each.reason, OTHER_REASON)),
                "events": each.events or "",
            }
            for each in report.removals[:SHOWN]
        ]
        return self.pages.show("admin/admin_removed.html", asked, rows=rows, all=len(report.removals))

    @staff_page(runs_the_house)
    async def as_json(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Answer with all removals as JSON."""
        return _file(msgspec.json.encode(await self._report()), "application/json", "removed.json")

    @staff_page(runs_the_house)
    async def as_csv(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Answer with all removals as CSV: `when` in the house's zone, `session`, `reason`, `events`."""
        written = io.StringIO()
        writer = csv.writer(written)
        writer.writerow(["when", "session", "reason", "events"])
        zone = self.pages.pages.zone()
        for each in (await self._report()).removals:
            writer.writerow([zone.at(each.at).isoformat(), each.session, each.reason, each.events])
        return _file(written.getvalue().encode(), "text/csv", "removed.csv")

    async def counts(self, request: web.Request) -> web.Response:
        """Answer everybody with the numbers of removals from public sessions, a year and a reason."""
        try:
            entries = await self.entries()
        except StorageUnavailable:
            ui = language(self.pages.pages, request)
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages.pages, ui)
        zone = self.pages.pages.zone()
        found = Counter(
            (zone.at(gone.at).year, gone.reason) for each in entries if each.listed for gone in each.withdrawals
        )
        counts = [RemovalCount(year=year, reason=why, removals=n) for (year, why), n in found.items()]
        counts.sort(key=lambda each: (-each.year, each.reason))
        headers: dict[str, str] = {hdrs.CACHE_CONTROL: "no-cache", hdrs.CONTENT_TYPE: "application/json"}
        return tagged(request, msgspec.json.encode(RemovalCounts(counts=tuple(counts))), headers)

    async def _report(self) -> RemovalReport:
        text = [
            ReportedRemoval(at=gone.at, session=each.session, reason=gone.reason, events=gone.events)
            for each in await self.entries()
            for gone in (*each.withdrawals, *each.expired)
        ]
        lines = await asyncio.to_thread(self.removals)
        sound = [
            ReportedRemoval(at=line.at, session=line.session, reason=SOUND, events=0)
            for line in lines
            if isinstance(line, SoundRemoved)
        ]
        return RemovalReport(removals=tuple(sorted((*text, *sound), key=lambda each: (-each.at, each.session))))


def _file(body: bytes, kind: str, name: str) -> web.Response:
    headers = {
        hdrs.CACHE_CONTROL: "no-store",
        hdrs.CONTENT_TYPE: f"{kind}; charset=utf-8",
        hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"',
    }
    return web.Response(body=body, headers=headers)
