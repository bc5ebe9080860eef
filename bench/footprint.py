"""Measures a running replay: memory of its processes, and its sound and log on disk; and decides whether memory grows.

Linux only: it reads /proc.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MB = 1_000_000
HOUR = 3_600.0
PROC = Path("/proc")
PARTS = {
    "moothall_models": "engine",
    "moothall_models.translator_cli": "translator",
    "moothall.adapters.sound.decode_child": "decoder",
    "read": "reader",
}
"""The words in command lines that tell the server's children apart; `read` is the subcommand."""
ALLOWANCE_MB = 2.0
"""MB by which memory may grow whatever the length: allocators take pages at times of their own."""


class Footprint(NamedTuple):
    """One sample of a running replay."""

    at: float
    """Seconds since the start."""
    audio: float
    """Seconds of sound for which there is text."""
    memory: dict[str, float]
    """Resident memory of each process in MB, by its part: `server`, `engine`, `decoder`, `reader`."""
    spool: float
    """MB of sound that waits on disk."""
    log: float
    """MB of the log's files."""


class Growth(NamedTuple):
    """The change of one process' memory after the warm-up."""

    part: str
    hours: float
    """Hours of sound, from the first sample to the last."""
    slope: float
    """MB for each hour of sound: the slope of the straight line through all samples (least squares)."""
    most: float
    """The most memory in MB, over all of the run."""

    def flat(self, allowed: float) -> bool:
        """Whether memory grows by less than `allowed` MB an hour plus ALLOWANCE_MB."""
        return self.slope * self.hours <= allowed * self.hours + ALLOWANCE_MB


def processes(server: int, proc: Path = PROC) -> dict[str, int]:
    """Return the process ids of the server and of the processes that it started, by part."""
    found = {"server": server}
    for children in proc.glob(f"{server}/task/*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                if (part := _part_of(proc / child)) is not None:
                    found[part] = int(child)
    return found


def _part_of(process: Path) -> str | None:
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    return next((PARTS[word] for word in words if word in PARTS), None)


def resident(pid: int, proc: Path = PROC) -> float | None:
    """Return the resident memory of a process in MB (VmRSS); None when it is gone."""
    return _status(pid, "VmRSS", proc)


def peak(pid: int, proc: Path = PROC) -> float | None:
    """Return the peak memory of a process in MB (VmHWM); None when it is gone."""
    return _status(pid, "VmHWM", proc)


def _status(pid: int, field: str, proc: Path) -> float | None:
    with suppress(OSError):
        for line in (proc / str(pid) / "status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1_024 / MB
    return None


def on_disk(folder: Path, pattern: str) -> float:
    """Return the size in MB of a folder's files that match a pattern."""
    size = 0
    for path in folder.glob(pattern):
        with suppress(OSError):
            size += path.stat().st_size if path.is_file() else 0
    return size / MB


def growth(part: str, looks: Sequence[Footprint], warm_up: float) -> Growth | None:
    """Return the change of one process' memory after `warm_up` seconds of sound; None with fewer than
    three samples from then on.

    Samples at the end don't count, when all text has arrived and the processes release memory.
    """
    last = max((look.audio for look in looks), default=0.0)
    counted = [look for look in looks if warm_up <= look.audio < last and part in look.memory]
    points = [(look.audio / HOUR, look.memory[part]) for look in counted]
    if len(points) < 3:
        return None
    most = max(look.memory[part] for look in looks if part in look.memory)
    return Growth(part, points[-1][0] - points[0][0], slope(points), most)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the straight line through the points, by least squares; 0 when all have the same x."""
    n = len(points)
    x0, y0 = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - x0) ** 2 for x, _ in points)
    return sum((x - x0) * (y - y0) for x, y in points) / spread if spread else 0.0
