"""Ways of reading at a stand-by node: low data, polls, and a translation that only its reader wants."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import Any

import aiohttp
from msgspec.json import decode, encode

from moothall.adapters.reading.reader_client import follow
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.lanes import Feed
from support.cluster.nodes import NodeProcess
from support.cluster.process import RedisProcesses
from support.cluster.typing import Typist, house
from support.halls.process import CLOCK, FLOOR

PT = Feed(ChannelId("mt-pt"))


async def polled(http: aiohttp.ClientSession, node: NodeProcess, typist: Typist, after: str = "") -> dict[str, Any]:
    """One poll that waits for nothing."""
    query = {"channel": FLOOR.channel, "feed": "lines", "wait": "0", "after": after}
    address = f"{node.address}/s/{typist.session}/poll"
    async with http.get(address, params={key: value for key, value in query.items() if value}) as answer:
        assert answer.status == 200, await answer.text()
        told: dict[str, Any] = decode(await answer.read())
        return told


async def copied(http: aiohttp.ClientSession, node: NodeProcess, typist: Typist) -> str:
    """Comes back when the node has all that was typed by now; what it tells who begins to poll then."""
    wanted = typist.typed[-1].encode()
    while wanted not in (told := encode(await polled(http, node, typist))):
        await CLOCK.sleep(50)
    return told.decode()


async def test_polls_are_answered_from_a_nodes_own_copy(tmp_path: Path, redis_processes: RedisProcesses) -> None:
    """With the keeper frozen nothing could be carried."""
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist),
        aiohttp.ClientSession() as http,
    ):
        await copied(http, second, typist)
        begun = await polled(http, second, typist)
        await typist.types(3)
        new = typist.typed[-3:]
        await copied(http, second, typist)
        first.freeze()
        try:
            later = await polled(http, second, typist, begun["position"])
        finally:
            first.thaw()
        assert all(text in encode(later).decode() for text in new)
        assert "snapshot" not in encode(later).decode(), "it goes on from where the reader was"
        assert later["position"] > begun["position"] or len(later["position"]) > len(begun["position"])


async def test_little_data_comes_from_a_nodes_own_copy_and_goes_on_by_position(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with (
        house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist),
        aiohttp.ClientSession() as http,
    ):
        await copied(http, second, typist)
        seen = (await polled(http, second, typist))["position"]
        await typist.types(3)
        new = typist.typed[-3:]
        await typist.act("break", {"do": "pause"}, {"do": "resume"})  # What waits goes out with it.
        while "session.paused" not in encode(await polled(http, second, typist, seen)).decode():
            await CLOCK.sleep(50)
        first.freeze()
        try:
            address = f"{second.address}/s/{typist.session}/low?channel={FLOOR.channel}&feed=lines&after={seen}"
            async with http.get(address, headers={"Accept-Encoding": "gzip"}) as stream:
                assert (stream.status, stream.headers["Content-Encoding"]) == (200, "gzip")
                read = ""
                while "session.paused" not in read:
                    read += (await stream.content.readany()).decode()
        finally:
            first.thaw()
        assert all(text in read for text in new)
        assert typist.typed[0] not in read


async def test_what_only_a_reader_at_a_node_that_stands_by_wants_is_translated(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    """It asks for the language at one, and reads at another once the house has moved: no node that keeps it has been
    asked for the language but by that reader, over the link.
    """
    echo = {"MOOTHALL_TRANSLATION__TRANSLATORS": "echo", "MOOTHALL_TRANSLATION__LANGUAGES": "en"}
    redis = redis_processes.empty("valkey")
    async with (
        house(tmp_path, redis, 3, environment=echo) as ((first, second, third), typist),
        aiohttp.ClientSession() as http,
    ):
        status = 404
        while status == 404:  # The keeper's translators have yet to come.
            async with http.post(
                f"{second.address}/s/{typist.session}/language",
                data={"language": "pt"},
                headers={"Origin": second.address},
                allow_redirects=False,
            ) as asked:
                status, text = asked.status, await asked.text()
            await CLOCK.sleep(500)
        assert status == 303, text
        assert "mt-pt" in asked.headers["Location"]
        await first.kill()
        while not (second.keeps or third.keeps):
            await CLOCK.sleep(50)
        standing = third if second.keeps else second
        wanted = ""
        async with aclosing(follow(f"{standing.address}/s/{typist.session}", PT, CLOCK)) as frames:
            async for frame, _ in frames:
                wanted = wanted or f"[pt] Line {len(typist.typed) + 2}."
                if wanted.encode() in encode(frame):
                    break
        assert not standing.keeps
