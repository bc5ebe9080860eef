#!/usr/bin/env python3
"""A correction on its way: the delay from its sending until each reader of the line has it.

    .venv/bin/python bench/correcting.py [--times 30] [--translator bergamot]

A server and a hub that is paired with it, each with its own sockets, in one process; the floor is translated into
Portuguese. A captioner's line is read in six ways: by Server-Sent Events at the server and at the hub, each in English
and in Portuguese, and in the record's subtitles (`record.vtt`) of both. Then a number in it is corrected, which
translators leave as it is. A reader has the correction when its text has the other number; events are read as they
arrive, subtitles are requested again each 20 ms. Times are ms from sending the command, by the monotonic clock of the
machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

# The house is part of the tests, which are no package, so their folder has to be on the path before the next imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from aiohttp import ClientSession, ClientTimeout

from moothall.adapters.system.clock import SystemClock
from moothall.core import commands as do
from moothall.core.kernel.actors import Actor, Role
from moothall.core.sessions.parts import Segment
from moothall.settings.sections import Translation
from moothall_hub.mirror.offers import SessionChoice
from support.hubs.node import running_hub
from support.hubs.together import FLOOR, SESSION, Meeting, centre, paired

CLOCK = SystemClock()
PATIENCE_S = 30.0
AGAIN_MS = 20


class Site:
    """One of the six texts in which the line is read."""

    def __init__(self, name: str, address: str, *, streams: bool) -> None:
        self.name = name
        self._address = address
        self._streams = streams
        self._text = ""
        self._came = asyncio.Event()

    async def run(self, client: ClientSession) -> None:
        """Read until cancelled."""
        if self._streams:
            await self._follow(client)
        while True:
            async with client.get(self._address) as answer:
                self._take(await answer.text())
            await CLOCK.sleep(AGAIN_MS)

    async def _follow(self, client: ClientSession) -> None:
        while True:
            async with client.get(self._address, headers={"Accept": "text/event-stream"}) as answer:
                async for line in answer.content:
                    self._take(self._text[-100_000:] + line.decode())
            await CLOCK.sleep(AGAIN_MS)  # The text in another language exists only from its first line on.

    def _take(self, text: str) -> None:
        self._text = text
        self._came.set()

    async def has(self, word: str) -> int:
        """Wait until the text has this word; returns the time, in monotonic ms."""
        async with asyncio.timeout(PATIENCE_S):
            while word not in self._text:
                self._came.clear()
                await self._came.wait()
        return CLOCK.monotonic()


async def measured(times: int, translator: str) -> Mapping[str, Sequence[int]]:
    """Return the ms of each correction, by the text in which it was read."""
    found: dict[str, list[int]] = {}
    wanted = Translation(languages=("pt",), translators=(translator,))
    with tempfile.TemporaryDirectory() as folder:
        async with (
            ClientSession(timeout=ClientTimeout(total=None), read_bufsize=1 << 20) as client,
            centre(Path(folder) / "centre", translation=wanted) as running,
            running_hub(Path(folder) / "hub") as hub,
            asyncio.TaskGroup() as readers,
        ):
            meeting = Meeting(running)
            await meeting.begin()
            await paired(running, hub)
            await hub.parts.offers.set(SessionChoice(languages=("pt",)))
            await meeting.say("We begin with the words of welcome.")
            await CLOCK.sleep(2_000)
            sites = [
                Site(f"{where}, {what}", f"{address}/s/{SESSION}/{path}", streams=streams)
                for where, address in (("server", running.address), ("hub", hub.own))
                for what, path, streams in (
                    ("original", "events?channel=floor", True),
                    ("translation", "events?channel=mt-pt", True),
                    ("subtitles", "record.vtt?channel=floor", False),
                )
            ]
            tasks = [readers.create_task(site.run(client)) for site in sites]
            for number in range(times):
                for name, ms in (await _corrected(meeting, sites, number)).items():
                    found.setdefault(name, []).append(ms)
            for task in tasks:
                task.cancel()
    return found


async def _corrected(meeting: Meeting, sites: Sequence[Site], number: int) -> Mapping[str, int]:
    said, meant = str(5_000 + number), str(7_000 + number)
    text, mended = (f"We open harbour {each} again." for each in (said, meant))
    await meeting.say(text)
    await asyncio.gather(*(site.has(said) for site in sites))
    live = await meeting.running.backend.sessions.find(SESSION)
    assert live is not None
    line = _last(list(live.state.segments.items()))
    began = CLOCK.monotonic()
    correction = do.CorrectSegment(
        channel=FLOOR, segment=line.id, base_revision=line.revision, base_words=len(line.words), text=mended
    )
    await meeting.do(correction, by=Actor(Role.CAPTIONER, "c"))
    at = await asyncio.gather(*(site.has(meant) for site in sites))
    return {site.name: ms - began for site, ms in zip(sites, at, strict=True)}


def _last(segments: Sequence[tuple[object, Segment]]) -> Segment:
    return max((line for _, line in segments if line.channel == FLOOR), key=lambda line: (line.t0, line.id))


def main() -> None:
    """Measure, and print a row for each text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--translator", default="bergamot")
    arguments = parser.parse_args()
    found = asyncio.run(measured(arguments.times, arguments.translator))
    print(f"{'site':24}{'p50 ms':>8}{'max ms':>8}   {arguments.times} corrections")
    for name, all_ms in found.items():
        print(f"{name:24}{statistics.median(all_ms):8.0f}{max(all_ms):8d}")


if __name__ == "__main__":
    main()
