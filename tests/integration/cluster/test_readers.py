"""Readers at a stand-by node: served from its copy, with the keeper's signals, and counted at the keeper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import aiohttp
from msgspec.json import encode

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.reading.reader_client import follow
from moothall.core.kernel.lanes import Feed
from moothall.services.metrics.measures import FEWEST_READERS
from moothall.wire.cached_feed import CachedText
from moothall.wire.cluster.node_link import PATH
from moothall.wire.frames import Received
from support.cluster.nodes import NodeProcess
from support.cluster.process import RedisProcesses
from support.cluster.typing import Typist, house
from support.halls.process import CLOCK, FLOOR

LIVE = Feed(FLOOR.channel, live=True)


async def seen(node: NodeProcess, typist: Typist, text: str) -> None:
    """A reader who comes to a node now sees a line there."""
    async with aclosing(follow(f"{node.address}/s/{typist.session}", FLOOR, CLOCK)) as frames:
        async for frame, _ in frames:
            if text.encode() in encode(frame):
                return


@asynccontextmanager
async def reader(node: NodeProcess, typist: Typist) -> AsyncIterator[asyncio.Queue[Received]]:
    """Frames as one reader gets them."""
    frames: asyncio.Queue[Received] = asyncio.Queue()

    async def read() -> None:
        async for frame, _ in follow(f"{node.address}/s/{typist.session}", LIVE, CLOCK):
            frames.put_nowait(frame)

    task = asyncio.ensure_future(read())
    try:
        yield frames
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_readers_at_a_third_node_read_on_while_the_keeper_dies(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    """On one connection: what they see comes from its own copy, and is what was acknowledged, once."""
    redis = redis_processes.empty("valkey")
    async with house(tmp_path, redis, 3) as (nodes, typist):
        first, second, third = nodes
        await seen(third, typist, typist.typed[-1])
        async with aiohttp.ClientSession() as http, http.get(f"{third.address}/s/{typist.session}/text") as text:
            await typist.types(3)
            await first.kill()
            while not (second.keeps or third.keeps):
                await CLOCK.sleep(50)
            await typist.types(3)
            last, read = typist.typed[-1], ""
            while second.keeps and last not in read:
                read += (await text.content.readany()).decode()
        if second.keeps:
            shown = [line for line in read.splitlines() if line.startswith("Line ")]
            assert shown == typist.typed[: len(shown)]
        await seen(third, typist, typist.typed[-1])


async def test_readers_are_counted_at_the_keeper(tmp_path: Path, redis_processes: RedisProcesses) -> None:
    async with house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist):
        async with AsyncExitStack() as stack:
            for _ in range(FEWEST_READERS):
                frames = await stack.enter_async_context(reader(second, typist))
                assert (await frames.get()).snapshot is not None
            while (await Caller(first.data).status()).readers != FEWEST_READERS:
                await CLOCK.sleep(50)
            # A microphone's page reads along and is no reader; only the keeper knows whose it is.
            address = f"{second.address}/s/{typist.session}/events?as=microphone"
            async with aiohttp.ClientSession() as http, http.get(address) as beside:
                assert beside.status == 200
                assert (await Caller(second.data).status()).readers == FEWEST_READERS
        while (await Caller(first.data).status()).readers:
            await CLOCK.sleep(50)


async def test_a_session_that_not_everybody_may_read_and_the_link_itself_are_the_keepers(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), _),
        aiohttp.ClientSession() as http,
    ):
        for node in (first, second):
            for path in ("/s/nothing/events", PATH, "/node/%6Cink"):
                async with http.get(node.address + path, headers={"Upgrade": "websocket"}) as answer:
                    assert answer.status == 404, path


async def test_the_cached_feed_comes_from_a_nodes_own_copy(tmp_path: Path, redis_processes: RedisProcesses) -> None:
    """With the keeper frozen nothing could be carried."""
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist),
        aiohttp.ClientSession() as http,
    ):
        await typist.types(40)
        await seen(second, typist, typist.typed[-1])
        address, text = f"{second.address}/s/{typist.session}/cached/floor", CachedText()
        first.freeze()
        try:
            async with http.get(address) as answer:
                assert answer.status == 200
                missing = text.take(await answer.read())
            assert missing
            for name in missing:
                async with http.get(f"{address}/{name}") as answer:
                    text.fill(name, await answer.read())
        finally:
            first.thaw()
        assert len(text.lines) >= 40
        assert [line.text for line in text.lines] == [f"Line {n}." for n in range(1, len(text.lines) + 1)]
