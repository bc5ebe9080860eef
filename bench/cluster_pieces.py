"""Results of the proof by faults: each run's, a line of JSON in a file for its commit, and their sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from soak_pieces import BENCH, DIGITS

PIECES = BENCH / "cluster"
SAID_KEPT = 50
"""Sentences that a result keeps. Overflow: further ones are only counted."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """The results of all faults of one kind."""

    pauses: tuple[float, ...] = ()
    """For each fault: the longest time without an acknowledgement, from the fault until people
    were answered again, in s.
    """
    after: tuple[float, ...] = ()
    """For each fault: seconds from its end until the next acknowledgement."""
    taken_over: tuple[float, ...] = ()
    """Seconds from the fault until the other node kept the house, for the faults after which it did."""


class FaultPiece(msgspec.Struct, frozen=True, kw_only=True):
    """The results of one run."""

    commit: str
    changed: bool
    """Whether files differed from the commit."""
    date: str
    """When the run began, UTC, in ISO format."""
    processor: str
    load: float
    seed: int
    rounds: int
    seconds: float
    kinds: dict[str, Kind]
    acts: int
    """Acknowledged acts."""
    lines: int
    questions: int
    removals: int
    connections: int
    """Connections of readers."""
    fresh: int
    """Snapshots that readers got though they had a position."""
    events: int
    """Events in the logs at the ends of their rounds."""
    lost: int
    doubled: int
    reordered: int
    other: int
    """All other violations of the promise."""
    said: tuple[str, ...]
    one_copy: bool = False
    """Whether the house was allowed to go on with one copy while Redis was away."""
    nodes: int = 2
    server: str = "valkey"
    """`valkey` or `redis`."""
    parts: tuple[str, ...] = ()
    """What the house had beside its nodes: `engine`, `hub`."""
    words: int = 0
    """Spoken words in the logs."""
    unrecorded: int = 0
    """Words that were typed or spoken while nothing was recorded, or that went with the beginning of such a span."""

    @property
    def faults(self) -> int:
        """The number of faults."""
        return sum(len(kind.pauses) for kind in self.kinds.values())


def keep(piece: FaultPiece, folder: Path = PIECES) -> Path:
    """Append the results to the file of their commit; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{piece.commit[:DIGITS]}.jsonl"
    with path.open("ab") as file:
        file.write(msgspec.json.encode(piece) + b"\n")
    return path


def kept(folder: Path = PIECES) -> list[FaultPiece]:
    """Return the results of all commits, by date. Raises msgspec.ValidationError for a line that is no result."""
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_bytes().splitlines() if line.strip()]
    return sorted((msgspec.json.decode(line, type=FaultPiece) for line in lines), key=lambda each: each.date)


def share(times: Sequence[float], part: float) -> float:
    """Return the quantile of `times` at `part` (nearest rank)."""
    ordered = sorted(times)
    return ordered[max(0, -(-round(part * 1_000) * len(ordered) // 1_000) - 1)]


def sums(pieces: Iterable[FaultPiece]) -> list[str]:
    """Return the sums of all results as text: a line of counts, and one for each kind of fault."""
    pieces = list(pieces)

    def of_all(name: str) -> int:
        return sum(getattr(piece, name) for piece in pieces)

    said = [
        (
            f"{of_all('faults'):,} faults in {len(pieces)} {'piece' if len(pieces) == 1 else 'pieces'}, "
            f"{of_all('acts'):,} acts, {of_all('words'):,} spoken words, {of_all('questions'):,} questions, "
            f"{of_all('removals'):,} removals, {of_all('unrecorded'):,} words not recorded; "
            f"{of_all('lost')} lost, {of_all('doubled')} doubled, {of_all('reordered')} reordered, "
            f"{of_all('other')} otherwise wrong"
        )
    ]
    kinds: dict[str, list[Kind]] = {}
    for piece in pieces:
        for name, kind in piece.kinds.items():
            kinds.setdefault(name, []).append(kind)
    for name, found in sorted(kinds.items()):
        said.append(_line(name, found))
    if kinds:
        said.append(_line("all", [kind for found in kinds.values() for kind in found]))
    return said


def _line(name: str, kinds: Sequence[Kind]) -> str:
    pauses = [each for kind in kinds for each in kind.pauses]
    after = [each for kind in kinds for each in kind.after]
    taken = [each for kind in kinds for each in kind.taken_over]
    over = f", {len(taken)} take-overs {_of(taken)}" if taken else ""
    return f"  {name}: {len(pauses)}, longest pause {_of(pauses)}, after its end {_of(after)}{over}"


def _of(times: Sequence[float]) -> str:
    if not times:
        return "none"
    return f"{share(times, 0.5):.2f} / {share(times, 0.99):.2f} / {max(times):.2f} s"
