"""News of the meetings to which programs subscribe: Atom (RFC 4287) and JSON Feed 1.1. Pure: values in, text out."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Literal

import msgspec

from moothall.record.xml import attributes, document, moment
from moothall.services.programme.news import NewsKind


class NewsItem(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of news."""

    id: str
    """An id that never changes and that no other has."""
    kind: NewsKind
    at: int
    """Unix ms."""
    title: str
    """The title of the meeting."""
    text: str
    """What has happened, as a sentence."""
    address: str
    """URL of the meeting's page."""


class NewsFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed, newest news first."""

    id: str
    title: str
    author: str
    language: str
    """BCP-47 tag of its sentences."""
    address: str
    """URL of the feed itself."""
    page: str
    """URL of the page for people."""
    items: tuple[NewsItem, ...]


def write_atom(feed: NewsFeed) -> str:
    """The feed as Atom."""
    return document(_atom(feed))


def _atom(feed: NewsFeed) -> Iterator[str]:
    yield f'<feed xmlns="http://www.w3.org/2005/Atom"{attributes(xml__lang=feed.language)}>\n'
    yield f"<id>{escape(feed.id)}</id>\n<title>{escape(feed.title)}</title>\n"
    yield f"<updated>{moment(feed.items[0].at if feed.items else 0)}</updated>\n"
    yield f"<author><name>{escape(feed.author)}</name></author>\n"
    yield f"<link{attributes(rel='self', type='application/atom+xml', href=feed.address)}/>\n"
    yield f"<link{attributes(rel='alternate', type='text/html', href=feed.page)}/>\n"
    for item in feed.items:
        yield f"<entry>\n<id>{escape(item.id)}</id>\n<title>{escape(item.title)}</title>\n"
        yield f"<updated>{moment(item.at)}</updated>\n<published>{moment(item.at)}</published>\n"
        yield f"<link{attributes(rel='alternate', type='text/html', href=item.address)}/>\n"
        yield f"<category{attributes(term=item.kind)}/>\n<summary>{escape(item.text)}</summary>\n</entry>\n"
    yield "</feed>\n"


class JsonFeedAuthor(msgspec.Struct, frozen=True, kw_only=True):
    """Who publishes the news."""

    name: str


class JsonFeedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of news; its only tag is its `NewsKind`."""

    id: str
    url: str
    title: str
    content_text: str
    date_published: str
    tags: tuple[NewsKind, ...]


class JsonFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed by JSON Feed 1.1 (jsonfeed.org)."""

    version: Literal["https://jsonfeed.org/version/1.1"] = "https://jsonfeed.org/version/1.1"
    title: str
    home_page_url: str
    feed_url: str
    language: str
    authors: tuple[JsonFeedAuthor, ...]
    items: tuple[JsonFeedItem, ...]


def write_json_feed(feed: NewsFeed) -> bytes:
    """The feed as JSON Feed."""
    items = (
        JsonFeedItem(
            id=item.id,
            url=item.address,
            title=item.title,
            content_text=item.text,
            date_published=moment(item.at),
            tags=(item.kind,),
        )
        for item in feed.items
    )
    made = JsonFeed(
        title=feed.title,
        home_page_url=feed.page,
        feed_url=feed.address,
        language=feed.language,
        authors=(JsonFeedAuthor(name=feed.author),),
        items=tuple(items),
    )
    return msgspec.json.encode(made)
