#!/usr/bin/env python3
"""Readers at nodes that stand by: their added latency compared with the keeper, and each delivery's cost.

    python bench/cluster_readers.py [--nodes 3] [--readers 500] [--seconds 20] [--rate 10]

A Valkey, a keeper and nodes that stand by, each a `moothall serve` of its own; lines are typed at a desk. One reader is
at the keeper and one at each node all of the time (SSE): for each line, the added latency is the time at the node minus
the time at the keeper. Then `--readers` more are at the first node alone, then at all nodes. CPU time is that of a
node's process by the kernel's count: the cost of its copy alone (`idle`), and the cost of each further delivery. The
total that nodes can deliver is what fits into the rest of a core of each. Readers run here, on the same machine; their
work affects the latencies, not the CPU time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package runs nodes as processes.

from cluster_house import ValkeyProcess
from moothall.core.kernel.ids import SessionId
from scoring import machine
from support.cluster.nodes import NodeProcess, prepared
from support.desks.persistent import PersistentDesk

_LINE = re.compile(rb"Line (\d+)\.")
_TICKS = os.sysconf("SC_CLK_TCK")


class Reader(asyncio.Protocol):
    """A reader that counts frames and, if `notes`, notes when each line arrived."""

    def __init__(self, target: str, *, notes: bool) -> None:
        self.frames = 0
        self.came: dict[int, float] = {}
        self._target = target
        self._notes = notes
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(f"GET {self._target} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self.frames += data.count(b"\ndata: ")
        if self._notes:
            now = time.perf_counter()
            for found in _LINE.findall(data):
                self.came.setdefault(int(found), now)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def join(address: str, session: SessionId, *, notes: bool = False) -> Reader:
    """Connect a reader of finished lines."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    assert parts.port is not None
    target = f"/s/{session}/events?channel=floor&feed=lines"
    loop = asyncio.get_running_loop()
    _, reader = await loop.create_connection(lambda: Reader(target, notes=notes), parts.hostname, parts.port)
    return reader


def cpu(node: NodeProcess) -> float:
    """Return the CPU time of a node's process, in s."""
    fields = Path(f"/proc/{node.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class House:
    """The nodes, and somebody who types."""

    def __init__(self, nodes: list[NodeProcess], desk: PersistentDesk, session: SessionId, rate: float) -> None:
        self.nodes, self.desk, self.session = nodes, desk, session
        self._pause = 1 / rate
        self._number = 0

    async def types(self, seconds: float) -> int:
        """Type lines at an even pace for `seconds`; returns how many."""
        began, first = time.perf_counter(), self._number
        while (behind := time.perf_counter() - began) < seconds:
            self._number += 1
            line = {"do": "type", "channel": "floor", "segment": f"s{self._number}", "language": "en"}
            act = {"id": f"t{self._number}", "commands": [{**line, "text": f"Line {self._number}."}]}
            answer = await self.desk.send(self.session, "act", act)
            assert "refusal" not in answer, answer
            await asyncio.sleep(max(0.0, (self._number - first) * self._pause - behind))
        return self._number - first

    async def busy(self, seconds: float) -> list[float]:
        """Return each node's CPU time while somebody types, as a share of a core."""
        before, began = [cpu(node) for node in self.nodes], time.perf_counter()
        await self.types(seconds)
        took = time.perf_counter() - began
        return [(cpu(node) - was) / took for node, was in zip(self.nodes, before, strict=True)]


@asynccontextmanager
async def house(folder: Path, others: int, rate: float) -> AsyncIterator[House]:
    """Run a keeper and `others` nodes that stand by."""
    async with AsyncExitStack() as stack:
        redis = ValkeyProcess("valkey", folder / "valkey")
        redis.start()
        stack.callback(redis.stop)
        nodes = [NodeProcess(folder, number + 1, redis.port) for number in range(others + 1)]
        planned = await prepared(nodes[0].data)
        for node in nodes:
            if node is not nodes[0]:
                node.sign_like(nodes[0])
            await node.start()
            stack.push_async_callback(node.stop)
            if node is nodes[0]:
                await node.until("keeps the house")
        desk = PersistentDesk([nodes[0].address], planned.token)
        stack.push_async_callback(desk.close)
        made = House(nodes, desk, planned.session, rate)
        opened = await desk.send(planned.session, "act", {"id": "open", "commands": [{"do": "open"}]})
        assert "refusal" not in opened, opened
        yield made


def at(times: list[float], share: float) -> float:
    """Return the quantile of `times` at `share`."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


async def measure(options: argparse.Namespace, folder: Path) -> None:
    """Run all phases and print their figures."""
    async with house(folder, options.nodes, options.rate) as made:
        watching = [await join(node.address, made.session, notes=True) for node in made.nodes]
        await made.types(3)
        await made.busy(2)
        idle = await made.busy(options.seconds)
        for node, reader in zip(made.nodes[1:], watching[1:], strict=True):
            late = [1_000 * (came - watching[0].came[n]) for n, came in reader.came.items() if n in watching[0].came]
            print(f"{node.name}: {len(late)} lines, {at(late, 0.5):.1f} / {at(late, 0.99):.1f} ms later (p50 / p99)")
        print(f"idle: keeper {idle[0]:.3f}, nodes {', '.join(f'{each:.3f}' for each in idle[1:])} of a core")
        costs: list[list[float]] = []
        for crowded in (made.nodes[1:2], made.nodes[1:]):
            readers = {
                node: [await join(node.address, made.session) for _ in range(options.readers)] for node in crowded
            }
            await made.busy(3)
            before = {node: sum(each.frames for each in there) for node, there in readers.items()}
            busy = await made.busy(options.seconds)
            per_second = {
                node: (sum(each.frames for each in there) - before[node]) / options.seconds
                for node, there in readers.items()
            }
            cost = [(busy[n] - idle[n]) / per_second[node] for n, node in enumerate(made.nodes) if node in readers]
            costs.append(cost)
            print(f"{len(crowded)} crowded: {', '.join(f'{1e6 * each:.1f}' for each in cost)} µs a delivery")
            for there in readers.values():
                for each in there:
                    each.close()
            await asyncio.sleep(1)
        room = [[(1 - idle[n + 1]) / each for n, each in enumerate(cost)] for cost in costs]
        print(f"{len(room[1])} nodes deliver {sum(room[1]) / room[0][0]:.2f} × what the first delivers alone")


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=10)
    options = parser.parse_args()
    print("\n".join(machine()))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options, Path(folder)))


if __name__ == "__main__":
    main()
