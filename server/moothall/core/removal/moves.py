"""Which lines of different logs are the same words: lines that were moved, and what they are called where they stand.

Nothing else says it. A move leaves an event in each of the two logs; the ids of the commands that left them, and the
name that a line gets in its new session, follow from each other.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from moothall.core.kernel.ids import CommandId, SegmentId, SessionId

HERE, AWAY, BACK = ":here", ":away", ":back"
"""How the ids of a move's commands end: lines come to one log, they leave the other, and what came is struck again."""

_BACK = "back-"

Place = tuple[SessionId, SegmentId]
"""A line in a log."""


def commands_of(command_id: CommandId) -> tuple[CommandId, CommandId, CommandId]:
    """The ids of the commands that make up a move: `HERE`, `AWAY` and `BACK`."""
    here, away, back = (CommandId(short(command_id) + part) for part in (HERE, AWAY, BACK))
    return here, away, back


def short(command_id: CommandId) -> str:
    """The command's id, so short that ids can be derived from it."""
    return command_id if len(command_id) <= 100 else digest(command_id)


def digest(*parts: str) -> str:
    """24 hexadecimal digits that stand for `parts`."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def arrived(here: CommandId, segment: SegmentId) -> SegmentId:
    """What a line is called in its new session: the same whenever the same command is sent."""
    return SegmentId(f"moved-{digest(here, segment)}")


def returned(segment: SegmentId) -> SegmentId:
    """What a line that was struck or moved away is called once it stands again; so it can't come back twice."""
    return SegmentId(f"{_BACK}{digest(segment)}")


def is_returned(segment: SegmentId) -> bool:
    """Whether a line may be a returned one."""
    return segment.startswith(_BACK)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One half of a move, as one log has it."""

    session: SessionId
    """Whose log."""
    cause: CommandId
    segments: tuple[SegmentId, ...]
    """What came, by the names that it has here; or what left."""
    other: SessionId | None
    """The other session. None when readers of this one may not know of it."""


class Orphan(msgspec.Struct, frozen=True):
    """A line that came to a log and left none, as far as the logs say: a crash came in between, or somebody else."""

    place: Place
    cause: CommandId
    origin: SessionId | None
    """Where it was; None when that isn't said."""


class Moves:
    """All moves between sessions."""

    def __init__(self, came: Sequence[Move], left: Sequence[Move]) -> None:
        self._neighbours: dict[Place, set[Place]] = defaultdict(set)
        known = frozenset(self._pair_by_command(came, left))
        returned_here = frozenset(self._pair_returned(came, left))
        self.orphans: tuple[Orphan, ...] = tuple(
            Orphan((move.session, name), move.cause, move.other)
            for move in came
            for name in move.segments
            if (move.session, name) not in known | returned_here
        )
        self.foreign = known.union(orphan.place for orphan in self.orphans)
        """Lines that were said in another session: their sound is there."""

    def neighbours(self, place: Place) -> frozenset[Place]:
        """The lines that a line was made of, or that were made of it, in one step."""
        return frozenset(self._neighbours.get(place, ()))

    def _pair(self, one: Place, other: Place) -> Place:
        self._neighbours[one].add(other)
        self._neighbours[other].add(one)
        return other

    def _pair_by_command(self, came: Iterable[Move], left: Iterable[Move]) -> Iterator[Place]:
        leaving: dict[CommandId, list[Move]] = defaultdict(list)
        for move in left:
            leaving[move.cause].append(move)
        for move in came:
            names = frozenset(move.segments)
            for away in leaving.get(CommandId(move.cause.removesuffix(HERE) + AWAY), ()):
                if move.other not in (None, away.session) or away.other not in (None, move.session):
                    continue
                for segment in away.segments:
                    if (name := arrived(move.cause, segment)) in names:
                        yield self._pair((away.session, segment), (move.session, name))

    def _pair_returned(self, came: Iterable[Move], left: Iterable[Move]) -> Iterator[Place]:
        names = {(move.session, name) for move in came for name in move.segments}
        for move in left:
            for segment in move.segments:
                if (back := (move.session, returned(segment))) in names:
                    yield self._pair((move.session, segment), back)
