"""The doors of the list of a meeting's questions and comments: reading it, *I'd ask this too*, reporting a rude
question.

They work without a script. A browser is recognised by the same cookie as at *Ask or comment*.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Protocol
from urllib.parse import quote

from aiohttp import web

from moothall.adapters.http.limits import network
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest
from moothall.adapters.pages.shared_pages import PackedPage, SharedPages, own_shared_html
from moothall.adapters.pages.templates import script_json
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext, require_counted
from moothall.adapters.pages.visitor_request import (
    answer_links,
    kept_query,
    number_at,
    read_form,
    title_language,
    title_of,
)
from moothall.adapters.questions import asking_texts as texts
from moothall.adapters.questions.page_hands import hands
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor, ShownTranslation
from moothall.core.events.question_parts import SUPPORTED, InterventionKind, QueueOrder
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import InterventionId, PollId, Position, SegmentId, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.listing import listing
from moothall.core.questions.order import Why
from moothall.core.questions.polls import Choice
from moothall.core.sessions.state import ON, Status
from moothall.services.log.publication import Publication
from moothall.services.questions.abuse_reports import AbuseReports
from moothall.services.questions.ports import QuestionsOf, Supports, Votes
from moothall.services.sessions.reader_access import ReadSession
from moothall.wire.token_bucket import Allowance

MAX_DIGITS = 6
NO_PAGE = "none"
"""The value of `back` with which the script of a text, which shows the counted vote by itself, asks for no page."""
ALLOWANCE = Allowance(per_second=10, burst=1_200)
"""Ballots of one address: a hall of 300 people may share one address, and each support four questions."""
REPORT_ALLOWANCE = Allowance(per_second=1, burst=60)
"""Reports of one address: more than a hall has reason for."""

MOST_PENDING = 30
"""The most translations that one page requests at once; it requests further translations when these are there."""
MOST_MADE = 100
"""The most rendered pages in the cache: a whole hall requests the same page when something has happened."""

ROOM_MS = 10_000
"""How often, in ms, the list of a hub requests the room's own questions: many people may have it open."""

ReportedBy = Callable[[SessionId, str], frozenset[InterventionId]]
"""Returns the questions that a browser, known by its token, has reported as rude."""
Names = frozenset[InterventionId]
QuestionRow = dict[str, object]
"""The values of one question for `questions.html`."""


class RoomRows(Protocol):
    """The questions of a hub's room that the room may read, besides those of the meeting."""

    def made_of(self, session: SessionId) -> object:
        """What a page of the hub has besides the meeting's questions: the rows of a session, its support, and what its
        links let a visitor do; equal only while these are the same for whoever has neither asked nor supported
        anything.
        """
        ...

    def rows(
        self, wanted: SessionRequest, questions: Questions, ui: Catalogue, *, mine: Names, own: Names
    ) -> list[QuestionRow]:
        """Rows of the room's questions that `questions`, the meeting's, has not published, in the order of the page.

        `mine`: what the visitor supports; `own`: what they asked. The addresses in the rows have no query.
        """
        ...

    def support(self, session: SessionId, what: InterventionId, ui: Catalogue) -> str:
        """How many people of the room support a question, of the room or of the meeting, in words; empty for none."""
        ...


OwnOf = Callable[[SessionId, str], Awaitable[frozenset[InterventionId]]]
"""Returns the questions that a browser, known by its token, has asked, and the questions with which these were
joined.
"""
ChannelOf = Callable[[SessionId, SegmentId], str]
"""Returns the channel of the text that contains a line; empty when there is no such line."""


