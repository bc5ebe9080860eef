"""Published questions in other languages and on walls: what makes them, and the doors that it is given to."""

from __future__ import annotations

from contextlib import AsyncExitStack

from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.questions.questions_door import ChannelOf
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor
from moothall.app.backend import House
from moothall.app.translation import Translation
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.services.hubs.translating import TranslateForHub, translations_for_hubs
from moothall.services.log.publication import Publication
from moothall.services.questions.translations import QuestionTranslations
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.carrying_on import carry_on


def open_question_translations(
    stack: AsyncExitStack,
    house: House,
    translation: Translation,
    *,
    context: VisitorContext,
    access: ReaderAccess,
) -> tuple[QuestionTranslationsDoor, TranslateForHub]:
    """Translate published questions until the stack unwinds: for the door of readers here, and for hubs."""
    translations = QuestionTranslations(translation.question, translation.has_way, clock=house.clock)

    def observe(publication: Publication) -> None:
        if any(isinstance(event, BodyRemoved) for event in publication.events):
            translations.forget()

    house.sessions.observe(lambda _, publication: observe(publication))
    stack.callback(house.tasks.create_task(carry_on(translations.run, house.clock)).cancel)
    door = QuestionTranslationsDoor(context, translations, floor_of=access.floor)
    return door, translations_for_hubs(translations, access.floor)


def channel_of(sessions: Sessions) -> ChannelOf:
    """Where the line of an answer stands."""

    def channel(session: SessionId, segment: SegmentId) -> str:
        live = sessions.loaded(session)
        line = None if live is None else live.state.segments.get(segment)
        return "" if line is None or line.gone else line.channel

    return channel
