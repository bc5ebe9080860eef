"""The door for browsers: the session's page, its lines at one's own pace, pages of older lines, and static files.

Its answers get their security headers, as every answer does, from `moothall.adapters.http.security_headers.secure`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import KW_ONLY, dataclass
from functools import partial
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.http.entity_tags import tagged
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.prepared_meeting import PreparedMeeting, PreparedOf, nothing_prepared
from moothall.adapters.pages.request_context import (
    HttpProblem,
    PageOf,
    SessionRequest,
    SnapshotOf,
    asked,
    began,
    html,
    language,
    own_html,
    refusal,
)
from moothall.adapters.pages.shared_pages import SharedPages, shared_html
from moothall.adapters.pages.static_door import ASK_AGAIN, StaticDoor
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_request import number_at, see_other
from moothall.adapters.questions.your_turn import YourTurn, now_asked
from moothall.adapters.reading import page_choices
from moothall.adapters.reading.catch_up import render_catch_up
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.reading.page_choices import BESIDE, BRAILLE, SHOW, UNCERTAIN, Choices
from moothall.adapters.reading.page_menu import Lacking, spoken, text_for
from moothall.adapters.reading.page_rows import kind_of, shows
from moothall.adapters.reading.parallel_text import sources_of
from moothall.adapters.reading.session_page import (
    BRAILLE_LINES,
    OWN_PACE_LINES,
    OlderPage,
    OwnPace,
    PageParts,
    SessionPage,
    SessionState,
    first_line,
)
from moothall.core.events.lines import Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, is_name
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import Clock
from moothall.core.questions.interventions import Questions
from moothall.core.sessions.state import Status
from moothall.core.views.captions import SNAPSHOT_LINES, Line, Session, Snapshot, growing
from moothall.core.views.quality import Quality
from moothall.core.views.reading_order import goes_before
from moothall.record.citation.contents import RecordContents, contents_of
from moothall.services.questions.ports import QuestionsOf

NumberOf = Callable[[SessionId, Feed, SegmentId], Awaitable[int | None]]
"""Returns how many lines come before a line of a text; None when there is no such line."""
LineWordsOf = Callable[[SessionId, Sequence[SegmentId]], Mapping[SegmentId, Sequence[Word]] | None]
"""Returns the recognised words of lines; None where they are never known, as at a hub, which has only finished
lines.
"""
QualityOf = Callable[[SessionId, ChannelId], Quality | None]
"""Returns the quality of a text, whose session was just looked up; None while there is too little text to judge."""
SoundOf = Callable[[Session], str | None]
"""Returns the address at which the sound of a session can be heard; None where there is none."""
LackingOf = Callable[[SessionId, ChannelId], Lacking]
"""Returns what the session's translations lack. A visitor for whom this is called counts as a reader of the text for a
while.
"""


async def _no_questions(_: SessionId) -> Questions | None:
    return None


MAX_DIGITS = 9
LINES_HEADER = "Moothall-Lines"


@dataclass(eq=False, repr=False)
class PageDoor:
    """Handlers of the pages. They request what they show through the functions that are passed in.

    `public` is the server's public address, without a path.

    `begins` returns when a session is planned to begin, Unix ms.

    `last_awaited`: whether a session is about to be closed, and its last words are awaited. `offered`: the languages
    (BCP-47) into which a session could be translated. `questions_of`: what was asked. `instead`: the text to which
    readers of a text are sent while its interpreter is silent, and again when the interpreter resumes. `prepared_of`:
    what a session is to answer.
    """

    pages: Pages
    _: KW_ONLY
    clock: Clock
    snapshot_of: SnapshotOf
    page_of: PageOf
    number_of: NumberOf
    words_of: LineWordsOf = lambda _session, _segments: None
    sound_of: SoundOf = lambda _: None
    public: str = ""
    begins: Callable[[SessionId], int | None] = lambda _: None
    last_awaited: Callable[[SessionId], bool] = lambda _: False
    quality_of: QualityOf = lambda _session, _channel: None
    offered: Callable[[SessionId], Sequence[str]] = lambda _: ()
    lacking_of: LackingOf = lambda _session, _channel: Lacking()
    questions_of: QuestionsOf = _no_questions
    instead: Callable[[SessionId, ChannelId], ChannelId | None] = lambda _session, _channel: None
    your_turn: YourTurn | None = None
    prepared_of: PreparedOf = nothing_prepared

    def __post_init__(self) -> None:
        self._shared = SharedPages()
        # Held by whoever requests a record's page, of which one is rendered at a time. Bound: the connections.
        self._of_records = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """All routes of this door, for `app.add_routes`."""
        return [
            web.get("/s/{session}", self.session_page),
            web.get("/s/{session}/line/{segment}", self.line_page),
            web.get("/s/{session}/moment/{ms}", self.moment_page),
            web.get("/s/{session}/in/{language}", self.language_page),
            web.get("/s/{session}/read", self.own_pace_page),
            web.get("/s/{session}/catch-up", self.catch_up_page),
            web.get("/s/{session}/lines", self.lines_json),
            *StaticDoor(self.pages).routes(),
        ]

    async def session_page(self, request: web.Request) -> web.Response:
        """Answer with the page of a session: live, its record, or with `?before=N` a page of older lines."""
        ui = language(self.pages, request)
        try:
            wanted = await asked(request, self.snapshot_of)
            before = _number(request, "before", ErrorText.BEFORE)
            closed = wanted.snapshot.session.status is Status.CLOSED
            if before is None and wanted.snapshot.before and self._is_record(wanted):
                before = SNAPSHOT_LINES  # A record begins with its beginning.
            older = None if before is None else await self._older(wanted, before)
            questions = await self.questions_of(wanted.session)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        lines = wanted.snapshot.lines if older is None else older.lines
        parts = await self._parts(request, wanted, ui, questions, lines)
        around = SessionState(
            older=older,
            sound_address=self.sound_of(wanted.snapshot.session),
            public=self.public,
            last_awaited=self.last_awaited(wanted.session),
            quality=self.quality_of(wanted.session, wanted.feed.channel),
            instead=self.instead(wanted.session, wanted.feed.channel),
            instead_of=_channel(request.query.get("instead-of", "")),
            begins=self.begins(wanted.session),
        )
        make = partial(SessionPage(self.pages).render_session, wanted.snapshot, parts, around, now=self.clock.wall())

        async def made() -> str:
            """Render it. A record's contents are those of hours: no word waits for them."""
            if not closed:
                return make()
            return await asyncio.to_thread(make, contents=await self._contents(wanted, questions))

        async with self._of_records if closed else nullcontext():
            if parts.own:
                return own_html(await made(), ui)
            if self.pages.of_the_moment:
                return html(await made(), ui)
            # The name and `made_of` together are all that the bytes of the page depend on: how the address and the
            # language are written, and all values that the page shows.
            address, others = parts.address, msgspec.structs.astuple(parts)[2:]
            name = (address.base, address.channel, address.ui, tuple(address.choices.items()), ui.language)
            made_of = (wanted.snapshot, around, self.pages.zone(), self.pages.look(), *others)
            now = self.clock.monotonic()
            page = self._shared.find(name, made_of, now)
            if page is None:
                page = self._shared.keep(name, made_of, now, await made())
                self._shared.forget_in_time(self.clock.monotonic)
                if closed:
                    await asyncio.to_thread(page.packed)
        return shared_html(request, page, ui)

    @property
    def pages_made(self) -> int:
        """How many shared pages were rendered; all other requests got a copy of one of them."""
        return self._shared.made

    async def _parts(
        self,
        request: web.Request,
        wanted: SessionRequest,
        ui: Catalogue,
        questions: Questions | None,
        lines: Sequence[Line],
    ) -> PageParts:
        """The values that both pages of a text with these lines need."""
        address = _address(request, wanted, ui)
        turn = None if self.your_turn is None else await self.your_turn.part(request, wanted, ui)
        too = self.your_turn is not None and self.your_turn.asks_too(request, wanted.session, questions)
        return PageParts(
            address=address,
            ui=ui,
            named=bool(request.query.get("channel")),
            said=await self._said(wanted, address.choices, lines),
            offered=self.offered(wanted.session),
            lacking=self.lacking_of(wanted.session, wanted.feed.channel),
            your_turn=turn,
            now_asked=now_asked(questions, wanted.snapshot.session, ui, too=too),
            questions=questions,
            prepared=await self._prepared(wanted.session, ui),
        )

    async def _prepared(self, session: SessionId, ui: Catalogue) -> PreparedMeeting | None:
        with suppress(StorageUnavailable):  # The text is shown without it.
            return await self.prepared_of(session, ui)
        return None

    async def line_page(self, request: web.Request) -> web.Response:
        """Redirect to the page of a session that contains a line, however old: which page that is may change."""
        ui = language(self.pages, request)
        try:
            wanted = await asked(request, self.snapshot_of)
            segment = request.match_info["segment"]
            known = is_name(segment)
            number = await self.number_of(wanted.session, wanted.feed, SegmentId(segment)) if known else None
            if number is None:
                raise HttpProblem(404, ErrorText.NOTHING)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        return self._to_line(request, wanted, ui, segment, number)

    async def language_page(self, request: web.Request) -> web.Response:
        """Redirect to a session's text in a language (BCP-47); to its page while there is none, which says what is."""
        ui = language(self.pages, request)
        try:
            wanted = await asked(request, self.snapshot_of, "")
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        text = text_for(wanted.snapshot.session, request.match_info["language"])
        address = TextAddresses(
            wanted.session, channel=text, ui=ui.chosen or None, choices=page_choices.chosen(request.query)
        )
        return see_other(address.page())

    async def moment_page(self, request: web.Request) -> web.Response:
        """Redirect to what was said at a moment, in whichever text is read; with `live` to the live page."""
        ui = language(self.pages, request)
        try:
            wanted = await asked(request, self.snapshot_of)
            found = await self._said_at(wanted, number_at(request, "ms", MAX_DIGITS))
            if found is None:
                raise HttpProblem(404, ErrorText.NOTHING)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        segment, number = found
        return self._to_line(request, wanted, ui, segment, number, live="live" in request.query)

    async def _said_at(self, wanted: SessionRequest, t: int) -> tuple[SegmentId, int] | None:
        """The first line that begins at `t` (media ms) or later, else the last line, as its id and its number; None
        when there is no line to show.
        """
        lines, start = wanted.snapshot.lines, wanted.snapshot.before or 0
        while start and (not lines or not goes_before(lines[0].t0, t)):
            page = await self.page_of(wanted.session, wanted.feed, start)
            if not page:
                break
            lines, start = (*page, *lines), start - len(page)
        shown = [(line, number) for number, line in enumerate(lines, start) if shows(line)]
        found = next(
            ((line, number) for line, number in shown if not goes_before(line.t0, t)), shown[-1] if shown else None
        )
        return None if found is None else (found[0].segment, found[1])

    def _to_line(
        self,
        request: web.Request,
        wanted: SessionRequest,
        ui: Catalogue,
        segment: str,
        number: int,
        *,
        live: bool = False,
    ) -> web.Response:
        address = _address(request, wanted, ui)
        total = _total(wanted.snapshot)
        newest = live or number >= first_line(wanted.snapshot)
        shown = number < SNAPSHOT_LINES if self._is_record(wanted) else newest
        before = None if shown else min(total, (number // SNAPSHOT_LINES + 1) * SNAPSHOT_LINES)
        location = f"{address.page(before=before)}#{quote(segment)}"
        return see_other(location)

    async def own_pace_page(self, request: web.Request) -> web.Response:
        """Answer with the finished lines from `?from=N` on (the first is 1): 20, or 60 for braille. They stay as they
        are until the reader requests the next.
        """
        ui = language(self.pages, request)
        try:
            wanted = await asked(request, self.snapshot_of)
            start = _number(request, "from", ErrorText.FROM) or 1
            most = BRAILLE_LINES if request.query.get(BRAILLE) == "yes" else OWN_PACE_LINES
            seen = await self._own_pace(wanted, start - 1, most)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        questions, lines = await self.questions_of(wanted.session), [line for _, line in seen.lines]
        parts = await self._parts(request, wanted, ui, questions, lines)
        doubtful = UNCERTAIN in parts.address.choices  # Else only whether words are known matters.
        words = self.words_of(wanted.session, [line.segment for line in lines] if doubtful else [])
        text = SessionPage(self.pages).render_own_pace(wanted.snapshot.session, seen, parts, words)
        return own_html(text, ui) if parts.own else html(text, ui)

    async def catch_up_page(self, request: web.Request) -> web.Response:
        """Answer with the page for somebody who looked away: the last lines, and what happened beside the words."""
        ui = language(self.pages, request)
        try:
            wanted = await asked(request, self.snapshot_of)
        except HttpProblem as wrong:
            return refusal(wrong, self.pages, ui)
        questions, address = await self.questions_of(wanted.session), _address(request, wanted, ui)
        text = render_catch_up(self.pages, wanted.snapshot, questions, address, ui, now=self.clock.wall())
        return html(text, ui)

    async def lines_json(self, request: web.Request) -> web.Response:
        """Answer with a page of older lines: `{"lines": […], "before": M or null}`, with an ETag.

        `before` in the answer is the value for the next request, null at the beginning of the text. A header holds the
        number of lines of the whole text: when it grows because older lines were added, the numbers of the lines after
        them have changed.
        """
        ui = language(self.pages, request)
        try:
            wanted = await asked(request, self.snapshot_of)
            before = _number(request, "before", ErrorText.BEFORE)
            older = await self._older(wanted, _total(wanted.snapshot) if before is None else before)
        except HttpProblem as wrong:
            body = msgspec.json.encode({"error": ui.text(wrong.key)})
            return web.Response(status=wrong.status, body=body, content_type="application/json")
        body = msgspec.json.encode({"lines": older.lines, "before": older.start or None})
        headers = {hdrs.CACHE_CONTROL: ASK_AGAIN, hdrs.CONTENT_TYPE: "application/json", LINES_HEADER: str(older.total)}
        return tagged(request, body, headers)

    async def _older(self, wanted: SessionRequest, before: int) -> OlderPage:
        total = _total(wanted.snapshot)
        stop = min(before, total)
        lines = await self.page_of(wanted.session, wanted.feed, stop) if stop else ()
        if lines is None:
            raise HttpProblem(404, ErrorText.NO_SESSION)
        until = await began(wanted, self.page_of, stop) if stop < total else None
        return OlderPage(lines=lines, start=max(0, stop - len(lines)), total=total, until=until)

    def _is_record(self, wanted: SessionRequest) -> bool:
        """Whether a text is a record, which begins with its beginning. One that is still being translated is shown
        from its newest lines on.
        """
        closed = wanted.snapshot.session.status is Status.CLOSED
        return closed and not self.lacking_of(wanted.session, wanted.feed.channel).making

    async def _contents(self, wanted: SessionRequest, questions: Questions | None) -> RecordContents:
        """The contents of a record."""
        lines, before = wanted.snapshot.lines, wanted.snapshot.before
        while before:
            page = await self.page_of(wanted.session, wanted.feed, before)
            if not page:
                break
            lines, before = (*page, *lines), before - len(page)
        return contents_of(wanted.snapshot.session, [line for line in lines if shows(line)], questions)

    async def _said(self, wanted: SessionRequest, choices: Choices, lines: Sequence[Line]) -> Sequence[Line] | None:
        """The spoken lines, back to the earliest line from which a line of `lines` (a translation) was made; None where
        spoken lines are not to be shown.
        """
        session = wanted.snapshot.session
        floor = spoken(session)
        translated = kind_of(session, wanted.feed.channel) is ChannelKind.TRANSLATION
        if choices.get(SHOW) not in BESIDE or not translated or floor is None:
            return None
        feed = Feed(channel=floor)
        snapshot = await self.snapshot_of(wanted.session, feed)
        if snapshot is None:
            return None
        said, before = snapshot.lines, snapshot.before
        missing = sources_of(lines) - {line.segment for line in said}
        while before and missing:
            page = await self.page_of(wanted.session, feed, before)
            if not page:
                break
            said, before = (*page, *said), before - len(page)
            missing -= {line.segment for line in page}
        return said

    async def _own_pace(self, wanted: SessionRequest, start: int, most: int) -> OwnPace:
        """Finished lines from number `start` (from 0) on, at most `most`."""
        snapshot = wanted.snapshot
        total = _total(snapshot)
        apart = growing(snapshot.lines)
        if apart is not None:
            total -= (
                len(snapshot.lines) - apart
            )  # This page doesn't change while it is read, so it ends above a line that still grows.
        found: list[tuple[int, Line]] = []
        number, page_start = start, 0
        page: tuple[Line, ...] = ()
        while number < total and len(found) < most:
            if number >= page_start + len(page):
                stop = min(total, (number // SNAPSHOT_LINES + 1) * SNAPSHOT_LINES)
                page = await self.page_of(wanted.session, wanted.feed, stop) or ()
                page_start = stop - len(page)
                if number < page_start:
                    raise HttpProblem(404, ErrorText.NO_SESSION)
            line = page[number - page_start]
            if shows(line):
                found.append((number, line))
            number += 1
        since = await began(wanted, self.page_of, start) if 0 < start < total else None
        until = await began(wanted, self.page_of, number) if number < total else None
        return OwnPace(lines=tuple(found), start=start, following=number, total=total, since=since, until=until)


def _address(request: web.Request, wanted: SessionRequest, ui: Catalogue) -> TextAddresses:
    """The addresses of a text, with the choices in the request's address, and its language where that is chosen."""
    choices = page_choices.chosen(request.query)
    return TextAddresses(wanted.session, channel=wanted.feed.channel, ui=ui.chosen or None, choices=choices)


def _total(snapshot: Snapshot) -> int:
    """How many lines the whole text has."""
    return (snapshot.before or 0) + len(snapshot.lines)


def _channel(name: str) -> ChannelId | None:
    return ChannelId(name) if is_name(name) else None


def _number(request: web.Request, name: str, key: str) -> int | None:
    """The number of a line in the address, None when the address has none. Raises HttpProblem with `key` as its text
    for a value that is no number from 1 on.
    """
    text = request.query.get(name)
    if text is None:
        return None
    number = number_in(text, MAX_DIGITS)
    if not number:
        raise HttpProblem(400, key)
    return number
