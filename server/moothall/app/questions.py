"""Questions: the doors of authors, and published questions in other languages."""

from __future__ import annotations

from contextlib import AsyncExitStack

from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.questions.about_door import AboutDoor
from moothall.adapters.questions.asking_door import AskingDoor
from moothall.adapters.questions.author_page import AuthorPage
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor
from moothall.adapters.questions.typing_door import TypingDoor
from moothall.adapters.reading.your_turn import YourTurn
from moothall.app.backend import House
from moothall.app.parts import Services
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.ids import SessionId
from moothall.services.hubs.translating import TranslateForHub, translations_for_hubs
from moothall.services.log.publication import Publication
from moothall.services.questions.translations import QuestionTranslations
from moothall.services.sessions.reader_access import ReaderAccess


def asking_doors(
    house: House, context: VisitorContext, access: ReaderAccess
) -> tuple[AskingDoor, TypingDoor, AboutDoor]:
    """The form, what is typed in a turn, and what authors say of themselves."""

    def hubs_of(session: SessionId) -> dict[str, str]:
        return {name: house.hubs.title_of(name) or label for name, label in access.hubs(session).items()}

    author_page = AuthorPage(context.pages, house.typing, house.randomness, house.balance)
    asking = AskingDoor(context, house.asking, author_page=author_page, hubs_of=hubs_of, balance=house.balance)
    typing = TypingDoor(context, house.asking, house.typing, author_page=author_page)
    about = AboutDoor(context, house.asking, house.balance, author_page=author_page)
    return asking, typing, about


def your_turn(house: House, pages: Pages, access: ReaderAccess) -> YourTurn:
    """What pages show to an author whose turn is near."""
    return YourTurn(pages, house.asking, access.snapshot, house.visitors)


def open_question_translations(
    stack: AsyncExitStack,
    services: Services,
    context: VisitorContext,
    access: ReaderAccess,
) -> tuple[QuestionTranslationsDoor, TranslateForHub]:
    """Translate published questions until the stack unwinds: for the door of readers here, and for hubs."""
    house, translation = services.house, services.translation
    translations = QuestionTranslations(translation.question, translation.has_way, clock=house.clock)

    def observe(publication: Publication) -> None:
        if any(isinstance(event, BodyRemoved) for event in publication.events):
            translations.forget()

    house.sessions.observe(lambda _, publication: observe(publication))
    house.keep(stack, translations.run)
    door = QuestionTranslationsDoor(context, translations, floor_of=access.floor)
    return door, translations_for_hubs(translations, access.floor)
