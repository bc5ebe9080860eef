from __future__ import annotations

import json

from lxml import etree
from msgspec.structs import replace

from moothall.adapters.programme.news_feed import NewsFeed, NewsItem, write_atom, write_json_feed
from moothall.services.programme.news import NewsKind

ITEM = NewsItem(
    id="tag:hall.example,2026:s/closed/1",
    kind=NewsKind.CLOSED,
    at=1_764_000_000_123,
    title="Water <&> \x00land",
    text="It's over.",
    address="https://hall.example/s/s?a&b",
)
FEED = NewsFeed(
    id="tag:hall.example,2026:news",
    title="All & everything",
    author="The hall",
    language="ar",
    address="https://hall.example/news.atom?ui=ar&room=a",
    page="https://hall.example/agenda?ui=ar",
    items=(ITEM, replace(ITEM, id="tag:hall.example,2026:s/begun", kind=NewsKind.BEGUN, at=0)),
)
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def test_atom_has_what_the_rfc_demands() -> None:
    feed = etree.fromstring(write_atom(FEED).encode())
    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "ar"
    assert [feed.findtext(f"a:{name}", None, ATOM) for name in ("id", "title", "updated", "author/a:name")] == [
        FEED.id,
        FEED.title,
        "2025-11-24T16:00:00.123Z",
        FEED.author,
    ]
    links = {link.get("rel"): link.get("href") for link in feed.findall("a:link", ATOM)}
    assert links == {"self": FEED.address, "alternate": FEED.page}
    entry, other = feed.findall("a:entry", ATOM)
    assert entry.findtext("a:id", None, ATOM) == ITEM.id
    assert entry.findtext("a:title", None, ATOM) == "Water <&> \ufffdland"
    assert entry.findtext("a:summary", None, ATOM) == ITEM.text
    assert other.findtext("a:updated", None, ATOM) == "1970-01-01T00:00:00.000Z"
    [link] = entry.findall("a:link", ATOM)
    assert link.get("href") == ITEM.address
    [category] = entry.findall("a:category", ATOM)
    assert category.get("term") == "closed"


def test_an_empty_feed_is_one_too() -> None:
    feed = etree.fromstring(write_atom(replace(FEED, items=())).encode())
    assert feed.findtext("a:updated", None, ATOM) == "1970-01-01T00:00:00.000Z"
    assert json.loads(write_json_feed(replace(FEED, items=())))["items"] == []


def test_the_json_feed_has_the_same() -> None:
    feed = json.loads(write_json_feed(FEED))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (feed["title"], feed["language"]) == (FEED.title, "ar")
    assert (feed["home_page_url"], feed["feed_url"]) == (FEED.page, FEED.address)
    assert feed["items"][0] == {
        "id": ITEM.id,
        "url": ITEM.address,
        "title": ITEM.title,
        "content_text": ITEM.text,
        "date_published": "2025-11-24T16:00:00.123Z",
        "tags": ["closed"],
    }
