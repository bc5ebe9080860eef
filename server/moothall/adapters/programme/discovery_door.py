"""What other sites and search engines find: `/sitemap.xml`, `/robots.txt`, and oEmbed for boxes and quoted lines."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.http.entity_tags import tagged
from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import (
    DEFAULT_CHANNEL,
    HttpProblem,
    PageOf,
    SessionRequest,
    SnapshotOf,
    asked,
    language,
    refusal,
)
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_request import title_of
from moothall.adapters.reading.page_door import NumberOf
from moothall.adapters.reading.page_rows import label, original_of, source_of
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.kernel.languages import direction
from moothall.record.xml import document, moment
from moothall.services.sessions.catalogue import Entry, ListPublic

WIDTH, HEIGHT = 480, 320
"""Size of a box, px, where whoever embeds it wants no smaller one."""
LEAST = 120
"""The least width and height of a box, px."""
CACHE_AGE_S = 300
"""How long others may keep a quoted line: words may be removed."""
PRIVATE = (
    *("/admin", "/caption", "/control", "/desk", "/enter", "/figures", "/hub", "/mic", "/moderate", "/podium"),
    "/staff",
)
"""Pages that search engines need not ask for."""
STREAMS = (
    *("/s/*/events", "/s/*/ws", "/s/*/poll", "/s/*/asked", "/s/*/ask", "/s/*/report", "/*bundle.zip"),
    *("/records.jsonl", "/proceedings."),
)
"""Addresses that answer for long, or for one visitor."""
_PAGE = re.compile(r"/s/([a-z0-9_.-]{1,64})(?:/line/([a-z0-9_.-]{1,64}))?/?\Z")
_FRAGMENT = re.compile(r"line-([a-z0-9_.-]{1,64})\Z")


@dataclass(eq=False, repr=False, kw_only=True)
class DiscoveryDoor:
    """Handlers of what others find. `public`: the server's public address, without a slash at its end; `house`: the
    conference's name, empty for none; `framed`: whether other sites may show boxes.
    """

    pages: Pages
    listed: ListPublic
    snapshot_of: SnapshotOf
    page_of: PageOf
    number_of: NumberOf
    public: str
    house: Callable[[], str]
    framed: bool

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/sitemap.xml", self.sitemap),
            web.get("/robots.txt", self.robots),
            web.get("/oembed", self.oembed),
        ]

    async def robots(self, _: web.Request) -> web.Response:
        """Say which pages are not for search engines, and where the list of the others is."""
        rows = ["User-agent: *", *(f"Disallow: {path}" for path in (*PRIVATE, *STREAMS))]
        return web.Response(text="\n".join([*rows, "", f"Sitemap: {self.public}/sitemap.xml", ""]))

    async def sitemap(self, request: web.Request) -> web.Response:
        """List the pages that everybody may read, with the time of the last change (sitemaps.org)."""
        try:
            entries = await self.listed()
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, language(self.pages, request))
        text = await asyncio.to_thread(self._map, entries)  # That of thousands takes a tenth of a second.
        headers: dict[str, str] = {hdrs.CACHE_CONTROL: "no-cache", hdrs.CONTENT_TYPE: "application/xml; charset=utf-8"}
        return tagged(request, text.encode(), headers)

    def _map(self, entries: Sequence[Entry]) -> str:
        rows = [f"<url><loc>{escape(self.public)}{path}</loc></url>\n" for path in ("/", "/agenda", "/help")]
        inside = "".join([*rows, *(self._row(entry) for entry in entries)])
        return document([f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{inside}</urlset>\n'])

    def _row(self, entry: Entry) -> str:
        at = entry.changed
        changed = "" if at is None else f"<lastmod>{moment(at, 'seconds')}</lastmod>"
        return f"<url><loc>{escape(self.public)}/s/{quote(entry.session)}</loc>{changed}</url>\n"

    async def oembed(self, request: web.Request) -> web.Response:
        """Describe a session's page as a box, or a line of it as a quotation (oembed.com), as JSON."""
        ui = language(self.pages, request)
        if request.query.get("format", "json") != "json":
            return web.Response(status=501, text="Only JSON is made here: leave out 'format'.\n")
        try:
            made = await self._embedded(request, ui)
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        headers = {**FOR_ANY_PAGE, hdrs.CACHE_CONTROL: "no-cache", hdrs.VARY: hdrs.ACCEPT_LANGUAGE}
        return web.Response(body=msgspec.json.encode(made), content_type="application/json", headers=headers)

    async def _embedded(self, request: web.Request, ui: Catalogue) -> dict[str, object]:
        address = request.query.get("url", "")
        try:
            parts = urlsplit(address)
        except ValueError:  # such as `http://[`
            raise HttpProblem(404, ErrorText.NO_SESSION) from None
        found = _PAGE.match(parts.path)
        if found is None or not address.startswith((f"{self.public}/", "/")):
            raise HttpProblem(404, ErrorText.NO_SESSION)
        session = SessionId(found[1])
        fragment = _FRAGMENT.match(parts.fragment)
        segment = found[2] or (fragment[1] if fragment else None)
        channel = parse_qs(parts.query).get("channel", [DEFAULT_CHANNEL])[0]
        wanted = await asked(request, self.snapshot_of, channel, session)
        made: dict[str, object] = {
            "version": "1.0",
            "type": "link",
            "title": title_of(wanted, ui),
            "provider_name": self.house() or "Moothall",
            "provider_url": self.public,
            "cache_age": CACHE_AGE_S,
            "thumbnail_url": f"{self.public}{self.pages.card_of(wanted.snapshot.session, ui)}",
            "thumbnail_width": 1200,
            "thumbnail_height": 630,
        }
        if segment is not None:
            return {**made, "type": "rich", **await self._quotation(wanted, SegmentId(segment), ui)}
        if not self.framed:
            return made
        width, height = (_size(request, name, most) for name, most in (("maxwidth", WIDTH), ("maxheight", HEIGHT)))
        query = urlencode({"channel": wanted.feed.channel, **ui.kept})
        box = f"{self.public}/s/{session}/embed?{query}"
        title = escape(title_of(wanted, ui))
        html = f'<iframe src="{escape(box)}" title="{title}" width="{width}" height="{height}" loading="lazy"></iframe>'
        return {**made, "type": "rich", "html": html, "width": width, "height": height}

    async def _quotation(self, wanted: SessionRequest, segment: SegmentId, ui: Catalogue) -> dict[str, object]:
        """A line as a quotation, which says how its words came about. Raises HttpProblem when there is no such line."""
        number = await self.number_of(wanted.session, wanted.feed, segment)
        lines = None if number is None else await self.page_of(wanted.session, wanted.feed, number + 1)
        line = next((each for each in reversed(lines or ()) if each.segment == segment), None)
        if line is None or line.gone or not line.text.strip():
            raise HttpProblem(404, ErrorText.NO_CHANNEL)
        channel = ChannelId(wanted.feed.channel)
        page = f"{self.public}/s/{wanted.session}/line/{segment}?{urlencode({'channel': channel, **ui.kept})}"
        name = wanted.snapshot.session.speakers.get(line.speaker, "") if line.speaker else ""
        session = wanted.snapshot.session
        original = original_of(session, channel, public=self.public)
        source = label(session, channel, ui, [line]) if original else source_of(line, ui)
        facts = [name, title_of(wanted, ui), source]
        said = " · ".join(f"<bdi>{escape(fact)}</bdi>" for fact in facts if fact)
        text = f'<p lang="{escape(line.language)}" dir="{direction(line.language)}">{escape(line.text)}</p>'
        heard = ui.text("The original: {address}", address=original)
        more = f' · <a href="{escape(original)}"><bdi>{escape(heard)}</bdi></a>' if original else ""
        foot = f'<footer><a href="{escape(page)}">{said}</a>{more}</footer>'
        html = f'<blockquote cite="{escape(page)}">{text}{foot}</blockquote>'
        return {"html": html, "width": WIDTH, "height": None}


def _size(request: web.Request, name: str, most: int) -> int:
    text = request.query.get(name, "")
    return max(LEAST, min(int(text), most)) if text.isascii() and text.isdigit() and len(text) < 6 else most
