from __future__ import annotations

import gzip
import weakref
from collections.abc import Hashable

from aiohttp import hdrs
from aiohttp.test_utils import make_mocked_request

from moothall.adapters.pages.shared_pages import (
    MOST_PAGES,
    SAME_MS,
    PackedPage,
    SharedPage,
    SharedPages,
    own_shared_html,
    shared_html,
)
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages


def page_of(pages: SharedPages, name: Hashable, made_of: tuple[object, ...], now: int, text: str) -> SharedPage:
    """The page that somebody gets for whom `text` would be rendered."""
    return pages.find(name, made_of, now) or pages.keep(name, made_of, now, text)


def test_who_asks_for_the_same_at_the_same_time_gets_the_same() -> None:
    pages = SharedPages()
    first = page_of(pages, "en", (1, "x"), 0, "first")
    assert page_of(pages, "en", (1, "x"), SAME_MS - 1, "second") is first
    assert page_of(pages, "en", (1, "x"), SAME_MS, "second").text == "second"
    assert pages.made == 2


def test_another_one_is_made_where_anything_differs() -> None:
    pages = SharedPages()
    page_of(pages, "en", (1, "x"), 0, "first")
    assert page_of(pages, "fr", (1, "x"), 0, "other language").text == "other language"
    assert page_of(pages, "en", (2, "x"), 0, "newer").text == "newer"
    assert page_of(pages, "en", (1, "x"), 0, "as before").text == "as before"


def test_so_many_are_kept_and_no_more() -> None:
    pages = SharedPages()
    for n in range(MOST_PAGES + 1):
        page_of(pages, n, (), 0, "page")
    page_of(pages, 1, (), 0, "again")
    assert pages.made == MOST_PAGES + 1
    page_of(pages, 0, (), 0, "again")
    assert pages.made == MOST_PAGES + 2


def test_what_is_old_is_kept_nowhere() -> None:
    pages = SharedPages()
    page = weakref.ref(page_of(pages, "en", (), 0, "what was said"))
    newer = page_of(pages, "fr", (), SAME_MS, "what is said")
    pages.forget_old(SAME_MS - 1)
    assert page() is not None
    pages.forget_old(SAME_MS)
    assert page() is None
    assert page_of(pages, "fr", (), SAME_MS, "again") is newer


def test_a_page_is_packed_once() -> None:
    page = SharedPages().keep("en", (), 0, "pâge")
    packed = page.packed()
    assert gzip.decompress(packed).decode() == "pâge"
    assert page.packed() is packed


def test_all_who_ask_for_a_page_get_the_tag_that_was_made_once() -> None:
    page, ui = SharedPages().keep("en", (), 0, "pâge"), Pages(find_web_folder()).catalogues["en"]
    accept = {hdrs.ACCEPT_ENCODING: "gzip"}
    first = shared_html(make_mocked_request("GET", "/s/a", accept), page, ui)
    page.gzipped = b"other bytes"  # Were the tag made of them for each answer, it would be another.
    second = shared_html(make_mocked_request("GET", "/s/a", accept), page, ui)
    tag = first.headers[hdrs.ETAG]
    assert (first.status, second.status, second.headers[hdrs.ETAG]) == (200, 200, tag)
    known = shared_html(make_mocked_request("GET", "/s/a", {**accept, hdrs.IF_NONE_MATCH: tag}), page, ui)
    assert (known.status, known.body, known.headers[hdrs.ETAG]) == (304, None, tag)
    assert hdrs.CONTENT_ENCODING not in known.headers
    assert known.headers[hdrs.CACHE_CONTROL] == "no-cache"


def test_a_page_that_is_everybodys_can_be_answered_to_each_as_their_own() -> None:
    page, ui = PackedPage(text="pâge"), Pages(find_web_folder()).catalogues["en"]
    packed = own_shared_html(make_mocked_request("GET", "/s/a", {hdrs.ACCEPT_ENCODING: "gzip"}), page, ui)
    plain = own_shared_html(make_mocked_request("GET", "/s/a"), page, ui)
    assert (packed.body, packed.headers[hdrs.CONTENT_ENCODING]) == (page.packed(), "gzip")
    assert (plain.text, hdrs.CONTENT_ENCODING in plain.headers) == ("pâge", False)
    for answer in (packed, plain):
        assert (answer.headers[hdrs.CACHE_CONTROL], hdrs.ETAG in answer.headers) == ("no-store", False)
