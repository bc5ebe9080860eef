from __future__ import annotations

import gzip
import weakref

from moothall.adapters.pages.shared_pages import MOST_PAGES, SAME_MS, SharedPages


def test_who_asks_for_the_same_at_the_same_time_gets_the_same() -> None:
    pages = SharedPages()
    first = pages.page("en", (1, "x"), 0, lambda: "first")
    assert pages.page("en", (1, "x"), SAME_MS - 1, lambda: "second") is first
    assert pages.page("en", (1, "x"), SAME_MS, lambda: "second").text == "second"
    assert pages.made == 2


def test_another_one_is_made_where_anything_differs() -> None:
    pages = SharedPages()
    pages.page("en", (1, "x"), 0, lambda: "first")
    assert pages.page("fr", (1, "x"), 0, lambda: "other language").text == "other language"
    assert pages.page("en", (2, "x"), 0, lambda: "newer").text == "newer"
    assert pages.page("en", (1, "x"), 0, lambda: "as before").text == "as before"


def test_so_many_are_kept_and_no_more() -> None:
    pages = SharedPages()
    for n in range(MOST_PAGES + 1):
        pages.page(n, (), 0, lambda: "page")
    pages.page(1, (), 0, lambda: "again")
    assert pages.made == MOST_PAGES + 1
    pages.page(0, (), 0, lambda: "again")
    assert pages.made == MOST_PAGES + 2


def test_what_is_old_is_kept_nowhere() -> None:
    pages = SharedPages()
    page = weakref.ref(pages.page("en", (), 0, lambda: "what was said"))
    newer = pages.page("fr", (), SAME_MS, lambda: "what is said")
    pages.forget_old(SAME_MS - 1)
    assert page() is not None
    pages.forget_old(SAME_MS)
    assert page() is None
    assert pages.page("fr", (), SAME_MS, lambda: "again") is newer


def test_a_page_is_packed_once() -> None:
    page = SharedPages().page("en", (), 0, lambda: "pâge")
    packed = page.packed()
    assert gzip.decompress(packed).decode() == "pâge"
    assert page.packed() is packed
