"""A captioner whose page is open at the node that stands by, over a take-over; and what goes out to programs: from both
nodes the same, from a hub nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from msgspec.json import encode

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.reading.reader_client import follow
from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.core.kernel.errors import ProtocolError
from moothall.core.signals import Typing
from moothall.core.tokens.scopes import TokenScope
from moothall.services.programme.office import TokenOrder
from support.cluster.nodes import NodeProcess
from support.cluster.process import RedisProcesses
from support.cluster.typing import Typist, house, texts
from support.desks.persistent import PersistentDesk
from support.halls.process import CLOCK, FLOOR, free_port
from support.halls.programs import Program
from support.hubs.processes import HubProcess

pytestmark = pytest.mark.timeout(150)
DOORS = ("/captions?event={session}&last=0", "/text-data.ashx?event={session}&last=0", "/s/{session}/captions.m3u8")


class Reader:
    """A reader of the floor: what captioners are typing, and the lines that came."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._news = asyncio.Condition()
        self.typing: dict[str, str] = {}
        self.lines: list[str] = []

    async def read(self) -> None:
        async for frame, _ in follow(self._address, FLOOR, CLOCK, tries=200):
            async with self._news:
                for signal in frame.signals:
                    if isinstance(signal, Typing):
                        self.typing[signal.segment] = signal.text
                events = [decode_event(each.original) for each in frame.events if each.original is not None]
                self.lines += [event.text for event in events if isinstance(event, le.SegmentEnded)]
                self._news.notify_all()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with self._news:
            await self._news.wait_for(holds)


@asynccontextmanager
async def reader(node: NodeProcess, typist: Typist) -> AsyncIterator[Reader]:
    """A reader at a node."""
    made = Reader(f"{node.address}/s/{typist.session}")
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(made.read())
        yield made
        reading.cancel()


async def captioners_link(http: aiohttp.ClientSession, node: NodeProcess, session: str) -> str:
    """The token of a captioner's link."""
    keeper = Caller(node.data)
    token = await keeper.make_token(TokenOrder(label="links", scopes=(TokenScope.LINKS,), days=1))
    program = Program(http, node.address, token)
    status, told = await program.ask("POST", "/api/links", {"roles": ["captioner"], "sessions": [session]})
    assert status == 200, told
    return str(told["made"][0]["address"].rpartition("/enter/")[2])


async def test_a_captioner_at_a_node_that_stands_by_goes_on_when_that_one_keeps_the_house(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist),
        aiohttp.ClientSession() as http,
        reader(second, typist) as seen,
    ):
        session = typist.session
        desk = PersistentDesk([second.address], await captioners_link(http, first, session), again_s=0.1)

        async def write(line: str, text: str) -> None:
            command = {"do": "type", "channel": "floor", "segment": line, "text": text, "language": "en"}
            answer = await desk.send(session, "act", {"id": line, "commands": [command]})
            assert "refusal" not in answer, answer

        async def typed(text: str) -> None:
            """What the page sends with each letter, until readers have it."""
            answer = await desk.send(session, "typing", {"line": "c2", "text": text, "language": "en"})
            assert "refusal" not in answer, answer
            await seen.until(lambda: seen.typing.get("c2") == text)

        await write("c1", "Before the take-over.")
        # What is being typed is in no log: a reader who isn't there yet would never have it.
        await seen.until(lambda: bool(seen.lines))
        await typed("What I was ty")
        await first.kill()
        await second.until("keeps the house")
        # Its answer may have been lost with the node: the page sends it again, and what it was typing too.
        await write("c1", "Before the take-over.")
        await typed("What I was typing")
        for _ in range(2):
            await write("c2", "What I was typing then.")
        await write("c3", "Behind it.")
        await seen.until(lambda: "Behind it." in seen.lines)
        await desk.close()
        wanted = ["Before the take-over.", "What I was typing then.", "Behind it."]
        assert [line for line in texts(second, session) if not line.startswith("Line ")] == wanted
        assert [line for line in seen.lines if not line.startswith("Line ")] == wanted


@pytest.mark.slow  # 24 s of real time.
async def test_both_nodes_give_captions_to_programs_and_a_hub_gives_none_but_has_the_text(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    hub = HubProcess(tmp_path / "hub", free_port(232))
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist),
        aiohttp.ClientSession() as http,
    ):
        session = typist.session
        await hub.pair(second.address, typist.planned.words)
        await hub.start()
        try:
            await hub.until_uplink("good")
            await has_newest(hub, typist)
            first_piece = await piece(http, first.address, session)
            told = {"content": "Line 1. ", "languageCode": "en", "source": "Written by a person"}
            assert first_piece == {**told, "lastPosition": first_piece["lastPosition"]}
            assert await piece(http, second.address, session) == first_piece, "with the same position"
            for door in DOORS:
                path = door.format(session=session)
                for address, status in ((second.address, 200), (hub.address, 404)):
                    async with http.get(f"{address}{path}") as answer:
                        assert answer.status == status, (address, path)
            for path in ("/captions?session=s&channel=floor&key=x", "/closedcaption?id=x&seq=1"):
                async with http.post(f"{hub.address}{path}", data=b"Not here.") as answer:
                    assert answer.status in {403, 404, 405}, path
            await first.kill()
            await second.until("keeps the house")
            await typist.types(2)
            await has_newest(hub, typist)
            assert await piece(http, second.address, session) == first_piece
        finally:
            await hub.stop()
    assert "Not here." not in texts(second, session)


async def has_newest(hub: HubProcess, typist: Typist) -> None:
    """Comes back when readers of the hub have what was typed by now."""
    wanted = typist.typed[-1].encode()
    while True:
        try:
            async with aclosing(follow(f"{hub.address}/s/{typist.session}", FLOOR, CLOCK, tries=200)) as frames:
                async for frame, _ in frames:
                    if wanted in encode(frame):
                        return
        except ProtocolError:  # The hub doesn't have the session yet.
            await CLOCK.sleep(100)


async def piece(http: aiohttp.ClientSession, address: str, session: str) -> dict[str, object]:
    """The first piece of the text, as a program for StreamText gets it."""
    while True:
        async with http.get(f"{address}/captions?event={session}&last=0") as answer:
            if answer.status == 200:
                found: dict[str, object] = json.loads(await answer.text())
                return found
            assert answer.status in {404, 503}, await answer.text()  # Not copied yet.
        await CLOCK.sleep(50)
