from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.programme.news_door import MOST, NewsDoor
from moothall.adapters.programme.rows import AgendaRows, PublicSession
from moothall.core.events.types import Access
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.programme.changes import AgendaChange
from moothall.core.sessions.state import Status
from moothall.services.sessions.catalogue import Entry, Withdrawal

MEETINGS = [
    Entry(
        session=SessionId(f"m{n}"),
        status=Status.CLOSED,
        access=Access.PUBLIC,
        channel=ChannelId("floor"),
        opened=1_000_000 + 10_000 * n,
        closed=1_004_000 + 10_000 * n,
    )
    for n in range(MOST + 50)
]
OLD = replace(MEETINGS[3], withdrawals=(Withdrawal(offset=9, at=9_000_000, reason="request", events=1),))


class Unplanned(AgendaRows):
    """Sessions that have no plans."""

    def __init__(self) -> None:
        pass

    def public(self, listed: Iterable[Entry]) -> list[PublicSession]:
        return [PublicSession(entry=entry, plan=None, statement="") for entry in listed]

    def changed(self, sessions: Sequence[PublicSession], ui: Catalogue) -> Iterator[tuple[AgendaChange, str]]:
        return iter(())


async def listed() -> Sequence[Entry]:
    return [*MEETINGS[:3], OLD, *MEETINGS[4:]]


async def test_of_many_meetings_the_newest_news_are_told() -> None:
    pages, app = Pages(find_web_folder()), web.Application()
    door = NewsDoor(
        pages=pages,
        rows=Unplanned(),
        listed=listed,
        public="https://hall.example",
        house=lambda: "",
        speaker_of=lambda _: None,
    )
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as client, client.get("/news.json") as response:
        items = json.loads(await response.read())["items"]
    told = [(item["url"].rsplit("/", 1)[-1], item["tags"][0]) for item in items]
    ends = [(each.session, kind) for each in reversed(MEETINGS) for kind in ("closed", "begun")]
    assert told == [(OLD.session, "withdrawn"), *ends][:MOST]
