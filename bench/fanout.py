"""Fan-out: N readers x R events a second on one core, compared with a bare broadcast of the same bytes in the same run.

    python bench/fanout.py [--readers 5000] [--rate 10] [--door events|ws] [--rounds 3] [--seconds 5] [--idle 20]
                           [--pairs 0] [--no-pulses] [--uvloop]

The server runs in this process, on core 0, with the real doors; the readers are bench/fanout_readers.c (needs gcc), on
core 1. Loopback only: it charges most of the receiver's TCP work to the sender. Each round is a phase of the fan-out
and a phase of the bare broadcast (one `transport.write` a reader and nothing else), so that other load on the machine
affects both. Compare the CPU per delivery; the wall-clock columns need a quiet machine.

appended → written: from just before the append (in memory) until the last reader's bytes were handed to its transport,
noted by a reader inside the server that joined last. appended → received: until the other process read them.

With `--pairs` that many pairs follow the rounds: one publication by the fan-out, one by the bare broadcast (a random
one of them first), each with the CPU time of its own period. The load of the machine changes little from one to the
next, so the ratio of a pair says more than that of two phases; the output is the median with its 95 % interval.

Before the rounds nothing is said for `--idle` seconds: the server's CPU in that time, minus that of a run with
`--no-pulses`, is the cost of pulses.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import json
import math
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from moothall.adapters.reading.reader_routes import Readers
from moothall.adapters.reading.sse import EventsDoor
from moothall.adapters.reading.websocket import WebSocketDoor
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.core.chain import GENESIS, Header, LogRecord, seal
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import encode_event, type_name
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, Lane, Position, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import Partial
from moothall.services.log.publication import Publication
from moothall.services.reading.fanout import SessionFanout
from moothall.services.reading.feed import Outlet, Subscription
from moothall.testing.log_memory import MemoryLog
from moothall.wire.frames import Format, carry, events_frame

SESSION, FLOOR, EPOCH = SessionId("bench"), ChannelId("floor"), Epoch("bench")
SERVER_CORE, READERS_CORE = 0, 1
SOURCE = Path(__file__).with_name("fanout_readers.c")
REST = "and so the committee asks those who follow from afar to say which of the two options they would rather see"


MARK = re.compile(rb"#[0-9]{9}@([0-9]{20})")


class NotingFanout(SessionFanout):
    """A fan-out that remembers its outlets, for the bare broadcast."""

    outlets: list[Outlet]
    pulses = True

    async def subscribe(
        self,
        outlet: Outlet,
        feed: Feed,
        form: Format,
        after: Position | None,
        *,
        reader: str = "",
        aside: bool = False,
        pulse: bool = False,
    ) -> Subscription | Refusal:
        self.outlets.append(outlet)
        return await super().subscribe(outlet, feed, form, after, reader=reader, aside=aside, pulse=pulse)

    async def _pulses(self) -> None:
        if self.pulses:
            await super()._pulses()


class Last:
    """An outlet that joined last: when the fan-out writes to it, all others have been served."""

    def __init__(self) -> None:
        self.noting = False
        self.ms: list[float] = []

    def write(self, data: bytes) -> None:
        if self.noting:
            now = time.monotonic_ns()
            self.ms += [(now - int(appended)) / 1e6 for appended in MARK.findall(data)]

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        pass


class Talk:
    """Makes one caption after the other and stores it."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.offset = 0
        self.number = 0

    def record(self, event: ev.AnyEvent, offset: int) -> LogRecord:
        header = Header(
            session=SESSION,
            epoch=EPOCH,
            offset=offset,
            lane=Lane(event.lane()),
            prev=offset - 1,
            type=type_name(event),
            at=time.time_ns() // 1_000_000,
            role=SYSTEM.role,
            actor=SYSTEM.id,
            cause=CommandId(f"c{offset}"),
            n=0,
        )
        return seal(GENESIS, header, bytes(16), encode_event(event))

    async def store(self, *events: ev.AnyEvent) -> tuple[LogRecord, ...]:
        records = tuple(self.record(event, self.offset + 1 + n) for n, event in enumerate(events))
        await self.log.append(SESSION, 1, self.offset, records)
        self.offset += len(events)
        return records

    def say(self) -> tuple[le.WordsCommitted, Partial]:
        """Return the next caption, which contains the time at which it was made."""
        self.number += 1
        mark = f" #{self.number:09d}@{time.monotonic_ns():020d}"
        word = le.Word(mark, 100 * self.number, 100 * self.number + 90, 0.98)
        event = le.WordsCommitted(channel=FLOOR, segment=SegmentId("s1"), first=self.number - 1, words=(word,))
        rest = Partial(channel=FLOOR, segment=SegmentId("s1"), first=self.number, text=REST, language="en")
        return event, rest


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rss_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def median_within(values: list[float]) -> tuple[float, float, float]:
    """Return the median between the bounds of its 95 % interval, by order statistics (binomial,
    normal approximation).
    """
    ordered, n = sorted(values), len(values)
    off = 0.98 * math.sqrt(n)
    return ordered[max(0, round(n / 2 - off))], ordered[n // 2], ordered[min(n - 1, round(n / 2 + off))]


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.talk = Talk()
        self.last = Last()
        self.ratios: list[float] = []
        """The CPU ratio of each pair."""
        self.readers: asyncio.subprocess.Process
        self.fanout: NotingFanout
        self.form = Format.WEBSOCKET if options.door == "ws" else Format.SSE_CHUNKED

    async def counts(self) -> dict[str, Any]:
        assert self.readers.stdin is not None
        assert self.readers.stdout is not None
        self.readers.stdin.write(b"\n")
        return dict(json.loads(await self.readers.stdout.readline()))

    async def paced(self, send: Any) -> tuple[float, dict[str, Any]]:
        """Send at the rate for the phase; returns the server's CPU time in s, and the readers' counts."""
        await self.counts()
        loop, before = asyncio.get_running_loop(), cpu_s()
        start = loop.time()
        for n in range(self.options.rate * self.options.seconds):
            await asyncio.sleep(max(0, start + n / self.options.rate - loop.time()))
            await send()
        expected = self.options.rate * self.options.seconds * self.options.readers
        got: dict[str, Any] = {}
        for _ in range(100):
            await asyncio.sleep(0.05)
            if self.fanout.figures.backlog == self.fanout.figures.slow == 0:
                break
        used = cpu_s() - before
        await asyncio.sleep(0.3)
        got = await self.counts()
        got["expected"] = expected
        return used, got

    async def paired(self) -> list[float]:
        """Return the ratio of each pair: the CPU time of a publication's period to that of a bare broadcast's."""
        chance, loop, ratios = random.Random(1), asyncio.get_running_loop(), []  # noqa: S311  # a coin
        for _ in range(self.options.pairs):
            used = {}
            for send in chance.sample([self.by_fanout, self.bare], 2):
                ends, before = loop.time() + 1 / self.options.rate, cpu_s()
                await send()
                await asyncio.sleep(max(0, ends - loop.time()))
                while self.fanout.figures.backlog or self.fanout.figures.slow:  # noqa: ASYNC110  # as readers would
                    await asyncio.sleep(0.005)
                used[send] = cpu_s() - before
            ratios.append(used[self.by_fanout] / used[self.bare])
        return ratios

    async def by_fanout(self) -> None:
        event, rest = self.talk.say()
        records = await self.talk.store(event)
        self.fanout.publish(Publication(session=SESSION, records=records, events=(event,), signals=(rest,)))

    async def bare(self) -> None:
        event, rest = self.talk.say()
        record = self.talk.record(event, self.talk.offset + 1)  # Not stored: the fan-out needs the same offset.
        data = carry(events_frame((record,), self.talk.offset, (rest,), record.header.at), self.form)
        for outlet in self.fanout.outlets:
            outlet.write(data)

    async def run(self) -> list[dict[str, Any]]:
        log = self.talk.log
        await log.acquire(SESSION, EPOCH)
        await self.talk.store(
            ev.SessionCreated(title="Bench", languages=("en",)),
            ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
            le.SegmentOpened(channel=FLOOR, segment=SegmentId("s1"), t0=0, language="en", origin=le.Origin.MACHINE),
        )
        clock = SystemClock()
        self.fanout = NotingFanout(
            session=SESSION, epoch=EPOCH, offset=self.talk.offset, loaded_channels=[FLOOR], log=log, clock=clock
        )
        self.fanout.outlets = []
        self.fanout.pulses = not self.options.no_pulses

        async def find(_: SessionId) -> SessionFanout:
            return self.fanout

        shared = Readers(
            find=find,
            may_read=lambda _: None,
            clock=clock,
            randomness=SystemRandomness(),
            origins=frozenset(),
            most=self.options.readers,
        )
        events, sockets = EventsDoor(shared), WebSocketDoor(shared)
        app = web.Application()
        app.add_routes([*events.routes(), *sockets.routes()])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
        await site.start()
        empty = rss_kib()
        with tempfile.TemporaryDirectory() as folder:
            await self.join(Path(folder), runner.addresses[0][1])
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 20, 100)
            per_reader = (rss_kib() - empty) / self.options.readers
            walk = asyncio.ensure_future(self.fanout.run())
            looks = asyncio.ensure_future(sockets.run())
            await self.fanout.subscribe(self.last, Feed(FLOOR), self.form, None)
            await asyncio.sleep(1)
            before = cpu_s()
            await asyncio.sleep(self.options.idle)
            idle = 100 * (cpu_s() - before) / max(1, self.options.idle)
            rows = []
            for _ in range(self.options.rounds):
                self.last.ms, self.last.noting = [], True
                fan_cpu, fan = await self.paced(self.by_fanout)
                self.last.noting = False
                bare_cpu, bare = await self.paced(self.bare)
                rows.append(
                    self.row(fan_cpu, fan, bare_cpu, bare)
                    | {"rss_kib": round(per_reader, 1), "idle_cpu_%": round(idle, 2)}
                )
            if self.options.pairs:
                self.ratios = await self.paired()
            self.readers.terminate()
            await self.readers.wait()
        walk.cancel()
        looks.cancel()
        await asyncio.gather(walk, looks, return_exceptions=True)
        await runner.cleanup()
        return rows

    async def join(self, folder: Path, port: int) -> None:
        program, request = folder / "readers", folder / "request"
        subprocess.run(["gcc", "-O2", "-o", program, SOURCE], check=True)  # noqa: ASYNC221  # nothing else runs yet
        headers = "Host: bench\r\n"
        if self.options.door == "ws":
            headers += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            headers += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        request.write_text(f"GET /s/{SESSION}/{self.options.door} HTTP/1.1\r\n{headers}\r\n")
        self.readers = await asyncio.create_subprocess_exec(
            program,
            str(port),
            str(self.options.readers),
            str(READERS_CORE),
            request,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self.readers.stdout is not None
        assert await self.readers.stdout.readline() == b"ready\n"
        while self.fanout.figures.readers < self.options.readers:  # noqa: ASYNC110  # the readers join
            await asyncio.sleep(0.05)

    def row(self, fan_cpu: float, fan: dict[str, Any], bare_cpu: float, bare: dict[str, Any]) -> dict[str, Any]:
        return {
            "fanout_us": round(1e6 * fan_cpu / fan["expected"], 2),
            "bare_us": round(1e6 * bare_cpu / bare["expected"], 2),
            "ratio": round(fan_cpu / bare_cpu, 3),
            "written_p50_ms": round(percentile(self.last.ms, 0.5), 1),
            "written_p99_ms": round(percentile(self.last.ms, 0.99), 1),
            "received_p50_ms": fan["p50_ms"],
            "received_p99_ms": fan["p99_ms"],
            "bare_received_p99_ms": bare["p99_ms"],
            "delivered": f"{fan['marks'] + bare['marks']}/{fan['expected'] + bare['expected']}",
            "gaps": fan["gaps"] + bare["gaps"],
            "repeats": fan["repeats"] + bare["repeats"],
            "lost": bare["lost"],
            "bytes_a_frame": round(fan["bytes"] / max(1, fan["marks"])),
            "load": round(os.getloadavg()[0], 1),
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=5_000)
    parser.add_argument("--rate", type=int, default=10)
    parser.add_argument("--door", choices=["events", "ws"], default="events")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--idle", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--no-pulses", action="store_true")
    parser.add_argument("--uvloop", action="store_true", help="with uvloop, which has to be installed")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    os.sched_setaffinity(0, {SERVER_CORE})
    loop = importlib.import_module("uvloop").new_event_loop if options.uvloop else None
    with asyncio.Runner(loop_factory=loop) as runner:
        bench = Bench(options)
        rows = runner.run(bench.run())
    print(f"{options.readers} readers x {options.rate}/s at /{options.door}, {options.seconds} s a phase")
    for name in rows[0]:
        print(f"{name:22}", *[f"{row[name]!s:>18}" for row in rows])
    ratios = sorted(row["ratio"] for row in rows)
    print(f"median ratio           {ratios[len(ratios) // 2]}")
    if len(bench.ratios) > 1:
        low, middle, high = median_within(bench.ratios)
        print(
            f"ratio of {len(bench.ratios)} pairs     median {middle:.3f}, 95 % of such medians {low:.3f} to {high:.3f}"
        )
    whole = all(row["delivered"].split("/")[0] == row["delivered"].split("/")[1] for row in rows)
    return 0 if whole and not any(row["gaps"] or row["repeats"] or row["lost"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
