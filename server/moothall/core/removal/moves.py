"""Finds lines in different logs that are the same words, since they were moved between sessions.

Nothing else records this. A move leaves an event in each of the two logs. The ids of their commands, and the ids that
lines get in the new session, can be derived from each other.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from moothall.core.kernel.ids import CommandId, SegmentId, SessionId

HERE, AWAY, BACK = ":here", ":away", ":back"
"""Suffixes of the ids of a move's commands: lines are added to one log, leave the other log, and are struck again in
the first.
"""

_BACK, _KEPT = "back-", "kept-"
_LEFT = re.compile(r"kept-([0-9]{1,15})(?:-[0-9]+)+")

LineKey = tuple[SessionId, SegmentId]
"""A line in a log."""


def commands_of(command_id: CommandId) -> tuple[CommandId, CommandId, CommandId]:
    """The ids of the commands that make up a move: `HERE`, `AWAY` and `BACK`."""
    here, away, back = (CommandId(short(command_id) + part) for part in (HERE, AWAY, BACK))
    return here, away, back


def short(command_id: CommandId) -> str:
    """The command's id, or a digest of it when it is too long for other ids to be derived from it."""
    return command_id if len(command_id) <= 100 else digest(command_id)


def digest(*parts: str) -> str:
    """A digest of `parts`, 24 hexadecimal digits."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def arrived(here: CommandId, segment: SegmentId) -> SegmentId:
    """The id of a moved line in its new session. It is the same whenever the same command is sent."""
    return SegmentId(f"moved-{digest(here, segment)}")


def returned(segment: SegmentId) -> SegmentId:
    """The id of a line that was struck or moved away once it is restored. It is unique, so the line can't be restored
    twice.
    """
    return SegmentId(f"{_BACK}{digest(segment)}")


def is_returned(segment: SegmentId) -> bool:
    """Whether a line may be one that was restored."""
    return segment.startswith(_BACK)


def kept(line: SegmentId, opened: int, run: int) -> SegmentId:
    """The id of the line with a run of words that stay of a line that is erased.

    `opened`: the offset at which `line` opened, which the id keeps through further removals; `run`: the run's number.
    """
    return SegmentId(f"{line}-{run}" if opened_before(line) is not None else f"{_KEPT}{opened}-{run}")


def opened_before(segment: SegmentId) -> int | None:
    """The offset at which the line had opened of which a removal left this one; None for any other line."""
    known = _LEFT.fullmatch(segment)
    return None if known is None else int(known[1])


def stands_again(segment: SegmentId) -> bool:
    """Whether a line has words that were there before: it was restored, or is what a removal left of a line, or is the
    translation of such a line.
    """
    return segment.startswith((_BACK, _KEPT))


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One half of a move, as one log has it."""

    session: SessionId
    """The session of this log."""
    cause: CommandId
    segments: tuple[SegmentId, ...]
    """The lines that came, by their ids here; or the lines that left."""
    other: SessionId | None
    """The other session. None when readers of this session may not know of it."""


class Orphan(msgspec.Struct, frozen=True):
    """A line that came to a log although no log says that it left: because of a crash in between, or of somebody else's
    act.
    """

    line_key: LineKey
    cause: CommandId
    origin: SessionId | None
    """The session from which it came; None when the log doesn't say."""


class Moves:
    """All moves between sessions."""

    def __init__(self, came: Sequence[Move], left: Sequence[Move]) -> None:
        self._neighbours: dict[LineKey, set[LineKey]] = defaultdict(set)
        self._origins: dict[LineKey, set[LineKey]] = defaultdict(set)
        known = frozenset(self._pair_by_command(came, left))
        returned_here = frozenset(self._pair_returned(came, left))
        self.orphans: tuple[Orphan, ...] = tuple(
            Orphan((move.session, name), move.cause, move.other)
            for move in came
            for name in move.segments
            if (move.session, name) not in known | returned_here
        )
        self.foreign = known.union(orphan.line_key for orphan in self.orphans)
        """Lines that were said in another session, whose recording has their sound."""

    def neighbours(self, line_key: LineKey) -> frozenset[LineKey]:
        """The lines from which a line was made, or that were made from it, in one step."""
        return frozenset(self._neighbours.get(line_key, ()))

    def origins(self, line_key: LineKey) -> frozenset[LineKey]:
        """The lines from which a line was made, in one step."""
        return frozenset(self._origins.get(line_key, ()))

    def _pair(self, one: LineKey, made: LineKey) -> LineKey:
        self._neighbours[one].add(made)
        self._neighbours[made].add(one)
        self._origins[made].add(one)
        return made

    def _pair_by_command(self, came: Iterable[Move], left: Iterable[Move]) -> Iterator[LineKey]:
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

    def _pair_returned(self, came: Iterable[Move], left: Iterable[Move]) -> Iterator[LineKey]:
        names = {(move.session, name) for move in came for name in move.segments}
        for move in left:
            for segment in move.segments:
                if (back := (move.session, returned(segment))) in names:
                    yield self._pair((move.session, segment), back)
