"""One page for all who ask for the same at the same time: a hall that opens it together costs few renderings.

To make the page of a session takes the server longer than all else that a reader asks for: 4.7 ms, and 0.9 to answer
with one that is made. It is made anew as soon as anything is different that it is made of; what is said to one visitor
alone is in none that is shared (`PageDoor.session_page`).
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import html, page_headers

SAME_MS = 250
"""How long after it was made a page is given to others: so late at most is the moment that it names as its own."""
FORGET_S = SAME_MS / 1_000 + 0.05
"""When one that was made is looked at again, to be forgotten."""
MOST_PAGES = 64
"""Pages of that time that are kept, each about 100 KB. Overflow: the one that was made first is forgotten."""
LEVEL = 6
"""Of gzip."""


class SharedPage(msgspec.Struct, kw_only=True, weakref=True):
    """A page that was made."""

    text: str
    made_of: tuple[object, ...]
    at: int
    """When it was made, ms of a clock that never runs back."""
    gzipped: bytes = b""

    def packed(self) -> bytes:
        """The page in gzip, packed once."""
        if not self.gzipped:
            self.gzipped = gzip.compress(self.text.encode(), LEVEL, mtime=0)
        return self.gzipped


class SharedPages:
    """Pages that were made in this moment."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, SharedPage] = OrderedDict()
        self.made = 0
        """How many were made."""

    def page(self, name: Hashable, made_of: tuple[object, ...], now: int, make: Callable[[], str]) -> SharedPage:
        """The page called `name`: what was asked for. `made_of` is all else that its bytes depend on, in an order; it
        is compared, so that what only looks the same by its version is never taken for it.
        """
        found = self._pages.get(name)
        if found is not None and now - found.at < SAME_MS and found.made_of == made_of:
            return found
        self.made += 1
        page = self._pages[name] = SharedPage(text=make(), made_of=made_of, at=now)
        self._pages.move_to_end(name)
        if len(self._pages) > MOST_PAGES:
            self._pages.popitem(last=False)
        return page

    def forget_old(self, now: int) -> None:
        """Forget what is given to nobody any more: words may have been removed since, and are kept nowhere."""
        for name in [name for name, page in self._pages.items() if now - page.at >= SAME_MS]:
            del self._pages[name]


def shared_html(request: web.Request, page: SharedPage, ui: Catalogue) -> web.Response:
    """The page for one of those who asked for it, as `html` would answer."""
    if "gzip" not in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        return html(page.text, ui)
    headers = {**page_headers(ui), hdrs.CONTENT_ENCODING: "gzip"}
    return web.Response(body=page.packed(), content_type="text/html", charset="utf-8", headers=headers)
