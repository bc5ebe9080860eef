"""The cost of carrying requests to the keeper: a node's CPU time, and the added latency of an answer.

    python bench/forwarding.py [--pages 600] [--readers 100] [--lines 150]

Keeper and node are processes of their own; visitors and readers are in this process. Pages are requested of keeper and
node in turn, one at a time; lines are typed ten a second, and `--readers` read them at the node over server-sent events
and WebSocket. CPU time is that of the node's process by the kernel's count, minus its CPU time while it carries
nothing. Added latency: for pages the difference of each pair, for lines the time from a reader at the keeper to a
reader at the node, for the same line. Loopback only; other work on this machine affects the latencies.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from socket import create_server

import aiohttp
from aiohttp import web

from moothall.adapters.cluster.forwarding import MOST_CARRIED, Forwarding
from moothall.adapters.cluster.keeper_connections import KeeperConnections
from moothall.adapters.cluster.node_gate import NodeGate, NodeSeal
from moothall.adapters.http.connections import unshared_connections
from moothall.adapters.http.forwarded import remote_address
from moothall.adapters.http.limits import runner_options
from moothall.adapters.http.slots import Slots
from moothall.adapters.http.taking import serve
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.app.hall import hall
from moothall.app.parts import Nodes
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.cluster.read_elsewhere import ReadElsewhere
from moothall.settings.sections import EngineSection, Metrics, Server, Settings, Translation

KEY = bytes(32)
SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
PAUSE_S = 0.1
Percentiles = tuple[float, float]


async def keep() -> None:
    """Run the keeper: prints its address, then adds a line of text for each line on standard input."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            server=Server(port=0, data=folder),
            engine=EngineSection(count=0),
            translation=Translation(translators=()),
            metrics=Metrics(host=""),
        )
        async with hall(settings, nodes=Nodes(NodeGate(KEY, SystemClock()), ReadElsewhere())) as running:
            live = await running.backend.sessions.open(SESSION)
            floor = do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))
            begun = (do.CreateSession(title="Plenary", languages=("en",)), floor, do.OpenSession())
            await live.writer.send(SYSTEM, CommandId("begin"), begun)
            print(running.address, flush=True)
            number = 0
            async for _ in lines_in():
                number += 1
                text = f"Line {number} is here."
                line = do.TypeSegment(channel=FLOOR, segment=SegmentId(f"l{number}"), text=text, language="en")
                await live.writer.send(Actor(Role.CAPTIONER, "typist"), CommandId(f"say{number}"), line)


async def carry(keeper: str) -> None:
    """Run the node: prints its address, and carries requests to `keeper` until standard input ends."""
    async with AsyncExitStack() as stack:
        listener = create_server(("127.0.0.1", 0))
        clock, randomness = SystemClock(), SystemRandomness()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        made = Forwarding(
            lambda: keeper,
            KeeperConnections(None),
            NodeSeal("b", KEY, clock, randomness),
            Pages(find_web_folder()),
            clock,
            address_of=remote_address,
            over_https=lambda _: False,
            origins=frozenset({address}),
            slots=Slots(randomness, most=MOST_CARRIED),
        )
        await made.open()
        stack.push_async_callback(made.close)
        connections = unshared_connections(randomness, MOST_CARRIED)
        gate = NodeGate(KEY, clock, lambda: False).middleware()
        app = web.Application(middlewares=[gate, connections.middleware(remote_address)])
        app.add_routes(made.routes())
        runner = web.AppRunner(app, **runner_options())
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await serve(stack, runner, listener, connections=connections)
        print(address, flush=True)
        async for _ in lines_in():
            pass


async def lines_in() -> AsyncIterator[bytes]:
    """Yield the lines of standard input."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        yield line


class Child:
    """The process of the keeper or of the node."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self.process = process
        self.address = address

    def cpu_us(self) -> float:
        """Return the process's CPU time so far, in µs."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text().split()[0]) / 1e3

    def say(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")


@asynccontextmanager
async def child(*arguments: str) -> AsyncIterator[Child]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield Child(process, (await process.stdout.readline()).decode().strip())
    finally:
        process.stdin.close()
        await process.wait()


def percentiles(values: list[float]) -> Percentiles:
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]


async def idle_us(node: Child) -> float:
    """Return the node's CPU µs a second while its open connections are quiet."""
    before = node.cpu_us()
    await asyncio.sleep(2)
    return (node.cpu_us() - before) / 2


