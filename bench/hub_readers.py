#!/usr/bin/env python3
"""What readers at a hub cost the line and the hub: one of them, then forty, while somebody speaks.

    python bench/hub_readers.py [--readers 40] [--seconds 120]

Centre, hub and readers are processes of their own (the readers share one), and the line between centre and hub is a TCP
proxy that counts (`tests/support/links/weak_line.py`).
Each phase is as long as the other, with as much said in it; bytes are those on the socket both ways, pulses and
checkpoints included. Memory is the hub's resident set, CPU what its process used of one core. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # Its processes and lines are those of tests.

from hub_outage import Look
from moothall.adapters.reading.reader_client import follow
from moothall_hub.app import COPIES
from moothall_hub.mirror.mirror import Mirror
from scoring import machine, markdown
from support.halls.process import CLOCK, FLOOR, free_port
from support.hubs.processes import CentreProcess, HubProcess
from support.links.weak_line import GOOD, WeakLine, weak_line_to

SESSION = "plenary"
BEFORE_S = 3_600
SETTLE_MS = 10_000
TICKS = os.sysconf("SC_CLK_TCK")


class Phase(NamedTuple):
    """What so many readers cost."""

    readers: int
    line: int
    """Bytes."""
    cpu: float
    """Seconds."""
    resident: float
    """MB at its end."""
    frames: int
    """That readers got, all together."""


class Readers:
    """Some of them, following the hub's page."""

    def __init__(self) -> None:
        self.frames = 0

    async def read(self, address: str) -> None:
        """One, until cancelled."""
        async for _ in follow(f"{address}/s/{SESSION}", FLOOR, CLOCK, tries=200):
            self.frames += 1


def cpu_s(pid: int) -> float:
    """What a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    """What it has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def phase(hub: HubProcess, line: WeakLine, readers: int, seconds: float) -> Phase:
    """So many readers for so long."""
    reading = Readers()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(reading.read(hub.address)) for _ in range(readers)]
        await CLOCK.sleep(SETTLE_MS)
        passed, cpu, reading.frames = line.passed, cpu_s(hub.pid), 0
        await CLOCK.sleep(round(1_000 * seconds))
        done = Phase(readers, line.passed - passed, cpu_s(hub.pid) - cpu, resident_mb(hub.pid), reading.frames)
        for task in tasks:
            task.cancel()
    return done


async def measure(arguments: argparse.Namespace) -> list[Phase]:
    """Both phases."""
    with tempfile.TemporaryDirectory(prefix="moothall-") as folder:
        centre = CentreProcess(Path(folder) / "centre", free_port(60), BEFORE_S)
        await centre.start()
        words = (await centre.order(hub="Kisumu"))["words"]
        await centre.order(say=BEFORE_S)
        async with weak_line_to(centre.port, GOOD) as line:
            hub = HubProcess(Path(folder) / "hub", free_port(61))
            await hub.pair(line.address, words)
            await hub.start()
            mirror = await Mirror.open(hub.data / COPIES)
            await Look(mirror).whole((await centre.order(talk=True))["offset"])
            await mirror.close()
            phases = [await phase(hub, line, readers, arguments.seconds) for readers in (1, arguments.readers)]
            await hub.stop()
        await centre.stop()
        return phases


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--readers", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=120)
    arguments = parser.parse_args()
    rows = [
        [
            f"{each.readers}",
            f"{each.line:,}",
            f"{100 * each.cpu / arguments.seconds:.1f}",
            f"{each.resident:.0f}",
            f"{each.frames}",
        ]
        for each in asyncio.run(measure(arguments))
    ]
    print(markdown(["readers", "bytes on the line", "CPU %", "memory MB", "frames read"], rows))
    print("\n".join(machine()))


if __name__ == "__main__":
    main()
