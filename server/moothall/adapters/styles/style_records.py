"""Whole pages about a record in each of their states, for the style guide: versions, what differs between two of them,
the history of a line, quotations.

The history that they show is invented; the functions and templates are those of the real pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from aiohttp import web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import html, language
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.record.citing_pages import NOW as TODAY
from moothall.adapters.record.citing_pages import CitingPages, Edition
from moothall.adapters.styles.style_samples import (
    FLOOR,
    NOW,
    PUBLIC,
    framed,
    in_theme,
    misheard,
    sample_line,
    sample_sentence,
    sample_snapshot,
)
from moothall.core.events.types import SealVersion
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.views.captions import CaptionsView
from moothall.record.citation.history import Declined, History, LineText, Version
from moothall.record.citation.quoting import QuotedSpan, SpanEnd, quote

MEETING = SessionId("closed")
FIRST, MENDED, TYPED, LAST = (SegmentId(f"line-{n}") for n in range(4))
"""A line as it was heard, one that was mended twice, one that a person typed, one that was struck."""
HEARD, SEALED, CHANGED, REMOVED, END = 10, 20, 30, 40, 50
"""Offsets of the log: all lines are there, a version is sealed, a line is mended, another one is removed, the end."""


class StyleRecordsDoor:
    """Serves the pages."""

    def __init__(self, pages: Pages, *, served: bool) -> None:
        self._pages = pages
        self._served = served
        self._citing = CitingPages(pages, publisher=lambda: "", proved=True)

    def routes(self) -> list[web.RouteDef]:
        """The pages' route; empty where they aren't served."""
        shown = {"record/{state}": self.record}
        routes = [web.get(f"/about/style/views/{path}", handler) for path, handler in shown.items()]
        return routes if self._served else []

    async def record(self, request: web.Request) -> web.Response:
        """A page about a record in one of `RECORDS`."""
        ui, make = language(self._pages, request), RECORDS.get(request.match_info["state"])
        if make is None:
            raise web.HTTPNotFound
        address = TextAddresses(MEETING, channel=FLOOR, ui=ui.chosen or None)
        return framed(html(in_theme(make(self._citing, address, ui), request), ui))


def sample_history(ui: Catalogue) -> History:
    """The history of a record that was sealed, mended, and from which a line was removed."""
    text, first = sample_sentence(ui), misheard(sample_sentence(ui))
    before = _view(ui, SEALED, {MENDED: first})

    def read(offset: int, text: str, role: Role = Role.ENGINE, **more: bool) -> LineText:
        return LineText(offset=offset, at=NOW + 1_000 * offset, role=role, text=text, **more)

    return History(
        view=_view(ui, END, {}),
        texts={
            FIRST: (read(HEARD, text),),
            MENDED: (
                read(HEARD, first),
                read(HEARD + 1, misheard(first), Role.CAPTIONER, by_person=True),
                read(HEARD + 2, first, Role.MODERATOR, by_person=True),
                read(CHANGED, text, Role.CAPTIONER, by_person=True, proposed=True),
            ),
            TYPED: (read(HEARD, text, Role.CAPTIONER),),
            LAST: (read(HEARD, text),),
        },
        declined={
            MENDED: (Declined(at=NOW + 1_000 * CHANGED, role=Role.CAPTIONER, text=first, reason=text),),
        },
        struck={LAST: CHANGED},
        begun={FIRST: 1, MENDED: 2, TYPED: 4, LAST: 5},
        removed={3: REMOVED},
        changes=(HEARD, HEARD + 1, HEARD + 2, CHANGED, REMOVED),
        versions=(
            Version(n=0, version=SealVersion.RAW, offset=SEALED - 5, at=NOW, role=Role.ENGINE, view=_view(ui, 15, {})),
            Version(n=1, version=SealVersion.CHECKED, offset=SEALED, at=NOW, role=Role.CAPTIONER, view=before),
        ),
    )


def _view(ui: Catalogue, offset: int, texts: Mapping[SegmentId, str]) -> CaptionsView:
    lines = [sample_line(n, ui, {"speaker": SpeakerId(name)}) for n, name in enumerate("abbe")]
    lines = [msgspec.structs.replace(line, text=texts.get(line.segment, line.text)) for line in lines]
    snapshot = msgspec.structs.replace(sample_snapshot(MEETING, ui), offset=offset, lines=tuple(lines))
    return CaptionsView.of(snapshot, Feed(channel=FLOOR))


_Make = Callable[[CitingPages, TextAddresses, Catalogue], str]


def _versions(citing: CitingPages, address: TextAddresses, ui: Catalogue) -> str:
    return citing.versions(sample_history(ui), address, ui)


def _no_versions(citing: CitingPages, address: TextAddresses, ui: Catalogue) -> str:
    return citing.versions(msgspec.structs.replace(sample_history(ui), versions=()), address, ui)


def _version(citing: CitingPages, address: TextAddresses, ui: Catalogue) -> str:
    history = sample_history(ui)
    sealed = history.versions[-1]
    return citing.version(Edition(key=str(sealed.n), version=sealed, view=sealed.view), history, address, ui)


def _comparison(citing: CitingPages, address: TextAddresses, ui: Catalogue) -> str:
    history = sample_history(ui)
    sealed = history.versions[-1]
    before = Edition(key=str(sealed.n), version=sealed, view=sealed.view)
    return citing.comparison(before, Edition(key=TODAY, version=None, view=history.view), history, address, ui)


def _line(segment: SegmentId) -> _Make:
    def make(citing: CitingPages, address: TextAddresses, ui: Catalogue) -> str:
        history = sample_history(ui)
        line = history.view.lines[history.view.index.get(segment) or 0]
        return citing.line_history(line, history, address, ui)

    return make


def _quotation(first: SegmentId, last: SegmentId, offset: int, *, lost: bool = False) -> _Make:
    """`lost`: all of the quoted words were removed."""

    def make(citing: CitingPages, address: TextAddresses, ui: Catalogue) -> str:
        history = sample_history(ui)
        quoted = quote(history, QuotedSpan(SpanEnd(first), SpanEnd(last)), offset)
        if quoted is None:
            raise web.HTTPNotFound
        if lost:
            quoted = msgspec.structs.replace(quoted, lines=(), removed=True)
        return citing.quotation(quoted, history, address, ui, public=PUBLIC)

    return make


RECORDS: Mapping[str, _Make] = {
    "versions": _versions,
    "versions-none": _no_versions,
    "version": _version,
    "comparison": _comparison,
    "line": _line(FIRST),
    "line-mended": _line(MENDED),
    "line-struck": _line(LAST),
    "quotation": _quotation(FIRST, FIRST, END),
    "quotation-mended": _quotation(MENDED, MENDED, SEALED),
    "quotation-some-removed": _quotation(MENDED, TYPED, SEALED),
    "quotation-removed": _quotation(TYPED, TYPED, SEALED, lost=True),
}
"""The pages by state."""