async def pages(keeper: Child, node: Child, count: int) -> None:
    added: list[float] = []
    took: dict[str, list[float]] = {keeper.address: [], node.address: []}
    async with aiohttp.ClientSession() as http:

        async def page(at: str) -> float:
            began = time.perf_counter()
            async with http.get(f"{at}/s/{SESSION}") as answer:
                assert answer.status == 200
                await answer.read()
            return 1e3 * (time.perf_counter() - began)

        for _ in range(50):
            await page(keeper.address), await page(node.address)
        spent = 0.0
        for _ in range(count):
            direct = await page(keeper.address)
            before = node.cpu_us()
            carried = await page(node.address)
            spent += node.cpu_us() - before
            took[keeper.address].append(direct)
            took[node.address].append(carried)
            added.append(carried - direct)
    p50, p99 = percentiles(added)
    d50, d99 = percentiles(took[keeper.address])
    n50, n99 = percentiles(took[node.address])
    print(f"page: {spent / count:.0f} µs of the node's CPU; {d50:.1f} ms (p99 {d99:.1f}) at the keeper, ", end="")
    print(f"{n50:.1f} (p99 {n99:.1f}) at the node, added {p50:.1f} (p99 {p99:.1f})")


async def sse(http: aiohttp.ClientSession, at: str, take: Callable[[bytes], None]) -> None:
    async with http.get(f"{at}/s/{SESSION}/events") as answer:
        async for line in answer.content:
            take(line)


async def ws(http: aiohttp.ClientSession, at: str, take: Callable[[bytes], None]) -> None:
    async with http.ws_connect(f"{at}/s/{SESSION}/ws") as socket:
        async for message in socket:
            take(message.data.encode())


async def readers(door: str, keeper: Child, node: Child, count: int, lines: int) -> None:
    read = {"SSE": sse, "WebSocket": ws}[door]
    at: dict[str, list[float]] = {keeper.address: [], node.address: []}
    came = joined = 0

    def counted(data: bytes) -> None:
        nonlocal came, joined
        came += b"is here." in data and b"snapshot" not in data
        joined += b"snapshot" in data

    def timed(where: list[float]) -> Callable[[bytes], None]:
        def take(data: bytes) -> None:
            if b"is here." in data and b"snapshot" not in data:
                where.append(time.perf_counter())
            counted(data)

        return take

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
    ) as http:
        tasks = [asyncio.ensure_future(read(http, where, timed(times))) for where, times in at.items()]

        async def all_joined() -> None:
            while joined < len(tasks):  # noqa: ASYNC110
                await asyncio.sleep(PAUSE_S)

        async def said() -> None:
            nonlocal came
            for _ in range(lines):
                keeper.say()
                await asyncio.sleep(PAUSE_S)
            while came < lines * len(tasks):  # noqa: ASYNC110  # others' processes tell nobody
                await asyncio.sleep(PAUSE_S)

        await all_joined()
        await said()
        alone = [1e3 * (late - early) for early, late in zip(*at.values(), strict=True)]
        tasks += [asyncio.ensure_future(read(http, node.address, counted)) for _ in range(count - 1)]
        await all_joined()
        idle = await idle_us(node)
        came, before, began = 0, node.cpu_us(), time.perf_counter()
        await said()
        spent = node.cpu_us() - before - idle * (time.perf_counter() - began)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    p50, p99 = percentiles(alone)
    print(
        f"{door}: {spent / lines / count:.0f} µs of the node's CPU for each delivery to one of {count} readers; ",
        end="",
    )
    print(f"one reader: added {p50:.2f} ms (p99 {p99:.2f})")


async def measure(count: int, number: int, lines: int) -> None:
    async with child("--keep") as keeper, child("--carry", keeper.address) as node:
        print(f"load {os.getloadavg()[0]:.1f}")
        await pages(keeper, node, count)
        for door in ("SSE", "WebSocket"):
            await readers(door, keeper, node, number, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--readers", type=int, default=100)
    parser.add_argument("--lines", type=int, default=150)
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--carry", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.keep:
        asyncio.run(keep())
    elif given.carry:
        asyncio.run(carry(given.carry))
    else:
        asyncio.run(measure(given.pages, given.readers, given.lines))


if __name__ == "__main__":
    main()
