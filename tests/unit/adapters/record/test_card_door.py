"""Whose card is given, from memory or set anew, and where the common picture stands in for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import cast

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.programme.rows import AgendaRows, PublicSession
from moothall.adapters.record.card_door import MOST_KEPT, MOST_WAITING, TRIES, CardDoor
from moothall.adapters.record.card_setting import SessionCard
from moothall.adapters.record.typesetting import FontsMissing, TypesettingFailed
from moothall.core.events import types as ev
from moothall.core.events.types import Access
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.programme.plan import Planned
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Session
from moothall.services.log.publication import Publication
from moothall.services.programme.house_look import HouseLook
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.reader_access import ReadSession
from moothall.testing.book import MemoryBook
from support.sessions.record_maker import meeting

PAGES = Pages(find_web_folder())
S = SessionId("s")
ENTRY = Entry(
    session=S,
    title="Water",
    languages=("en",),
    status=Status.OPEN,
    access=Access.PUBLIC,
    channel=ChannelId("floor"),
    opened=1_764_000_000_000,
)
PLAN = Planned(session=S, title="Water", starts=1_764_000_000_000, ends=1_764_003_600_000)
RECORDS = tuple(meeting().records[:1])
Client = TestClient[web.Request, web.Application]


class Planning(AgendaRows):
    """Every session is planned in one place."""

    def __init__(self, plan: Planned | None) -> None:
        self.plan = plan

    def public(self, listed: Iterable[Entry]) -> list[PublicSession]:
        return [PublicSession(entry=entry, plan=self.plan, statement="") for entry in listed]

    def place(self, plan: Planned | None) -> str:
        return "" if plan is None else "Room 4"


class Published:
    """A session of which something is published."""

    id = S


class Cards:
    """A door whose cards are set by hand: each is its JSON."""

    def __init__(self, plan: Planned | None = None) -> None:
        self.entries: dict[SessionId, Entry] = {S: ENTRY}
        self.wrong: Exception | None = None
        self.set: list[SessionCard] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun, self.crowded = asyncio.Event(), asyncio.Event()
        self.asked = 0
        self.changing = False
        self.away = False
        self.door = CardDoor(
            pages=PAGES,
            rows=Planning(plan),
            look=HouseLook(book=MemoryBook()),
            entry_of=self.entry_of,
            typeset=self.typeset,
        )

    async def entry_of(self, session: SessionId) -> Entry | None:
        self.asked += 1
        if self.asked == MOST_WAITING:
            self.crowded.set()
        if self.away:
            raise StorageUnavailable("gone")
        return self.entries.get(session)

    async def typeset(self, data: bytes) -> bytes:
        self.set.append(msgspec.json.decode(data, type=SessionCard))
        self.begun.set()
        await self.gate.wait()
        if self.changing:
            self.entries[S] = replace(ENTRY, title=f"Water {len(self.set)}")
        if self.wrong is not None:
            raise self.wrong
        return data

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        app = web.Application()
        app.add_routes(self.door.routes())
        async with TestClient(TestServer(app)) as client:
            yield client

    def published(self, event: ev.AnyEvent) -> None:
        self.door.observe(cast("ReadSession", Published()), Publication(session=S, records=RECORDS, events=(event,)))


async def status(client: Client, session: str = S, ui: str = "en") -> int:
    async with client.get(f"/s/{session}/card.png?ui={ui}", allow_redirects=False) as response:
        if response.status == 302:
            assert response.headers["Location"] == PAGES.card
            assert response.headers["Cache-Control"] == "no-store"
        return response.status


async def test_a_card_is_set_once_in_each_language_and_anew_once_it_shows_something_else() -> None:
    cards = Cards(PLAN)
    async with cards.client() as client:
        for _ in range(2):
            assert await status(client) == await status(client, ui="ar") == 200
        english, arabic = cards.set
        assert (english.title, english.state, english.facts[1]) == ("Water", "Live", "Room 4")
        assert "24" in english.facts[0]
        assert (arabic.language, arabic.title_language) == ("ar", "en")
        cards.entries[S] = replace(ENTRY, title="Land", cancelled="")
        assert await status(client) == 200
        assert (cards.set[-1].title, cards.set[-1].state) == ("Land", "Cancelled")
    assert len(cards.set) == 3


async def test_before_it_has_begun_a_card_says_nothing_of_its_state() -> None:
    cards = Cards()
    cards.entries[S] = replace(ENTRY, status=Status.CREATED, opened=None, title=" ")
    async with cards.client() as client:
        assert await status(client) == 200
    assert (cards.set[0].title, cards.set[0].facts, cards.set[0].state) == ("Meeting without a title", (), "")


@pytest.mark.parametrize(
    "entry",
    [
        replace(ENTRY, access=Access.LINK),
        replace(ENTRY, access=Access.STAFF),
        replace(ENTRY, rehearsal=True),
        replace(ENTRY, status=Status.ABSENT),
    ],
    ids=["by link", "staff", "rehearsal", "absent"],
)
async def test_a_session_that_not_everybody_may_read_has_none_also_when_it_had_one(entry: Entry) -> None:
    cards = Cards()
    async with cards.client() as client:
        assert await status(client) == 200
        cards.entries[S] = entry
        assert await status(client) == await status(client, "nosuchone") == 404
        cards.away = True
        assert await status(client) == 503
    assert len(cards.set) == 1


@pytest.mark.parametrize(
    "event",
    [
        ev.BodyRemoved(offsets=(1,), reason="request", by="s"),
        ev.SessionDescribed(title="Land"),
        ev.SessionArranged(access=Access.STAFF, sound=ev.SoundKept.NONE),
    ],
)
async def test_removed_or_renamed_it_leaves_memory_at_once(event: ev.AnyEvent) -> None:
    cards = Cards()
    async with cards.client() as client:
        assert await status(client) == 200
        cards.published(ev.SessionReopened(t=0))
        assert cards.door._kept
        cards.published(event)
        assert not cards.door._kept


async def test_what_changes_while_it_is_set_is_not_given_and_not_kept() -> None:
    cards = Cards()
    cards.gate.clear()
    async with cards.client() as client, asyncio.TaskGroup() as group:
        asked = group.create_task(status(client))
        await cards.begun.wait()
        cards.entries[S] = replace(ENTRY, access=Access.LINK)
        cards.gate.set()
        assert await asked == 404
        assert not cards.door._kept
        cards.entries[S], cards.changing = ENTRY, True
        assert await status(client) == 302
        assert len(cards.set) == 1 + TRIES


@pytest.mark.parametrize(("wrong", "tried"), [(FontsMissing("none"), 1), (TypesettingFailed("slow"), 2)])
async def test_where_it_cannot_be_set_the_common_picture_stays(wrong: Exception, tried: int) -> None:
    cards = Cards()
    cards.wrong = wrong
    async with cards.client() as client:
        assert await status(client) == await status(client) == 302
        assert len(cards.set) == tried
        cards.door.typeset = None
        cards.entries[S] = replace(ENTRY, title="Land")
        assert await status(client) == 302


async def test_few_wait_and_few_are_kept() -> None:
    cards = Cards()
    cards.entries |= {SessionId(f"s{n}"): replace(ENTRY, session=SessionId(f"s{n}")) for n in range(MOST_KEPT + 1)}
    async with cards.client() as client, asyncio.TaskGroup() as group:
        cards.gate.clear()
        waiting = [group.create_task(status(client, f"s{n}")) for n in range(MOST_WAITING)]
        await cards.crowded.wait()
        assert await status(client) == 302
        cards.gate.set()
        assert [await each for each in waiting] == [200] * MOST_WAITING
        for n in range(MOST_KEPT + 1):
            await cards.door._found(SessionId(f"s{n}"), PAGES.catalogues["en"])
    assert len(cards.door._kept) == MOST_KEPT


def test_pages_name_the_card_of_public_sessions_by_what_it_shows() -> None:
    pages, ui = Pages(find_web_folder()), PAGES.catalogues["en"]
    session = Session(id=S, title="Water", access=Access.PUBLIC)
    assert pages.card_of(session, ui) == pages.card, "such as at a hub"
    pages.cards = True
    address = pages.card_of(session, ui)
    assert address.startswith("/s/s/card.png?ui=en&v=")
    changed = [replace(session, title="Land"), replace(session, status=Status.OPEN), replace(session, cancelled="")]
    assert len({address, *(pages.card_of(each, ui) for each in changed)}) == 4
    for hidden in (replace(session, access=Access.LINK), replace(session, rehearsal=True)):
        assert pages.card_of(hidden, ui) == pages.card
