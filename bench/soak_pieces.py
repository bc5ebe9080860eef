"""Pieces of the soak: what each run came to, a line of JSON in a file for its commit, and how they add up."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

BENCH = Path(__file__).parent
PIECES = BENCH / "soak"
DIGITS = 8
"""Of a commit's name, in a file's."""
FAULTS_KEPT = 50
"""Sentences that a piece keeps. Overflow: the others are counted only."""


class Struck(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to the processes, how often each."""

    servers_killed: int = 0
    hubs_killed: int = 0
    servers_restarted: int = 0
    """With SIGTERM, as by a service's manager."""
    lines_cut: int = 0

    @property
    def kills(self) -> int:
        """With SIGKILL."""
        return self.servers_killed + self.hubs_killed


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was said and read, how much of each."""

    sessions: int = 0
    """That were begun."""
    lines: int = 0
    """That were acknowledged to a captioner."""
    words: int = 0
    """That an engine heard in the sound of a microphone."""
    questions: int = 0
    """That were acknowledged to whoever asked."""
    acts: int = 0
    """Of moderators, that were acknowledged."""
    connections: int = 0
    """Of readers, the first ones and those below."""
    reconnections: int = 0
    """Of readers that had a position."""
    fresh: int = 0
    """Of these, how often the answer was a snapshot."""
    events: int = 0
    """That readers were given, all together."""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """How one process did that was never killed."""

    part: str
    """Such as `server` or `hub`."""
    begin_mb: float
    """Memory of its own (USS), median of the first tenth after the warm-up."""
    end_mb: float
    """Median of the last tenth."""
    mb_an_hour: float
    """The straight line through all looks after the warm-up."""
    within_mb: float | None
    """95 % of such lines lie so near to it (per hour), were the looks independent; None with fewer than three."""
    descriptors: tuple[int, int]
    """Without readers: before the first came, and after the last left."""
    judged: bool
    """Whether it was long enough to say whether memory is flat."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """What one run came to."""

    commit: str
    changed: bool
    """Whether files differed from the commit's."""
    date: str
    """When it began, UTC."""
    processor: str
    load: float
    """Of the machine, mean of the looks."""
    hours: float
    kill_every_s: float
    readers: int
    struck: Struck
    told: Told
    lost: int
    doubled: int
    courses: tuple[Course, ...]
    faults: tuple[str, ...]
    """The first of them, sentences."""
    fault_count: int


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """Several pieces together."""

    pieces: int = 0
    hours: float = 0.0
    longest: float = 0.0
    """Hours of the longest piece."""
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
    """How they add up."""
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
    """Append it to the file of its commit; that file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{piece.commit[:DIGITS]}.jsonl"
    with path.open("ab") as file:
        file.write(msgspec.json.encode(piece) + b"\n")
    return path


def kept(folder: Path = PIECES) -> list[Piece]:
    """All pieces of all commits, by date. Raises msgspec.ValidationError for a line that is none."""
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_bytes().splitlines() if line.strip()]
    return sorted((msgspec.json.decode(line, type=Piece) for line in lines), key=lambda each: each.date)


def sums(pieces: Sequence[Piece], commit: str) -> list[str]:
    """What is printed after a run: the sum of this commit's pieces, and that of all."""
    ours = [each for each in pieces if each.commit[:DIGITS] == commit[:DIGITS]]
    commits = len({each.commit[:DIGITS] for each in pieces})
    return [f"commit {commit[:DIGITS]}  {added(ours)}", f"all commits ({commits})  {added(pieces)}"]


def commit_now(but: str = "", folder: Path = BENCH) -> tuple[str, bool]:
    """Which commit is checked out in `folder`, and whether files differ from it, `but` for what a run itself writes."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    but_for = (f":(top,exclude){but}",) if but else ()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":(top)", *but_for)
    return git("rev-parse", "HEAD") or "0" * 40, bool(changed)
