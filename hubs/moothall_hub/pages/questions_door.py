"""The door of the questions at a hub: the meeting's, with what this room would ask too, and the room's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

import msgspec
from aiohttp import web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import Asked, Wrong, own_html
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import (
    answer_links,
    kept_query,
    number_at,
    see_other,
    title_language,
    title_of,
)
from moothall.adapters.questions import asking_texts as texts
from moothall.adapters.questions.page_hands import hands
from moothall.adapters.questions.questions_door import ALLOWANCE, MAX_DIGITS
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor, Translated
from moothall.core.events.question_parts import WAITING, Kind
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.questions.interventions import Intervention
from moothall.core.questions.listing import listing
from moothall.core.questions.order import Why
from moothall.core.session.state import ON, State, Status
from moothall.services.questions.ballots import Votes
from moothall_hub.pages import desk_texts
from moothall_hub.room import local_floor
from moothall_hub.room.local_floor import Local, LocalFloor, LocalQuestion
from moothall_hub.room.ports import Meetings
from moothall_hub.room.questions import RoomFloor

_Find = Callable[[SessionId, int], Awaitable[InterventionId | None]]


class RoomQuestionsDoor:
    """Handlers of the list of questions in a hub's room, and of support for one of them."""

    def __init__(
        self,
        context: VisitorContext,
        floor: RoomFloor,
        *,
        meetings: Meetings,
        votes: Votes,
        translated: QuestionTranslationsDoor | None = None,
    ) -> None:
        self._context = context
        self._floor = floor
        self._meetings = meetings
        self._votes = votes
        self._translated = translated
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get("/s/{session}/questions", self.list),
            web.post("/s/{session}/asked/{number}/support", self.support),
            web.post("/s/{session}/here/{number}/support", self.support_here),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """The list as it stands."""
        ui, chosen = self._context.language(request)
        try:
            wanted = await self._context.asked(request)
            state = await self._meetings.state(wanted.session)
            if state is None:
                raise Wrong(404, ErrorText.NO_SESSION)
        except Wrong as none:
            return self._context.refusal(none, ui)
        except StorageUnavailable:
            return self._context.refusal(Wrong(503, ErrorText.UNAVAILABLE), ui)
        text = self._text(request, wanted, state, ui, chosen=chosen)
        response = own_html(text, ui)
        self._context.know(request, response, wanted.session)
        return response

    async def support(self, request: web.Request) -> web.Response:
        """Somebody would ask one of the meeting's too; back to the list."""
        return await self._support(request, "No-", self._meetings_own)

    async def support_here(self, request: web.Request) -> web.Response:
        """Somebody would ask one of the room's too; back to the list."""
        return await self._support(request, "Here-", self._rooms_own)

    async def _meetings_own(self, session: SessionId, number: int) -> InterventionId | None:
        state = await self._meetings.state(session)
        each = None if state is None else state.floor.numbered(number)
        return None if each is None or not each.published else each.id

    async def _rooms_own(self, session: SessionId, number: int) -> InterventionId | None:
        each = self._floor.floor(session).numbered(number)
        return None if each is None or each.stands is Local.WITHDRAWN else each.id

    async def _support(self, request: web.Request, anchor: str, find: _Find) -> web.Response:
        ui, chosen = self._context.language(request)
        try:
            self._senders.check(request)
            wanted = await self._context.asked(request)
            number = number_at(request, "number", MAX_DIGITS)
            what = await find(wanted.session, number)
            token = self._context.token(request, wanted.session)
            if what is None or not await self._floor.support(wanted.session, what, token):
                raise Wrong(404, ErrorText.NOTHING)
        except Wrong as wrong:
            return self._context.refused(wrong, ui)
        except StorageUnavailable:
            return self._context.refused(Wrong(503, ErrorText.UNAVAILABLE), ui)
        query = kept_query(request, ui, chosen=chosen)
        location = f"/s/{quote(wanted.session)}/questions{query}#{anchor}{number}"
        return see_other(location)

    def _text(self, request: web.Request, wanted: Asked, state: State, ui: Catalogue, *, chosen: bool) -> str:
        query, base = kept_query(request, ui, chosen=chosen), f"/s/{quote(wanted.session)}"
        floor = self._floor.floor(wanted.session)
        token = self._context.token(request, wanted.session)
        by, mine = self._floor.visitor(wanted.session, token), self._votes.voted(wanted.session, token)
        own = local_floor.own_of(floor, by, state.floor)
        rows = _Rows(floor=floor, state=state, ui=ui, by=by, own=own, query=query, translated=self._translated)
        found = listing(state.floor, closed=state.status is Status.CLOSED)
        return self._context.pages.render(
            "hub_questions.html",
            ui=ui,
            title=title_of(wanted, ui),
            title_language=title_language(wanted),
            now=[rows.meetings(each) for each in found.now],
            queue=[rows.meetings(each.intervention, each.why) for each in found.queue],
            later=[rows.meetings(each) for each in found.later],
            answered=[rows.meetings(each) for each in found.answered],
            written=[rows.meetings(each) for each in found.written],
            left=[rows.meetings(each) for each in found.left],
            reported_on=[rows.meetings(each) for each in found.reported],
            room=[rows.rooms(each) for each in _shown_here(rows.floor, state)],
            figures=texts.figures(found.figures, ui),
            closed=state.status is Status.CLOSED,
            back=f"{base}{query}",
            ask=f"{base}/ask{query}",
            here=f"{base}/questions{query}",
            **hands(state.floor.polls, ui, going=state.status in ON, mine=mine, base=base, query=query),
        )


