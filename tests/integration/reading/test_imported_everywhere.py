"""An imported meeting is nowhere before a ground is stated, everywhere with it, and nowhere again without.

That a session of the staff shows at no door at all is in `test_strangers.py`; here it becomes one again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import aiohttp
import pytest

from moothall.app.hall import RunningServer, hall
from moothall.core.events.types import Access
from moothall.core.proof.entries import read_bundle
from moothall.core.proof.notes import read_head, read_note
from moothall.record.imports.whole_file import read_file
from moothall.services.programme.past_records import PastRecords, PublishOrder
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.proof.ahead import AheadClock

TITLE, WORDS = "Harbour opening", "The lighthouse keeper waits."
VTT = f"WEBVTT\n\n00:01.000 --> 00:02.000\n{WORDS}\n".encode()
HEADERS = {"Accept-Language": "en", "Accept": "application/json, text/html"}
LISTS = (
    "/",
    "/agenda",
    "/agenda.ics",
    "/sitemap.xml",
    "/news.atom",
    "/news.json",
    "/withdrawals.json",
    "/search?q=lighthouse",
    "/records.jsonl",
)
"""Lists, and what is made of all public meetings."""
OF_ONE = (
    "",
    "/read",
    "/low",
    "/embed",
    "/text?all=1",
    "/record.vtt",
    "/record.json",
    "/bundle.zip",
    "/versions",
    "/line/{line}",
    "/history/{line}",
    "/proof?line={line}",
    "/line.tlog-proof?line={line}",
    "/cite.txt?from={line}",
)


class Visitor:
    """Somebody without a link, at a server to which a meeting was imported."""

    def __init__(self, running: RunningServer, clock: AheadClock, http: aiohttp.ClientSession) -> None:
        self.running, self.clock, self.http = running, clock, http
        file = read_file(VTT, f"2019-11-25 {TITLE} (en).vtt", zone=UTC, unnamed=(), young_people=False)
        self.file, self.session = file, file.meeting.session
        self.records = PastRecords(running.backend.programme)

    async def state(self, access: Access) -> None:
        await self.records.publish(PublishOrder(session=self.session, access=access, ground="It was held in public."))
        await self.settle()

    async def settle(self) -> None:
        """Have the index and the tree take in what has happened."""
        await self.running.backend.indexing.catch_up()
        await self.clock.grow(self.running)

    async def status(self, path: str) -> int:
        """The status alone: the text for few data is a stream that stays open."""
        async with self.http.get(f"{self.running.address}{path}", headers=HEADERS) as answer:
            return answer.status

    async def get(self, path: str) -> tuple[int, bytes]:
        async with self.http.get(f"{self.running.address}{path}", headers=HEADERS) as answer:
            return answer.status, await answer.read()

    async def of_one(self) -> dict[str, int]:
        """The status of each address of the meeting."""
        line = "floor-i1"
        found = {path: await self.status(f"/s/{self.session}{path.format(line=line)}") for path in OF_ONE}
        return found | {"/oembed": await self.status(f"/oembed?url=/s/{self.session}")}

    async def listed(self) -> set[str]:
        """The lists that have it."""
        names = (self.session.encode(), TITLE.encode(), b"keeper")
        bodies = {path: (await self.get(path))[1] for path in LISTS}
        return {path for path, body in bodies.items() if any(name in body for name in names)}

    async def in_tree(self) -> bool:
        """Whether its events are among the entries of the public tree that are given out."""
        head = read_head(read_note((await self.get("/log/checkpoint"))[1]).text)
        status, body = await self.get(f"/log/open-entries/000.p/{head.size}")
        assert status == 200
        return any(self.session.encode() in entry for entry in read_bundle(body))


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[Visitor]:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    clock = AheadClock()
    async with hall(settings, clock=clock) as running, aiohttp.ClientSession() as http:
        made = Visitor(running, clock, http)
        await made.records.whole(made.file, by="operator")
        await made.settle()
        yield made


async def test_it_is_there_as_long_as_a_ground_is_stated(visitor: Visitor) -> None:
    before = await visitor.of_one()
    assert set(before.values()) == {404}
    assert (await visitor.listed(), await visitor.in_tree()) == (set(), False)
    await visitor.state(Access.PUBLIC)
    assert set((await visitor.of_one()).values()) == {200}
    assert (await visitor.listed(), await visitor.in_tree()) == (set(LISTS), True)
    await visitor.state(Access.STAFF)
    assert await visitor.of_one() == before
    assert (await visitor.listed(), await visitor.in_tree()) == (set(), False)


async def test_by_link_and_unlisted_it_is_in_no_list(visitor: Visitor) -> None:
    await visitor.state(Access.LINK)
    assert set((await visitor.of_one()).values()) == {404}
    assert (await visitor.listed(), await visitor.in_tree()) == (set(), False)
    order = PublishOrder(session=visitor.session, access=Access.PUBLIC, ground="It was public.", listed=False)
    await visitor.records.publish(order)
    await visitor.settle()
    assert set((await visitor.of_one()).values()) == {200}
    assert await visitor.listed() == set()
