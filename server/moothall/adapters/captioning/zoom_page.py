"""`/admin/meetings/{session}/zoom`: the secretariat chooses the Zoom meeting to which the captions of a session are
sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.admin.view import settings_frame
from moothall.adapters.captioning.zoom_client import LONGEST, zoom_address
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.sessions.state import State
from moothall.services.captioning.zoom_push import ZoomPush, ZoomTarget
from moothall.services.programme.programme import Programme


@dataclass(eq=False, repr=False, kw_only=True)
class ZoomPage:
    """Handlers of the page, for the secretariat only."""

    pages: StaffPages
    programme: Programme
    push: ZoomPush

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/meetings/{session}/zoom", self.show),
            web.post("/admin/meetings/{session}/zoom", self.set),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show to which host the captions are sent. The address itself is not shown again."""
        return self._page(asked, await self._state(request))

    @staff_page(runs_the_house)
    async def set(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Send the captions to another address, or stop sending them where it is empty."""
        given = await self.pages.form(request, asked)
        state = await self._state(request)
        text = given.get("address", "")[: LONGEST + 1].strip()
        address = zoom_address(text) if text else None
        if text and address is None:
            return self._page(asked, state, asked.ui.text(AdminText.ZOOM))
        target = None if address is None else ZoomTarget(address=address, entered=self.programme.now())
        if not await self.push.send_to(state.id, target):
            return self._page(asked, state, asked.ui.text(AdminText.ZOOM_MANY))
        return see_other(asked.to(f"/admin/meetings/{state.id}"))

    def _page(self, asked: AdminRequest, state: State, problem: str = "") -> web.Response:
        target = self.push.target(state.id)
        return self.pages.show(
            "admin/admin_zoom.html",
            asked,
            frame=settings_frame(asked, state, self.programme),
            status=400 if problem else 200,
            problem=problem,
            session=state.id,
            title=(title := state.title.strip()) or asked.ui.text("Meeting without a title"),
            title_language=state.languages[0] if title and state.languages else "",
            host="" if target is None else urlsplit(target.address).hostname or "",
            most=LONGEST,
        )

    async def _state(self, request: web.Request) -> State:
        name = request.match_info["session"]
        planned = await self.programme.known(SessionId(name)) if is_name(name) else None
        live = None if planned is None or planned.deleted is not None else await self.programme.live(planned.session)
        if live is None:
            raise AdminProblem(404, AdminText.GONE)
        return live.state
