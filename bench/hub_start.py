#!/usr/bin/env python3
"""How soon a hub whose power returns shows its wall again: from its process's start, with hours of text on its disk.

    python bench/hub_start.py [--hours 8] [--sessions 8] [--rounds 5]

A hub copies `--hours` of speech in `--sessions` meetings (`bench/spoken_hall.py` says them at once, the last one is
open). Then hub and centre are killed, so the hub starts without an uplink. Time counts from the start of its process
until `/wall` has led to the page of the wall, until that page's first words have arrived from its feed, and until the
hub has printed its addresses. Memory is its resident set then. Files are in the system's cache; a small board's card is
slower: `--cold` drops the cache first, as root.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from statistics import median_high
from typing import NamedTuple

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package runs the processes and weak links.

from hub_outage import Look
from hub_readers import resident_mb
from moothall.adapters.reading.reader_client import follow
from moothall.core.kernel.ids import SessionId
from moothall_hub.app import COPIES
from moothall_hub.mirror.mirror import Mirror
from scoring import machine, markdown
from support.halls.process import CLOCK, FLOOR, free_port
from support.hubs.processes import CentreProcess, HubProcess

PATIENCE_S = 600.0


class Start(NamedTuple):
    """Times in seconds from the process's start, and memory in MB."""

    page: float
    """Until the wall's page is there."""
    words: float
    """Until the wall's text is there."""
    told: float
    """Until the hub's addresses are printed."""
    memory: float


async def start(hub: HubProcess, wall: str) -> Start:
    """Start the hub once, measure, and kill it."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    starting = asyncio.ensure_future(hub.start())
    async with aiohttp.ClientSession() as browser:
        while True:
            try:
                async with browser.get(f"{hub.address}/wall") as answer:
                    assert answer.status == 200, answer.status
                    assert str(answer.url).endswith(wall), answer.url
                    await answer.read()
                    break
            except aiohttp.ClientConnectionError:
                await CLOCK.sleep(5)
    page = loop.time() - began
    feed = follow(hub.address + wall.removesuffix("/screen"), FLOOR, CLOCK, tries=200)
    frame, _ = await anext(feed)
    assert frame.snapshot is not None
    assert frame.snapshot.offset
    words = loop.time() - began
    await feed.aclose()
    await starting
    told = loop.time() - began
    found = Start(page, words, told, resident_mb(hub.pid))
    await hub.kill()
    return found


def forget_files() -> None:
    """Empty the system's cache of files."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


async def measure(arguments: argparse.Namespace) -> list[Start]:
    """Run all rounds."""
    with tempfile.TemporaryDirectory(prefix="moothall-") as folder:
        each_s = round(3_600 * arguments.hours / arguments.sessions)
        centre = CentreProcess(Path(folder) / "centre", free_port(70), 3_600 * arguments.hours)
        hub = HubProcess(Path(folder) / "hub", free_port(71))
        await centre.start()
        await hub.pair(f"http://127.0.0.1:{centre.port}", (await centre.order(hub="Kisumu"))["words"])
        await hub.start()
        mirror = await Mirror.open(hub.data / COPIES)
        session = "plenary"
        for n in range(arguments.sessions):
            if n:
                session = (await centre.order(next=True))["session"]
            said = (await centre.order(say=each_s))["offset"]
            async with asyncio.timeout(PATIENCE_S):
                await Look(mirror, SessionId(session)).whole(said - 5)
            print(f"{session}: {said} events", file=sys.stderr)
        await mirror.close()
        wall = f"/s/{session}/screen"
        async with aiohttp.ClientSession() as browser, browser.get(hub.address + wall) as answer:
            assert answer.status == 200, answer.status
        await CLOCK.sleep(1_000)
        await hub.kill()
        await centre.kill()
        size = sum(each.stat().st_size for each in hub.data.iterdir() if each.is_file())
        print(f"{size / 1e6:.0f} MB on the hub's disk", file=sys.stderr)
        found = []
        for _ in range(arguments.rounds):
            if arguments.cold:
                forget_files()
            found.append(await start(hub, wall))
        return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--hours", type=float, default=8)
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cold", action="store_true")
    found = asyncio.run(measure(parser.parse_args()))
    columns = list(zip(*found, strict=True))
    rows = [("p50", Start(*map(median_high, columns))), ("worst", Start(*map(max, columns)))]
    head = ["", "the wall's page s", "its text s", "addresses told s", "memory MB"]
    print(
        markdown(head, [[name, *(f"{value:.2f}" for value in each[:3]), f"{each.memory:.0f}"] for name, each in rows])
    )
    print("\n".join(machine()))


if __name__ == "__main__":
    main()
