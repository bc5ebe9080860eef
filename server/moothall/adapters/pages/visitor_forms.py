"""What every door asks of visitors who send it something, and how it answers where nothing is taken."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import hdrs, web

from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.door_texts import DoorText
from moothall.adapters.pages.request_context import Wrong, refusal
from moothall.adapters.pages.templates import Pages

AGAIN_S = 60
"""When whoever came too often, or at a bad moment, may try again."""


class Senders:
    """Those who may send: not all the time."""

    def __init__(self, gate: AddressGate, address_of: Callable[[web.Request], str]) -> None:
        """`gate`: one without patience."""
        self._gate = gate
        self._address_of = address_of

    def check(self, request: web.Request) -> str:
        """The address that a request comes from, counted. Raises Wrong where nothing is to be taken from there."""
        address = self._address_of(request)
        if self._gate.take(address):
            raise Wrong(429, DoorText.OFTEN)
        return address


def refused(wrong: Wrong, pages: Pages, ui: Catalogue) -> web.Response:
    """The page that says why nothing was taken; nobody keeps it."""
    response = refusal(wrong, pages, ui)
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    if wrong.status in (429, 503):
        response.headers[hdrs.RETRY_AFTER] = str(AGAIN_S)
    return response
