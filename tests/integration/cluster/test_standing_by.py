"""What a node serves by itself while nobody keeps the house."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp

from moothall.adapters.cluster.book_redis import RedisBook
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.system.clock import SystemClock
from moothall.app.cluster.house import House, redis_server
from moothall.app.cluster.standing_by import standing_by
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.base import Event
from moothall.core.kernel.ids import SegmentId
from moothall.core.ports import Clock
from moothall.services.cluster.reading import CACHED_MS, CUT_OFF_MS
from moothall.services.metrics.measures import FEWEST_READERS
from moothall.settings.sections import Cluster, Metrics, Server, Settings
from moothall.wire.close_codes import CloseCode
from support.cluster.process import RedisProcess, RedisProcesses
from support.halls.process import CLOCK, FLOOR, free_port
from support.sessions.recorder import EPOCH, SESSION, Recorder

SHEET = re.compile(r'href="(/static/[^"]+\.css)"')


@asynccontextmanager
async def standing(
    folder: Path, redis: RedisProcess, metrics: int = 0, clock: Clock | None = None
) -> AsyncIterator[tuple[House, str]]:
    """A node that stands by, and where it is; there may be no keeper."""
    settings = Settings(
        server=Server(data=str(folder / "data")),
        metrics=Metrics(host="127.0.0.1" if metrics else "", port=metrics or 9464),
        cluster=Cluster(
            redis=f"redis://127.0.0.1:{redis.port}",
            node="n1",
            number=1,
            address="http://127.0.0.1:1",
            key_file=str(folder / "nodes.key"),
        ),
    )
    server, listener = redis_server(settings), socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    house = House(settings, clock or SystemClock(), server, RedisLog(server, "n1"), RedisBook(server, "n1"))
    async with standing_by(house, listener):
        yield house, address
    await server.close()


async def test_a_page_looks_like_one_also_while_nobody_keeps_the_house(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    async with standing(tmp_path, redis_processes.empty("valkey")) as (_, address), aiohttp.ClientSession() as client:
        async with client.get(f"{address}/s/plenary", headers={"Accept": "text/html"}) as page:
            assert (page.status, page.headers["Retry-After"]) == (503, "1")
            assert "default-src 'self'" in page.headers["Content-Security-Policy"]
            sheets = SHEET.findall(await page.text())
        assert sheets
        for sheet in sheets:
            async with client.get(f"{address}{sheet}") as file:
                assert (file.status, file.content_type) == (200, "text/css")
        name = sheets[0].split("/", 3)[3]
        async with client.get(f"{address}/static/another/{name}") as file:
            assert file.status == 503  # Of another release: the keeper has it.
        async with client.get(f"{address}/readyz") as ready:
            assert ready.status == 503
        async with client.get(f"{address}/healthz") as alive:
            assert alive.status == 200


async def test_a_node_stands_by_while_its_search_index_cannot_be_opened(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "search").write_bytes(b"a file in place of the folder")
    async with (
        standing(tmp_path, redis_processes.empty("valkey")) as (_, address),
        aiohttp.ClientSession() as client,
        client.get(f"{address}/healthz") as alive,
    ):
        assert alive.status == 200


def said() -> list[LogRecord]:
    """The events of a session that is on."""
    recorder = Recorder()
    made = ev.SessionCreated(title="Plenary", languages=("en",))
    floor = ev.ChannelAdded(channel=FLOOR.channel, kind=ev.ChannelKind.FLOOR, languages=("en",))
    return [recorder.record(each) for each in (made, floor, ev.SessionOpened(wall=1))]


async def written(house: House, records: Sequence[LogRecord]) -> None:
    """A keeper wrote these, and the node follows them by now."""
    keeper = RedisLog(house.server, "n9")
    head = await keeper.acquire(SESSION, EPOCH, 9_009_000)
    await keeper.append(SESSION, head.term, 0, records)
    while house.following is None or house.following.end(SESSION) < len(records):
        await CLOCK.sleep(20)


async def served(client: aiohttp.ClientSession, address: str) -> None:
    """Comes back once the node has caught up with the others, and so shows what it has."""
    status = 503
    while status == 503:
        async with client.get(f"{address}/s/{SESSION}/poll?channel={FLOOR.channel}&feed=lines&wait=0") as answer:
            status = answer.status


async def test_a_node_tells_of_its_readers_whom_it_serves_also_while_nobody_keeps_the_house(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    redis, port = redis_processes.empty("valkey"), free_port(410)
    async with standing(tmp_path, redis, port) as (house, address), aiohttp.ClientSession() as client:
        await written(house, said())
        await served(client, address)
        async with AsyncExitStack() as stack:
            for _ in range(FEWEST_READERS):
                stream = client.get(f"{address}/s/{SESSION}/events?channel={FLOOR.channel}&feed=lines")
                assert (await stack.enter_async_context(stream)).status == 200
            async with client.get(f"http://127.0.0.1:{port}/metrics") as answer:
                told = await answer.text()
        assert f'moothall_readers{{door="events",language="en"}} {FEWEST_READERS}.0' in told
        assert "moothall_house_kept 0.0" in told
        assert "moothall_ready 0.0" in told
        assert "moothall_keeper_silence_seconds" in told


class Later(SystemClock):
    """A clock that can be put forward."""

    ahead = 0

    def monotonic(self) -> int:
        return super().monotonic() + self.ahead


async def test_a_node_that_hears_nothing_of_the_others_for_long_sends_readers_away_until_it_does(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    """What it shows may have been removed meanwhile."""
    redis, clock = redis_processes.empty("valkey"), Later()
    query = f"channel={FLOOR.channel}&feed=lines"
    async with standing(tmp_path, redis, clock=clock) as (house, address), aiohttp.ClientSession() as client:
        await written(house, said())
        await served(client, address)
        reads = [f"{address}/s/{SESSION}/{door}?{query}" for door in ("events", "low", "text", "poll")]
        reads.append(f"{address}/s/{SESSION}/cached/{FLOOR.channel}")
        async with (
            client.get(reads[0]) as events,
            client.get(reads[1]) as low,
            client.get(reads[2]) as text,
            client.ws_connect(f"{address}/s/{SESSION}/ws?{query}") as socket,
        ):
            assert (events.status, low.status, text.status) == (200, 200, 200)
            assert (await socket.receive()).type is aiohttp.WSMsgType.TEXT
            redis.freeze()
            try:
                clock.ahead = CACHED_MS
                async with client.get(reads[-1]) as answer:
                    assert answer.status == 503, "a cache would give it out for some seconds more"
                clock.ahead = CUT_OFF_MS
                while (closed := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                    pass  # Pulses, and what was under way.
                assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, CloseCode.GOING_AWAY)
                assert "has heard nothing of the others" in (closed.extra or "")
                assert b"retry:" in (await events.read()).rpartition(b"data:")[2]
                for stream in (low, text):
                    await stream.read()
                for read in reads:
                    async with client.get(read) as answer:
                        assert (answer.status, "Retry-After" in answer.headers) == (503, True), read
                async with client.get(f"{address}/readyz") as ready:
                    assert "has not caught up with the others" in await ready.text()
            finally:
                redis.thaw()
        for read in reads:
            status = 503
            while status == 503:
                async with client.get(read) as answer:
                    status = answer.status
            assert status == 200


async def test_a_node_finds_what_its_copies_have_while_nobody_keeps_the_house(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    recorder = Recorder()
    words = ("The digital divide is wide.", "It costs a tenth of the income.")
    told: list[Event] = [
        ev.SessionCreated(title="Plenary", languages=("en",), access=ev.Access.PUBLIC),
        ev.ChannelAdded(channel=FLOOR.channel, kind=ev.ChannelKind.FLOOR, languages=("en",)),
        ev.SessionOpened(wall=1),
    ]
    for n, text in enumerate(words):
        line = SegmentId(f"l{n}")
        told += [
            le.SegmentOpened(channel=FLOOR.channel, segment=line, t0=0, language="en", origin=le.Origin.MACHINE),
            le.SegmentEnded(channel=FLOOR.channel, segment=line, t1=9, reason=le.EndReason.SENTENCE, text=text),
        ]
    headers = {"Accept": "application/json"}
    redis = redis_processes.empty("valkey")
    async with standing(tmp_path, redis) as (house, address), aiohttp.ClientSession(headers=headers) as client:

        async def search(**query: str) -> tuple[int, list[str]]:
            async with client.get(f"{address}/search", params=query) as answer:
                found = (await answer.json())["moments"] if answer.status == 200 else []
                return answer.status, [each["text"] for each in found]

        await written(house, [recorder.record(each) for each in told])
        while (found := await search(q="divides")) != (200, [words[0]]):
            assert found in ((200, []), (503, []))
            await CLOCK.sleep(50)
        assert await search(q="divide", **{"in": "links"}) == (503, [])
        keeper = RedisLog(house.server, "n9")
        head = await keeper.acquire(SESSION, EPOCH, 9_009_001)
        staff = ev.SessionArranged(access=ev.Access.STAFF, sound=ev.SoundKept.NONE, listed=True)
        await keeper.append(SESSION, head.term, len(told), [recorder.record(staff)])
        while await search(q="divide") != (200, []):
            await CLOCK.sleep(50)
