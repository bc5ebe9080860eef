"""The staff's entrance: `/enter/{token}` exchanges a role link for a cookie, once, and redirects the browser to its
page.

No token stays in an address, a log or a referrer. The cookie's rights are looked up at each request, so a link that is
revoked opens nothing from then on. A link for one browser recognises that browser by a cookie of its own, which is sent
to `/enter` only. A reader's link (`/s/{session}?key=…`) works in the same way, with a cookie that is sent to that
session's paths only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.forwarded import AddressOf, remote_address
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import NoLink
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.programme.plan import RoomId
from moothall.core.rules.authority import STAFF_ROLES
from moothall.services.sessions.browsers import VISIT_MS
from moothall.services.sessions.reader_access import ASKER
from moothall.services.sessions.role_links import RoleLinks, Unentered
from moothall.services.sessions.staff import HALL, Staff, covers, hub_of

logger = logging.getLogger(__name__)

STAFF_COOKIE = "moothall_staff"
READER_COOKIE = "moothall_reader"
OFTEN = "Too many links were tried from your address. Wait a minute.\n"
_SECRET = {hdrs.CACHE_CONTROL: "no-store", "Referrer-Policy": "no-referrer"}
MARK_COOKIE = "moothall_link_"
"""The prefix of a cookie's name, before a link's id, by which the first browser of a link for one browser is
recognised."""
MARK_DAYS = 400
"""The longest time for which browsers keep a cookie."""
WORK = "/staff"
ADMIN = "/admin"


@dataclass(eq=False, repr=False, kw_only=True)
class StaffDoor:
    """Handlers of `/enter/{token}` and `/leave`, and the middleware that finds a request's role links by its cookies.

    `gate`: limits how many links an address may try; `secure`: whether the house is reached over https only.

    `cookie`: the cookie's name. Servers that may share a machine use different names, as browsers don't distinguish
    ports.
    """

    links: RoleLinks
    pages: Pages
    gate: AddressGate
    room_of: Callable[[SessionId], RoomId | None]
    secure: bool
    address_of: AddressOf = remote_address
    cookie: str = STAFF_COOKIE
    sign_in: str = ""
    """The address of the sign-in; empty where there is none."""

    def _give(self, response: web.Response, cookie: str, value: str, path: str) -> web.Response:
        response.set_cookie(
            cookie, value, max_age=VISIT_MS // 1000, path=path, httponly=True, samesite="Lax", secure=self.secure
        )
        return response

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/enter/{token}", self.enter, allow_head=False), web.post("/leave", self.leave)]

    def staff(self, request: web.Request) -> tuple[Staff, ...]:
        """The role links of the request's browser; empty for a stranger."""
        key = self.key_of(request)
        return self.links.of_visitor(key) if key else ()

    def may_act(self, staff: Staff, session: SessionId) -> bool:
        """Whether a link applies to a session. What its role may do there is decided by `core.rules.authority`."""
        return covers(staff.scope, session, self.room_of(session))

    def key_of(self, request: web.Request) -> str:
        """The browser's key from its cookie; empty when it has none."""
        return request.cookies.get(self.cookie, "")

    def asker(self, request: web.Request) -> tuple[Staff, ...]:
        """All links of the request's browser, including a reader's link."""
        reader = self.links.of_reader_proof(request.cookies.get(READER_COOKIE, ""))
        return (*self.staff(request), reader) if reader is not None else self.staff(request)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Exchange a link for a cookie, and redirect to its page."""
        if self.gate.take(self.address_of(request)):
            return web.Response(status=429, text=OFTEN, headers=_SECRET)
        token = request.match_info["token"]
        proof = self.links.reader_proof(token)
        if proof is not None:
            staff, value = proof
            return self._as_reader(staff, value)
        known = self.links.of_token(token)
        mark = "" if known is None else request.cookies.get(f"{MARK_COOKIE}{known.link}", "")
        try:
            entered = await self.links.enter(token, self.key_of(request), mark)
        except NoLink:
            entered = Unentered.WRONG
        if entered is Unentered.SIGN_IN:
            return see_other(self.sign_in, _SECRET)
        if isinstance(entered, Unentered):
            return self._refused(request, entered)
        staff = entered.staff
        logger.info("link %s: a browser opened it as %s", staff.link, staff.role)
        response = self.welcome(staff, entered.key)
        if entered.mark:
            name, age = f"{MARK_COOKIE}{staff.link}", MARK_DAYS * 86_400
            response.set_cookie(
                name, entered.mark, max_age=age, path="/enter", httponly=True, samesite="Lax", secure=self.secure
            )
        return response

    def _refused(self, request: web.Request, why: Unentered) -> web.Response:
        ui = self.pages.catalogues.choose(request.query.get("ui"), request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        status, key = (403, AdminText.TAKEN) if why is Unentered.TAKEN else (404, AdminText.NO_LINK)
        html = self.pages.render_error(status, key, ui=ui)
        return web.Response(status=status, text=html, content_type="text/html", headers=_SECRET)

    def welcome(self, staff: Staff, key: str, query: str = "", where: str = "") -> web.Response:
        """Give a browser its key as a cookie, and redirect it to its page, or to `where`; `query` is appended."""
        return self._give(see_other(f"{where or landing(staff)}{query}", _SECRET), self.cookie, key, "/")

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """Sign the browser out."""
        await self.links.leave(self.key_of(request))
        response = see_other("/", _SECRET)
        response.del_cookie(self.cookie, path="/", httponly=True, samesite="Lax", secure=self.secure)
        return response

    def middleware(self) -> Middleware:
        """A middleware that tells the handlers who asks (`ASKER`), and removes readers' keys from addresses."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            session = request.match_info.get("session")
            if session is not None and "key" in request.query and request.method == hdrs.METH_GET:
                return self._exchange(request, session)
            asker = self.asker(request)
            reset = ASKER.set(asker)
            try:
                response = await handler(request)
            finally:
                ASKER.reset(reset)
            if asker and not response.prepared and not request.path.startswith(("/static/", "/look/")):
                response.headers[hdrs.CACHE_CONTROL] = "no-store"  # The answer may hold what is not public.
            return response

        return middleware

    def _exchange(self, request: web.Request, session: str) -> web.StreamResponse:
        """Redirect to the same address without its key; with the reader's cookie when the key is valid."""
        rest = [(name, value) for name, value in request.query.items() if name != "key"]
        where = f"{quote(request.path)}?{urlencode(rest)}" if rest else quote(request.path)
        if self.gate.take(self.address_of(request)):
            return web.Response(status=429, text=OFTEN, headers=_SECRET)
        proof = self.links.reader_proof(request.query["key"])
        if proof is None or not covers(proof[0].scope, SessionId(session), None):
            return see_other(where, _SECRET)
        return self._as_reader(*proof, where=where)

    def _as_reader(self, staff: Staff, proof: str, where: str | None = None) -> web.Response:
        page = landing(staff)
        return self._give(see_other(where or page, _SECRET), READER_COOKIE, proof, page)


def landing(staff: Staff) -> str:
    """The path of the page that a link opens."""
    kind, _, name = staff.scope.partition(":")
    if staff.role is Role.SECRETARIAT and staff.scope == HALL:
        return ADMIN
    if staff.role is Role.HUB:
        session = f"/{quote(name)}" if kind == "session" and is_name(name) else ""
        return f"/hub/{quote(hub_of(staff))}{session}"
    if kind != "session" or not is_name(name) or staff.role is Role.TECHNICIAN:
        return WORK
    if staff.role is Role.CAPTIONER:
        return f"/caption/{name}"
    return f"/desk/{name}" if staff.role in STAFF_ROLES else f"/s/{name}"
