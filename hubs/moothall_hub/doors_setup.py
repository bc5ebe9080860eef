"""`/setup`: connects this computer to a meeting, by an address and six words. For whoever has the coordinator's link.

And where a page for a microphone would be: why there is none here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.admin_request import Asked, StaffPages, Wrong, see
from moothall.adapters.admin_texts import AdminText
from moothall.adapters.page_asking import html, language
from moothall.core.actors import Role
from moothall.core.errors import StorageUnavailable
from moothall.services.role_links import Staff
from moothall_hub.pairing import Pairing, Unpaired
from moothall_hub.setup_texts import PROBLEMS, SPEAKS

Pair = Callable[[str, str], Awaitable[Pairing | Unpaired]]
"""(address, words) → paired, which is kept and followed from now on; or why not. Raises StorageUnavailable."""


class SetupDoor:
    """See the module."""

    def __init__(self, shared: StaffPages, *, paired: Callable[[], Pairing | None], pair: Pair) -> None:
        self._shared = shared
        self._paired = paired
        self._pair = pair

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get("/setup", self.show),
            web.post("/setup", self.connect),
            web.get("/microphone/{session}", self.no_microphone),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The form, and as what this computer is connected."""
        try:
            return self._page(self._shared.asked(request, coordinates))
        except Wrong as error:
            return self._shared.refuse(request, error)

    async def connect(self, request: web.Request) -> web.Response:
        """Take an address and six words."""
        try:
            asked = self._shared.asked(request, coordinates)
            given = await self._shared.form(request, asked)
            address, words = given.get("address", ""), given.get("words", "")
            done = await self._pair(address, words)
        except Wrong as error:
            return self._shared.refuse(request, error)
        except StorageUnavailable as error:
            return self._shared.refuse(request, Wrong(503, AdminText.BUSY, str(error)))
        if isinstance(done, Unpaired):
            status = 503 if done is Unpaired.NOBODY else 400
            return self._page(asked, status=status, problem=asked.ui.text(PROBLEMS[done]), address=address)
        return see(asked.to("/setup"))

    def first(self) -> Middleware:
        """Whoever comes to the desk before this computer is connected is led here."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path in ("/desk", "/staff") and request.method == hdrs.METH_GET and self._paired() is None:
                return see("/setup")
            return await handler(request)

        return middleware

    async def no_microphone(self, request: web.Request) -> web.Response:
        """Why nobody can speak through this computer, and where they can."""
        ui, _ = language(self._shared.pages, request)
        paired = self._paired()
        where = None if paired is None or not paired.people.startswith("https://") else paired.people
        return html(self._shared.pages.render("hub_voice.html", ui=ui, works_at=where), ui)

    def _page(self, asked: Asked, *, status: int = 200, problem: str = "", address: str = "") -> web.Response:
        paired = self._paired()
        speaks = "" if paired is None else asked.ui.text(SPEAKS, title=paired.title, address=paired.people)
        return self._shared.show(
            "hub_setup.html",
            asked,
            status=status,
            problem=problem,
            paired=paired is not None,
            speaks=speaks,
            given={"address": address[:200] or ("" if paired is None else paired.people)},
        )


def coordinates(staff: Staff) -> bool:
    """Whether a link is the coordinator's."""
    return staff.role is Role.HUB
