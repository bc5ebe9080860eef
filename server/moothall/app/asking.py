"""The doors of those who ask: the form, the author's page, what is typed in a turn; and what readers report as rude.

A module by itself: one part of a server, as its neighbours are.
"""

from __future__ import annotations

from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.questions.about_door import AboutDoor
from moothall.adapters.questions.asking_door import AskingDoor
from moothall.adapters.questions.author_page import AuthorPage
from moothall.adapters.questions.typing_door import TypingDoor
from moothall.adapters.reading.your_turn import YourTurn
from moothall.app.backend import House
from moothall.core.kernel.ids import SessionId
from moothall.services.sessions.reader_access import ReaderAccess


def asking_doors(
    house: House, context: VisitorContext, access: ReaderAccess
) -> tuple[AskingDoor, TypingDoor, AboutDoor]:
    """Made."""

    def hubs_of(session: SessionId) -> dict[str, str]:
        return {name: house.hubs.title_of(name) or label for name, label in access.hubs(session).items()}

    author_page = AuthorPage(context.pages, house.typing, house.randomness, house.balance)
    asking = AskingDoor(context, house.asking, author_page=author_page, hubs_of=hubs_of, balance=house.balance)
    typing = TypingDoor(context, house.asking, house.typing, author_page=author_page)
    about = AboutDoor(context, house.asking, house.balance, author_page=author_page)
    return asking, typing, about


def your_turn(house: House, pages: Pages, access: ReaderAccess) -> YourTurn:
    """What pages have for whoever asked, made."""
    return YourTurn(pages, house.asking, access.snapshot, house.visitors)
