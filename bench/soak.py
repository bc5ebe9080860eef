#!/usr/bin/env python3
"""A soak: five rooms around the clock, readers coming and going, kills and cuts; memory flat, nothing lost or doubled.

    python bench/soak.py [--hours 24] [--kill-every 10] [--readers 200]         or `make soak HOURS=24`
    python bench/soak.py --sum                                                  what the pieces so far add up to

Two houses run side by side, each a server (`moothall serve`) with five rooms and hubs (`moothall hub`) behind weak
links. **calm** is never killed: only there can memory and descriptors be watched for hours, since a kill resets all
growth. Its hub's link is cut now and then. In **struck** the server is killed each `--kill-every` minutes (each third
time a hub instead; each fourth time the server is stopped orderly and started again), and the links of both hubs are
cut. Two houses run at the same time, rather than in alternating phases, so that all of the time counts for both
questions, and slow growth has hours to show in.

In four rooms lines are typed at desks; in the fifth a microphone's sound goes through the server's own engine process.
Its recogniser is the scripted one, which takes the whole path, has a known result and costs little;
`bench/endurance.py` measures the memory of real models. Questions are asked and moved on; sessions end and the next
begin. Readers are at servers and hubs, half over SSE and half over WebSocket, from addresses of their own.

A round ends before each kill with these checks: acknowledged lines, questions and moderators' acts are in the log
exactly once and in order, by id and text; the engine's words follow the script; readers were shown what the log has;
hubs' copies equal the log; `moothall verify` finds all intact. Right before a kill the rooms hurry, so that acts are
under way. Each minute memory (USS), descriptors, threads, metrics and the data folder's size are sampled. A run adds a
line to `bench/soak/COMMIT.jsonl`. Ctrl-C ends it cleanly, and the result counts. It ends with 1 when there was a fault;
then its folder is kept. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package runs hubs and weak links.

import aiohttp

from footprint import processes
from moothall.testing.scripted import make_script, write_script
from scoring import cpu_model
from soak_house import LinkedHub, ServerProcess, house
from soak_memory import Held, Look, course, faults, sentence
from soak_microphone import WORDS
from soak_pieces import FAULTS_KEPT, Course, Piece, Struck, Told, commit_now, keep, kept, sums
from soak_readers import Reader, Tally
from soak_side import HEARD, TYPED, Side

AT_HUBS = 0.2
"""The share of the readers that read at hubs."""
HURRY_S = 2.0
"""The longest hurry before a kill, in s."""
SETTLE_S = 15.0
"""Seconds until the server has freed everything of readers that left."""
LOOK_S = 60.0
"""Seconds between two samples; less in a short run, which needs LEAST_LOOKS samples."""
LEAST_LOOKS = 20


class Soak:
    """One run of the soak."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._chance = random.Random(options.seed)  # noqa: S311  # repeatable is what it has to be
        self.faults: list[str] = []
        self.looks: list[Look] = []
        self._rest: dict[str, list[int]] = {}
        self._pids: dict[str, int] = {}
        self._tally = Tally(self.fault)
        self._began = 0.0
        self._ended = 0.0
        self._over = asyncio.Event()

    def fault(self, said: str) -> None:
        """Record and print a fault."""
        self.faults.append(f"{self._hours():.3f} h: {said}" if self._began else said)
        print(self.faults[-1], file=sys.stderr, flush=True)

    def _fault_in(self, house: str, said: str) -> None:
        self.fault(f"{house}: {said}")

    def stop(self) -> None:
        """End the run cleanly."""
        self._over.set()

    def _hours(self) -> float:
        return (asyncio.get_running_loop().time() - self._began) / 3_600

    async def run(self) -> Piece:
        """Do the run; returns its result."""
        options, folder = self._options, self._folder
        commit, changed = commit_now("bench/soak")
        date = datetime.now(UTC).isoformat(timespec="seconds")
        script = make_script(options.seed, WORDS)
        (folder / "script.json").write_bytes(write_script(script))
        many = round(60 * options.hours / options.session_minutes) + 3
        async with contextlib.AsyncExitStack() as stack:
            sides = []
            for name, hubs in (("calm", 1), ("struck", 2)):
                (folder / name).mkdir()
                made = await stack.enter_async_context(
                    house(
                        folder / name,
                        folder / "script.json",
                        rooms=(*TYPED, HEARD),
                        sessions=many,
                        minutes=options.session_minutes,
                        hubs=hubs,
                    )
                )
                sides.append(Side(made, script, self._chance, partial(self._fault_in, name)))
            http = await stack.enter_async_context(aiohttp.ClientSession())
            await self._soak(sides, http)
        return self._piece(sides, commit, changed, date)

    async def _soak(self, sides: list[Side], http: aiohttp.ClientSession) -> None:
        loop, options = asyncio.get_running_loop(), self._options
        calm, struck = sides
        for side in sides:
            for room in side.rooms:
                await room.begin()
        async with _background() as rooms:
            for side in sides:
                rooms(side.microphone.run())
                for room in side.rooms:
                    rooms(room.run(options.line_every, 60 * options.session_minutes))
            await asyncio.sleep(min(SETTLE_S, 360 * options.hours))
            self._at_rest(calm)
            self._began = loop.time()
            loop.call_later(3_600 * options.hours, self._over.set)
            async with _background() as readers:
                for reader in self._readers(sides):
                    readers(reader.run())
                readers(self._look(sides, http))
                await asyncio.gather(self._rounds(calm, struck=False), self._rounds(struck, struck=True))
            self._ended = loop.time()
            await asyncio.sleep(min(SETTLE_S, 360 * options.hours))
            self._at_rest(calm)
            for side in sides:
                await side.prove(0)
                for said in side.house.complaints():
                    side.fault(said)
        for side in sides:
            for room in side.rooms:
                await room.close()

    def _readers(self, sides: list[Side]) -> list[Reader]:
        readers: list[Reader] = []
        for side in sides:
            server, *hubs = side.sites
            many = self._options.readers // len(sides)
            for n in range(many):
                far = hubs and n < AT_HUBS * many
                readers.append(Reader(len(readers), hubs[n % len(hubs)] if far else server, self._tally, self._chance))
        return readers

    async def _rounds(self, side: Side, *, struck: bool) -> None:
        """Cut links, check, and strike, round after round, until the run is over."""
        every, number = 60 * self._options.kill_every, 0
        while not self._over.is_set():
            cuts = [self._cut(side, n, every) for n in range(len(side.house.hubs))]
            await asyncio.gather(self._passed(0.9 * every), *cuts)
            if self._over.is_set():
                break
            await side.prove(every)
            if struck:
                number += 1
                try:
                    await self._strike(side, number)
                except (AssertionError, TimeoutError) as error:
                    side.fault(f"A process did not start or stop: {error}")
                    self.stop()

    async def _passed(self, seconds: float) -> None:
        """Wait for `seconds`, or until the run is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    async def _cut(self, side: Side, number: int, every: float) -> None:
        """Cut a hub's link once in the round, in its first part, for up to a tenth of it."""
        await self._passed(every * self._chance.uniform(0.05, 0.4))
        if not self._over.is_set():
            side.struck = _more(side.struck, lines_cut=1)
            await side.house.cut(side.house.hubs[number], every * self._chance.uniform(0.01, 0.1), self._chance)

    async def _strike(self, side: Side, number: int) -> None:
        server, hubs = side.house.server, side.house.hubs
        for room in side.rooms:
            room.hurry()
        await asyncio.sleep(self._chance.uniform(0.5, HURRY_S))
        try:
            await self._hit(side, number, server, hubs)
        finally:
            for room in side.rooms:
                room.take_time()

    async def _hit(self, side: Side, number: int, server: ServerProcess, hubs: Sequence[LinkedHub]) -> None:
        if number % 4 == 0:
            status = await server.stop()
            if status != 0:
                side.fault(f"The server that was told to stop ended with {status}.")
            await server.start()
            side.struck = _more(side.struck, servers_restarted=1)
        elif number % 3 == 0:
            hub = hubs[number // 3 % len(hubs)]
            await hub.process.kill()
            await hub.process.start()
            side.struck = _more(side.struck, hubs_killed=1)
        else:
            await server.kill()
            await server.start()
            side.struck = _more(side.struck, servers_killed=1)

    async def _look(self, sides: list[Side], http: aiohttp.ClientSession) -> None:
        every = min(LOOK_S, 3_600 * self._options.hours / LEAST_LOOKS)
        path = self._folder / "looks.jsonl"
        while True:
            held: dict[str, Held] = {}
            figures = {"load": os.getloadavg()[0]}
            for side in sides:
                held |= {f"{side.house.name} {part}": each for part, each in side.house.held().items()}
                figures |= await side.house.figures(http)
            self.looks.append(Look(self._hours(), held, figures))
            self._watch_over(sides[0])
            with path.open("a", encoding="utf-8") as file:
                parts = {part: each._asdict() for part, each in held.items()}
                file.write(json.dumps({"hours": round(self.looks[-1].hours, 4), **figures, **parts}) + "\n")
            await asyncio.sleep(every)

    def _watch_over(self, calm: Side) -> None:
        """Check that no process of the calm house ended or began by itself."""
        pids = processes(calm.house.server.pid)
        self._pids = self._pids or pids
        if pids != self._pids or not calm.house.server.runs:
            calm.fault(f"A process ended or began by itself: {self._pids} before, {pids} now.")
            self._pids = pids
        if not calm.house.server.runs:
            self.stop()

    def _at_rest(self, side: Side) -> None:
        for part, each in side.house.held().items():
            self._rest.setdefault(f"{side.house.name} {part}", []).append(each.descriptors)

    def _courses(self) -> list[Course]:
        found = []
        for part, rest in self._rest.items():
            points = [(look.hours, look.held[part].own_mb) for look in self.looks if part in look.held]
            if points and len(rest) == 2:
                found.append(course(part, points, (rest[0], rest[1])))
        return found

    def _piece(self, sides: list[Side], commit: str, changed: bool, date: str) -> Piece:
        courses = self._courses()
        for each in courses:
            for said in faults(each):
                self.fault(said)
        struck = Struck()
        for side in sides:
            struck = _more(struck, **{name: getattr(side.struck, name) for name in Struck.__struct_fields__})
        count = self._tally.count

        def of_rooms(what: str) -> int:
            return sum(room.count[what] for side in sides for room in side.rooms)

        return Piece(
            commit=commit,
            changed=changed,
            date=date,
            processor=cpu_model(),
            load=round(mean(look.figures["load"] for look in self.looks), 2) if self.looks else 0.0,
            hours=round((self._ended - self._began) / 3_600, 6),
            kill_every_s=60 * self._options.kill_every,
            readers=self._options.readers,
            struck=struck,
            told=Told(
                sessions=of_rooms("sessions"),
                lines=of_rooms("lines"),
                words=sum(side.proof.words for side in sides),
                questions=of_rooms("questions"),
                acts=of_rooms("acts"),
                connections=count["connections"],
                reconnections=count["reconnections"],
                fresh=count["fresh"],
                events=count["events"],
            ),
            lost=count["lost"] + sum(side.lost for side in sides),
            doubled=count["doubled"] + sum(side.doubled for side in sides),
            courses=tuple(courses),
            faults=tuple(self.faults[:FAULTS_KEPT]),
            fault_count=len(self.faults),
        )


def _more(struck: Struck, **more: int) -> Struck:
    return Struck(**{name: getattr(struck, name) + more.get(name, 0) for name in Struck.__struct_fields__})


@contextlib.asynccontextmanager
async def _background() -> AsyncIterator[Any]:
    """Yield a function that starts background tasks. They end with the block, and a task that fails ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = []

        def run(act: Coroutine[Any, Any, None]) -> None:
            tasks.append(group.create_task(act))

        try:
            yield run
        finally:
            for task in tasks:
                task.cancel()


async def _run(options: argparse.Namespace, folder: Path) -> Piece:
    soak, loop = Soak(options, folder), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, soak.stop)
    return await soak.run()


def main() -> int:
    """Do a run, store and print its result, and print the sums."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--kill-every", type=float, default=10.0, metavar="MINUTES")
    parser.add_argument("--session-minutes", type=float, default=15.0, help="after which the next session begins")
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--line-every", type=float, default=4.0, metavar="S", help="of a room, on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for data, logs and looks; it stays")
    parser.add_argument("--pieces", type=Path, metavar="FOLDER", help="where the pieces are, and this one goes")
    parser.add_argument("--sum", action="store_true", help="only print what the pieces so far add up to")
    options = parser.parse_args()
    where = {} if options.pieces is None else {"folder": options.pieces}
    if options.sum:
        print(*sums(kept(**where), commit_now()[0]), sep="\n")
        return 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="moothall-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    piece = asyncio.run(_run(options, folder))
    path = keep(piece, **where)
    struck, told = piece.struck, piece.told
    print(
        f"{piece.hours:.2f} h, load {piece.load}: {struck.servers_killed} servers, {struck.hubs_killed} hubs killed, "
        f"{struck.servers_restarted} restarts, {struck.lines_cut} cuts\n{told.sessions} sessions, {told.lines} lines, "
        f"{told.questions} questions, {told.acts} acts, {told.words} words heard; readers "
        f"connected {told.connections} times, {told.reconnections} of them again ({told.fresh} by a snapshot), "
        f"{told.events:,} events\n{piece.lost} lost, {piece.doubled} doubled, {piece.fault_count} faults"
    )
    print(*map(sentence, piece.courses), sep="\n")
    print(f"kept in {path}", *sums(kept(**where), piece.commit), sep="\n")
    if piece.fault_count:
        print(f"What it left is in {folder}.")
    elif options.keep is None:
        shutil.rmtree(folder)
    return 1 if piece.fault_count else 0


if __name__ == "__main__":
    sys.exit(main())
