"""What a running replay holds: memory of its processes, its sound and its log on disk; and whether memory grows.

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
PARTS = {"moothall_models": "engine", "moothall.adapters.sound.decode_child": "decoder", "read": "reader"}
"""How the server's children are told by their command lines; `read` is the subcommand."""
ALLOWANCE_MB = 2.0
"""What memory may grow by whatever the length: allocators take pages when they like."""


class Footprint(NamedTuple):
    """One look."""

    at: float
    """Seconds since the start."""
    audio: float
    """Seconds of sound that text stands for."""
    memory: dict[str, float]
    """MB that each process has resident, by its part: `server`, `engine`, `decoder`, `reader`."""
    spool: float
    """MB of sound that waits on disk."""
    log: float
    """MB of the log's files."""


class Growth(NamedTuple):
    """How one process' memory went after the warm-up."""

    part: str
    hours: float
    """Of sound, from the first look to the last."""
    slope: float
    """MB for each hour of sound: the straight line through all looks (least squares)."""
    most: float
    """MB at most, over all of the run."""

    def flat(self, allowed: float) -> bool:
        """Whether it grows by less than `allowed` MB an hour, and what an allocator takes as it likes."""
        return self.slope * self.hours <= allowed * self.hours + ALLOWANCE_MB


def processes(server: int, proc: Path = PROC) -> dict[str, int]:
    """The server's process and those that it started, by their parts."""
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
    """MB that a process has in memory (VmRSS); None when it is gone."""
    return _status(pid, "VmRSS", proc)


def peak(pid: int, proc: Path = PROC) -> float | None:
    """MB that it had at most (VmHWM)."""
    return _status(pid, "VmHWM", proc)


def _status(pid: int, field: str, proc: Path) -> float | None:
    with suppress(OSError):
        for line in (proc / str(pid) / "status").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1_024 / MB
    return None


def on_disk(folder: Path, pattern: str) -> float:
    """MB of the files in a folder."""
    size = 0
    for path in folder.glob(pattern):
        with suppress(OSError):
            size += path.stat().st_size if path.is_file() else 0
    return size / MB


def growth(part: str, looks: Sequence[Footprint], warm_up: float) -> Growth | None:
    """What one process' memory did after `warm_up` seconds of sound; None with fewer than three looks from then on.

    Looks at the end, when all text has come and the processes let go of what they have, don't count.
    """
    last = max((look.audio for look in looks), default=0.0)
    counted = [look for look in looks if warm_up <= look.audio < last and part in look.memory]
    points = [(look.audio / HOUR, look.memory[part]) for look in counted]
    if len(points) < 3:
        return None
    most = max(look.memory[part] for look in looks if part in look.memory)
    return Growth(part, points[-1][0] - points[0][0], slope(points), most)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line through the points, by least squares; 0 when all stand at one place."""
    n = len(points)
    x0, y0 = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - x0) ** 2 for x, _ in points)
    return sum((x - x0) * (y - y0) for x, y in points) / spread if spread else 0.0
