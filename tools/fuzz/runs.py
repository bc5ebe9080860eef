"""The results of fuzzing: each run of a target, a line of JSON in a file that is kept, and their sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

RUNS = Path(__file__).with_name("runs.jsonl")
DIGITS = 8
"""Digits of a commit's name in printed sums."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one target."""

    target: str
    commit: str
    changed: bool
    """Whether files differed from the commit."""
    date: str
    """When the run began, UTC, in ISO format."""
    seconds: int
    executions: int
    """Inputs that were tried; 0 when the run ended with a finding and printed no count."""
    edges: int
    """Branches of Python that were reached."""
    finding: bool


def note(run: Run, path: Path = RUNS) -> None:
    """Append a run to the file."""
    with path.open("ab") as file:
        file.write(msgspec.json.encode(run) + b"\n")


def noted(path: Path = RUNS) -> list[Run]:
    """Return all noted runs, in the order of the file. Raises msgspec.ValidationError for a line that is no run."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Run) for line in lines]


def sums(runs: Iterable[Run], targets: Sequence[str]) -> list[str]:
    """Return a printable line for each target, with its last run's commit; then one for all."""
    of: dict[str, list[Run]] = {name: [] for name in targets}
    for run in runs:
        of.setdefault(run.target, []).append(run)
    lines = [f"{name:24} {_sum(found)}" for name, found in of.items()]
    return [*lines, f"{f'all ({len(of)})':24} {_sum([run for found in of.values() for run in found])}"]


def _sum(runs: Sequence[Run]) -> str:
    if not runs:
        return "no run is noted"
    seconds, executions = sum(run.seconds for run in runs), sum(run.executions for run in runs)
    longest, findings = max(run.seconds for run in runs), sum(run.finding for run in runs)
    last = max(runs, key=lambda run: run.date)
    return (
        f"{seconds:>6} s in {len(runs)} (the longest {longest} s), {executions:>11,} inputs, "
        f"{findings} found something, last {last.date[:10]} at {last.commit[:DIGITS]}"
    )
