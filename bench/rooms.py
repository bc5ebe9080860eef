#!/usr/bin/env python3
"""Many rooms on one machine, as in a conference: all speak, all are translated, thousands read, and hubs copy them.

    python bench/rooms.py RECORDING.flac [--rooms 10] [--minutes 120] [--readers 6000] [--hubs 25] [--real 3]
                          [--model whisper-base] [--workers 0] [--keep FOLDER]

`moothall serve` runs as a process with its own engine and translators. In each room a microphone (`Sender`) plays the
recording, which goes round, each from another place (`looped.py`), in pieces of a tenth of a second, as pages send
them. The readers, one C process (`room_readers.c`, needs gcc), are spread over the floors and translations of all
rooms, and check that no event is missing. Of the hubs `--real` are `moothall hub` processes, whose copies are compared
with the log; the others are uplinks in this process (`hub_uplinks.py`). One reader of each floor is in this process
too: what it got is scored against the reference.

Latencies are from the end of a word at the microphone to the reader: the piece's tenth of a second is in them. It ends
with 1 where a room waited for text, words or events are missing, or text is later than `--late` (p95). bench/README.md
has the figures. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import html
import json
import os
import re
import resource
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package runs the processes of hubs.

import aiohttp

from cluster_hub import hub_against
from footprint import processes
from hub_readers import cpu_s
from hub_uplinks import Uplink, following
from looped import rounds
from moothall.adapters.sound.sender import Sender
from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.adapters.system.clock import SystemClock
from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import SessionId
from room_figures import Look, Outcome, faults, figures, report
from room_readers import FloorReader, RoomReaders, targets
from scoring import SCORER, machine
from soak_house import Made, ServerProcess, prepared
from soak_memory import held
from support.desks.persistent import PersistentDesk
from support.halls.process import free_port
from support.hubs.processes import HubProcess

LANGUAGES = ("es", "pt")
"""Into which all rooms are translated, besides what is spoken."""
LOOK_S = 10.0
"""Seconds between two samples."""
REFUSED = "no engine has room for it"
"""What the server logs of a room that has to wait."""
PROMISED = re.compile("its text comes once one of them has time, ([^:<]+):")
"""What the control room says of such a room."""
SENTENCES = [
    f"its text comes once one of them has time, {when}:"
    for when in ("nobody knows when", "by the programme in about {n} min")
]
READY_S = 180.0
"""Seconds within which the engine and the translators must be there, and the readers must have joined."""
SPARE_MINUTES = 30.0
"""By how much the programme is longer than the run."""
REST_S = 15.0
"""Seconds without new text after which all is there: a room at the last stage has some sooner."""
FINISH_S = 900.0
"""Seconds within which all text must be there once nobody speaks."""


class Rooms:
    """The house, its rooms, and whoever reads them."""

    def __init__(self, args: argparse.Namespace, folder: Path, made: Made) -> None:
        self.args = args
        self.sessions = [sessions[0] for sessions in made.sessions.values()]
        self.heard = rounds(args.recording, args.rooms)
        self.looks: list[Look] = []
        self._folder = folder
        self._made = made
        engine = f'[engine]\nmodel = "{args.model}"\nworkers = {args.workers}\n'
        limits = f"max_readers = {max(10_000, 2 * args.readers)}\n"
        self.server = ServerProcess(folder / "server", engine, limits)
        self.desk = PersistentDesk([self.server.address], made.token)
        self.readers = RoomReaders(folder, self.server.port)
        self.hubs = [HubProcess(folder / f"hub-{n}", free_port(70 + n), apart=True) for n in range(args.real)]
        self.links: list[Uplink] = []
        self.floors: list[FloorReader] = []
        self.promised = Counter[str]()
        """What the control room said of when rooms without an engine get one, by the look."""

    async def run(self) -> Outcome:
        """Do all of it."""
        try:
            await self.server.start()
            await self._until_logged("connected, model", "they connected with")
            for session in self.sessions:
                await self._act(session, "open")
            async with asyncio.TaskGroup() as group:
                tasks = await self._join(group)
                await self._speak(group)
                await self._finish()
                last = await self.readers.counts()
                for task in tasks:
                    task.cancel()
            differ = [await self._differs(hub) for hub in self.hubs]
            return Outcome(
                rooms=[(session, heard) for session, heard in zip(self.sessions, self.heard, strict=True)],
                floors=self.floors,
                records={session: self._records(session) for session in self.sessions},
                languages=LANGUAGES,
                looks=self.looks,
                readers=last,
                log=self._logged(),
                links=self.links,
                refused=sum(REFUSED in line for line in self._logged()),
                promised=self.promised,
                differ=[each for found in differ for each in found],
            )
        finally:
            await self.desk.close()
            await self.readers.stop()
            for hub in self.hubs:
                with contextlib.suppress(AssertionError, ProcessLookupError):
                    await hub.stop()
            await self.server.stop()

    async def _join(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        words = list(self._made.words.values())
        for hub, each in zip(self.hubs, words, strict=False):
            await hub.pair(self.server.address, each)
            await hub.start()
        self.links, tasks = following(group, self.server.address, words[len(self.hubs) :], self.sessions, LANGUAGES)
        clock = SystemClock()
        self.floors = [FloorReader(f"{self.server.address}/s/{session}", clock) for session in self.sessions]
        tasks += [group.create_task(each.run(self._folder / f"{n}.seen.jsonl")) for n, each in enumerate(self.floors)]
        if self.args.readers:
            await self.readers.start(self.args.readers, targets(self.sessions, LANGUAGES), self.args.rate)
            async with asyncio.timeout(READY_S + self.args.readers / self.args.rate):
                await self.readers.joined()
        return tasks

    async def _speak(self, group: asyncio.TaskGroup) -> None:
        """Let all rooms speak for the minutes of the run, and look at the processes meanwhile."""
        loop, clock = asyncio.get_running_loop(), SystemClock()
        began = loop.time()
        speakers = []
        for session, heard, floor in zip(self.sessions, self.heard, self.floors, strict=True):
            sender = Sender([self.server.address], self._made.token, f"/s/{session}/audio", heard.pcm)
            floor.began = clock.wall()
            speakers.append(group.create_task(sender.run()))
        while (left := began + 60 * self.args.minutes - loop.time()) > 0:
            await asyncio.sleep(min(LOOK_S, left))
            await self._look(loop.time() - began)
            if any(REFUSED in line for line in self._logged()):
                await self._ask_control()
        for speaker in speakers:
            speaker.cancel()

    async def _look(self, at: float) -> None:
        pids = {**processes(self.server.pid), "bench": os.getpid()}
        pids |= {f"hub {n}": hub.pid for n, hub in enumerate(self.hubs)}
        if self.readers.pid is not None:
            pids["readers"] = self.readers.pid
        found = {part: (each, cpu_s(pid)) for part, pid in pids.items() if (each := held(pid)) is not None}
        lags = [floor.lag_now for floor in self.floors]
        self.looks.append(Look(at / 3_600, found, os.getloadavg()[0], lags))
        with (self._folder / "looks.jsonl").open("a", encoding="utf-8") as out:
            said = {part: [round(used.own_mb, 1), round(cpu, 2)] for part, (used, cpu) in found.items()}
            out.write(json.dumps({"s": round(at, 1), "load": os.getloadavg()[0], "lags": lags, **said}) + "\n")

    async def _ask_control(self) -> None:
        """Note what the control room says of rooms that wait for an engine."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            await http.get(f"{self.server.address}/enter/{self._made.token}")
            async with http.get(f"{self.server.address}/control?ui=en") as page:
                said = Counter(PROMISED.findall(html.unescape(await page.text())))
        said.subtract(PROMISED.findall(" ".join(SENTENCES)))  # The page has each sentence once more, for its scripts.
        self.promised.update(+said)

    def _logged(self) -> list[str]:
        return self.server.log.read_text(errors="replace").splitlines()

    async def _finish(self) -> None:
        """Wait until no more text comes, then close the sessions."""
        async with asyncio.timeout(FINISH_S):
            while True:
                before = [floor.rows for floor in self.floors]
                await asyncio.sleep(REST_S)
                if before == [floor.rows for floor in self.floors]:
                    break
            for session in self.sessions:
                await self._act(session, "close")
            await asyncio.gather(*(floor.over.wait() for floor in self.floors))
        await asyncio.sleep(REST_S)

    async def _act(self, session: SessionId, what: str) -> None:
        answer = await self.desk.send(session, "act", {"id": f"{what}-{session}", "commands": [{"do": what}]})
        assert "refusal" not in answer, answer

    async def _until_logged(self, *texts: str) -> None:
        async with asyncio.timeout(READY_S):
            while not all(any(text in line for line in self._logged()) for text in texts):  # noqa: ASYNC110  # a file
                await asyncio.sleep(0.5)

    def _records(self, session: SessionId) -> Sequence[LogRecord]:
        reader = LogReader(open_for_reading(self.server.data / FILE_NAME))
        try:
            return reader.read(session, 0, 10_000_000)
        finally:
            reader.close()

    async def _differs(self, hub: HubProcess) -> list[str]:
        found = []
        for session in self.sessions:
            wrong = await hub_against(hub, session, self._records, 1)
            found += [f"{hub.data.name}, {session}: {each}" for each in wrong.said]
        return found


