"""HLS subtitles for a video player: `GET /s/{session}/captions.m3u8` and its segments, rendered for each request.

So a segment that is requested again has later corrections, and never words that were removed. For a public session,
caches may keep the answers for 1 or 2 s, and players on any page may request them; they send no cookies. For a session
that needs a link, neither is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import urlencode

from aiohttp import hdrs, web

from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.reading.page_rows import label_of, original_of, whole_source_of
from moothall.adapters.reading.reader_routes import DoorRefusal, ReadableText, Readers
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.rules.authority import may_read
from moothall.core.sessions.state import Status
from moothall.core.views.captions import CaptionsView, Line, Session
from moothall.record.live_subtitles import AROUND_MS, SEGMENT_MS, Listed, listed, playlist, segment, start_of

MOST_LINES = 500
"""The most lines around one segment. Overflow: the later ones are left out."""


_NOT_KEPT: dict[str, str] = {hdrs.CACHE_CONTROL: "private, no-store"}


class HlsDoor:
    """Handlers of the playlist and its segments."""

    def __init__(self, readers: Readers, closed_at: Callable[[SessionId], int | None], catalogues: Catalogues) -> None:
        """`closed_at`: returns when a loaded session was closed, in media ms; None while it isn't closed. `catalogues`:
        say what a translation is, in its language.
        """
        self._readers = readers
        self._catalogues = catalogues
        self._closed_at = closed_at

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/captions.m3u8", self.list, allow_head=False),
            web.get("/s/{session}/captions/{number}.vtt", self.segment, allow_head=False),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """The live playlist; with `whole=1` the playlist of a whole session that is closed."""
        text = await self._text(request)
        offset = _offset(request)
        if isinstance(text, DoorRefusal) or offset is None:
            return text.response() if isinstance(text, DoorRefusal) else _wrong_offset()
        view = text.view
        whole = request.query.get("whole", "") == "1"
        if whole and view.session.status is not Status.CLOSED:
            sentence = "The whole text is listed once the session is closed; leave 'whole' out until then."
            return _not_there(view.session, sentence)
        there = self._listed(view, whole=whole)
        query = urlencode({"channel": text.feed.channel, "offset": offset})
        body = playlist(there, f"captions/{{n}}.vtt?{query}")
        return web.Response(
            text=body, content_type="application/vnd.apple.mpegurl", headers=headers_for(view.session, 1)
        )

    async def segment(self, request: web.Request) -> web.Response:
        """One WebVTT segment that the playlist lists or has listed."""
        text = await self._text(request)
        offset, number = _offset(request), number_in(request.match_info["number"], 10)
        if isinstance(text, DoorRefusal) or offset is None:
            return text.response() if isinstance(text, DoorRefusal) else _wrong_offset()
        view = text.view
        there = self._listed(view)
        if number is None or number >= there.end:
            return _not_there(view.session, "There is no such segment yet.")
        language = next(iter(view.session.channels[text.feed.channel].languages), "und")
        start = start_of(view.session, number)
        lines = _around(view, start)
        note = label_for(view.session, text.feed.channel, lines, self._catalogues)
        ui = self._catalogues.choose(None, language)
        source = partial(whole_source_of, ui=ui)
        body = segment(lines, view.session.speakers, start, language, offset, source=source, note=note)
        return web.Response(text=body, content_type="text/vtt", headers=headers_for(view.session, 2))

    def _listed(self, view: CaptionsView, *, whole: bool = False) -> Listed:
        closed = self._closed_at(view.session.id)
        return listed(view.session, self._readers.clock.wall(), _last(view), closed, whole=whole)

    async def _text(self, request: web.Request) -> ReadableText | DoorRefusal:
        session = SessionId(request.match_info["session"])
        return await self._readers.text(session, request.query.get("channel", ""), live=False)


def label_for(session: Session, channel: ChannelId, lines: Sequence[Line], catalogues: Catalogues) -> str:
    """What a translation is, in its own language, with the address of its original; empty for another text."""
    language = next(iter(session.channels[channel].languages), "")
    ui = catalogues.choose(None, language)
    return label_of(session, channel, ui, lines, original_of(session, channel))


def headers_for(session: Session, seconds: int) -> dict[str, str]:
    """Headers for an answer. Caches may keep that of a public session for `seconds`; nothing is cached with 0 or where
    a link is needed.

    Where a link is needed, its cookie must not open the text to other origins' pages, so these get no CORS headers.
    """
    if session.rehearsal or not may_read(Role.READER, session.access):
        return _NOT_KEPT
    return {**_NOT_KEPT, **FOR_ANY_PAGE, **({hdrs.CACHE_CONTROL: f"public, max-age={seconds}"} if seconds else {})}


def _not_there(session: Session, sentence: str) -> web.Response:
    return web.Response(status=404, text=f"{sentence}\n", headers=headers_for(session, 0))


def _last(view: CaptionsView) -> int:
    return max(
        (line.t1 or line.t0 for line in view.lines.slice(max(0, len(view.lines) - 20), len(view.lines))), default=0
    )


def _around(view: CaptionsView, start: int) -> Sequence[Line]:
    """The lines that may be in the segment from media ms `start` on, with one more on either side."""
    first, behind = 0, len(view.lines)
    since = start - AROUND_MS
    while first < behind:
        middle = (first + behind) // 2
        first, behind = (middle + 1, behind) if view.lines[middle].t0 < since else (first, middle)
    end = first
    while end < min(len(view.lines), first + MOST_LINES) and view.lines[end].t0 < start + SEGMENT_MS:
        end += 1
    return view.lines.slice(max(0, first - 1), min(len(view.lines), end + 1))


def _offset(request: web.Request) -> int | None:
    return number_in(request.query.get("offset", "0"), 12)


def _wrong_offset() -> web.Response:
    return web.Response(status=400, text="'offset' is the video's clock at the session's beginning, in whole ms.\n")
