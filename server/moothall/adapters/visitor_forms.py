"""What every door asks of visitors who send it something, and how it answers where nothing is taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from moothall.adapters.door_texts import DoorText
from moothall.adapters.limits import AddressGate
from moothall.adapters.page_asking import Wrong, refusal
from moothall.adapters.page_catalogues import Catalogue
from moothall.adapters.pages import Pages

AGAIN_S = 60
"""When whoever came too often, or at a bad moment, may try again."""
Listed = Callable[[web.Request, Wrong], Awaitable[web.Response]]
"""The list of questions, from which somebody sent something, with the reason why that was not taken."""


class Senders:
    """Those who may send: from pages of ours, and not all the time."""

    def __init__(self, origins: frozenset[str], gate: AddressGate, address_of: Callable[[web.Request], str]) -> None:
        """`origins`: whose pages may send, exactly as browsers write them; `gate`: one without patience."""
        self._origins = origins
        self._gate = gate
        self._address_of = address_of

    def check(self, request: web.Request) -> str:
        """The address that a request comes from, counted. Raises Wrong where nothing is to be taken from there."""
        if request.headers.get("Origin") not in self._origins:
            raise Wrong(403, DoorText.ORIGIN)
        address = self._address_of(request)
        if self._gate.take(address):
            raise Wrong(429, DoorText.OFTEN)
        return address


def foreign(wrong: Wrong) -> bool:
    """Whether nothing was taken because it came from a page that isn't ours: then its form is shown again.

    Whoever sent it may have been on our page, behind a proxy that is set up wrongly.
    """
    return wrong.key == DoorText.ORIGIN


def refused(wrong: Wrong, pages: Pages, ui: Catalogue) -> web.Response:
    """The page that says why nothing was taken; nobody keeps it."""
    response = refusal(wrong, pages, ui)
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    if wrong.status in (429, 503):
        response.headers[hdrs.RETRY_AFTER] = str(AGAIN_S)
    return response
