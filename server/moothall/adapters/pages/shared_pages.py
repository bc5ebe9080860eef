"""One rendered page for all who request the same at the same time, so that a hall that opens it together costs few
renderings.

Rendering a session's page takes 4.7 ms, and the front page with 300 meetings 9 ms: longer than anything else that a
reader requests, against 0.3 to 0.9 ms to answer with a page that is already rendered. A page is rendered again as soon
as any value on it changes; no page with a part for one visitor alone is shared (`PageDoor.session_page`).
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.http.entity_tags import entity_tag, with_tag
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import html, page_headers

SAME_MS = 250
"""How many ms a page is given to others after its rendering; the page shows its time of rendering, which is at most so
old.
"""
FORGET_S = SAME_MS / 1_000 + 0.05
"""How many seconds after a rendering the pages are searched for old ones to forget."""
MOST_PAGES = 64
"""The most pages that are kept in that time, each about 100 KB. Overflow: the page that was rendered first is
forgotten.
"""
LEVEL = 6
"""The compression level of gzip."""


class PackedPage(msgspec.Struct, kw_only=True, weakref=True):
    """A rendered page, and its bytes in gzip once somebody has needed them."""

    text: str
    gzipped: bytes = b""
    tag: str = ""
    """The entity tag of `gzipped`."""

    def packed(self) -> bytes:
        """The page in gzip, compressed once, and its tag made once."""
        if not self.gzipped:
            packed = gzip.compress(self.text.encode(), LEVEL, mtime=0)
            # The tag first: a record's page is packed in a thread, and others find `gzipped` meanwhile.
            self.tag, self.gzipped = entity_tag(packed), packed
        return self.gzipped


class SharedPage(PackedPage, kw_only=True, weakref=True):
    """A page with what it was rendered of."""

    made_of: tuple[object, ...]
    at: int
    """When it was rendered, ms of a clock that never runs back."""


class SharedPages:
    """A cache of the pages that were rendered in the last `SAME_MS`."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, SharedPage] = OrderedDict()
        self.made = 0
        """How many pages were rendered."""

    def find(self, name: Hashable, made_of: tuple[object, ...], now: int) -> SharedPage | None:
        """Return the page of the key `name`, which says what was requested; None when it isn't cached.

        `made_of` is all else that its bytes depend on, in a fixed order; the values themselves are compared, not their
        versions, so that a page of other values is never returned.
        """
        found = self._pages.get(name)
        return found if found is not None and now - found.at < SAME_MS and found.made_of == made_of else None

    def keep(self, name: Hashable, made_of: tuple[object, ...], now: int, text: str) -> SharedPage:
        """Cache a page that was rendered of values of the time `now`."""
        self.made += 1
        page = self._pages[name] = SharedPage(text=text, made_of=made_of, at=now)
        self._pages.move_to_end(name)
        if len(self._pages) > MOST_PAGES:
            self._pages.popitem(last=False)
        return page

    def forget_in_time(self, clock: Callable[[], int]) -> None:
        """Have a page that was just kept forgotten once it is old. `clock`: returns ms, and never runs back."""
        asyncio.get_running_loop().call_later(FORGET_S, lambda: self.forget_old(clock()))

    def forget_old(self, now: int) -> None:
        """Forget the pages that are too old to be given out: their words may have been removed since, and must be kept
        nowhere.
        """
        for name in [name for name, page in self._pages.items() if now - page.at >= SAME_MS]:
            del self._pages[name]


def shared_html(request: web.Request, page: SharedPage, ui: Catalogue) -> web.Response:
    """Answer one of those who requested the page, with the headers of `html`, in gzip where the browser accepts
    that.
    """
    response = _answer(request, page, ui)
    return with_tag(request, response, page.tag) if hdrs.CONTENT_ENCODING in response.headers else response


def own_shared_html(request: web.Request, page: PackedPage, ui: Catalogue) -> web.Response:
    """The same with the headers of `own_html`: the page is everybody's, the answer one visitor's, who may get a cookie
    with it.
    """
    response = _answer(request, page, ui)
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    return response


def _answer(request: web.Request, page: PackedPage, ui: Catalogue) -> web.Response:
    if "gzip" not in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        return html(page.text, ui)
    headers = {**page_headers(ui), hdrs.CONTENT_ENCODING: "gzip"}
    return web.Response(body=page.packed(), content_type="text/html", charset="utf-8", headers=headers)
