"""A bundle of many sessions: how long it takes, how memory grows, and what readers of a live session feel of it.

    .venv/bin/python bench/bundles.py                        # 50 sessions of an hour: 10,000 words in three texts each
    .venv/bin/python bench/bundles.py --sessions 5 --lines 200

The sessions are those of bench/exports.py. A server with them runs in this process, as does whoever speaks in a live
session: ten words a second, each with the time of its sending. Readers follow that session from a process of their own,
first while nothing else happens, then while the bundle is made and downloaded. Lateness is from sending the command to
the reader's read. Memory is the resident set: of the server, and of the process that writes the bundle.
That process stands behind all others (nice 10): on a busy machine compare its processor time, not the seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import platform
import re
import resource
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import aiohttp

from exports import LINES, told
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from scoring import cpu_model

FLOOR, LIVE = ChannelId("floor"), SessionId("live")
ENGINE = Actor(Role.ENGINE, "e")
WORDS_A_SECOND, WORDS_A_LINE = 10, 12
BATCH = 2_000
_SENT = re.compile(rb"@(\d+)@")


async def fill(data: Path, sessions: int, lines: int) -> int:
    """Write the sessions' logs. Return how many events they have."""
    events = 0
    log = await SqliteLog.open(data / FILE_NAME)
    try:
        for n in range(sessions):
            telling = told(lines, SessionId(f"session-{n:03d}"), 17 * n)  # no two say the same
            telling.tell(ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE))
            first = telling.records[0].header
            head = await log.acquire(first.session, first.epoch)
            for at in range(0, len(telling.records), BATCH):
                await log.append(first.session, head.term, at, telling.records[at : at + BATCH])
            events += len(telling.records)
    finally:
        await log.close()
    return events


def resident(pid: int | str) -> float:
    """The resident set of a process, MB; 0 when it has ended."""
    with suppress(OSError):
        for row in Path(f"/proc/{pid}/status").read_text().splitlines():
            if row.startswith("VmRSS"):
                return int(row.split()[1]) / 1024
    return 0.0


def children(program: bytes, pid: int) -> list[int]:
    """The child processes that run a program of the bundle, whichever thread started them."""
    with suppress(OSError):
        found = [child for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
        return [int(child) for child in found if program in Path(f"/proc/{child}/cmdline").read_bytes()]
    return []


class Peaks:
    """The largest resident sets, in the background."""

    def __init__(self) -> None:
        self.server = self.writer = self.setter = 0.0

    async def run(self) -> None:
        while True:
            self.server = max(self.server, resident("self"))
            writers = children(b"bundle_child", os.getpid())
            self.writer = max([self.writer, *map(resident, writers)])
            setters = [setter for each in writers for setter in children(b"pdf_setting", each)]
            self.setter = max([self.setter, *map(resident, setters)])
            await asyncio.sleep(0.2)


async def begin(running: RunningServer) -> None:
    """Open the live session."""
    live = await running.backend.sessions.open(LIVE)
    commands: list[do.AnyCommand] = [
        do.CreateSession(title="Live", languages=("en",)),
        do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
        do.OpenSession(),
        do.AttachEngine(channel=FLOOR, model="m"),
    ]
    for n, command in enumerate(commands):
        answer = await live.writer.send(SYSTEM, CommandId(f"c{n}"), command)
        if not isinstance(answer, Receipt):
            raise SystemExit(f"The live session can't begin: {answer}")


async def speak(running: RunningServer) -> None:
    """Send words that carry their time, until cancelled."""
    live = await running.backend.sessions.open(LIVE)
    t = n = 0
    while True:
        segment, place = SegmentId(f"l{n // WORDS_A_LINE}"), n % WORDS_A_LINE
        word = le.Word(f" @{time.monotonic_ns()}@", t, t + 80)
        start = do.SegmentStart(t0=t, language="en") if not place else None
        commit = do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=place, words=(word,), start=start)
        await live.writer.send(ENGINE, CommandId(f"w{n}"), commit)
        if place == WORDS_A_LINE - 1:
            end = do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=t + 80, reason=le.EndReason.SENTENCE)
            await live.writer.send(ENGINE, CommandId(f"e{n}"), end)
        n, t = n + 1, t + 1000 // WORDS_A_SECOND
        await asyncio.sleep(1 / WORDS_A_SECOND)


