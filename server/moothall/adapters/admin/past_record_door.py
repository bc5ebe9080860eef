"""Records of past meetings, for the secretariat: import of one file, who may read it, and the file itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import hdrs, web

from moothall.adapters.admin.language_names import NoLanguages, read_languages
from moothall.adapters.admin.plan_form import LONGEST_TITLE, time_of
from moothall.adapters.admin.request import (
    AdminProblem,
    AdminRequest,
    StaffPages,
    read_upload,
    runs_the_house,
    staff_page,
)
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.form_guard import FIELD
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.events.codec import decode_event
from moothall.core.events.types import Access
from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.ids import ChannelId, SessionId, is_name
from moothall.core.kernel.lanes import STAFF
from moothall.core.kernel.visible import visible
from moothall.core.ports import LogReading
from moothall.core.rules.imports import MAX_FILE_NAME, MAX_GROUND
from moothall.record.imports.about import AboutMeeting
from moothall.record.imports.acts import FLOOR
from moothall.record.imports.past import MOST_BYTES
from moothall.record.imports.whole_file import FileToImport, original_in, read_file
from moothall.services.programme.past_records import PastRecords, PublishOrder
from moothall.services.programme.programme import Programme

_FIELDS = ("young", "title", "start", "language", "names")
PAGE = 500
"""Records of the log in one read."""


@dataclass(eq=False, repr=False, kw_only=True)
class PastRecordDoor:
    """Handlers of `/admin/past-records`, and of what an imported meeting's page has beside others."""

    pages: StaffPages
    programme: Programme
    log: LogReading

    def __post_init__(self) -> None:
        # One file at a time is read and imported. Bound: the requests that the server accepts.
        self._importing = asyncio.Lock()
        catalogues = self.pages.pages.catalogues
        choices = [catalogues.choose(language, "") for language in catalogues.languages]
        self._unnamed = frozenset(ui.group("record")["unnamed"] for ui in choices)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/past-records", self.show),
            web.post("/admin/past-records", self.take),
            web.post("/admin/meetings/{session}/ground", self.state_ground),
            web.get("/admin/meetings/{session}/original", self.original),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show the form for a file."""
        return self._page(asked, {})

    @staff_page(runs_the_house)
    async def take(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Import an uploaded file, and show the meeting that it became."""
        names: list[str] = []
        sent, data = await read_upload(request, MOST_BYTES, names.append)
        name = "".join(names)[-MAX_FILE_NAME:] or "file"
        given = {field: visible(value) for field, value in sent.items()}
        self.pages.check(asked, given.get(FIELD, ""))
        if given.get("young") not in ("yes", "no"):
            return self._page(asked, given, asked.ui.text(AdminText.YOUNG_UNSAID))
        start = time_of(given, "start", None, self.programme.zone())
        if isinstance(start, str):
            return self._page(asked, given, asked.ui.text(start))
        languages = await read_languages(text) if (text := given.get("language", "")[:200].strip()) else ()
        if isinstance(languages, NoLanguages):
            return self._page(asked, given, languages.said(asked.ui))
        title = " ".join(given.get("title", "").split())[:LONGEST_TITLE]
        stated = AboutMeeting(title=title, start=start, language=next(iter(languages), ""))
        statement = " ".join(given.get("names", "").split())[:MAX_GROUND]
        try:
            async with self._importing:
                file = await asyncio.to_thread(self._read, data, name, stated, given["young"] == "yes")
                await PastRecords(self.programme).whole(file, names=statement, by=asked.staff[0].link)
        except ImportRefused as error:
            return self._page(asked, given, refused=str(error))
        return see_other(asked.to(f"/admin/meetings/{file.meeting.session}"))

    def _read(self, data: bytes, name: str, stated: AboutMeeting, young_people: bool) -> FileToImport:
        zone = self.programme.zone().rules
        return read_file(data, name, stated=stated, zone=zone, unnamed=self._unnamed, young_people=young_people)

    def _page(
        self, asked: AdminRequest, given: Mapping[str, str], problem: str = "", refused: str = ""
    ) -> web.Response:
        return self.pages.show(
            "admin/admin_past_record.html",
            asked,
            status=400 if problem or refused else 200,
            given=dict.fromkeys(_FIELDS, "") | dict(given),
            problem=problem,
            refused=refused,
            zone=self.programme.zone().name,
            most=MAX_GROUND,
        )

    @staff_page(runs_the_house)
    async def state_ground(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Let others read an imported record on the ground that the form states, or take that back."""
        given = await self.pages.form(request, asked)
        session = _session(request)
        access = Access.PUBLIC if given.get("act") == "publish" else Access.STAFF
        ground = given.get("ground", "") if access is Access.PUBLIC else ""
        try:
            order = PublishOrder(session=session, access=access, ground=ground)
            await PastRecords(self.programme).publish(order, by=asked.staff[0].link)
        except ImportRefused as error:
            raise AdminProblem(409, AdminText.CONFLICT, str(error)) from error
        return see_other(asked.to(f"/admin/meetings/{session}"))

    @staff_page(runs_the_house)
    async def original(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Answer with the file from which a record was imported, as a download."""
        session, text = _session(request), request.query.get("text", FLOOR)
        events: list[object] = []
        after = 0
        while page := await self.log.read(session, after, PAGE, frozenset({STAFF})):
            after = page[-1].header.offset
            events += [decode_event(record.body) for record in page if record.body is not None]
        found = original_in(events, ChannelId(text))
        if found is None:
            raise AdminProblem(404, AdminText.GONE)
        name, content = found
        disposition = f"attachment; filename=\"original\"; filename*=UTF-8''{quote(name, safe='')}"
        headers = {hdrs.CONTENT_DISPOSITION: disposition, hdrs.CACHE_CONTROL: "no-store"}
        return web.Response(body=content, content_type="application/octet-stream", headers=headers)


def _session(request: web.Request) -> SessionId:
    name = request.match_info["session"]
    if not is_name(name):
        raise AdminProblem(404, AdminText.GONE)
    return SessionId(name)
