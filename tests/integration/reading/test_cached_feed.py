"""The cached feed of a real hall behind real nginx, set up as docs/how-to/cached-feed.md says.

unit/adapters/cached/test_cached_door.py tests the door's own answers without nginx.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from moothall.app.hall import RunningServer, hall
from moothall.cli.main import main
from moothall.core import commands as do
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.wire.cached_feed import CachedText
from support.halls.process import CLOCK, free_port
from support.halls.removal import FLOOR, HIDDEN, OTHER, SESSION, asked, at_a_desk, held
from support.links.cache import Counted, cache
from support.links.proxies import missing

TYPIST = Actor(Role.CAPTIONER, "typist")
BOUND_S = 10.0
"""From the answer to a removal until nothing of it is given out by a cache."""
LINES = 60


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningServer]:
    server = Server(port=0, data=str(tmp_path / "data"))
    async with hall(
        Settings(server=server, engine=EngineSection(count=0), translation=Translation(translators=()))
    ) as made:
        await held(made)
        await say(made, 0, LINES)
        yield made


def now() -> float:
    """Seconds of a clock that never runs back."""
    return CLOCK.monotonic() / 1_000


async def say(running: RunningServer, first: int, last: int) -> None:
    """Lines of one typist."""
    live = await running.backend.sessions.open(SESSION)
    for n in range(first, last):
        line = do.TypeSegment(
            channel=FLOOR, segment=SegmentId(f"t{n}"), text=HIDDEN if n == 3 else f"Line {n}.", language="en"
        )
        assert isinstance(await live.writer.send(TYPIST, CommandId(f"t{n}"), line), Receipt)


async def close(running: RunningServer) -> None:
    live = await running.backend.sessions.open(SESSION)
    assert isinstance(await live.writer.send(SYSTEM, CommandId("close"), do.CloseSession()), Receipt)


@asynccontextmanager
async def cached(running: RunningServer, folder: Path) -> AsyncIterator[tuple[str, Counted]]:
    """The address of the text at nginx, and what comes through to the server."""
    if why := missing("nginx"):
        pytest.skip(why)
    port = free_port(7)
    async with (
        Counted(int(running.address.rpartition(":")[2])).running() as counted,
        cache(folder / "nginx", port, counted.port),
    ):
        yield f"http://127.0.0.1:{port}/s/{SESSION}/cached/floor", counted


async def get(http: aiohttp.ClientSession, address: str) -> tuple[int, bytes]:
    async with http.get(address) as answer:
        return answer.status, await answer.read()


async def read(http: aiohttp.ClientSession, address: str, text: CachedText) -> None:
    """Have a reader look, until it has all."""
    while True:
        for name in text.take((await get(http, address))[1]):
            status, page = await get(http, f"{address}/{name}")
            if status == 200:
                text.fill(name, page)
        if text.whole:
            return


async def test_a_hundred_readers_cost_the_server_what_one_does(running: RunningServer, tmp_path: Path) -> None:
    async with cached(running, tmp_path) as (address, counted), aiohttp.ClientSession() as http:
        began = now()
        for _ in range(5):
            texts = [CachedText() for _ in range(100)]
            await asyncio.gather(*(read(http, address, text) for text in texts))
            assert all(len(text.lines) == LINES + 2 for text in texts)
        took = now() - began
        # Each answer is asked for anew once a second at most, by whoever comes first.
        assert max(counted.asked.values()) <= took + 2, (counted.asked, took)
        assert len(counted.asked) == 3


async def test_what_is_hung_onto_an_address_is_no_other_answer(running: RunningServer, tmp_path: Path) -> None:
    async with cached(running, tmp_path) as (address, counted), aiohttp.ClientSession() as http:
        began = now()
        bodies = {(await get(http, f"{address}?x={n}"))[1] for n in range(50)}
        assert len(bodies) == 1
        assert counted.asked.total() <= now() - began + 2


async def test_what_is_removed_is_in_no_answer_of_the_cache_within_its_bound(
    running: RunningServer, tmp_path: Path
) -> None:
    async with cached(running, tmp_path) as (address, _), aiohttp.ClientSession() as http:
        text = CachedText()
        await read(http, address, text)
        assert HIDDEN in " ".join(line.text for line in text.lines)
        assert text.contents is not None
        old = [f"{address}/{name}" for name in text.contents.pages]
        assert HIDDEN.encode() in b"".join([(await get(http, each))[1] for each in old])
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b", "t3"]})
        began = now()
        while HIDDEN in " ".join(line.text for line in text.lines) or HIDDEN.encode() in b"".join(
            [(await get(http, each))[1] for each in old]
        ):
            await read(http, address, text)
            assert now() - began < BOUND_S
            await CLOCK.sleep(50)
        assert len(text.lines) == LINES


async def test_the_text_put_together_is_the_record(running: RunningServer, tmp_path: Path) -> None:
    live = await running.backend.sessions.open(SESSION)
    mend = do.CorrectSegment(channel=FLOOR, segment=SegmentId("a"), base_revision=0, base_words=2, text="Good evening.")
    assert isinstance(await live.writer.send(Actor(Role.CAPTIONER, "c"), CommandId("mend"), mend), Receipt)
    async with cached(running, tmp_path) as (address, _), aiohttp.ClientSession() as http:
        text = CachedText()
        await read(http, address, text)
        record = json.loads((await get(http, f"{running.address}/s/{SESSION}/record.json"))[1])
    names = ("id", "t0", "t1", "language", "origin", "name", "mended", "accepted", "text")
    said = [
        (each.segment, each.t0, each.t1, each.language, each.origin, each.name, each.mended, each.accepted, each.text)
        for each in text.lines
    ]
    assert said == [tuple(line[name] for name in names) for line in record["lines"]]


async def test_a_script_reads_the_text_by_the_cache(running: RunningServer, tmp_path: Path) -> None:
    await close(running)
    async with cached(running, tmp_path) as (address, counted):
        out = tmp_path / "read.jsonl"
        arguments = ["read", "--cached", address.removesuffix("/cached/floor"), "--jsonl", str(out)]
        assert await asyncio.to_thread(main, arguments) == 0
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert {row["text"] for row in rows} > {f"Line {n}." for n in range(4, LINES)}
        assert {row["kind"] for row in rows} == {"commit"}
        assert len(rows) == LINES + 2
        assert counted.asked


async def test_a_session_that_not_everybody_may_read_is_not_there_whatever_one_has_opened(
    running: RunningServer, tmp_path: Path
) -> None:
    live = await running.backend.sessions.open(OTHER)
    begun = (
        do.CreateSession(title="Closed", languages=("en",), access=Access.STAFF),
        do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
        do.OpenSession(),
    )
    assert isinstance(await live.writer.send(SYSTEM, CommandId("begin"), begun), Receipt)
    _, token = await running.backend.links.create(Role.SECRETARIAT, "hall", "somebody")
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with cached(running, tmp_path) as (address, _), aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False) as entered:
            assert entered.status == 303
        closed = f"{running.address}/s/{OTHER}"
        assert (await get(http, closed))[0] == 200  # The link is one.
        for each in (f"{closed}/cached/floor", address.replace(SESSION, OTHER)):
            status, body = await get(http, each)
            assert status == 404
            assert b"Closed" not in body
