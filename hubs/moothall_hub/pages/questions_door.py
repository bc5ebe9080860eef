"""The doors of questions at a hub: those of the centre, used with the room's own questions, the copies and the outbox.

This module adds what only a room has: its own questions in the list, support for them, and the copy of a sent question
that a browser keeps until the meeting has it.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from aiohttp import web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest
from moothall.adapters.pages.templates import script_json
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import number_at
from moothall.adapters.questions.asking_door import AskingDoor
from moothall.adapters.questions.asking_texts import OWN
from moothall.adapters.questions.author_page import AuthorPage
from moothall.adapters.questions.hands_door import HandsDoor
from moothall.adapters.questions.opinions_door import OpinionsDoor
from moothall.adapters.questions.questions_door import (
    ALLOWANCE,
    MAX_DIGITS,
    AbuseDoor,
    ChannelOf,
    Names,
    QuestionRow,
    QuestionsDoor,
    asks_too,
)
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor
from moothall.adapters.questions.typing_door import TypingDoor
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.kernel.languages import direction
from moothall.core.questions.interventions import Questions
from moothall.services.questions.abuse_reports import AbuseReports
from moothall.services.questions.author_view import Own, QuestionStage
from moothall.services.sessions.reader_access import ASKER
from moothall_hub.pages import desk_texts
from moothall_hub.pages.setup_door import coordinates
from moothall_hub.room import local_questions
from moothall_hub.room.hands import RoomHands
from moothall_hub.room.local_questions import Local, Mode
from moothall_hub.room.opinions import RoomOpinions
from moothall_hub.room.ports import HubFacts
from moothall_hub.room.questions import RoomQuestions


def room_doors(
    context: VisitorContext,
    local: RoomQuestions,
    hands: RoomHands,
    opinions: RoomOpinions,
    *,
    facts: Callable[[], HubFacts],
    channel_of: ChannelOf,
    translated: QuestionTranslationsDoor,
) -> tuple[
    AskingDoor, TypingDoor, AbuseDoor, HandsDoor, OpinionsDoor, QuestionsDoor, QuestionTranslationsDoor, RoomSupportDoor
]:
    """Build the doors of questions. `channel_of` finds the text of a session to which a line belongs."""

    def hubs_of(_: SessionId) -> dict[str, str]:
        """The group in whose name this visitor may ask, by its name: only the coordinator has one."""
        now = facts()
        return {now.name or "here": now.title} if now.title and any(map(coordinates, ASKER.get())) else {}

    def form(session: SessionId) -> dict[str, object]:
        return {"session": session, "open": local.of(session).mode is Mode.OPEN}

    def carried(wanted: SessionRequest, own: Own) -> dict[str, object]:
        question = local.of(wanted.session).by_id[own.intervention.id]
        kept = {
            "session": wanted.session,
            "safe": own.room is not None and own.room.where not in (QuestionStage.HERE, QuestionStage.WAITING),
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

    author_page = AuthorPage(context.pages, local, context.randomness, template="hub/hub_asked.html", more=carried)
    reports = AbuseReports(local.meeting, local.report, randomness=context.randomness)
    rows = RoomList(local)
    return (
        AskingDoor(context, local, author_page=author_page, hubs_of=hubs_of, template="hub/hub_ask.html", more=form),
        TypingDoor(context, local, local, author_page=author_page),
        AbuseDoor(context, reports),
        HandsDoor(context, hands),
        OpinionsDoor(context, opinions, local.meeting),
        QuestionsDoor(
            context,
            local,
            hands,
            questions_of=local.meeting,
            channel_of=channel_of,
            own_of=local.own_of,
            reported=reports.reported,
            translated=translated,
            room=rows,
        ),
        translated,
        RoomSupportDoor(context, local),
    )


class RoomList:
    """The room's own questions in the list, and the room's support for a question (`RoomRows`)."""

    def __init__(self, local: RoomQuestions) -> None:
        self._local = local

    def made_of(self, session: SessionId) -> object:
        """The room's questions, with who supports them, and whether the page leads to the coordinator's desk."""
        return self._local.of(session), any(map(coordinates, ASKER.get()))

    def support(self, session: SessionId, what: InterventionId, ui: Catalogue) -> str:
        """How many people of the room would ask a question too, as a text; empty for nobody."""
        many = local_questions.count(self._local.of(session), what)
        return ui.counted(desk_texts.SUPPORT_HERE, many) if many else ""

    def rows(
        self, wanted: SessionRequest, questions: Questions, ui: Catalogue, *, mine: Names, own: Names
    ) -> list[QuestionRow]:
        """The questions that the coordinator put on the local wall, without those that the meeting's list shows."""
        here = self._local.of(wanted.session)
        shown = [
            each
            for each in local_questions.on_wall(here)
            if (there := questions.get(each.id)) is None or not there.published
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
            for each in sorted(shown, key=lambda each: (-local_questions.count(here, each.id), each.number))
        ]


class RoomSupportDoor:
    """The handler of support for a question of the room's own."""

    def __init__(self, context: VisitorContext, local: RoomQuestions) -> None:
        self._context = context
        self._local = local
        self._senders = context.senders(ALLOWANCE)

    def routes(self) -> list[web.RouteDef]:
        """The route, for `app.add_routes`."""
        return [web.post("/s/{session}/here/{number}/support", self.support)]

    async def support(self, request: web.Request) -> web.Response:
        """Add or withdraw a visitor's support for a question, and return to the list."""

        async def take(wanted: SessionRequest, _: str) -> tuple[str, str]:
            number, too = number_at(request, "number", MAX_DIGITS), await asks_too(request)
            each = self._local.of(wanted.session).numbered(number)
            token = self._context.token(request, wanted.session)
            if each is None or each.stands is Local.WITHDRAWN:
                raise HttpProblem(404, ErrorText.NOTHING)
            if too and each.id in await self._local.own_of(wanted.session, token):
                raise HttpProblem(409, OWN)
            await self._local.support_one(wanted.session, each.id, token, too=too)
            return f"/s/{quote(wanted.session)}/questions", f"Here-{number}"

        return await self._context.answer_form(request, self._senders, take)
