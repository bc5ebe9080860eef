"""The doors of those who ask: the form, the author's page, what is typed in a turn; and what readers report as rude."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.templates import Pages
from moothall.adapters.questions.about_door import AboutDoor
from moothall.adapters.questions.abuse_door import AbuseDoor
from moothall.adapters.questions.asking_door import AskingDoor
from moothall.adapters.questions.author_page import AuthorPage
from moothall.adapters.questions.typing_door import TypingDoor
from moothall.adapters.reading.your_turn import Mine, YourTurn, mine_of
from moothall.app.backend import House
from moothall.core.kernel.ids import SessionId
from moothall.services.questions.abuse_reports import AbuseReports
from moothall.services.sessions.reader_access import ReaderAccess


def asking_doors(
    house: House,
    pages: Pages,
    access: ReaderAccess,
    *,
    public: str,
    address_of: Callable[[web.Request], str],
) -> tuple[AskingDoor, TypingDoor, AboutDoor]:
    """Made. `public`: the address that links say."""

    def hubs_of(session: SessionId) -> dict[str, str]:
        return {name: house.hubs.title_of(name) or label for name, label in access.hubs(session).items()}

    author_page = AuthorPage(pages, house.typing, house.randomness, house.balance)
    asking = AskingDoor(
        pages,
        house.asking,
        visitors=house.visitors,
        author_page=author_page,
        clock=house.clock,
        randomness=house.randomness,
        snapshot_of=access.snapshot,
        hubs_of=hubs_of,
        secure=public.startswith("https://"),
        address_of=address_of,
        balance=house.balance,
    )
    typing = TypingDoor(
        pages,
        house.asking,
        house.typing,
        author_page=author_page,
        clock=house.clock,
        randomness=house.randomness,
        snapshot_of=access.snapshot,
        address_of=address_of,
    )
    about = AboutDoor(
        pages,
        house.asking,
        house.balance,
        author_page=author_page,
        clock=house.clock,
        randomness=house.randomness,
        snapshot_of=access.snapshot,
        address_of=address_of,
    )
    return asking, typing, about


def your_turn(house: House, pages: Pages, access: ReaderAccess) -> YourTurn:
    """What pages have for whoever asked, made."""

    async def mine(session: SessionId, visitor: str, ui: Catalogue) -> list[Mine]:
        return [mine_of(own, token, ui) for token, own in await house.asking.open_of(session, visitor)]

    return YourTurn(pages, mine, access.snapshot, house.visitors)


def abuse_door(
    house: House,
    pages: Pages,
    access: ReaderAccess,
    reports: AbuseReports,
    *,
    address_of: Callable[[web.Request], str],
) -> AbuseDoor:
    """Made."""
    return AbuseDoor(
        pages,
        reports,
        visitors=house.visitors,
        clock=house.clock,
        randomness=house.randomness,
        snapshot_of=access.snapshot,
        address_of=address_of,
    )
