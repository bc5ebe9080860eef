"""The doors of questions: for authors, and for translations of published questions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from moothall.adapters.desks.opinions_desk_door import OpinionsDeskDoor
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.questions.about_door import AboutDoor
from moothall.adapters.questions.asking_door import AskingDoor
from moothall.adapters.questions.author_page import AuthorPage, More
from moothall.adapters.questions.opinions_door import OpinionsDoor
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor
from moothall.adapters.questions.typing_door import TypingDoor
from moothall.adapters.questions.your_turn import YourTurn
from moothall.app.backend import Backend
from moothall.app.parts import Entrance, Services
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.ids import SessionId
from moothall.services.hubs.translating import TranslateForHub, translations_for_hubs
from moothall.services.log.publication import Publication
from moothall.services.questions.translations import QuestionTranslations
from moothall.services.sessions.reader_access import ReaderAccess


def asking_doors(
    backend: Backend, context: VisitorContext, access: ReaderAccess, *, became: More
) -> tuple[AskingDoor, TypingDoor, AboutDoor]:
    """The doors of the form, of what is typed in a turn, and of what authors say of themselves. `became`: what a
    proposal in a call became.
    """

    def hubs_of(session: SessionId) -> dict[str, str]:
        return {name: backend.hubs.title_of(name) or label for name, label in access.hubs(session).items()}

    author_page = AuthorPage(context.pages, backend.typing, backend.randomness, backend.balance, more=became)
    asking = AskingDoor(context, backend.asking, author_page=author_page, hubs_of=hubs_of, balance=backend.balance)
    typing = TypingDoor(context, backend.asking, backend.typing, author_page=author_page)
    about = AboutDoor(context, backend.asking, backend.balance, author_page=author_page)
    return asking, typing, about


def opinion_doors(backend: Backend, entrance: Entrance, context: VisitorContext) -> Sequence[web.RouteDef]:
    """The routes of votes on comments: for readers, and for whoever leads the questions."""
    door = OpinionsDoor(context, backend.opinions, entrance.access.questions)
    desk = OpinionsDeskDoor(
        entrance.forms,
        backend.opinions,
        backend.sessions,
        may_act=entrance.staff.may_act,
        room_title=backend.programme.room_title,
    )
    return [*door.routes(), *desk.routes()]


def your_turn(backend: Backend, pages: Pages, access: ReaderAccess) -> YourTurn:
    """The part that pages show to an author whose turn is near."""
    return YourTurn(pages, backend.asking, access.snapshot, backend.visitors, supports=backend.ballots)


def open_question_translations(
    stack: AsyncExitStack,
    services: Services,
    context: VisitorContext,
    access: ReaderAccess,
) -> tuple[QuestionTranslationsDoor, TranslateForHub]:
    """Translate published questions, for readers here and for hubs, until the stack unwinds."""
    backend, translation = services.backend, services.translation
    translations = QuestionTranslations(translation.question, translation.has_way, clock=backend.clock)

    def observe(publication: Publication) -> None:
        if any(isinstance(event, BodyRemoved) for event in publication.events):
            translations.forget()

    backend.sessions.observe(lambda _, publication: observe(publication))
    backend.keep(stack, translations.run)
    door = QuestionTranslationsDoor(context, translations, questions_of=access.questions)
    return door, translations_for_hubs(translations, access.questions)
