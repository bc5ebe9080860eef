"""Import of the programme from an uploaded file: show what it would change, then make the changes on confirmation. And
the programme as a table, which the import takes back.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from aiohttp import hdrs, web

from moothall.adapters.admin.language_names import NoLanguages, language_names, read_languages
from moothall.adapters.admin.request import (
    AdminProblem,
    AdminRequest,
    StaffPages,
    read_upload,
    runs_the_house,
    staff_page,
)
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.admin.view import change_rows, clash_rows, import_view
from moothall.adapters.http.form_guard import FIELD
from moothall.adapters.pages.visitor_request import see_other
from moothall.adapters.reading.page_rows import times_are
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.changes import with_languages, without_language
from moothall.core.programme.drafts import MOST_SESSIONS, CalendarReader, FileContext, readable
from moothall.core.programme.plan import Timetable
from moothall.core.programme.reading import read_programme
from moothall.core.programme.table_writing import MOST_BYTES, write_csv
from moothall.core.programme.times import Zones, zone_of
from moothall.services.programme.importing import carry_out, clashes_after, in_zone, made_by, preview, zone_after
from moothall.services.programme.programme import Programme

MOST_PENDING = 4
"""Files that were previewed and not yet imported. Overflow: the oldest has to be uploaded again."""
MOST_CLASHES = 50
"""The most pairs of clashing meetings shown, the earliest first."""
_EMPTY: dict[str, object] = {
    **dict.fromkeys(("title", "times", "pending", "zone", "languages", "problem"), ""),
    **dict.fromkeys(("changes", "kept", "clashes", "notes", "wrong", "refused", "unspoken"), ()),
    "done": None,
}
"""Default values of the page's template."""


@dataclass(eq=False, repr=False, kw_only=True)
class ImportDoor:
    """Handlers of `/admin/programme`."""

    pages: StaffPages
    programme: Programme
    zones: Zones
    calendar: CalendarReader

    def __post_init__(self) -> None:
        self._pending: OrderedDict[str, Timetable] = OrderedDict()

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.post("/admin/programme", self.show),
            web.post("/admin/programme/import", self.carry_out),
            web.get("/admin/programme.csv", self.table),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Parse an uploaded file and show what it would change."""
        fields, data = await read_upload(request, MOST_BYTES)
        self.pages.check(asked, fields.get(FIELD, ""))
        zone = fields.get("zone", "").strip()
        try:
            # A large congress takes a second to parse, during which readers must get their captions.
            wanted = in_zone(self.programme, await asyncio.to_thread(self._read, data, zone), zone)
        except ProgrammeError as error:
            return self._page(asked, status=400, wrong=error.sentences, zone=fields.get("zone", ""))
        return self._show(asked, fields[FIELD], wanted)

    def _show(
        self, asked: AdminRequest, name: str, wanted: Timetable, typed: str = "", problem: str = ""
    ) -> web.Response:
        """Show what a file would change. `typed`: text that names no languages, shown again with the sentence
        `problem`.
        """
        self._pending[name] = wanted
        if len(self._pending) > MOST_PENDING:
            self._pending.popitem(last=False)
        found = preview(self.programme, wanted)
        made = made_by(found)
        shown = import_view(self.programme, wanted, zone_after(self.programme, wanted, self.zones), asked.ui)
        return self._page(
            asked,
            title=wanted.title,
            times=times_are(shown.zone, self.programme.now(), asked.ui),
            changes=change_rows(made, shown),
            kept=change_rows([change for change in found if change not in made], shown),
            clashes=clash_rows(clashes_after(self.programme, wanted)[:MOST_CLASHES], shown),
            notes=wanted.notes,
            pending=name,
            unspoken=without_language(found),
            languages=typed,
            problem=problem,
        )

    def _page(self, asked: AdminRequest, *, status: int = 200, **values: object) -> web.Response:
        return self.pages.show("admin/admin_import.html", asked, status=status, **(_EMPTY | values))

    @staff_page(runs_the_house)
    async def carry_out(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make the changes that were shown."""
        fields = await self.pages.form(request, asked)
        name = fields.get("pending", "")
        wanted = self._pending.pop(name, None)
        if wanted is None:
            return see_other(asked.to("/admin"))
        if without_language(preview(self.programme, wanted)):
            typed = fields.get("languages", "")[:200]
            languages = await read_languages(typed)
            if isinstance(languages, NoLanguages):
                return self._show(asked, name, wanted, typed, languages.said(asked.ui))
            wanted = with_languages(wanted, languages)
        imported = await carry_out(self.programme, wanted, by=asked.staff[0].link)
        return self._page(asked, title=wanted.title, done=imported.done, refused=imported.refused)

    @staff_page(runs_the_house)
    async def table(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """The programme of all days, or of `day`, as a table; without rehearsals and what is cancelled."""
        day, zone = request.query.get("day", "")[:10], self.programme.zone()
        wanted = [
            each
            for each in self.programme.planned()
            if not each.rehearsal
            and not each.cancelled
            and (not day or (each.starts is not None and zone.at(each.starts).date().isoformat() == day))
        ]
        rooms = {room.id: room.title for room in self.programme.rooms()}
        try:
            body = await asyncio.to_thread(write_csv, wanted, rooms, zone)
        except ProgrammeError as error:
            most = {"meetings": str(MOST_SESSIONS), "megabytes": str(MOST_BYTES >> 20)}
            today = zone.at(self.programme.now()).date().isoformat()
            raise AdminProblem(413, AdminText.PROGRAMME_LARGE, day=today, **most) from error
        return web.Response(
            body=body,
            content_type="text/csv",
            charset="utf-8",
            headers={
                hdrs.CACHE_CONTROL: "no-store",
                hdrs.CONTENT_DISPOSITION: 'attachment; filename="programme.csv"',
            },
        )

    def _read(self, data: bytes, zone: str) -> Timetable:
        rules, wrong = self.programme.zone().rules, list[str]()
        meant = readable(wrong, lambda: zone_of(zone, self.zones), rules) if zone else rules
        reading = FileContext(zones=self.zones, calendar=self.calendar, zone=meant, language_names=language_names())
        read = readable(wrong, lambda: read_programme(data, reading), None)
        if read is None or wrong:
            raise ProgrammeError(*wrong)
        return read
