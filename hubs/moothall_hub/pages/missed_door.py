"""`/s/{session}/missed?from=&to=`: the lines that were missed while the uplink was down, to be read at one's own pace.

The page needs no script and does not renew itself. Live text is on the session's page.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web

from moothall.adapters.pages.request_context import (
    HttpProblem,
    PageOf,
    SessionRequest,
    SnapshotOf,
    asked,
    html,
    language,
    refusal,
)
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.reading.page_menu import spoken
from moothall.adapters.reading.page_rows import rows_of, shows, text_notices
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.times import media_time
from moothall.core.views.captions import Line

MOST_LINES = 300
"""Lines of one page, for about half an hour. The page links to the lines after these."""
MAX_DIGITS = 11
SPAN = "From {start} to {end}"
"""The heading of the missed lines, with media times (`web/locales`, hub_status_bar.po)."""


class MissedSpan(msgspec.Struct, frozen=True):
    """The lines of a span of time."""

    lines: tuple[Line, ...]
    start: int
    """How many lines of the text come before the first line."""
    following: int | None
    """Media ms at which the lines begin that did not fit; None when all did."""


class MissedDoor:
    """The handler of the page of lines that arrived late."""

    def __init__(self, pages: Pages, *, snapshot_of: SnapshotOf, page_of: PageOf) -> None:
        self._pages = pages
        self._snapshot_of = snapshot_of
        self._page_of = page_of

    def routes(self) -> list[web.RouteDef]:
        """The route, for `app.add_routes`."""
        return [web.get("/s/{session}/missed", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """Show the lines that were said from `from` to `to`, both in media ms."""
        ui = language(self._pages, request)
        try:
            wanted = await asked(request, self._snapshot_of)
            begin, end = _ms(request, "from"), _ms(request, "to")
            span = await self._span(wanted, begin, end)
        except HttpProblem as wrong:
            return refusal(wrong, self._pages, ui)
        session = wanted.snapshot.session
        zone = self._pages.zone()
        floor = spoken(session)
        kept = {"channel": request.query["channel"]} if request.query.get("channel") else {}
        kept |= ui.kept
        query = urlencode(kept)
        base = f"/s/{quote(wanted.session)}"

        def at(**more: object) -> str:
            return f"{base}/missed?{urlencode({**kept, 'from': begin, 'to': end, **more})}"

        text = self._pages.render(
            "hub/hub_missed.html",
            ui=ui,
            session=session,
            title=session.title.strip() or ui.text("Meeting without a title"),
            untitled=not session.title.strip(),
            rows=rows_of(
                session,
                span.lines,
                span.start,
                until=end,
                ui=ui,
                zone=zone if session.opened is None else zone.steady(session.opened),
            ),
            heading=ui.text(SPAN, start=media_time(begin), end=media_time(end)),
            following=None if span.following is None else at(**{"from": span.following}),
            whole=f"{base}?{query}" if query else base,
            notices=text_notices(session, wanted.feed.channel, ui, span.lines),
            original=f"{base}/missed?{urlencode({**kept, 'channel': floor, 'from': begin, 'to': end})}"
            if floor is not None and floor != wanted.feed.channel
            else "",
            in_language=lambda tag: at(ui=tag),
        )
        return html(text, ui)

    async def _span(self, wanted: SessionRequest, begin: int, end: int) -> MissedSpan:
        """Read pages back from the newest line to the beginning of the span."""
        snapshot = wanted.snapshot
        lines: Sequence[Line] = snapshot.lines
        start = snapshot.before or 0
        while start and (not lines or _began(lines) >= begin):
            page = await self._page_of(wanted.session, wanted.feed, start)
            if not page:
                break
            lines, start = (*page, *lines), start - len(page)
        inside = [(number, line) for number, line in enumerate(lines, start) if begin <= line.t0 <= end and shows(line)]
        shown = inside[:MOST_LINES]
        return MissedSpan(
            tuple(line for _, line in shown),
            shown[0][0] if shown else 0,
            inside[MOST_LINES][1].t0 if len(inside) > MOST_LINES else None,
        )


def _began(lines: Sequence[Line]) -> int:
    return min(line.t0 for line in lines)


def _ms(request: web.Request, name: str) -> int:
    """Media ms from the address's query. Raises HttpProblem."""
    number = number_in(request.query.get(name, ""), MAX_DIGITS)
    if number is None:
        raise HttpProblem(400, ErrorText.REQUEST)
    return number
