"""`/setup`: the page that connects this computer to a meeting, by an address and six words. Only the coordinator may
open it.

The module also serves a page in place of the microphone's, which says why a hub has none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.request_context import html, language
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import StorageUnavailable
from moothall.services.sessions.staff import Staff
from moothall_hub.node.below_door import Below
from moothall_hub.pairing.pairing import PROBLEMS, Pairing, PairingFailure
from moothall_hub.uplink.status_bar import UplinkOf, UplinkStatus

Pair = Callable[[str, str], Awaitable[Pairing | PairingFailure]]
"""(address, words) → the pairing, which is stored and in use from now on, or why it failed. Raises
StorageUnavailable."""
LONGEST = 200
"""The most characters of a typed text that are shown again."""
# Keys of the catalogues (`web/locales`, hub_status_bar.po).
SPEAKS = "This computer speaks for {title}, at {address}."
TAKEN = "Another computer speaks for {title} now, at {address}. With new words this one can take its place again."
NO_TITLE = "A group needs a name with letters or figures. Words are shown once; ask for new ones."
WORDS_FOR = "Six words for {title}: {words}"


def coordinates(staff: Staff, _: web.Request | None = None) -> bool:
    """Whether a staff link is the coordinator's."""
    return staff.role is Role.HUB


class SetupDoor:
    """Handlers of the page that pairs this computer with a server."""

    def __init__(
        self, pages: StaffPages, *, paired: Callable[[], Pairing | None], pair: Pair, below: Below, uplink: UplinkOf
    ) -> None:
        self.pages = pages
        self._uplink = uplink
        self._paired = paired
        self._pair = pair
        self._below = below

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/setup", self.show),
            web.post("/setup", self.connect),
            web.get("/microphone/{session}", self.no_microphone),
        ]

    @staff_page(coordinates)
    async def show(self, _: web.Request, asked: AdminRequest) -> web.Response:
        """Show the form, and to which meeting this computer is connected."""
        return self._page(asked)

    @staff_page(coordinates)
    async def connect(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Pair with an address and six words, or make words for a hub below."""
        given = await self.pages.form(request, asked)
        try:
            if "below" in given:
                return await self._give(asked, given)
            done = await self._pair(given.get("address", ""), given.get("words", ""))
        except StorageUnavailable as error:
            raise AdminProblem(503, AdminText.BUSY, str(error)) from error
        if isinstance(done, PairingFailure):
            status = 503 if done is PairingFailure.NOBODY else 400
            return self._page(asked, status=status, problem=asked.ui.text(PROBLEMS[done]), given=given)
        return see_other(asked.to("/desk"))

    def first(self) -> Middleware:
        """Return a middleware that redirects the desk's addresses to `/setup` while this computer is not paired."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            desk = request.path in ("/desk", "/staff") or request.path.startswith("/hub/")
            if desk and request.method == hdrs.METH_GET and self._paired() is None:
                return see_other("/setup")
            return await handler(request)

        return middleware

    async def no_microphone(self, request: web.Request) -> web.Response:
        """Explain why nobody can speak through this computer, and where they can."""
        ui = language(self.pages.pages, request)
        paired = self._paired()
        where = None if paired is None or not paired.people.startswith("https://") else paired.people
        return html(self.pages.pages.render("hub/hub_voice.html", ui=ui, works_at=where), ui)

    async def _give(self, asked: AdminRequest, given: dict[str, str]) -> web.Response:
        """Show six words for a hub below. They are shown only once."""
        title = " ".join(given["below"].split())
        words = await self._below.give(title) if self.pages.once(given) else None
        if words is None:
            return self._page(asked, status=400, problem=asked.ui.text(NO_TITLE))
        return self._page(asked, words=asked.ui.text(WORDS_FOR, title=title, words=" ".join(words)))

    def _page(
        self,
        asked: AdminRequest,
        *,
        status: int = 200,
        problem: str = "",
        given: Mapping[str, str] | None = None,
        words: str = "",
    ) -> web.Response:
        paired, given = self._paired(), given or {}
        says = TAKEN if self._uplink().state is UplinkStatus.FENCED else SPEAKS
        speaks = "" if paired is None else asked.ui.text(says, title=paired.title, address=paired.people)
        return self.pages.show(
            "hub/hub_setup.html",
            asked,
            status=status,
            problem=problem,
            paired=paired is not None,
            speaks=speaks,
            words=words,
            below=[{"title": each.title, "here": each.here} for each in self._below.list()],
            # What was typed is shown again, so that one letter can be corrected; words that were used are worthless
            # anyway.
            given={
                "address": given.get("address", "")[:LONGEST] or ("" if paired is None else paired.address),
                "words": given.get("words", "")[:LONGEST],
            },
        )
