"""Results of the soak: each run's, a line of JSON in a file for its commit, and their sums."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

BENCH = Path(__file__).parent
PIECES = BENCH / "soak"
DIGITS = 8
"""Digits of a commit's name in a file's name."""
FAULTS_KEPT = 50
"""Sentences that a result keeps. Overflow: further ones are only counted."""


class Struck(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of what was done to the processes."""

    servers_killed: int = 0
    hubs_killed: int = 0
    servers_restarted: int = 0
    """Stops by SIGTERM, as by a service manager, each followed by a start."""
    lines_cut: int = 0

    @property
    def kills(self) -> int:
        """The number of processes killed by SIGKILL."""
        return self.servers_killed + self.hubs_killed


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of what was said and read."""

    sessions: int = 0
    """Sessions that were begun."""
    lines: int = 0
    """Lines that were acknowledged to a captioner."""
    words: int = 0
    """Words that an engine heard in the sound of a microphone."""
    questions: int = 0
    """Questions that were acknowledged to their authors."""
    acts: int = 0
    """Acknowledged acts of moderators."""
    connections: int = 0
    """Connections of readers, reconnections included."""
    reconnections: int = 0
    """Connections of readers that had a position."""
    fresh: int = 0
    """Reconnections that were answered by a snapshot."""
    events: int = 0
    """Events that all readers together received."""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """The resources of one process that was never killed, over a run."""

    part: str
    """The process's name, such as `server` or `hub`."""
    begin_mb: float
    """Its own memory (USS), median of the first tenth after the warm-up."""
    end_mb: float
    """Its own memory, median of the last tenth."""
    mb_an_hour: float
    """The slope of the straight line through all samples after the warm-up."""
    within_mb: float | None
    """The half width of the slope's 95 % interval (per hour), for independent samples; None with fewer than three."""
    descriptors: tuple[int, int]
    """Descriptors without readers: before the first came, and after the last left."""
    judged: bool
    """Whether the run was long enough to decide whether memory is flat."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one run."""

    commit: str
    changed: bool
    """Whether files differed from the commit."""
    date: str
    """When the run began, UTC, in ISO format."""
    processor: str
    load: float
    """The machine's load, mean of the samples."""
    hours: float
    kill_every_s: float
    readers: int
    struck: Struck
    told: Told
    lost: int
    doubled: int
    courses: tuple[Course, ...]
    faults: tuple[str, ...]
    """The first faults, as sentences."""
    fault_count: int


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of several results."""

    pieces: int = 0
    hours: float = 0.0
    longest: float = 0.0
    """Hours of the longest run."""
    kills: int = 0
    cuts: int = 0
    lines: int = 0
    questions: int = 0
    reconnections: int = 0
    lost: int = 0
    doubled: int = 0
    faults: int = 0

    def __str__(self) -> str:
        return (
            f"{self.hours:.2f} h in {self.pieces} {'piece' if self.pieces == 1 else 'pieces'} "
            f"(the longest {self.longest:.2f} h), {self.kills:,} kills, {self.cuts:,} cuts, "
            f"{self.reconnections:,} readers came back, {self.lines:,} lines and {self.questions:,} questions; "
            f"{self.lost} lost, {self.doubled} doubled, {self.faults} faults"
        )


def added(pieces: Iterable[Piece]) -> Sum:
    """Return the sum of results."""
    total = Sum()
    for each in pieces:
        total = Sum(
            pieces=total.pieces + 1,
            hours=total.hours + each.hours,
            longest=max(total.longest, each.hours),
            kills=total.kills + each.struck.kills,
            cuts=total.cuts + each.struck.lines_cut,
            lines=total.lines + each.told.lines,
            questions=total.questions + each.told.questions,
            reconnections=total.reconnections + each.told.reconnections,
            lost=total.lost + each.lost,
            doubled=total.doubled + each.doubled,
            faults=total.faults + each.fault_count,
        )
    return total


def keep(piece: Piece, folder: Path = PIECES) -> Path:
    """Append a result to the file of its commit; returns that file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{piece.commit[:DIGITS]}.jsonl"
    with path.open("ab") as file:
        file.write(msgspec.json.encode(piece) + b"\n")
    return path


def kept(folder: Path = PIECES) -> list[Piece]:
    """Return the results of all commits, by date. Raises msgspec.ValidationError for a line that is no result."""
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_bytes().splitlines() if line.strip()]
    return sorted((msgspec.json.decode(line, type=Piece) for line in lines), key=lambda each: each.date)


def sums(pieces: Sequence[Piece], commit: str) -> list[str]:
    """Return the lines printed after a run: the sum of this commit's results, and the sum of all."""
    ours = [each for each in pieces if each.commit[:DIGITS] == commit[:DIGITS]]
    commits = len({each.commit[:DIGITS] for each in pieces})
    return [f"commit {commit[:DIGITS]}  {added(ours)}", f"all commits ({commits})  {added(pieces)}"]


def commit_now(but: str = "", folder: Path = BENCH) -> tuple[str, bool]:
    """Return the commit checked out in `folder`, and whether files differ from it, apart from `but`,
    which a run itself writes.
    """

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    but_for = (f":(top,exclude){but}",) if but else ()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":(top)", *but_for)
    return git("rev-parse", "HEAD") or "0" * 40, bool(changed)
