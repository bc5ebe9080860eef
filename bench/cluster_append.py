#!/usr/bin/env python3
"""The latency of an append until it is acknowledged: SQLite alone, and Redis or Valkey before it.

    python bench/cluster_append.py [--rounds 10] [--folder FOLDER]

Starts a Redis and a Valkey of its own (`appendfsync always`) with folders beside the SQLite file, so that all three
sync to the same disk. The stores take turns, round by round: 20 events in a second, each of them by every store one
after the other, in an order that rotates; then 200 events as fast as possible; then 16 sessions at once with 20 events
each. `+ SQLite` does what a keeper does: the stream first, then its own file, with its time limit. bench/README.md has
the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from moothall.adapters.cluster.address import RedisAddress
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.cluster.server import RedisServer
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.system.clock import SystemClock
from moothall.core.chain import GENESIS, SALT_BYTES, Header, LogRecord, seal
from moothall.core.events import lines as le
from moothall.core.events.codec import encode_event, type_name
from moothall.core.events.types import LaneHead
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, Lane, SegmentId, SessionId
from moothall.core.ports import EventLog
from moothall.services.cluster.own_disk import AnsweredLog, OwnDisk
from scoring import machine, markdown

EPOCH = Epoch("bench0")
A_SECOND, FAST, SESSIONS, EACH = 20, 200, 16, 20
WORDS = tuple(le.Word(f" word{n}", n * 200, n * 200 + 180) for n in range(6))


class Writer:
    """Appends to one session of one or two stores, to the second once the first has answered."""

    def __init__(self, name: str, stores: Sequence[EventLog]) -> None:
        self.session = SessionId(name)
        self.stores = stores
        self.offset = 0
        self.head = LaneHead(offset=0, digest=GENESIS.hex())

    async def begin(self) -> None:
        for store in self.stores:
            await store.acquire(self.session, EPOCH)

    def record(self) -> LogRecord:
        event = le.WordsCommitted(channel=ChannelId("floor"), segment=SegmentId("s1"), first=self.offset, words=WORDS)
        self.offset += 1
        header = Header(
            session=self.session,
            epoch=EPOCH,
            offset=self.offset,
            lane=Lane("w:floor"),
            prev=self.head.offset,
            type=type_name(event),
            at=1_764_000_000_000 + self.offset,
            role=Role.ENGINE,
            actor="engine-1",
            cause=CommandId(f"engine-1:{self.offset:016x}"),
            n=0,
        )
        sealed = seal(bytes.fromhex(self.head.digest), header, os.urandom(SALT_BYTES), encode_event(event))
        self.head = LaneHead(offset=self.offset, digest=sealed.digest.hex())
        return sealed

    async def append(self) -> float:
        """Append one event to each store; returns how long it took, in ms."""
        record = self.record()
        began = time.perf_counter()
        for store in self.stores:
            await store.append(self.session, 1, self.offset - 1, [record])
        return 1_000 * (time.perf_counter() - began)


class Contender:
    """A combination of stores, and its measured times in ms."""

    def __init__(self, name: str, stores: Sequence[EventLog]) -> None:
        self.name = name
        self.writers = [Writer(f"{name.replace(' + ', '-').lower()}-{n}", stores) for n in range(SESSIONS)]
        self.paced: list[float] = []
        self.fast: list[float] = []
        self.crowd: list[float] = []
        self.took = 0.0
        """Wall time of all bursts of sessions at once, in s."""

    async def begin(self) -> None:
        for writer in self.writers:
            await writer.begin()

    async def one(self) -> None:
        self.paced.append(await self.writers[0].append())

    async def burst(self) -> None:
        self.fast += [await self.writers[0].append() for _ in range(FAST)]
        began = time.perf_counter()
        for times in await asyncio.gather(*(self._many(writer) for writer in self.writers)):
            self.crowd += times
        self.took += time.perf_counter() - began

    def forget(self) -> None:
        """Reset the measured times."""
        self.paced, self.fast, self.crowd, self.took = [], [], [], 0.0

    async def _many(self, writer: Writer) -> list[float]:
        return [await writer.append() for _ in range(EACH)]

    def row(self, alone: Contender) -> list[str]:
        times = [_at(self.paced, share) / _at(alone.paced, share) for share in (0.5, 0.99)]
        return [
            self.name,
            _figures(self.paced),
            f"{times[0]:.1f} / {times[1]:.1f}",
            _figures(self.fast),
            f"{1_000 * len(self.fast) / sum(self.fast):.0f}",
            _figures(self.crowd),
            f"{len(self.crowd) / self.took:.0f}",
        ]


def _at(times: Sequence[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def _figures(times: Sequence[float]) -> str:
    return f"{_at(times, 0.5):.2f} / {_at(times, 0.99):.2f}"


def start(program: str, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start a store's server; returns the process and its port once it accepts connections."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    options = ("--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--appendonly", "yes")
    process = subprocess.Popen(
        [program, *options, "--appendfsync", "always", "--save", ""], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    while b"Ready to accept connections" not in (line := process.stdout.readline()):
        assert line, f"{program} ended"
    return process, port


async def round_of(contenders: list[Contender]) -> None:
    for n in range(A_SECOND):
        due = time.perf_counter() + 1 / A_SECOND
        first = n % len(contenders)
        for each in contenders[first:] + contenders[:first]:
            await each.one()
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    for each in contenders:
        await each.burst()


async def measure(folder: Path, ports: dict[str, int], rounds: int) -> list[Contender]:
    file = await SqliteLog.open(folder / "moothall.sqlite")
    own = AnsweredLog(file, OwnDisk(SystemClock()).answer)
    servers = {name: RedisServer(RedisAddress("127.0.0.1", port)) for name, port in ports.items()}
    contenders = [Contender("SQLite", [file])]
    for name, server in servers.items():
        log = RedisLog(server, "node-a")
        contenders += [Contender(name, [log]), Contender(f"{name} + SQLite", [log, own])]
    for each in contenders:
        await each.begin()
    await round_of(contenders)  # Not counted: it loads scripts and opens connections.
    for each in contenders:
        each.forget()
    for _ in range(rounds):
        await round_of(contenders)
    await file.close()
    for server in servers.values():
        await server.close()
    return contenders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="on the disk that is measured; a temporary folder otherwise")
    args = parser.parse_args()
    programs = {"Redis": "redis-server", "Valkey": "valkey-server"}
    there = {name: program for name, program in programs.items() if shutil.which(program)}
    if not there:
        sys.exit("Neither redis-server nor valkey-server is installed.")
    with tempfile.TemporaryDirectory(dir=args.folder) as temporary:
        folder = Path(temporary)
        running = {name: start(program, folder / name) for name, program in there.items()}
        try:
            ports = {name: port for name, (_, port) in running.items()}
            contenders = asyncio.run(measure(folder, ports, args.rounds))
        finally:
            for process, _ in running.values():
                process.kill()
                process.wait()
    print(*machine(), sep="\n")
    times = "p50 / p99 ms"
    columns = ["store", f"20/s: {times}", "× SQLite", f"alone: {times}", "events/s", f"16 at once: {times}", "events/s"]
    print(markdown(columns, [each.row(contenders[0]) for each in contenders]))


if __name__ == "__main__":
    main()
