"""What every door for visitors shares: its parts, the limits on what visitors send, and the pages of refusal."""

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
"""After how many seconds a visitor who was refused for now (429, 503) may try again."""


class Senders:
    """Limits how often one address may send."""

    def __init__(self, gate: AddressGate, address_of: AddressOf) -> None:
        """`gate`: a gate that refuses at once and doesn't let requests wait."""
        self._gate = gate
        self._address_of = address_of

    def often(self, request: web.Request) -> bool:
        """Whether the address of a request sends too often; counts the request."""
        return self._gate.take(self._address_of(request)) > 0

    def check(self, request: web.Request) -> str:
        """Count a request, and return the address it comes from. Raises HttpProblem (429) when that address sends too
        often.
        """
        if self.often(request):
            raise HttpProblem(429, DoorText.OFTEN)
        return self._address_of(request)


class VisitorContext(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that every door for visitors needs."""

    pages: Pages
    visitors: Visitors
    """Makes the cookies of browsers, and recognises them."""
    clock: Clock
    randomness: Randomness
    snapshot_of: SnapshotOf
    address_of: AddressOf = remote_address
    """Returns the client's address of a request; behind a proxy, the address that the proxy reports."""
    secure: bool = False
    """Whether cookies are sent over HTTPS alone."""

    def senders(self, allowance: Allowance) -> Senders:
        """Return a limit of this allowance for each address."""
        return Senders(AddressGate(self.clock, self.randomness, allowance, patience_ms=0), self.address_of)

    def language(self, request: web.Request) -> Catalogue:
        """The interface's language for a request (`request_context.language`)."""
        return language(self.pages, request)

    async def asked(self, request: web.Request, channel: str | None = None) -> SessionRequest:
        """Return the session and channel that a request names (`request_context.asked`). Raises HttpProblem."""
        return await asked(request, self.snapshot_of, channel)

    def token(self, request: web.Request, session: SessionId) -> str:
        """The token of the requesting browser; empty when it has none that this server made for this session."""
        return self.visitors.token(request, COOKIE, session)

    def know(self, request: web.Request, response: web.Response, session: SessionId) -> None:
        """Give the browser a token of the session if it has none."""
        if not self.token(request, session):
            self.give(request, response, COOKIE, session, f"/s/{quote(session)}")

    def give(self, request: web.Request, response: web.Response, cookie: str, session: SessionId, path: str) -> None:
        """Set a cookie for `path` with a new token of the session."""
        secure = self.secure or request.secure
        give(response, cookie, self.visitors.new(session), path=path, secure=secure)

    def refusal(self, wrong: HttpProblem, ui: Catalogue) -> web.Response:
        """Answer with a page that says why the request can't be served."""
        return refusal(wrong, self.pages, ui)

    def refused(self, wrong: HttpProblem, ui: Catalogue) -> web.Response:
        """Answer with a page that says why nothing was accepted; no cache stores it."""
        return refused(wrong, self.pages, ui)

    async def answer_form(
        self, request: web.Request, senders: Senders, take: Callable[[SessionRequest, str], Awaitable[tuple[str, str]]]
    ) -> web.Response:
        """Pass a form to `take` and redirect to a page, or say why nothing was accepted.

        `take` receives the session that the request names and the client's address. It returns the path of the next
        page and the anchor there; a path with a query keeps its query, and an empty path is answered with 204. It
        raises HttpProblem or StorageUnavailable.
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
    """Raise HttpProblem when a vote was refused because its subject doesn't exist, or because too many wait.

    After any other refusal, such as after a poll's close, the page that follows shows the state.
    """
    match None if answer is None else answer.code:
        case RefusalCode.UNKNOWN:
            raise HttpProblem(404, ErrorText.NOTHING)
        case RefusalCode.BUSY:
            raise HttpProblem(503, DoorText.MANY)
        case _:
            pass


def refused(wrong: HttpProblem, pages: Pages, ui: Catalogue) -> web.Response:
    """Answer with a page that says why nothing was accepted; no cache stores it."""
    response = refusal(wrong, pages, ui)
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    if wrong.status in (429, 503):
        response.headers[hdrs.RETRY_AFTER] = str(AGAIN_S)
    return response
