"""How far people have come with checking a text: which lines they have read and found right, and who works on which.

The progress is in the book, a namespace for each session: ids, revisions and roles, never words. Who works on which
lines is in memory alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.ports import Book, BookEntry, Clock
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State

NAMESPACE = "checked-lines"
TAKEN_MS = 600_000
"""How long lines that somebody has on their page are on nobody else's, in ms, unless that person comes back."""
MOST_TAKEN = 2_000
"""Lines that are somebody's at once. Overflow: the oldest are anybody's again."""


class FoundRight(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody has read a line and found it right."""

    revision: int
    """How many corrections the line had then; another one has to be checked again."""
    role: Role
    at: int
    """When, Unix ms."""


def to_check(state: State, channel: ChannelId) -> list[Segment]:
    """The finished lines of a channel, by time."""
    lines = [
        line
        for _, line in state.segments.items()
        if line.channel == channel and line.ended and not line.gone and line.whole.strip()
    ]
    return sorted(lines, key=lambda line: (line.t0, line.id))


def doubt(line: Segment) -> float:
    """How uncertain a line is, from 0 to 1: of its least certain word, as the recogniser gave it; 0 where a person
    wrote it.
    """
    return 1 - min((word.p for word in line.recognised), default=1.0)


@dataclass(eq=False, repr=False)
class CheckedLines:
    """The progress of all sessions. Nothing of it is cached: the book is read when a page is opened."""

    book: Book
    clock: Clock

    def __post_init__(self) -> None:
        self._taken: dict[tuple[SessionId, SegmentId], tuple[str, int]] = {}

    async def of(self, session: SessionId) -> Mapping[SegmentId, FoundRight]:
        """The lines of a session that were found right, as they read then. Raises StorageUnavailable."""
        entries = await self.book.read(_namespace(session))
        return {SegmentId(name): found for name, body in entries.items() if (found := _read(body)) is not None}

    async def mark(self, session: SessionId, segment: SegmentId, revision: int, role: Role) -> None:
        """Note that a line was found right; durable when it returns. Raises StorageUnavailable."""
        found = FoundRight(revision=revision, role=role, at=self.clock.wall())
        await self.book.write([BookEntry(_namespace(session), segment, msgspec.json.encode(found))])
        self._taken.pop((session, segment), None)

    def take(self, session: SessionId, lines: Sequence[Segment], who: str, most: int) -> list[Segment]:
        """Return the first lines that nobody but `who` has on a page, at most `most`, and note that they are theirs."""
        now = self.clock.monotonic()
        self._taken = {key: each for key, each in self._taken.items() if each[1] > now}
        free = [line for line in lines if self._taken.get((session, line.id), (who, 0))[0] == who][:most]
        for line in free:
            self._taken.pop((session, line.id), None)
            self._taken[session, line.id] = who, now + TAKEN_MS
        while len(self._taken) > MOST_TAKEN:
            del self._taken[next(iter(self._taken))]
        return free


def _namespace(session: SessionId) -> str:
    return f"{NAMESPACE}:{session}"


def _read(body: bytes) -> FoundRight | None:
    try:
        return read_json(body, FoundRight)
    except Unreadable:
        return None  # Written by a later release: the line is checked once more.
