#!/usr/bin/env python3
"""Play one recording into many sessions of one server at once, in wall-clock time, and score each of them.

    python bench/many_sessions.py RECORDING.flac [--sessions 5] [--offset 17] [--workers 0] [--count 1] [--model NAME]
        [--alone] [--strict]

The recording's reference lies beside it as RECORDING.jsonl. Session k begins k times `--offset` seconds after the
first, so that sessions don't say the same at the same time. bench/README.md says what each column means. The table has
for each session the most latency that the server itself announced to its readers; a second table shows what was
published at each announced latency. `--alone` plays one session by itself first, to find the words that were lost
because of the others. The machine's load is printed too: on a busy machine these figures say little. With `--strict` it
ends with 1 when words or sound were lost, or text was later than announced.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from moothall.app.hall import RunningServer, hall
from moothall.cli.playing import Playback, engine_ready, play, prepare
from moothall.core.events.types import SoundKept
from moothall.core.kernel.ids import SessionId
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import Settings
from scoring import COLUMNS, SCORER, Result, figure, machine, score, table, together
from shedding import Shedding, disorder

LOOK_MS = 100
FINISH_S = 600
"""How long the text may take after the end of the sound, in s."""
LATE_MS = 10_000
"""The latency in ms at which the overview raises an alarm."""
LATEST = (("latest word", figure("latest", digits=1)), ("announced", figure("announced", digits=1)))
"""Columns in s: the latest word, counted from its end, and the most latency announced to readers."""


class Told:
    """Announcements to readers, and the load, of one run."""

    def __init__(self) -> None:
        self.shed = Shedding()
        self.full: list[int] = []
        """How many further channels the engines would accept with late text, once a second
        while no more fit in time.
        """
        self.load = 0.0
        """The machine's mean load."""

    def seen(self, live: LiveSession, publication: Publication) -> None:
        """Record a publication."""
        self.shed.seen(live.id, publication, 1_000 * time.perf_counter())


async def run(recording: Path, out: Path, sessions: int, args: argparse.Namespace) -> Told:
    """Play all sessions, each reader's rows into a file in `out`; returns the announcements."""
    told, loads = Told(), list[float]()
    settings = Settings()
    with tempfile.TemporaryDirectory(prefix="moothall-") as data:
        engine = msgspec.structs.replace(
            settings.engine, count=args.count, workers=args.workers, model=args.model or settings.engine.model
        )
        server = msgspec.structs.replace(settings.server, data=data, port=0)
        async with hall(msgspec.structs.replace(settings, server=server, engine=engine)) as running:
            running.backend.sessions.observe(told.seen)
            while running.recognising.engines < args.count:
                await engine_ready(running)
                await asyncio.sleep(0.1)

            async def look() -> None:
                while True:
                    await asyncio.sleep(1)
                    loads.append(os.getloadavg()[0])
                    if (left := running.recognising.room_left) is not None:
                        told.full.append(left)

            async with asyncio.TaskGroup() as beside:
                looking = beside.create_task(look())
                async with asyncio.TaskGroup() as group:
                    for number in range(sessions):
                        group.create_task(one(running, recording, number, out, args.offset))
                looking.cancel()
    told.load = sum(loads) / max(1, len(loads))
    return told


async def one(running: RunningServer, recording: Path, number: int, out: Path, offset: float) -> None:
    """Play one session, with a reader at its ordinary door."""
    programme = Playback(
        file=str(recording),
        title=f"Session {number}",
        languages=("en",),
        session=SessionId(f"s{number}"),
        exact=True,
        as_live=True,
        sound_kept=SoundKept.NONE,
    )
    live = await prepare(running, programme)
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "moothall", "read", f"{running.address}/s/{live.id}",
        "--jsonl", str(out / f"s{number}.hypothesis.jsonl"), env={**os.environ, "PYTHONWARNINGS": ""},
    )  # fmt: skip
    while not live.fanout.figures.readers:
        await running.backend.clock.sleep(LOOK_MS)
    await asyncio.sleep(number * offset)
    await play(running, live, programme)
    async with asyncio.timeout(FINISH_S):
        await reader.wait()


def measure(reference: Path, sessions: int, args: argparse.Namespace) -> tuple[Told, list[tuple[str, Result]]]:
    """Play and score `sessions` sessions; each result also holds the most latency announced, in s, as `announced`."""
    with tempfile.TemporaryDirectory(prefix="moothall-bench-") as scratch:
        told = asyncio.run(run(args.recording, Path(scratch), sessions, args))
        rows = []
        for name in (f"s{number}" for number in range(sessions)):
            result = score(reference, args.scorer, Path(scratch) / f"{name}.hypothesis.jsonl")
            result["announced"] = told.shed.lag.get(SessionId(name), 0) / 1000
            result["latest"] = max(result.get("_commit", []), default=None)
            rows.append((name, result))
    return told, rows


def summed(rows: Sequence[tuple[str, Result]]) -> Result:
    """Return all sessions as one result; latencies are the greatest of any session."""
    result = together([each for _, each in rows])
    for key in ("announced", "latest"):
        result[key] = max((each[key] for _, each in rows if each[key] is not None), default=None)
    return result


def main() -> None:
    """Play, score, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("--sessions", type=int, default=5)
    parser.add_argument("--offset", type=float, default=17.0, help="seconds from one session's beginning to the next's")
    parser.add_argument("--count", type=int, default=1, help="engines")
    parser.add_argument("--workers", type=int, default=0, help="passes at a time of each; 0: as the server decides")
    parser.add_argument("--model", help="recogniser; see moothall models list")
    parser.add_argument("--scorer", type=Path, default=SCORER)
    parser.add_argument("--alone", action="store_true", help="play one session by itself first, to compare with")
    parser.add_argument("--strict", action="store_true", help="end with 1 when the sessions were not orderly")
    args = parser.parse_args()
    reference = args.recording.with_suffix(".jsonl")
    if not reference.is_file():
        sys.exit(f"{reference} is missing: it says what is spoken in {args.recording.name}, and when.")
    about = machine()
    before = measure(reference, 1, args)[1] if args.alone else []
    told, rows = measure(reference, args.sessions, args)
    alone = before[0][1] if before else None
    print("\n".join(about))
    print(f"run       {args.sessions} sessions, {args.count} engines, wall clock; mean load {told.load:.1f}")
    shown = [*([("alone", alone)] if alone is not None else []), *rows, ("together", summed(rows))]
    print(table(shown, (*COLUMNS, *LATEST)))
    print("", told.shed.table(), "", sep="\n")
    if told.full:
        print(f"Engines were full for {len(told.full)} s; they would have taken {min(told.full)} more at the least.")
    if max(told.shed.lag.values(), default=0) >= LATE_MS:
        print("The overview raised the alarm that the text is late.")
    wrong = disorder(rows, alone, sum(told.shed.gaps.values()))
    print(*(wrong or ["Nothing was lost, and readers were told how late the text was."]), sep="\n")
    sys.exit(1 if args.strict and wrong else 0)


if __name__ == "__main__":
    main()
