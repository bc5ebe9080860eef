"""`/admin/hubs`: the registry of hubs, for the secretariat, as plain HTML forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from moothall.adapters.admin.language_names import NoLanguages, read_languages
from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.admin.view import QrSvg
from moothall.adapters.hubs import view
from moothall.adapters.hubs.hub_map import HubMap
from moothall.adapters.hubs.removed_view import RemovedView
from moothall.adapters.hubs.texts import HubText
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.hubs.entry import MOST_PEOPLE, Details, Hub
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import Zone
from moothall.core.programme.times import Zones
from moothall.services.hubs.links import Connected
from moothall.services.hubs.pairing import PairingWords
from moothall.services.hubs.registry import Hubs
from moothall.services.hubs.removals import HubRemoval

LONGEST = 200
"""The most characters of a field."""
_page = staff_page(runs_the_house, no_link=(409, AdminText.CONFLICT))


@dataclass(eq=False, repr=False, kw_only=True)
class HubAdminDoor:
    """Handlers of `/admin/hubs`.

    `zone`: the time zone of the times shown; `zones`: looks up other zones; `public`: the address printed on sheets,
    without a slash at its end; `removals`: removals of words that hubs hold; `title_of`: a session's title; `linked`:
    the hubs whose machines are connected now.
    """

    pages: StaffPages
    hubs: Hubs
    pairing: PairingWords
    zone: Callable[[], Zone]
    zones: Zones
    public: str
    qr_svg: QrSvg
    removals: Callable[[], Sequence[HubRemoval]]
    title_of: Callable[[SessionId], str]
    linked: Callable[[], tuple[Connected, ...]] = tuple
    world: HubMap | None = None
    """Draws the map of hubs; None where no map is wanted."""

    def __post_init__(self) -> None:
        self._removed = RemovedView(self.hubs, self.title_of)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/hubs", self.overview),
            web.post("/admin/hubs", self.add),
            web.get("/admin/hubs/{hub}", self.show),
            web.post("/admin/hubs/{hub}", self.change),
            web.post("/admin/hubs/{hub}/words", self.new_words),
            web.post("/admin/hubs/{hub}/link", self.new_link),
            web.post("/admin/hubs/{hub}/remove", self.remove),
        ]

    @_page
    async def overview(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """List all hubs, with the form that adds one."""
        return self._overview(asked)

    def _overview(
        self, asked: AdminRequest, *, problem: str = "", given: Mapping[str, str] | None = None
    ) -> web.Response:
        removals = self.removals()
        return self.pages.show(
            "admin/admin_hubs.html",
            asked,
            status=400 if problem else 200,
            problem=problem,
            given=given or {},
            hubs=self._rows(asked),
            map=self.world and self.world.svg(self.hubs.list(), asked.ui),
            removed=self._removed.rows(removals, self.zone(), asked.ui),
            lost=self._removed.lost(removals),
        )

    @_page
    async def add(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Add a hub; answer with the sheets of its pairing words and its link."""
        given = await self.pages.form(request, asked)
        details = await self._details(given, asked)
        if isinstance(details, str):
            return self._overview(asked, problem=details, given=given)
        if not self.pages.once(given):
            return see_other(asked.to("/admin/hubs"))
        made = await self.hubs.add(given.get("title", "")[:LONGEST], details)
        if isinstance(made, Refusal):
            return self._overview(asked, problem=asked.ui.text(HubText.NAME), given=given)
        hub, token = made
        return await self._sheets(asked, hub, token=token, words=await self.pairing.words(hub.name))

    @_page
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show one hub: its details, its state, and the forms that change it."""
        return self._show(asked, self._hub(request))

    def _show(
        self,
        asked: AdminRequest,
        hub: Hub,
        *,
        problem: str = "",
        given: Mapping[str, str] | None = None,
        removing: bool = False,
    ) -> web.Response:
        until = self.pairing.until(hub.name)
        return self.pages.show(
            "admin/admin_hub.html",
            asked,
            status=400 if problem else 200,
            problem=problem,
            removing=removing,
            hub=self._rows(asked, hub)[0],
            given=view.fields(hub, asked.ui) | dict(given or {}),
            until="" if until is None else view.moment(until, self.zone(), asked.ui),
        )

    @_page
    async def change(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Change the details of a hub."""
        given = await self.pages.form(request, asked)
        hub = self._hub(request)
        details = await self._details(given, asked)
        if isinstance(details, str):
            return self._show(asked, hub, problem=details, given=given)
        if isinstance(await self.hubs.change(hub.name, details, given.get("title", "")[:LONGEST]), Refusal):
            return self._show(asked, hub, problem=asked.ui.text(HubText.NAME), given=given)
        return see_other(asked.to(f"/admin/hubs/{hub.name}"))

    @_page
    async def new_words(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make six new pairing words; answer with their sheet, the only time that they are shown."""
        given = await self.pages.form(request, asked)
        hub = self._hub(request)
        if not self.pages.once(given):
            return see_other(asked.to(f"/admin/hubs/{hub.name}"))
        return await self._sheets(asked, hub, words=await self.pairing.words(hub.name))

    @_page
    async def new_link(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make a new link for the hub's page; answer with its sheet."""
        given = await self.pages.form(request, asked)
        hub = self._hub(request)
        if not self.pages.once(given):
            return see_other(asked.to(f"/admin/hubs/{hub.name}"))
        made = await self.hubs.new_link(hub.name)
        return await self._sheets(asked, hub, token=None if made is None else made[1])

    @_page
    async def remove(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Remove the hub with its links, its pairing words and its machine's key."""
        given = await self.pages.form(request, asked)
        hub = self._hub(request)
        if "sure" not in given:
            return self._show(asked, hub, problem=asked.ui.text(HubText.SURE), removing=True)
        await self.pairing.forget(hub.name)
        await self.hubs.remove(hub.name)
        return see_other(asked.to("/admin/hubs"))

    async def _sheets(
        self, asked: AdminRequest, hub: Hub, *, token: str | None = None, words: tuple[str, ...] | None = None
    ) -> web.Response:
        until = self.pairing.until(hub.name)
        link = "" if token is None else f"{self.public}/enter/{token}"
        return self.pages.show(
            "admin/admin_hub_sheets.html",
            asked,
            hub=self._rows(asked, hub)[0],
            link=link,
            link_qr=link and self.qr_svg(link),
            words=words or (),
            # Browsers never send the part after # to a server; the page's script puts it into the form.
            words_qr=self.qr_svg(f"{self.public}/hub/pair#{'-'.join(words)}") if words else "",
            pair=f"{self.public}/hub/pair",
            command=f"moothall hub pair {self.public} {' '.join(words or ())}",
            until="" if until is None else view.moment(until, self.zone(), asked.ui),
        )

    def _rows(self, asked: AdminRequest, *only: Hub) -> list[dict[str, object]]:
        links = {each.hub: each for each in self.linked()}
        found = [(hub, self.hubs.people(hub.name)) for hub in only] if only else self.hubs.listed()
        return [self._row(hub, people, asked, links) for hub, people in found]

    def _row(
        self, hub: Hub, people: int | None, asked: AdminRequest, links: Mapping[str, Connected]
    ) -> dict[str, object]:
        row = view.staff_row(hub, people, asked.ui, here=self.hubs.here(hub.name), zone=self.zone())
        return row | view.link_row(links.get(hub.name), self.title_of, asked.ui, zone=self.zone())

    def _hub(self, request: web.Request) -> Hub:
        hub = self.hubs.get(request.match_info["hub"])
        if hub is None:
            raise AdminProblem(404, AdminText.GONE)
        return hub

    async def _details(self, given: Mapping[str, str], asked: AdminRequest) -> Details | str:
        """Parse a form into the details of a hub, or return a sentence that says what is wrong."""
        said = {name: " ".join(text.split())[:LONGEST] for name, text in given.items()}
        languages = await read_languages(said["languages"]) if said.get("languages") else ()
        if isinstance(languages, NoLanguages):
            return languages.said(asked.ui)
        zone, expected = said.get("zone", ""), said.get("expected", "")
        if zone and self.zones(zone) is None:
            return asked.ui.text(AdminText.ZONE)
        number = number_of(expected)
        if expected and number is None:
            return asked.ui.text(HubText.EXPECTED)
        texts = {name: said.get(name, "") for name in ("city", "institution", "country", "coordinator", "zone")}
        return Details(languages=languages, expected=number, unlisted="unlisted" in said, **texts)


def number_of(text: str) -> int | None:
    """Parse a number of people; None where the text is no number up to `MOST_PEOPLE`.

    `number_in` isn't used: a person may write digits of any script, such as ٤٢.
    """
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= 6 and int(text) <= MOST_PEOPLE else None