async def measure(args: argparse.Namespace, folder: Path) -> Outcome:
    """Make the sessions, the hubs and their words, and run."""
    names = [f"room-{n + 1:02}" for n in range(args.rooms)]
    hubs = [f"Hub {n + 1}" for n in range(max(args.hubs, args.real))]
    made = await prepared(folder / "server", names, 1, args.minutes + SPARE_MINUTES, hubs)
    return await Rooms(args, folder, made).run()


def main() -> int:
    """Run, score, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--readers", type=int, default=6_000)
    parser.add_argument("--rate", type=float, default=100.0, help="readers that begin in a second")
    parser.add_argument("--hubs", type=int, default=25)
    parser.add_argument("--real", type=int, default=3, help="hubs that are processes; the others are uplinks")
    parser.add_argument("--model", default="whisper-base")
    parser.add_argument("--workers", type=int, default=0, help="of the engine; 0: as the server decides")
    parser.add_argument(
        "--late", type=float, default=3.0, metavar="S", help="p95 of the stable latency that is allowed"
    )
    parser.add_argument("--wait", type=float, default=10.0, metavar="S", help="without an engine that is allowed")
    parser.add_argument("--scorer", type=Path, default=SCORER)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for data, logs and looks; it stays")
    args = parser.parse_args()
    if not args.recording.with_suffix(".jsonl").is_file():
        sys.exit(f"{args.recording.with_suffix('.jsonl')} is missing: it says what is spoken, and when.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    folder = args.keep or Path(tempfile.mkdtemp(prefix="moothall-rooms-"))
    folder.mkdir(parents=True, exist_ok=True)
    about = machine()
    outcome = asyncio.run(measure(args, folder))
    found = figures(outcome, args, folder)
    print("\n".join(about))
    print(report(outcome, found, args))
    wrong = faults(outcome, found, args)
    print(*(wrong or ["Nothing was lost, and no room was without text."]), sep="\n")
    if not wrong and args.keep is None:
        shutil.rmtree(folder)
    else:
        print(f"What it left is in {folder}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
