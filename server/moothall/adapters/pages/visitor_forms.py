"""What every door for visitors is given, what it asks of those who send it something, and how it refuses them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.http.forwarded import AddressOf, remote_address
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.http.visitor_cookie import Visitors, give
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest, SnapshotOf, asked, language, refusal
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import DoorText, ErrorText
from moothall.adapters.pages.visitor_request import COOKIE, kept_query, see_other
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock, Randomness
from moothall.wire.token_bucket import Allowance

AGAIN_S = 60
"""When a visitor who came too often, or at a bad moment, may try again."""


class Senders:
    """Those who may send: not all the time."""

    def __init__(self, gate: AddressGate, address_of: AddressOf) -> None:
        """`gate`: one without patience."""
        self._gate = gate
        self._address_of = address_of

    def often(self, request: web.Request) -> bool:
        """Whether the address that a request comes from sends too often; the request is counted."""
        return self._gate.take(self._address_of(request)) > 0

    def check(self, request: web.Request) -> str:
        """The address that a request comes from, counted. Raises HttpProblem where nothing may be taken from it."""
        if self.often(request):
            raise HttpProblem(429, DoorText.OFTEN)
        return self._address_of(request)


class VisitorContext(msgspec.Struct, frozen=True, kw_only=True):
    """What every door for visitors is given."""

    pages: Pages
    visitors: Visitors
    """Makes the cookies of browsers, and knows them again."""
    clock: Clock
    randomness: Randomness
    snapshot_of: SnapshotOf
    address_of: AddressOf = remote_address
    """Where a request comes from; behind a proxy, what the proxy says."""
    secure: bool = False
    """Cookies go over https alone."""

    def senders(self, allowance: Allowance) -> Senders:
        """Those who may send, by how often one address may."""
        return Senders(AddressGate(self.clock, self.randomness, allowance, patience_ms=0), self.address_of)

    def language(self, request: web.Request) -> Catalogue:
        """The language of the page (`request_context.language`)."""
        return language(self.pages, request)

    async def asked(self, request: web.Request, channel: str | None = None) -> SessionRequest:
        """The session and channel that a request names (`request_context.asked`). Raises HttpProblem."""
        return await asked(request, self.snapshot_of, channel)

    def token(self, request: web.Request, session: SessionId) -> str:
        """The token of the browser that asks; empty where it has none that was made here for this session."""
        return self.visitors.token(request, COOKIE, session)

    def know(self, request: web.Request, response: web.Response, session: SessionId) -> None:
        """Give the browser a token of the session if it has none."""
        if not self.token(request, session):
            self.give(request, response, COOKIE, session, f"/s/{quote(session)}")

    def give(self, request: web.Request, response: web.Response, cookie: str, session: SessionId, path: str) -> None:
        """Give the browser a new token of the session in a cookie for `path`."""
        secure = self.secure or request.secure
        give(response, cookie, self.visitors.new(session), path=path, secure=secure)

    def refusal(self, wrong: HttpProblem, ui: Catalogue) -> web.Response:
        """The page that says why there is none."""
        return refusal(wrong, self.pages, ui)

    def refused(self, wrong: HttpProblem, ui: Catalogue) -> web.Response:
        """The page that says why nothing was taken; nobody keeps it."""
        return refused(wrong, self.pages, ui)

    async def answer_form(
        self, request: web.Request, senders: Senders, take: Callable[[SessionRequest, str], Awaitable[tuple[str, str]]]
    ) -> web.Response:
        """Have a form taken and lead on to a page, or say why nothing was taken.

        `take` is given what the request names and the address that it comes from. It returns the path of the page and
        the anchor there; a path with a query keeps that, and one that is empty asks for no page. It raises HttpProblem
        or StorageUnavailable.
        """
        ui = self.language(request)
        try:
            address = senders.check(request)
            path, anchor = await take(await self.asked(request), address)
        except HttpProblem as wrong:
            return self.refused(wrong, ui)
        except StorageUnavailable:
            return self.refused(HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        if not path:
            return web.Response(status=204, headers={hdrs.CACHE_CONTROL: "no-store"})
        return see_other(f"{path}{'' if '?' in path else kept_query(request, ui)}#{anchor}")


def require_counted(answer: Refusal | None) -> None:
    """Raises HttpProblem where a vote was refused since it is about nothing, or too many wait.

    Where the rest was refused, such as after a close, the page that follows says how things stand.
    """
    match None if answer is None else answer.code:
        case RefusalCode.UNKNOWN:
            raise HttpProblem(404, ErrorText.NOTHING)
        case RefusalCode.BUSY:
            raise HttpProblem(503, DoorText.MANY)
        case _:
            pass


def refused(wrong: HttpProblem, pages: Pages, ui: Catalogue) -> web.Response:
    """The page that says why nothing was taken; nobody keeps it."""
    response = refusal(wrong, pages, ui)
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    if wrong.status in (429, 503):
        response.headers[hdrs.RETRY_AFTER] = str(AGAIN_S)
    return response
