"""The doors of questions at a hub: those of the centre, over the room's own questions, the copies and the outbox.

What only a room has is here: its own questions in the list, support for them, and that a browser keeps what it has sent
until the meeting has it.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from aiohttp import web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import Asked, Wrong
from moothall.adapters.pages.templates import script_json
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import kept_query, number_at, read_form, see_other
from moothall.adapters.questions.abuse_door import AbuseDoor
from moothall.adapters.questions.asking_door import AskingDoor
from moothall.adapters.questions.asking_texts import OWN
from moothall.adapters.questions.author_page import AuthorPage
from moothall.adapters.questions.hands_door import HandsDoor
from moothall.adapters.questions.questions_door import ALLOWANCE, MAX_DIGITS, ChannelOf, Names, QuestionsDoor, Row
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor
from moothall.adapters.questions.typing_door import TypingDoor
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.questions.interventions import Floor
from moothall.services.questions.abuse_reports import AbuseReports
from moothall.services.questions.author_view import Own, Where
from moothall.services.sessions.reader_access import ASKER
from moothall_hub.pages import desk_texts
from moothall_hub.pages.setup_door import coordinates
from moothall_hub.room import local_floor
from moothall_hub.room.hands import RoomHands
from moothall_hub.room.local_floor import Local, Mode
from moothall_hub.room.ports import HubFacts, Meetings
from moothall_hub.room.questions import RoomFloor
from moothall_hub.room.typing import RoomTyping


def room_doors(
    context: VisitorContext,
    floor: RoomFloor,
    hands: RoomHands,
    *,
    meetings: Meetings,
    facts: Callable[[], HubFacts],
    channel_of: ChannelOf,
    translated: QuestionTranslationsDoor,
) -> tuple[AskingDoor, TypingDoor, AbuseDoor, HandsDoor, QuestionsDoor, QuestionTranslationsDoor, RoomSupportDoor]:
    """The doors of questions. `channel_of`: which of a session's texts has a line."""

    def hubs_of(_: SessionId) -> dict[str, str]:
        """The group for which this visitor may ask: the coordinator's own."""
        now = facts()
        return {now.name or "here": now.title} if now.title and any(map(coordinates, ASKER.get())) else {}

    def form(session: SessionId) -> dict[str, object]:
        return {"session": session, "open": floor.floor(session).mode is Mode.OPEN}

    def carried(wanted: Asked, own: Own) -> dict[str, object]:
        question = floor.floor(wanted.session).questions[own.intervention.id]
        kept = {
            "session": wanted.session,
            "safe": own.room is not None and own.room.where not in (Where.HERE, Where.WAITING),
            "ago": max(0, context.clock.wall() - question.at),
            "fields": {
                "id": question.form,
                "kind": question.kind.value,
                "text": question.text,
                "name": question.name,
                "language": question.language,
            },
        }
        return {"session": wanted.session, "carried": script_json(kept)}

    typing = RoomTyping(floor, meetings)
    author_page = AuthorPage(context.pages, typing, context.randomness, template="hub_asked.html", more=carried)
    reports = AbuseReports(floor.meeting, floor.report, randomness=context.randomness)
    rows = RoomList(floor)
    return (
        AskingDoor(context, floor, author_page=author_page, hubs_of=hubs_of, template="hub_ask.html", more=form),
        TypingDoor(context, floor, typing, author_page=author_page),
        AbuseDoor(context, reports),
        HandsDoor(context, hands),
        QuestionsDoor(
            context,
            floor,
            hands,
            floor_of=floor.meeting,
            channel_of=channel_of,
            own_of=floor.own_of,
            reported=reports.reported,
            translated=translated,
            room=rows,
        ),
        translated,
        RoomSupportDoor(context, floor),
    )


class RoomList:
    """The room's own questions in the list, and how many of the room support one (`RoomRows`)."""

    def __init__(self, floor: RoomFloor) -> None:
        self._floor = floor

    def support(self, session: SessionId, what: InterventionId, ui: Catalogue) -> str:
        """How many of the room would ask one too."""
        many = local_floor.count(self._floor.floor(session), what)
        return ui.counted(desk_texts.SUPPORT_HERE, many) if many else ""

    def rows(self, wanted: Asked, floor: Floor, ui: Catalogue, *, mine: Names, own: Names) -> list[Row]:
        """Those that the coordinator has put on the local wall. What the meeting has published stands in its list."""
        here = self._floor.floor(wanted.session)
        shown = [
            each for each in local_floor.on_wall(here) if (there := floor.get(each.id)) is None or not there.published
        ]
        return [
            {
                "anchor": f"Here-{each.number}",
                "number": f"Here-{each.number}",
                "heading": ui.text(desk_texts.HERE, n=each.number),
                "of": each.id,
                "text": each.text,
                "language": each.language,
                "direction": direction(each.language),
                "name": each.name,
                "support_here": self.support(wanted.session, each.id, ui),
                "mine": each.id in mine,
                "yours": each.id in own,
                "may_support": each.stands in (Local.HERE, Local.FORWARDED) and each.id not in own,
                "action": f"/s/{quote(wanted.session)}/here/{each.number}/support",
            }
            for each in sorted(shown, key=lambda each: (-local_floor.count(here, each.id), each.number))
        ]


class RoomSupportDoor:
    """The handler of support for a question of the room's own."""

    def __init__(self, context: VisitorContext, floor: RoomFloor) -> None:
        self._context = context
        self._floor = floor
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.post("/s/{session}/here/{number}/support", self.support)]

    async def support(self, request: web.Request) -> web.Response:
        """Somebody would ask one too, or would no more; back to the list."""
        ui, chosen = self._context.language(request)
        try:
            self._senders.check(request)
            wanted = await self._context.asked(request)
            number = number_at(request, "number", MAX_DIGITS)
            too = (await read_form(request)).get("too") != "no" if request.can_read_body else True
            each = self._floor.floor(wanted.session).numbered(number)
            token = self._context.token(request, wanted.session)
            if each is None or each.stands is Local.WITHDRAWN:
                raise Wrong(404, ErrorText.NOTHING)
            if too and each.id in await self._floor.own_of(wanted.session, token):
                raise Wrong(409, OWN)
            await self._floor.support_one(wanted.session, each.id, token, too=too)
        except Wrong as wrong:
            return self._context.refused(wrong, ui)
        except StorageUnavailable:
            return self._context.refused(Wrong(503, ErrorText.UNAVAILABLE), ui)
        return see_other(f"/s/{quote(wanted.session)}/questions{kept_query(request, ui, chosen=chosen)}#Here-{number}")
