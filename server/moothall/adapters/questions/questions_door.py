"""The door of a meeting's questions and comments as everybody may read them, and of *I'd ask this too*.

It works without a script. A browser is known by the same cookie as at *Ask or comment*.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol
from urllib.parse import quote

from aiohttp import web

from moothall.adapters.http.limits import network
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.door_texts import DoorText
from moothall.adapters.pages.request_context import Asked, Wrong, own_html
from moothall.adapters.pages.templates import script_json
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import (
    answer_links,
    kept_query,
    number_at,
    read_form,
    see_other,
    title_language,
    title_of,
)
from moothall.adapters.questions import asking_texts as texts
from moothall.adapters.questions.page_hands import hands
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor, Translated
from moothall.core.events.question_parts import WAITING, Kind, Order
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import InterventionId, PollId, Position, SegmentId, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.questions.interventions import Floor, Intervention
from moothall.core.questions.listing import listing
from moothall.core.questions.order import Why
from moothall.core.questions.polls import Choice
from moothall.core.session.state import ON, Status
from moothall.services.log.publication import Publication
from moothall.services.questions.ports import Supports, Votes
from moothall.services.sessions.reader_access import ReadSession
from moothall.wire.token_bucket import Allowance

MAX_BODY_BYTES = 1 << 10
MAX_DIGITS = 6
ALLOWANCE = Allowance(per_second=10, burst=1_200)
"""Ballots of one address: a hall of 300 stands behind one, and would ask four questions too."""

MOST_PENDING = 30
"""Translations that one page has made; those further down come when these are there."""
MOST_MADE = 100
"""Pages that are kept as they were made: a hall asks for the same one when something has happened."""

ROOM_MS = 10_000
"""How often the list of a hub looks at the room's own: many may have it open."""

FloorOf = Callable[[SessionId], Awaitable[Floor | None]]
"""The questions and comments of a session; None where there is none that may be read."""
ReportedBy = Callable[[SessionId, str], frozenset[InterventionId]]
"""What a browser, known by its token, has reported as rude."""
Names = frozenset[InterventionId]
Row = dict[str, object]
"""What `questions.html` is given of one of them."""


class RoomRows(Protocol):
    """The questions of a hub's room that the room may read, beside the meeting's."""

    def rows(self, wanted: Asked, floor: Floor, ui: Catalogue, *, mine: Names, own: Names) -> list[Row]:
        """Those that `floor`, the meeting's, has not published, in the order in which they are shown.

        `mine`: what the visitor would ask too; `own`: what they asked. Their addresses are without a query.
        """
        ...

    def support(self, session: SessionId, what: InterventionId, ui: Catalogue) -> str:
        """How many of the room would ask one too, of its own or of the meeting's; empty for none."""
        ...


OwnOf = Callable[[SessionId, str], Awaitable[frozenset[InterventionId]]]
"""What a browser, known by its token, has asked, and what that was joined with."""
ChannelOf = Callable[[SessionId, SegmentId], str]
"""The text that has a line; empty where there is no such line."""


