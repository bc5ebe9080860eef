"""The door for sign-in: `/sign-in` redirects a browser to the provider, `/sign-in/back` takes it when it returns.

It uses the authorization code flow with PKCE. A browser must return with the state that it was given, and with the
attempt's cookie, once; nothing else in the request is trusted, and no address in it is followed.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from aiohttp import hdrs, web

from moothall.adapters.admin.staff_door import OFTEN, StaffDoor
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.request_context import language
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import see_other
from moothall.adapters.sign_in.id_token import TokenRefused
from moothall.adapters.sign_in.provider import Provider, ProviderDown
from moothall.core.kernel.errors import StorageUnavailable
from moothall.services.sessions.sign_in import ATTEMPT_MS, SignIns

logger = logging.getLogger(__name__)

COOKIE = "moothall_sign_in"
PATH, BACK = "/sign-in", "/sign-in/back"
LONGEST = 4_096
"""The most characters of a code or state that are read."""
_SECRET = {hdrs.CACHE_CONTROL: "no-store", "Referrer-Policy": "no-referrer"}
_OWN_PAGE = re.compile(r"/(?:admin|staff|control|desk|moderate|podium)(?:/[\w.-]{1,100}){0,3}\Z", re.ASCII)


@dataclass(eq=False, repr=False, kw_only=True)
class SignInDoor:
    """Handlers of `/sign-in`. `gate` limits the attempts of an address."""

    sign_ins: SignIns
    provider: Provider
    staff: StaffDoor
    pages: Pages
    gate: AddressGate
    address_of: AddressOf
    secure: bool

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/sign-in", self.begin, allow_head=False),
            web.get("/sign-in/back", self.back, allow_head=False),
        ]

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Redirect the browser to the provider."""
        if self.gate.take(self.address_of(request)):
            return web.Response(status=429, text=OFTEN, headers=_SECRET)
        to = request.query.get("to", "")
        attempt = self.sign_ins.begin(to if _OWN_PAGE.match(to) else "")
        try:
            address = await self.provider.authorization(attempt)
        except ProviderDown as error:
            logger.warning("sign-in: the provider can't be used: %s", error)
            return self._say(request, 503, AdminText.SIGN_IN_DOWN)
        response = see_other(address, _SECRET)
        age = ATTEMPT_MS // 1000
        response.set_cookie(
            COOKIE, attempt.browser, max_age=age, path=PATH, httponly=True, samesite="Lax", secure=self.secure
        )
        return response

    async def back(self, request: web.Request) -> web.StreamResponse:
        """Take a browser that the provider has sent back, and admit it."""
        if self.gate.take(self.address_of(request)):
            return web.Response(status=429, text=OFTEN, headers=_SECRET)
        response = await self._back(request)
        response.del_cookie(COOKIE, path=PATH, httponly=True, samesite="Lax", secure=self.secure)
        return response

    async def _back(self, request: web.Request) -> web.Response:
        query = request.query
        code, state = query.get("code", ""), query.get("state", "")
        attempt = self.sign_ins.take(state[:LONGEST], request.cookies.get(COOKIE, ""))
        if attempt is None:
            logger.info("sign-in refused: no attempt of this browser has that state")
            return self._say(request, 403, AdminText.SIGN_IN_AGAIN)
        if not 0 < len(code) <= LONGEST:
            logger.info("sign-in refused: the provider gave no code")
            return self._say(request, 403, AdminText.SIGN_IN_AGAIN)
        try:
            claims = await self.provider.redeem(code, query.get("iss"), attempt)
            admitted = await self.sign_ins.admit(
                self.provider.client.issuer, claims.subject, claims.groups, self.staff.key_of(request)
            )
        except TokenRefused as error:
            logger.warning("sign-in refused: %s", error)
            return self._say(request, 403, AdminText.SIGN_IN_AGAIN)
        except ProviderDown as error:
            logger.warning("sign-in: the provider can't be used: %s", error)
            return self._say(request, 503, AdminText.SIGN_IN_DOWN)
        except StorageUnavailable:
            return self._say(request, 503, AdminText.BUSY)
        if admitted is None:
            logger.info("sign-in refused: no group of the account has a role here")
            return self._say(request, 403, AdminText.NO_JOB)
        staff, key = admitted
        return self.staff.welcome(staff, key, where=attempt.to)

    def _say(self, request: web.Request, status: int, key: str) -> web.Response:
        ui = language(self.pages, request)
        html = self.pages.render(
            "admin/staff_error.html", ui=ui, sentence=ui.text(key), detail="", status=status, sign_in=PATH
        )
        return web.Response(status=status, text=html, content_type="text/html", headers=_SECRET)