@dataclass(eq=False, repr=False)
class QuestionsDoor:
    """Handlers of the public list of questions, and of support for a question.

    `translated` supplies published questions in other languages; `room` supplies a hub's own questions.
    """

    context: VisitorContext
    supports: Supports
    votes: Votes
    _: KW_ONLY
    questions_of: QuestionsOf
    channel_of: ChannelOf
    own_of: OwnOf
    reported: ReportedBy = lambda _session, _token: frozenset()
    translated: QuestionTranslationsDoor | None = None
    room: RoomRows | None = None

    def __post_init__(self) -> None:
        # Overflow: the least recently requested page is rendered again.
        self._made: OrderedDict[tuple[SessionId, str, str], tuple[Questions, tuple[str, Status, int], PackedPage]] = (
            OrderedDict()
        )
        self._shared = SharedPages()
        """The pages of a hub, which hold what only the room knows: they are kept for a moment, as nobody tells this
        door when something of a room is removed.
        """
        self._senders = self.context.senders(ALLOWANCE)

    @property
    def pages_kept(self) -> int:
        """How many rendered pages are in the cache."""
        return len(self._made)

    def observe(self, live: ReadSession, publication: Publication) -> None:
        """Drop all rendered pages of a session from memory once something of it was removed. For `Sessions.observe`."""
        if any(isinstance(event, BodyRemoved) for event in publication.events):
            for key in [key for key in self._made if key[0] == live.id]:
                del self._made[key]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/s/{session}/questions", self.list),
            web.post("/s/{session}/asked/{number}/support", self.support),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """Answer with the present list."""
        ui = self.context.language(request)
        try:
            wanted = await self.context.asked(request)
            questions = await self.questions_of(wanted.session)
            if questions is None:
                raise HttpProblem(404, ErrorText.NO_SESSION)
        except HttpProblem as none:
            return self.context.refusal(none, ui)
        except StorageUnavailable:
            return self.context.refusal(HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        token = self.context.token(request, wanted.session)
        query = kept_query(request, ui)
        own = await self._own(wanted.session, token)
        page = self._page(wanted, questions, token, ui, query=query, own=own)
        response = own_shared_html(request, page, ui)
        self.context.know(request, response, wanted.session)
        return response

    async def _own(self, session: SessionId, token: str) -> frozenset[InterventionId]:
        with contextlib.suppress(StorageUnavailable):  # The list is shown without marks of the visitor's own questions.
            return await self.own_of(session, token) if token else frozenset()
        return frozenset()

    def _page(
        self,
        wanted: SessionRequest,
        questions: Questions,
        token: str,
        ui: Catalogue,
        *,
        query: str,
        own: frozenset[InterventionId],
    ) -> PackedPage:
        """Render the page; visitors without votes or questions of their own share a cached page."""
        mine = self.supports.supported(wanted.session, token)
        # A first-time visitor has no token yet, and has reported nothing.
        reported = self.reported(wanted.session, token) if token else frozenset()
        voted = self.votes.voted(wanted.session, token)
        if mine or voted or reported or own:
            text = self._render(wanted, questions, mine, voted, ui, query=query, reported=reported, own=own)
            return PackedPage(text=text)
        session = wanted.snapshot.session
        generation = 0 if self.translated is None else self.translated.generation
        key, stands = (wanted.session, ui.language, query), (session.title, session.status, generation)
        if self.room is not None:
            made_of, now = (questions, *stands, self.room.made_of(wanted.session)), self.context.clock.monotonic()
            shared = self._shared.find(key, made_of, now)
            if shared is None:
                text = self._render(wanted, questions, mine, voted, ui, query=query)
                shared = self._shared.keep(key, made_of, now, text)
                self._shared.forget_in_time(self.context.clock.monotonic)
            return shared
        made = self._made.pop(key, None)
        if made is None or made[0] is not questions or made[1] != stands:
            text = self._render(wanted, questions, mine, voted, ui, query=query)
            made = questions, stands, PackedPage(text=text)
        self._made[key] = made
        if len(self._made) > MOST_MADE:
            self._made.popitem(last=False)
        return made[2]

    def _render(
        self,
        wanted: SessionRequest,
        questions: Questions,
        mine: frozenset[InterventionId],
        voted: Mapping[PollId, Choice],
        ui: Catalogue,
        *,
        query: str,
        reported: frozenset[InterventionId] = frozenset(),
        own: frozenset[InterventionId] = frozenset(),
    ) -> str:
        closed = wanted.snapshot.session.status is Status.CLOSED
        may_support = not closed and wanted.snapshot.session.cancelled is None
        found, base = listing(questions, closed=closed), f"/s/{quote(wanted.session)}"
        going = wanted.snapshot.session.status in ON
        pending: list[str] = []

        def other(each: Intervention) -> ShownTranslation | None:
            if self.translated is None or len(pending) >= MOST_PENDING:
                return None
            found = self.translated.of(wanted.session, each, ui.language, ui)
            pending.extend([found.pending] if found.pending else [])
            return found.translated

        def row(each: Intervention, why: Why | None = None) -> QuestionRow:
            channel = "" if each.segment is None else self.channel_of(wanted.session, each.segment)
            line, live = answer_links(base, questions, each, query, there=bool(channel))
            return {
                "anchor": f"No-{each.number}",
                "number": each.number,
                "heading": ui.text(texts.NUMBERED[each.kind], n=each.number),
                "of": each.id,
                "text": each.text,
                "language": each.language,
                "direction": direction(each.language),
                "translated": other(each),
                "name": each.name,
                "removed": each.removed,
                "why": "" if why is None else ui.text(texts.WHYS[why]),
                "support": ui.counted(texts.SUPPORT, each.support) if each.support else "",
                "count": each.support,
                "support_here": "" if self.room is None else self.room.support(wanted.session, each.id, ui),
                "mine": each.id in mine,
                "yours": each.id in own,
                "may_support": may_support and each.id not in own and _may_be_supported(each),
                "action": f"{base}/asked/{each.number}/support{query}",
                "abuse": f"{base}/asked/{each.number}/abuse{query}",
                "reported": each.id in reported,
                "answer": each.answer,
                "answer_language": each.answer_language,
                "answer_direction": direction(each.answer_language),
                "line": line,
                "live": live,
            }

        return self.context.pages.render(
            "questions/questions.html" if self.room is None else "hub/hub_questions.html",
            ui=ui,
            title=title_of(wanted, ui),
            title_language=title_language(wanted),
            room=[]
            if self.room is None
            else [
                {**_OF_ROOM, **each, "action": f"{each['action']}{query}"}
                for each in self.room.rows(wanted, questions, ui, mine=mine, own=own)
            ],
            now=[row(each) for each in found.now],
            queue=[row(each.intervention, each.why) for each in found.queue],
            as_they_came=all(each.why is Why.ARRIVAL for each in found.queue),
            later=[row(each) for each in found.later],
            answered=[row(each) for each in found.answered],
            written=[row(each) for each in found.written],
            left=[row(each) for each in found.left],
            reported_on=[row(each) for each in found.reported],
            figures=texts.figures_of_list(found, ui),
            checked=found.checked,
            closed=closed,
            back=f"{base}{query}",
            ask=f"{base}/ask{query}",
            opinions=f"{base}/opinions{query}" if questions.voting.shown(over=not may_support) else "",
            here=f"{base}/questions{query}",
            events=f"{base}/events?feed=lines",
            position=Position(wanted.snapshot.epoch, wanted.snapshot.offset),
            every=0 if self.room is None else ROOM_MS,
            moves=questions.order is QueueOrder.SUPPORT,
            pending=script_json(pending),
            forms=script_json(dict(ui.forms(texts.SUPPORT))),
            **hands(questions.polls, ui, going=going, mine=voted, base=base, query=query),
        )

    async def support(self, request: web.Request) -> web.Response:
        """Add or withdraw a visitor's support, and redirect to the list, or to the text that the form names.

        A browser without a token is redirected to the list all the same: its vote is not counted, and there it is given
        a token. A script of the text gets no page (204) once the vote is counted.
        """

        async def take(wanted: SessionRequest, address: str) -> tuple[str, str]:
            number, form = number_at(request, "number", MAX_DIGITS), await _form(request)
            too, back = form.get("too") != "no", form.get("back", "")
            session, token = wanted.session, self.context.token(request, wanted.session)
            questions = await self.questions_of(session)
            each = None if questions is None else questions.numbered(number)
            if too and each is not None and each.id in await self.own_of(session, token):
                raise HttpProblem(409, texts.OWN)
            hasty = self.context.visitors.hasty(token)
            require_counted(await self.supports.support(session, number, token, network(address), too=too, hasty=hasty))
            if token and back == NO_PAGE:
                return "", ""
            if token and _leads_to_a_text(back, session):
                return back, "Growing" if back.partition("?")[0] == f"/s/{quote(session)}" else "NowAsked"
            return f"/s/{quote(session)}/questions", f"No-{number}"

        return await self.context.answer_form(request, self._senders, take)


def _leads_to_a_text(address: str, session: SessionId) -> bool:
    """Whether an address is that of a page of the session's text, in the form in which this server writes it."""
    path, _, query = address.partition("?")
    base = f"/s/{quote(session)}"
    return path in (base, f"{base}/read") and all("!" <= each <= "~" and each != "#" for each in query)


async def _form(request: web.Request) -> dict[str, str]:
    return await read_form(request) if request.can_read_body else {}


async def asks_too(request: web.Request) -> bool:
    """Whether a form adds support, or withdraws it. Raises HttpProblem when it can't be read."""
    return (await _form(request)).get("too") != "no"


class AbuseDoor:
    """The handler of a reader's report of a rude question. It needs no script."""

    def __init__(self, context: VisitorContext, reports: AbuseReports) -> None:
        self._context = context
        self._reports = reports
        self._senders = context.senders(REPORT_ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.post("/s/{session}/asked/{number}/abuse", self.submit)]

    async def submit(self, request: web.Request) -> web.Response:
        """Record a report, and redirect to the list."""

        async def take(wanted: SessionRequest, _: str) -> tuple[str, str]:
            number = number_at(request, "number", MAX_DIGITS)
            token = self._context.token(request, wanted.session)
            answer = await self._reports.report(wanted.session, number, token)
            if answer is not None:
                unknown = answer.code is RefusalCode.UNKNOWN
                raise HttpProblem(404, ErrorText.NOTHING) if unknown else HttpProblem(503, ErrorText.UNAVAILABLE)
            return f"/s/{quote(wanted.session)}/questions", f"No-{number}"

        return await self._context.answer_form(request, self._senders, take)


_OF_ROOM: QuestionRow = {
    **dict.fromkeys(("why", "support", "answer", "answer_language", "line", "live"), ""),
    **dict.fromkeys(("translated", "removed", "reported"), False),
    "count": 0,
    "answer_direction": "auto",
}
"""Values of a row that a question has only once the meeting has published it."""


def _may_be_supported(each: Intervention) -> bool:
    return each.status in SUPPORTED and each.kind is not InterventionKind.REQUEST and not each.removed