class QuestionsDoor:
    """Handlers of the public list of questions, and of support for one of them."""

    def __init__(
        self,
        context: VisitorContext,
        supports: Supports,
        votes: Votes,
        *,
        floor_of: FloorOf,
        channel_of: ChannelOf,
        own_of: OwnOf,
        reported: ReportedBy = lambda _session, _token: frozenset(),
        translated: QuestionTranslationsDoor | None = None,
        room: RoomRows | None = None,
    ) -> None:
        """`translated`: has what is published in other languages; `room`: a hub's own questions, beside these."""
        self._room = room
        self._reported = reported
        self._own_of = own_of
        self._context = context
        self._supports = supports
        self._votes = votes
        self._floor_of = floor_of
        self._channel_of = channel_of
        self._translated = translated
        # Overflow: the page that nobody has asked for longest is made again.
        self._made: OrderedDict[tuple[SessionId, str, str], tuple[Floor, tuple[str, Status, int], str]] = OrderedDict()
        self._senders = context.senders(ALLOWANCE)

    @property
    def pages_kept(self) -> int:
        """How many pages are kept for the next who asks."""
        return len(self._made)

    def observe(self, live: ReadSession, publication: Publication) -> None:
        """For `Sessions.observe`: once something was removed, no page made before it is kept, not even in memory."""
        if any(isinstance(event, BodyRemoved) for event in publication.events):
            for key in [key for key in self._made if key[0] == live.id]:
                del self._made[key]

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get("/s/{session}/questions", self.list),
            web.post("/s/{session}/asked/{number}/support", self.support),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """The list as it stands."""
        ui, chosen = self._context.language(request)
        try:
            wanted = await self._context.asked(request)
            floor = await self._floor_of(wanted.session)
            if floor is None:
                raise Wrong(404, ErrorText.NO_SESSION)
        except Wrong as none:
            return self._context.refusal(none, ui)
        except StorageUnavailable:
            return self._context.refusal(Wrong(503, ErrorText.UNAVAILABLE), ui)
        token = self._context.token(request, wanted.session)
        query = kept_query(request, ui, chosen=chosen)
        own = await self._own(wanted.session, token)
        text = self._text(wanted, floor, token, ui, query=query, own=own)
        response = own_html(text, ui)
        self._context.know(request, response, wanted.session)
        return response

    async def _own(self, session: SessionId, token: str) -> frozenset[InterventionId]:
        with contextlib.suppress(StorageUnavailable):  # The list is there all the same.
            return await self._own_of(session, token) if token else frozenset()
        return frozenset()

    def _text(
        self,
        wanted: Asked,
        floor: Floor,
        token: str,
        ui: Catalogue,
        *,
        query: str,
        own: frozenset[InterventionId],
    ) -> str:
        """The page; visitors without votes or questions of their own share one that is kept."""
        mine = self._supports.supported(wanted.session, token)
        # Whoever comes for the first time has no token yet, and has reported nothing.
        reported = self._reported(wanted.session, token) if token else frozenset()
        voted = self._votes.voted(wanted.session, token)
        if mine or voted or reported or own or self._room is not None:
            return self._render(wanted, floor, mine, voted, ui, query=query, reported=reported, own=own)
        session = wanted.snapshot.session
        generation = 0 if self._translated is None else self._translated.generation
        key, stands = (wanted.session, ui.language, query), (session.title, session.status, generation)
        made = self._made.pop(key, None)
        if made is None or made[0] is not floor or made[1] != stands:
            made = floor, stands, self._render(wanted, floor, mine, voted, ui, query=query)
        self._made[key] = made
        if len(self._made) > MOST_MADE:
            self._made.popitem(last=False)
        return made[2]

    def _render(
        self,
        wanted: Asked,
        floor: Floor,
        mine: frozenset[InterventionId],
        voted: Mapping[PollId, Choice],
        ui: Catalogue,
        *,
        query: str,
        reported: frozenset[InterventionId] = frozenset(),
        own: frozenset[InterventionId] = frozenset(),
    ) -> str:
        may_support = wanted.snapshot.session.status is not Status.CLOSED
        found, base = listing(floor, closed=not may_support), f"/s/{quote(wanted.session)}"
        going = wanted.snapshot.session.status in ON
        pending: list[str] = []

        def other(each: Intervention) -> Translated | None:
            if self._translated is None or len(pending) >= MOST_PENDING:
                return None
            found = self._translated.of(wanted.session, each, ui.language, ui)
            pending.extend([found.pending] if found.pending else [])
            return found.translated

        def row(each: Intervention, why: Why | None = None) -> Row:
            channel = "" if each.segment is None else self._channel_of(wanted.session, each.segment)
            line, live = answer_links(base, floor, each, query, there=bool(channel))
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
                "support_here": "" if self._room is None else self._room.support(wanted.session, each.id, ui),
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

        return self._context.pages.render(
            "questions.html" if self._room is None else "hub_questions.html",
            ui=ui,
            title=title_of(wanted, ui),
            title_language=title_language(wanted),
            room=[]
            if self._room is None
            else [
                {**_OF_ROOM, **each, "action": f"{each['action']}{query}"}
                for each in self._room.rows(wanted, floor, ui, mine=mine, own=own)
            ],
            now=[row(each) for each in found.now],
            queue=[row(each.intervention, each.why) for each in found.queue],
            later=[row(each) for each in found.later],
            answered=[row(each) for each in found.answered],
            written=[row(each) for each in found.written],
            left=[row(each) for each in found.left],
            reported_on=[row(each) for each in found.reported],
            figures=texts.figures(found.figures, ui),
            closed=not may_support,
            back=f"{base}{query}",
            ask=f"{base}/ask{query}",
            here=f"{base}/questions{query}",
            events=f"{base}/events?feed=lines",
            position=Position(wanted.snapshot.epoch, wanted.snapshot.offset),
            every=0 if self._room is None else ROOM_MS,
            moves=floor.order is Order.SUPPORT,
            pending=script_json(pending),
            forms=script_json(dict(ui.forms(texts.SUPPORT))),
            **hands(floor.polls, ui, going=going, mine=voted, base=base, query=query),
        )

    async def support(self, request: web.Request) -> web.Response:
        """Somebody would ask it too, or would no more; back to the list."""
        ui, chosen = self._context.language(request)
        try:
            address = self._senders.check(request)
            wanted = await self._context.asked(request)
            number = number_at(request, "number", MAX_DIGITS)
            too = (await read_form(request)).get("too") != "no" if request.can_read_body else True
            token = self._context.token(request, wanted.session)
            await self._take(wanted.session, number, token, network(address), too=too)
        except Wrong as wrong:
            return self._context.refused(wrong, ui)
        query = kept_query(request, ui, chosen=chosen)
        location = f"/s/{quote(wanted.session)}/questions{query}#No-{number}"
        return see_other(location)

    async def _take(self, session: SessionId, number: int, token: str, address: str, *, too: bool) -> None:
        try:
            floor = await self._floor_of(session)
            each = None if floor is None else floor.numbered(number)
            if too and each is not None and each.id in await self._own_of(session, token):
                raise Wrong(409, texts.OWN)
            hasty = self._context.visitors.hasty(token)
            answer = await self._supports.support(session, number, token, address, too=too, hasty=hasty)
        except StorageUnavailable as error:
            raise Wrong(503, ErrorText.UNAVAILABLE) from error
        if isinstance(answer, Refusal) and answer.code is RefusalCode.UNKNOWN:
            raise Wrong(404, ErrorText.NOTHING)
        if isinstance(answer, Refusal) and answer.code is RefusalCode.BUSY:
            raise Wrong(503, DoorText.MANY)
        # Where it had its turn meanwhile the list says so.


_OF_ROOM: Row = {
    **dict.fromkeys(("why", "support", "answer", "answer_language", "line", "live"), ""),
    **dict.fromkeys(("translated", "removed", "reported"), False),
    "answer_direction": "auto",
}
"""What there is of nothing that the meeting has not published."""


def _may_be_supported(each: Intervention) -> bool:
    return each.standing in WAITING and each.kind is not Kind.REQUEST and not each.removed
