#!/usr/bin/env python3
"""Play one recording into many sessions of one server at once, in wall clock, and score each of them.

    python bench/many_sessions.py RECORDING.flac [--sessions 5] [--offset 17] [--workers 0] [--count 1] [--model NAME]

Its reference lies beside it as RECORDING.jsonl. Session k begins k times `--offset` seconds after the first, so that
what is said in them isn't the same at the same time. bench/README.md says what each column means. Beside the table it
says how late the server itself told its readers that the text was, and how loaded the machine was: on a busy machine
these figures say little.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

import msgspec

from moothall.app import Hall, hall
from moothall.cli.playing import Programme, engine_ready, play, prepare
from moothall.core.events import SoundKept
from moothall.core.ids import SessionId
from moothall.core.signals import ChannelState
from moothall.services.publication import Publication
from moothall.services.sessions import LiveSession
from moothall.settings import Settings
from scoring import SCORER, Result, machine, score, table, together

LOOK_MS = 100
FINISH_S = 600
"""How long the text may take after the sound is over."""
LATE_MS = 10_000
"""From here on the overview raises an alarm."""


class Told:
    """What readers were told about how late the text is."""

    def __init__(self) -> None:
        self.lag: dict[SessionId, int] = {}
        """The most, ms."""
        self.full: list[int] = []
        """How many more texts the engines would take, each time that they were full."""

    def seen(self, live: LiveSession, publication: Publication) -> None:
        """Take in what is published."""
        for signal in publication.signals:
            if isinstance(signal, ChannelState):
                self.lag[live.id] = max(self.lag.get(live.id, 0), signal.lag)


async def run(recording: Path, out: Path, args: argparse.Namespace) -> tuple[Told, float]:
    """Play all; what readers received is in `out`. Returns what they were told, and the mean load of the machine."""
    told, loads = Told(), []
    settings = Settings()
    with tempfile.TemporaryDirectory(prefix="moothall-") as data:
        engine = msgspec.structs.replace(
            settings.engine, count=args.count, workers=args.workers, model=args.model or settings.engine.model
        )
        server = msgspec.structs.replace(settings.server, data=data, port=0)
        async with hall(msgspec.structs.replace(settings, server=server, engine=engine)) as running:
            running.sessions.observe(told.seen)
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
                    for number in range(args.sessions):
                        group.create_task(one(running, recording, number, out, args.offset))
                looking.cancel()
    return told, sum(loads) / max(1, len(loads))


async def one(running: Hall, recording: Path, number: int, out: Path, offset: float) -> None:
    """Play one session, with a reader on its ordinary door."""
    programme = Programme(
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
        await running.clock.sleep(LOOK_MS)
    await asyncio.sleep(number * offset)
    await play(running, live, programme)
    async with asyncio.timeout(FINISH_S):
        await reader.wait()


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
    args = parser.parse_args()
    reference = args.recording.with_suffix(".jsonl")
    if not reference.is_file():
        sys.exit(f"{reference} is missing: it says what is spoken in {args.recording.name}, and when.")
    about = machine()
    with tempfile.TemporaryDirectory(prefix="moothall-bench-") as scratch:
        told, load = asyncio.run(run(args.recording, Path(scratch), args))
        names = [f"s{number}" for number in range(args.sessions)]
        rows: list[tuple[str, Result]] = [
            (name, score(reference, args.scorer, Path(scratch) / f"{name}.hypothesis.jsonl")) for name in names
        ]
        rows.append(("together", together([result for _, result in rows])))
    print("\n".join(about))
    print(f"run       {args.sessions} sessions, {args.count} engines, wall clock; mean load of the machine {load:.1f}")
    print(table(rows))
    late = ", ".join(f"{name} {lag / 1000:.1f}" for name, lag in sorted(told.lag.items()))
    print(f"\nMost that readers were told the text was late, s: {late}")
    if told.full:
        print(f"Engines were full for {len(told.full)} s; they would have taken {min(told.full)} more at the least.")
    if max(told.lag.values(), default=0) >= LATE_MS:
        print("The overview raised the alarm that the text is late.")


if __name__ == "__main__":
    main()
