#!/usr/bin/env python3
"""A backup of many hours of text while a meeting is on: the latency of text for readers before and during the backup.

    python bench/backup.py [--hours 300] [--readers 200] [--rate 10] [--seconds 20] [--rounds 3] [--mb 4]
        [--phases-only] [--keep FOLDER]

The data folder holds `--hours` sessions of an hour each, generated at the pace of speech; `--keep` makes the folder
once and uses it again the next time. The server runs in this process, with a real log on a real disk, on core 0, and
its readers (bench/fanout_readers.c, needs gcc) run on core 1. The backup is the command, `moothall backup`, in a
process of its own on any core, at `--mb` MB a second. Each round is a phase without a backup and a phase during one,
which is killed after it. At the end one backup runs to its end, and another one when there is nothing new. Compare the
p99 of appended → received: from just before the append until the other process read the frame.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fanout import EPOCH, FLOOR, READERS_CORE, SERVER_CORE, SESSION, Bench, Talk
from moothall.adapters.store.acknowledged import SUFFIX
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.adapters.store.signing import FILE_NAME as KEY
from moothall.adapters.store.signing import Ed25519Signer
from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.core.chain import GENESIS, Header, LogRecord, seal
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import encode_event, type_name
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, Epoch, Lane, SegmentId, SessionId
from moothall.core.kernel.lanes import is_public

LINES = 720
"""Lines of an hour: a line each 5 s, with a commit of its words about each second."""
COMMITS = 4
WORDS = 3
START_MS = 1_700_000_000_000


class Chain:
    """Makes one session's records, one after the other, chained as a session's writer chains them."""

    def __init__(self, session: SessionId, epoch: Epoch) -> None:
        self.session, self.epoch, self.offset = session, epoch, 0
        self.heads: dict[Lane, tuple[int, bytes]] = {}

    def record(self, event: ev.AnyEvent, at: int) -> LogRecord:
        lane = event.lane()
        before, digest = self.heads.get(lane, (0, GENESIS))
        self.offset += 1
        header = Header(
            session=self.session,
            epoch=self.epoch,
            offset=self.offset,
            lane=lane,
            prev=before,
            type=type_name(event),
            at=at,
            role=SYSTEM.role,
            actor=SYSTEM.id,
            cause=CommandId(f"c{self.offset}"),
            n=0,
        )
        made = seal(digest, header, os.urandom(16), encode_event(event))
        self.heads[lane] = (self.offset, made.digest)
        return made


class DurableTalk(Talk):
    """The live meeting's talk, in a log on the disk; its events are chained, so that a backup accepts them."""

    def __init__(self, log: SqliteLog) -> None:
        super().__init__()
        self.durable = log
        self.chain = Chain(SESSION, EPOCH)

    async def store(self, *events: ev.AnyEvent) -> tuple[LogRecord, ...]:
        records = tuple(self.chain.record(event, time.time_ns() // 1_000_000) for event in events)
        await self.durable.append(SESSION, 1, self.offset, records)
        await self.log.append(SESSION, 1, self.offset, records)  # the fan-out reads this log
        self.offset += len(events)
        return records


def hour(number: int) -> list[LogRecord]:
    """Return the records of an hour of text, some 5,000 events."""
    chain, at = Chain(SessionId(f"hour-{number}"), Epoch(f"e{number}")), START_MS
    made = [
        chain.record(ev.SessionCreated(title=f"Hour {number}", languages=("en",)), at),
        chain.record(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), at),
    ]
    for line in range(LINES):
        segment, t0, said = SegmentId(f"s{line}"), 5_000 * line, ""
        opened = le.SegmentOpened(channel=FLOOR, segment=segment, t0=t0, language="en", origin=le.Origin.MACHINE)
        made.append(chain.record(opened, at + t0))
        for commit in range(COMMITS):
            first = WORDS * commit
            words = tuple(
                le.Word(f" word{number}x{line}x{first + n}", t0 + 300 * (first + n), t0 + 300 * (first + n) + 250, 0.9)
                for n in range(WORDS)
            )
            said += "".join(word.text for word in words)
            made.append(
                chain.record(
                    le.WordsCommitted(channel=FLOOR, segment=segment, first=first, words=words), at + words[-1].t1
                )
            )
        ended = le.SegmentEnded(
            channel=FLOOR, segment=segment, t1=t0 + 4_000, reason=le.EndReason.SENTENCE, text=said.strip()
        )
        made.append(chain.record(ended, at + t0 + 4_000))
    assert all(is_public(lane) for lane in chain.heads)
    return made


async def fill(folder: Path, hours: int) -> None:
    """Add sessions to a data folder until it has `hours` of them."""
    Ed25519Signer.open(folder / KEY)
    log = await SqliteLog.open(folder / FILE_NAME)
    there = set(await log.sessions())
    for number in range(hours):
        if f"hour-{number}" not in there:
            records = await asyncio.to_thread(hour, number)
            await log.acquire(records[0].header.session, records[0].header.epoch)
            await log.append(records[0].header.session, 1, 0, records)
    await log.close()


class BackupBench(Bench):
    """The fan-out of bench/fanout.py with a log on the disk, measured with and without a backup."""

    def __init__(self, options: argparse.Namespace, data: Path, to: Path) -> None:
        super().__init__(options)
        self.data, self.to = data, to

    async def run(self) -> list[dict[str, Any]]:
        for name in (f"{Path(FILE_NAME).stem}{SUFFIX}", LIST):
            (self.data / name).unlink(missing_ok=True)  # left by the last run, whose epoch was the same
        log = await SqliteLog.open(self.data / FILE_NAME)
        await log.forget(SESSION)
        await log.acquire(SESSION, EPOCH)
        self.talk = DurableTalk(log)
        try:
            return await super().run()
        finally:
            await log.close()

    async def start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "moothall", "backup", "--data", str(self.data), "--to", str(self.to)),
            *("--rate", str(self.options.mb)),
            stdout=asyncio.subprocess.PIPE,
            preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE, READERS_CORE}),
        )

    async def whole(self) -> None:
        """Run a backup to its end, and print how long it took."""
        began = time.perf_counter()
        out, _ = await (process := await self.start()).communicate()
        assert process.returncode == 0, out
        print(f"{time.perf_counter() - began:.0f} s: {out.decode().splitlines()[0].partition(': ')[2]}")

    async def bare(self) -> None:
        """Publish by the fan-out too: here the phase of the bare broadcast is the phase during
        a backup (see `paced`).
        """
        await self.by_fanout()

    async def paced(self, send: Any) -> tuple[float, dict[str, Any]]:
        if send != self.bare:
            return await super().paced(send)
        shutil.rmtree(self.to, ignore_errors=True)
        process = await self.start()
        while len(list(self.to.glob("objects/*/*"))) < 3:  # noqa: ASYNC110  # it has begun to copy
            await asyncio.sleep(0.1)
        got = await super().paced(send)
        assert process.returncode is None, "It ended before the phase did: have more hours, or a lower rate."
        process.kill()
        await process.wait()
        copied = sum(path.stat().st_size for path in self.to.rglob("*") if path.is_file())
        print(f"the backup had copied {copied / 1e6:.0f} MB when the phase was over")
        return got


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=300)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--rate", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mb", type=float, default=4)
    parser.add_argument("--phases-only", action="store_true", help="leave out the two that run to their end")
    parser.add_argument("--keep", type=Path, help="make the data folder here, and take it again the next time")
    parser.set_defaults(pairs=0)  # An option of the bench from which this one is derived.
    options = parser.parse_args()
    options.door, options.idle, options.no_pulses = "events", 2, False
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory(prefix="moothall-") as folder:
        data = options.keep or Path(folder) / "data"
        data.mkdir(parents=True, exist_ok=True)
        asyncio.run(fill(data, options.hours))
        size = sum(path.stat().st_size for path in data.glob("moothall.sqlite*"))
        print(
            f"{options.hours} hours, {size / 1e6:.0f} MB; {options.readers} readers, {options.rate} captions a second"
        )
        os.sched_setaffinity(0, {SERVER_CORE})
        bench = BackupBench(options, data, Path(folder) / "backup")
        rows = asyncio.run(bench.run())
        ratios = sorted(row["bare_received_p99_ms"] / row["received_p99_ms"] for row in rows)
        for row in rows:
            before, during = row["received_p99_ms"], row["bare_received_p99_ms"]
            print(f"p50 {row['received_p50_ms']}; p99 before {before} ms, during {during} ms: {during / before:.2f}")
            print(f"  delivered {row['delivered']}, gaps {row['gaps']}, lost {row['lost']}, load {row['load']}")
        print(f"median ratio {ratios[len(ratios) // 2]:.2f}")
        for _ in range(0 if options.phases_only else 2):
            asyncio.run(bench.whole())
    return 0


if __name__ == "__main__":
    sys.exit(main())
