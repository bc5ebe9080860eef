"""The private page of whoever asked in a hub's room: where it stands here, on the way, or at the meeting."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from aiohttp import web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import Asked, own_html
from moothall.adapters.pages.templates import Pages, script_json
from moothall.adapters.pages.visitor_request import answer_links, kept_query, page_of, private, title_language, title_of
from moothall.adapters.questions import asking_texts as texts
from moothall.adapters.questions import typing_texts
from moothall.adapters.reading.your_turn import Mine, mine_of
from moothall.core.events.question_parts import OPEN, REVOCABLE, Standing
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import direction
from moothall.core.ports import Clock
from moothall.core.questions.interventions import Intervention
from moothall.core.questions.order import ahead_of
from moothall.core.session.state import State, Status
from moothall.services.questions.author_view import Own, own_with_joined
from moothall_hub.pages import desk_texts
from moothall_hub.room.local_floor import Local, LocalQuestion, Where, where
from moothall_hub.room.ports import ActStanding, Line, LineState, Meetings
from moothall_hub.room.questions import RoomFloor


class RoomAuthorPage:
    """Renders the private page of an author in a hub's room."""

    def __init__(self, pages: Pages, floor: RoomFloor, *, meetings: Meetings, line: Line, clock: Clock) -> None:
        self._pages = pages
        self._floor = floor
        self._meetings = meetings
        self._line = line
        self._clock = clock

    async def mine(self, session: SessionId, visitor: str, ui: Catalogue) -> list[Mine]:
        """What a browser of the room, known by its token, has asked that is still open. Raises StorageUnavailable."""
        asker, state = self._floor.visitor(session, visitor), await self._meetings.state(session)
        if state is None or state.status is Status.CLOSED:
            return []
        found: list[Mine] = []
        for question in self._floor.floor(session).questions.values():
            if question.asker != asker or question.stands is Local.WITHDRAWN:
                continue
            there, token = state.floor.get(question.id), self._floor.token(session, question.id)
            if there is None:
                found.append(
                    Mine(id=question.id, number=question.number, token=token, called=False, ahead=None, stands="")
                )
            elif there.standing in OPEN:
                found.append(mine_of(self._own(state, there), token, ui))
        return found

    async def answer(
        self, request: web.Request, wanted: Asked, question: LocalQuestion, ui: Catalogue, *, chosen: bool
    ) -> web.Response:
        """The page. Raises StorageUnavailable."""
        act = await self._floor.act(question)
        state = await self._meetings.state(wanted.session)
        base, query = f"/s/{quote(wanted.session)}", kept_query(request, ui, chosen=chosen)
        there = None if state is None else state.floor.get(question.id)
        stands = where(question, act, there)
        removed = there is not None and there.removed
        received = "" if removed else question.text
        own = None if state is None or there is None else self._own(state, there)
        answered = own if own is None or own.goes_on is None else own.goes_on
        line, live, answer, answer_language = "", "", "", ""
        if answered is not None:
            heard = answered.intervention
            answer, answer_language = heard.answer, heard.answer_language
            line, live = answer_links(base, answered.floor, heard, query, there=bool(answered.channel))
        text = self._pages.render(
            "hub_asked.html",
            ui=ui,
            title=title_of(wanted, ui),
            title_language=title_language(wanted),
            heading=ui.text(desk_texts.YOURS_HERE, n=question.number),
            stands=self._stands(wanted, question, act=act, state=state, own=own, ui=ui),
            goes_on="" if own is None or stands is not Where.STANDS else texts.goes_on(own, ui),
            hint="" if own is None or stands is not Where.STANDS else texts.hint(own, ui),
            reason=act.message if stands is Where.REFUSED and act is not None else "",
            turn=own is not None and own.intervention.standing is Standing.CALLED and not own.over,
            received=received,
            line=line,
            live=live,
            over=state is not None and state.status is Status.CLOSED,
            read=there.text if there is not None and there.text not in ("", received) else "",
            language=question.language,
            direction=direction(question.language),
            answer=answer,
            answer_language=answer_language,
            answer_direction=direction(answer_language),
            removed=removed,
            may_go=_may_go(question, stands, there),
            here=f"{page_of(wanted.session, request.match_info['token'])}{query}",
            more=f"{base}/ask{query}",
            questions=f"{base}/questions{query}",
            back=f"{base}{query}",
            session=wanted.session,
            carried=script_json(self._carried(wanted, question, stands)),
            wrong_address=ui.text(desk_texts.WRONG_ADDRESS),
        )
        return private(own_html(text, ui))

    def _carried(self, wanted: Asked, question: LocalQuestion, stands: Where) -> dict[str, object]:
        """What the browser keeps of it until the meeting has it, to send it again or take it to another machine."""
        return {
            "session": wanted.session,
            "safe": stands not in (Where.HERE, Where.WAITING),
            "ago": max(0, self._clock.wall() - question.at),
            "fields": {
                "id": question.form,
                "kind": question.kind.value,
                "text": question.text,
                "name": question.name,
                "language": question.language,
            },
        }

    def _stands(
        self,
        wanted: Asked,
        question: LocalQuestion,
        *,
        act: ActStanding | None,
        state: State | None,
        own: Own | None,
        ui: Catalogue,
    ) -> str:
        """Where it stands, in words."""
        stands = where(question, act, None if own is None else own.intervention)
        if stands is Where.STANDS and own is not None:
            put_off = own.intervention.standing is Standing.LATER and own.intervention.own
            return ui.text(typing_texts.PUT_OFF) if put_off else texts.stands(own, ui)
        if stands is Where.WAITING and self._line.health().state is LineState.GOOD:
            return ui.text(desk_texts.ON_ITS_WAY)
        over = state is not None and state.status is Status.CLOSED
        if stands is Where.REFUSED and over and act is not None and act.code is RefusalCode.CONFLICT:
            return ui.text(desk_texts.LATE)
        key = desk_texts.WHERE[stands]
        if stands is not Where.JOINED:
            return ui.text(key)
        into = None if question.into is None else self._floor.floor(wanted.session).questions.get(question.into)
        return ui.text(key, n="?" if into is None else into.number)

    def _own(self, state: State, each: Intervention) -> Own:
        """What the meeting says of it, as its author there would see it; nobody types from here in their turn."""
        own = own_with_joined(state, each, lambda one: ahead_of(state.floor, one), self._clock.wall())
        return msgspec.structs.replace(own, voice=None)


def _may_go(question: LocalQuestion, stands: Where, there: Intervention | None) -> bool:
    """Whether its author may still take it back."""
    if question.stands is not Local.FORWARDED:
        return question.stands in (Local.HERE, Local.KEPT)
    return stands is not Where.REFUSED and (there is None or there.standing in REVOCABLE)
