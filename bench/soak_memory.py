"""Resources of the soak's processes (own memory, descriptors, threads), and whether they stay flat.

Memory is USS: pages that no other process has, so that neither a fork nor a shared library counts.
Linux only: it reads /proc.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from math import inf, sqrt
from pathlib import Path
from statistics import median
from typing import NamedTuple

from footprint import MB, PROC, slope
from soak_pieces import Course

WARM_UP_H = 1.0
"""Hours after which everything is loaded that is loaded once and kept, and sessions have come and gone."""
LEAST_H = 2.0
"""The shortest run whose memory is judged, in hours."""
FLAT = 0.05
"""The share by which memory may change and still count as flat."""
TENTH = 10
SPARE_DESCRIPTORS = 8
"""The difference of descriptors allowed at rest: a store's idle connection, a desk that is just reconnecting."""
Point = tuple[float, float]
"""Hours since the start, and MB."""


class Held(NamedTuple):
    """The resources of one process at a moment."""

    own_mb: float
    """USS in MB."""
    shared_mb: float
    """PSS in MB: USS plus a share of the pages that others have too."""
    descriptors: int
    threads: int


class Look(NamedTuple):
    """One sample of all processes."""

    hours: float
    """Hours since the start."""
    held: dict[str, Held]
    """Resources by part."""
    figures: dict[str, float]
    """Load, MB on the disk, and the servers' metrics."""


class Line(NamedTuple):
    """The straight line through points, by least squares."""

    rise: float
    """MB an hour."""
    within: float
    """The half width of the slope's 95 % interval, for independent points. Samples of a process
    aren't, so it is wider.
    """


def held(pid: int, proc: Path = PROC) -> Held | None:
    """Return the resources of a process; None when it is gone."""
    with suppress(OSError):
        kb: dict[str, int] = {}
        for line in (proc / str(pid) / "smaps_rollup").read_text().splitlines()[1:]:
            name, _, rest = line.partition(":")
            kb[name] = int(rest.split()[0])
        own = kb["Private_Clean"] + kb["Private_Dirty"] + kb.get("Private_Hugetlb", 0)
        return Held(
            own * 1_024 / MB,
            kb["Pss"] * 1_024 / MB,
            sum(1 for _ in (proc / str(pid) / "fd").iterdir()),
            sum(1 for _ in (proc / str(pid) / "task").iterdir()),
        )
    return None


def straight(points: Sequence[Point]) -> Line:
    """Return the line through at least three points; with fewer the slope is 0, within infinity."""
    n = len(points)
    if n < 3:
        return Line(0.0, inf)
    rise = slope(points)
    x0, y0 = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - x0) ** 2 for x, _ in points)
    left = sum((y - y0 - rise * (x - x0)) ** 2 for x, y in points)
    return Line(rise, 1.96 * sqrt(left / (n - 2) / spread) if spread else inf)


def course(part: str, points: Sequence[Point], descriptors: tuple[int, int]) -> Course:
    """Return the course of one process, from at least one sample.

    If the run is too short to be judged, all samples but those of its first quarter count.
    """
    whole = points[-1][0]
    judged = whole >= LEAST_H
    since = WARM_UP_H if judged else whole / 4
    counted = [each for each in points if each[0] >= since]
    few = max(1, len(counted) // TENTH)
    line = straight(counted)
    return Course(
        part=part,
        begin_mb=round(median(mb for _, mb in counted[:few]), 2),
        end_mb=round(median(mb for _, mb in counted[-few:]), 2),
        mb_an_hour=round(line.rise, 2),
        within_mb=None if line.within == inf else round(line.within, 2),
        descriptors=descriptors,
        judged=judged,
    )


def faults(each: Course) -> list[str]:
    """Return each fault of a course as a sentence."""
    wrong = []
    if each.judged and abs(each.end_mb / each.begin_mb - 1) > FLAT:
        change = 100 * (each.end_mb / each.begin_mb - 1)
        wrong.append(
            f"Memory of {each.part} went from {each.begin_mb:.1f} to {each.end_mb:.1f} MB after the first hour "
            f"({change:+.1f} %; {100 * FLAT:.0f} % are flat)."
        )
    before, after = each.descriptors
    if after > before + SPARE_DESCRIPTORS:
        wrong.append(f"Descriptors of {each.part} went from {before} to {after} without readers.")
    return wrong


def sentence(each: Course) -> str:
    """Return the printed form of a course."""
    within = "?" if each.within_mb is None else f"{each.within_mb:.1f}"
    said = (
        f"{each.part:15} {each.begin_mb:.1f} MB, at the end {each.end_mb:.1f} ({each.mb_an_hour:+.1f} ± {within} MB an "
        f"hour); descriptors {each.descriptors[0]}, at the end {each.descriptors[1]}"
    )
    return said if each.judged else f"{said}; too short to judge memory ({LEAST_H:.0f} h)"
