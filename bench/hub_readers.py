#!/usr/bin/env python3
"""The cost of readers at a hub, for the uplink and for the hub: one reader, then forty, while somebody speaks.

    python bench/hub_readers.py [--readers 40] [--seconds 120]

Centre, hub and readers are processes of their own (the readers share one), and the link between centre and hub is a TCP
proxy that counts (`tests/support/links/weak_link.py`). Both phases have the same length and the same amount of speech;
bytes are those on the socket both ways, pulses and checkpoints included. Memory is the hub's resident set, CPU the
share of one core that its process used. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package runs the processes and weak links.

from hub_outage import Look
from moothall.adapters.reading.reader_client import follow
from moothall_hub.app import COPIES
from moothall_hub.mirror.mirror import Mirror
from scoring import machine, markdown
from support.halls.process import CLOCK, FLOOR, free_port
from support.hubs.processes import CentreProcess, HubProcess
from support.links.weak_link import GOOD, WeakLink, weak_link_to

SESSION = "plenary"
BEFORE_S = 3_600
SETTLE_MS = 10_000
TICKS = os.sysconf("SC_CLK_TCK")


class Phase(NamedTuple):
    """The costs of one number of readers."""

    readers: int
    link: int
    """Bytes on the uplink."""
    cpu: float
    """CPU time of the hub, in s."""
    resident: float
    """Resident memory of the hub at the end, in MB."""
    frames: int
    """Frames that all readers together received."""


class Readers:
    """Readers that follow the hub's page, and the count of their frames."""

    def __init__(self) -> None:
        self.frames = 0

    async def read(self, address: str) -> None:
        """Follow the page as one reader, until cancelled."""
        async for _ in follow(f"{address}/s/{SESSION}", FLOOR, CLOCK, tries=200):
            self.frames += 1


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used, in s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process, in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def phase(hub: HubProcess, link: WeakLink, readers: int, seconds: float) -> Phase:
    """Measure `readers` readers for `seconds`, after a pause in which they join."""
    reading = Readers()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(reading.read(hub.address)) for _ in range(readers)]
        await CLOCK.sleep(SETTLE_MS)
        passed, cpu, reading.frames = link.passed, cpu_s(hub.pid), 0
        await CLOCK.sleep(round(1_000 * seconds))
        done = Phase(readers, link.passed - passed, cpu_s(hub.pid) - cpu, resident_mb(hub.pid), reading.frames)
        for task in tasks:
            task.cancel()
    return done


async def measure(arguments: argparse.Namespace) -> list[Phase]:
    """Measure both phases."""
    with tempfile.TemporaryDirectory(prefix="moothall-") as folder:
        centre = CentreProcess(Path(folder) / "centre", free_port(60), BEFORE_S)
        await centre.start()
        words = (await centre.order(hub="Kisumu"))["words"]
        await centre.order(say=BEFORE_S)
        async with weak_link_to(centre.port, GOOD) as link:
            hub = HubProcess(Path(folder) / "hub", free_port(61))
            await hub.pair(link.address, words)
            await hub.start()
            mirror = await Mirror.open(hub.data / COPIES)
            await Look(mirror).whole((await centre.order(talk=True))["offset"])
            await mirror.close()
            phases = [await phase(hub, link, readers, arguments.seconds) for readers in (1, arguments.readers)]
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
            f"{each.link:,}",
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
