"""What the doors of asking have in common: the cookie, and what their addresses keep."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from aiohttp import web

from moothall.adapters.page_asking import Asked
from moothall.adapters.page_catalogues import Catalogue

COOKIE = "asker"
"""Known at everything below a session's address."""


def kept_query(request: web.Request, ui: Catalogue, *, chosen: bool) -> str:
    """What addresses keep: the text that is read, and the page's language where the address names it."""
    channel = request.query.get("channel")
    kept = {**({"channel": channel} if channel else {}), **({"ui": ui.language} if chosen else {})}
    return f"?{urlencode(kept)}" if kept else ""


def title_of(wanted: Asked, ui: Catalogue) -> str:
    """The meeting's title, or what stands for none."""
    return wanted.snapshot.session.title.strip() or ui.text("Meeting without a title")


def answer_links(base: str, segment: str | None, channel: str, kept: str) -> tuple[str, str]:
    """The way to the line at which something was answered: without scripts, and on the page that goes on.

    Both empty where there is no such line. `base` is the session's address, `kept` what the query has beside the text.
    """
    if segment is None or not channel:
        return "", ""
    query, line = f"channel={quote(channel)}{kept}", quote(segment)
    return f"{base}/line/{line}?{query}", f"{base}?{query}#{line}"