async def follow(address: str, readers: int) -> str:
    """Read with so many readers until standard input ends; return as JSON when each word came, and how late, in ns."""
    came: list[tuple[int, int]] = []
    timeout = aiohttp.ClientTimeout(total=None)

    async def one(http: aiohttp.ClientSession) -> None:
        async with http.get(f"{address}/s/{LIVE}/events?feed=live") as response:
            began = time.monotonic_ns()  # Older words come with the snapshot.
            async for data in response.content.iter_any():
                now = time.monotonic_ns()
                came.extend((now, now - int(sent)) for sent in _SENT.findall(data)[:1] if int(sent) > began)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http, asyncio.TaskGroup() as group:
        reading = [group.create_task(one(http)) for _ in range(readers)]
        await asyncio.to_thread(sys.stdin.read)
        for task in reading:
            task.cancel()
    return json.dumps(came)


def late(came: list[tuple[int, int]], since: int, until: int) -> str:
    """How late words came between two moments, ms: half of them, 99 of 100, the latest."""
    found = sorted(delay / 1e6 for at, delay in came if since < at < until)
    if not found:
        return "nothing came"
    return " | ".join(f"{found[min(len(found) - 1, math.ceil(len(found) * part) - 1)]:.1f}" for part in (0.5, 0.99, 1))


async def take(address: str) -> tuple[int, int]:
    """Download the bundle of all sessions. Return its bytes, and how often it was asked for."""
    async with aiohttp.ClientSession() as http:
        for tries in range(1, 1_000):
            async with http.get(f"{address}/bundle.zip") as response:
                if response.status == 200:
                    return sum([len(piece) async for piece in response.content.iter_any()]), tries
    raise SystemExit("The bundle is never made.")


async def main(sessions: int, lines: int, readers: int, quiet: int) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        data, results = Path(folder), Path(folder) / "came.json"
        settings = Settings(
            server=Server(port=0, data=folder), engine=EngineSection(count=0), translation=Translation(translators=())
        )
        async with hall(settings):  # It makes the signing key, which has to be older than the sessions.
            pass
        events = await fill(data, sessions, lines)
        size = (data / FILE_NAME).stat().st_size / 1e6
        peaks = Peaks()
        async with hall(settings) as running, asyncio.TaskGroup() as group:
            await begin(running)
            program = [sys.executable, __file__, "--follow", running.address, str(readers)]
            with results.open("wb") as out:
                reading = await asyncio.create_subprocess_exec(*program, stdin=asyncio.subprocess.PIPE, stdout=out)
            behind = [group.create_task(speak(running)), group.create_task(peaks.run())]
            await asyncio.sleep(10)  # until all readers are there
            before, since = resident("self"), time.monotonic_ns()
            await asyncio.sleep(quiet)
            began = time.monotonic_ns()
            got, tries = await take(running.address)
            ended = time.monotonic_ns()
            used = resource.getrusage(resource.RUSAGE_CHILDREN)  # The readers' process hasn't ended yet.
            await reading.communicate(b"")
            for task in behind:
                task.cancel()
        came = json.loads(results.read_bytes())
    load = os.getloadavg()[0]
    print(f"{cpu_model()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.0f}")
    print(f"{sessions} sessions of {lines} lines in three texts, {events} events, a log of {size:.0f} MB")
    print(f"bundle: {(ended - began) / 1e9:.1f} s to the last byte, {got / 1e6:.1f} MB, {tries} requests")
    print(f"processor time of the writer and of what sets PDF: {used.ru_utime + used.ru_stime:.1f} s")
    print(f"memory, MB: server {before:.0f} before, {peaks.server:.0f} at most")
    print(f"memory at most, MB: the writer {peaks.writer:.0f}, what sets PDF {peaks.setter:.0f}")
    print(f"{readers} readers, ms late (half | 99 of 100 | latest): before {late(came, since, began)}")
    print(f"{readers} readers, ms late (half | 99 of 100 | latest): during {late(came, began, ended)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--follow"]:
        print(asyncio.run(follow(sys.argv[2], int(sys.argv[3]))))
        raise SystemExit
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--lines", type=int, default=LINES // 3)
    parser.add_argument("--readers", type=int, default=300)
    parser.add_argument("--quiet", type=int, default=20, help="seconds before the bundle")
    given = parser.parse_args()
    asyncio.run(main(given.sessions, given.lines, given.readers, given.quiet))
