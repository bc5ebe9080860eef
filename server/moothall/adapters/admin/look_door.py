"""`/admin/look`: the secretariat chooses the conference's name, logo and colours. `/look/{name}` serves the resulting
files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web

from moothall.adapters.admin.request import AdminRequest, StaffPages, read_upload, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.form_guard import FIELD
from moothall.adapters.pages.error_pages import error_page
from moothall.adapters.pages.static_door import FOR_EVER
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.visible import visible
from moothall.core.programme.look import (
    GOOD,
    LEAST,
    LONGEST_CONFERENCE,
    MOST_LOGO_BYTES,
    MOST_LOGO_SIDE,
    Colours,
    Theme,
    clean_png,
    nearest,
    read_colour,
    worst,
)
from moothall.services.programme.house_look import HouseLook
from moothall.services.programme.programme import Programme

TYPES = {"css": "text/css", "png": "image/png"}


@dataclass(eq=False, repr=False, kw_only=True)
class LookDoor:
    """Handlers of both. When two secretaries save at the same time, the second one is shown what the first has
    saved.
    """

    pages: StaffPages
    look: HouseLook
    programme: Programme

    def __post_init__(self) -> None:
        self._saving = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/look", self.show),
            web.post("/admin/look", self.save),
            web.post("/admin/first-steps/hide", self.hide_first_steps),
            web.get("/look/{name}", self.file),
        ]

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The current style sheet or logo. Its name holds the digest of its bytes, so that caches may keep it for
        ever.
        """
        name = request.match_info["name"]
        data = self.look.file(name)
        if data is None:
            return error_page(self.pages.pages, request, 404, ErrorText.NOTHING)
        headers = {hdrs.CACHE_CONTROL: FOR_EVER, "Content-Security-Policy": "default-src 'none'; sandbox"}
        return web.Response(body=data, content_type=TYPES[name.rpartition(".")[2]], headers=headers)

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show the current choices in a form."""
        return self._page(asked, saved="saved" in request.query)

    def _page(
        self,
        asked: AdminRequest,
        *,
        status: int = 200,
        problems: list[str] | None = None,
        given: Mapping[str, str] | None = None,
        saved: bool = False,
    ) -> web.Response:
        ui, look = asked.ui, self.look
        kept = {"name": look.shown.name, "light": look.colours.light, "dark": look.colours.dark}
        kept["zone"] = self.programme.zone().name
        return self.pages.show(
            "admin/admin_look.html",
            asked,
            status=status,
            problems=problems or [],
            given=kept | dict(given or {}),
            base=look.version,
            saved=saved,
            logo=look.shown.logo,
            longest=LONGEST_CONFERENCE,
            kilobytes=MOST_LOGO_BYTES // 1000,
            side=MOST_LOGO_SIDE,
            advice=[
                ui.text(
                    AdminText.COLOUR_FAIR,
                    theme=ui.named(f"links/theme.{theme}"),
                    ratio=f"{worst(colour, theme):.1f}",
                    good=f"{GOOD:.0f}",
                    near=nearest(colour, theme, GOOD),
                )
                for theme in Theme
                if (colour := look.colours.of(theme)) and worst(colour, theme) < GOOD
            ],
        )

    @staff_page(runs_the_house)
    async def save(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Store the choices, or say which can't be used."""
        fields, data = await read_upload(request, MOST_LOGO_BYTES)
        self.pages.check(asked, fields.get(FIELD, ""))
        given = {name: " ".join(visible(fields.get(name, "")).split()) for name in ("name", "light", "dark", "zone")}
        problems: list[str] = []
        if len(given["name"]) > LONGEST_CONFERENCE:
            problems.append(asked.ui.text(AdminText.NAME_LONG, n=LONGEST_CONFERENCE))
        zone = given["zone"][:60]
        if zone and self.programme.zones(zone) is None:
            problems.append(asked.ui.text(AdminText.ZONE))
        chosen = {theme: self._colour(given[theme], theme, asked, problems) for theme in Theme}
        logo = b"" if "no_logo" in fields else None
        if data:
            try:
                logo = clean_png(data)
            except RecordBroken:
                kilobytes = MOST_LOGO_BYTES // 1000
                problems.append(asked.ui.text(AdminText.NO_PICTURE, kilobytes=kilobytes, side=MOST_LOGO_SIDE))
        if problems:
            return self._page(asked, status=400, problems=problems, given=given)
        async with self._saving:
            if fields.get("base", "") != self.look.version:
                return self._page(asked, status=409, problems=[asked.ui.text(AdminText.LOOK_MEANWHILE)], given=given)
            colours = Colours(light=chosen[Theme.LIGHT], dark=chosen[Theme.DARK])
            if zone and (zone != self.programme.zone().name or not self.programme.zone_named):
                await self.programme.keep_zone(zone)
            await self.look.write(name=given["name"], colours=colours, logo=logo)
        return see_other(asked.to("/admin/look", saved="1"))

    @staff_page(runs_the_house)
    async def hide_first_steps(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Hide the first steps of `/admin` for good."""
        await self.pages.form(request, asked)
        await self.look.hide_guide()
        return see_other(asked.to("/admin"))

    def _colour(self, typed: str, theme: Theme, asked: AdminRequest, problems: list[str]) -> str:
        """Parse a typed colour; empty where nothing was typed or it can't be used. A colour that can't be used adds a
        problem.
        """
        ui = asked.ui
        if not typed:
            return ""
        colour = read_colour(typed)
        if colour is None:
            problems.append(ui.text(AdminText.NO_COLOUR, typed=f"\u2068{typed[:30]}\u2069"))
            return ""
        ratio = worst(colour, theme)
        if ratio < LEAST:
            problems.append(
                ui.text(
                    AdminText.COLOUR_POOR,
                    theme=ui.named(f"links/theme.{theme}"),
                    colour=colour,
                    # Rounded down, so that a poor ratio never reads as sufficient.
                    ratio=f"{int(ratio * 10) / 10:.1f}",
                    least=f"{LEAST}",
                    near=nearest(colour, theme),
                )
            )
        return colour