def _shown_here(floor: LocalFloor, state: State) -> list[LocalQuestion]:
    """The room's own that the room may read: those that the coordinator has put on the local wall.

    What the meeting has published stands in its list, and not a second time here.
    """
    own = [each for each in local_floor.on_wall(floor) if not _published(state, each)]
    return sorted(own, key=lambda each: (-local_floor.count(floor, each.id), each.number))


def _published(state: State, each: LocalQuestion) -> bool:
    there = state.floor.get(each.id)
    return there is not None and there.published


class _Rows(msgspec.Struct, frozen=True, kw_only=True):
    """Makes the rows of one page."""

    floor: LocalFloor
    state: State
    ui: Catalogue
    by: str
    """Who looks, as `RoomFloor.visitor`."""
    own: frozenset[InterventionId]
    """What they asked, and what that was joined with."""
    query: str
    translated: QuestionTranslationsDoor | None

    @property
    def base(self) -> str:
        """The session's address."""
        return f"/s/{quote(self.state.id)}"

    def meetings(self, each: Intervention, why: Why | None = None) -> dict[str, object]:
        """One of the meeting's. Of the room only those are counted of whom the meeting may not know yet."""
        line = None if each.segment is None else self.state.segments.get(each.segment)
        there = line is not None and not line.gone
        answered, live = answer_links(self.base, self.state.floor, each, self.query, there=there)
        many = local_floor.count(self.floor, each.id)
        fit = each.standing in WAITING and each.kind is not Kind.REQUEST and not each.removed
        return {
            "anchor": f"No-{each.number}",
            "heading": self.ui.text(texts.NUMBERED[each.kind], n=each.number),
            "text": each.text,
            "language": each.language,
            "direction": direction(each.language),
            "translated": self._other(each),
            "name": each.name,
            "removed": each.removed,
            "why": "" if why is None else self.ui.text(texts.WHYS[why]),
            "support": self.ui.counted(texts.SUPPORT, each.support) if each.support else "",
            "support_here": self.ui.counted(desk_texts.SUPPORT_HERE, many) if many else "",
            "mine": self.by in self.floor.supporters.get(each.id, ()),
            "yours": each.id in self.own,
            "may_support": fit and self.state.status is not Status.CLOSED and each.id not in self.own,
            "action": f"{self.base}/asked/{each.number}/support{self.query}",
            "answer": each.answer,
            "answer_language": each.answer_language,
            "answer_direction": direction(each.answer_language),
            "line": answered,
            "live": live,
        }

    def _other(self, each: Intervention) -> Translated | None:
        if self.translated is None:
            return None
        return self.translated.of(self.state.id, each, self.ui.language, self.ui).translated

    def rooms(self, each: LocalQuestion) -> dict[str, object]:
        """One of the room's own."""
        many = local_floor.count(self.floor, each.id)
        return {
            "anchor": f"Here-{each.number}",
            "heading": self.ui.text(desk_texts.HERE, n=each.number),
            "text": each.text,
            "language": each.language,
            "direction": direction(each.language),
            "translated": None,
            "name": each.name,
            "removed": False,
            "why": "",
            "support": "",
            "support_here": self.ui.counted(desk_texts.SUPPORT_HERE, many) if many else "",
            "mine": self.by in self.floor.supporters.get(each.id, ()),
            "yours": each.id in self.own,
            "may_support": each.stands in (Local.HERE, Local.FORWARDED) and each.id not in self.own,
            "action": f"{self.base}/here/{each.number}/support{self.query}",
            "answer": "",
            "answer_language": "",
            "answer_direction": "auto",
            "line": "",
            "live": "",
        }
