"""Published questions in other languages and on walls: what makes them, and the doors that it is given to."""

from __future__ import annotations

from contextlib import AsyncExitStack

from moothall.adapters.displays.asked_now import AskedNow, Words, asked_now
from moothall.adapters.displays.display_door import QuestionsOf
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import Asked
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.questions.questions_door import ChannelOf
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor
from moothall.app.backend import House
from moothall.app.parts import Services
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.core.questions.interventions import Intervention
from moothall.services.log.publication import Publication
from moothall.services.questions.translations import QuestionTranslations
from moothall.services.sessions.reader_access import ReaderAccess


def open_question_translations(
    stack: AsyncExitStack,
    services: Services,
    context: VisitorContext,
    access: ReaderAccess,
) -> QuestionTranslationsDoor:
    """Translate published questions until the stack unwinds; their door."""
    house, translation = services.house, services.translation
    translations = QuestionTranslations(translation.question, translation.has_way, clock=house.clock)

    def observe(publication: Publication) -> None:
        if any(isinstance(event, BodyRemoved) for event in publication.events):
            translations.forget()

    house.sessions.observe(lambda _, publication: observe(publication))
    house.keep(stack, translations.run)
    return QuestionTranslationsDoor(context, translations, floor_of=access.floor)


def channel_of(house: House) -> ChannelOf:
    """Where the line of an answer stands."""

    def channel(session: SessionId, segment: SegmentId) -> str:
        line = house.loaded(session, lambda live: live.state.segments.get(segment), None)
        return "" if line is None or line.gone else line.channel

    return channel


def wall_questions(access: ReaderAccess, translated: QuestionTranslationsDoor) -> QuestionsOf:
    """What stands on walls of the questions."""

    async def questions(wanted: Asked, ui: Catalogue) -> AskedNow:
        floor = await access.floor(wanted.session)
        channel = wanted.snapshot.session.channels.get(wanted.feed.channel)
        if floor is None or channel is None:
            return AskedNow()

        def into(each: Intervention, target: str, soon: bool) -> tuple[Words | None, str]:
            found = translated.of(wanted.session, each, target, ui, first=soon)
            there = found.translated
            if there is None:
                return None, found.pending
            words = Words(text=there.text, language=target, direction=there.direction, made=there.made)
            return words, ""

        return asked_now(floor, channel.languages, into, ui)

    return questions
