"""Queues finished lines for a target that shows captions once and takes none back: each is held a while for
corrections.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from moothall.core.kernel.ids import SegmentId

HELD_MS = 3_000
"""How long a finished line is held, in ms. A correction in this time is sent with it; a later one is not."""
LATE_MS = 30_000
"""How long a line may wait for an unreachable target, in ms. Overflow: it is dropped, since its moment is over."""
MOST_WAITING = 100
"""Lines that may wait. Overflow: the oldest is dropped."""


class OutgoingLine(msgspec.Struct, frozen=True):
    """A finished line that is held."""

    segment: SegmentId
    text: str
    language: str
    """BCP-47 tag."""
    at: int
    """When the line was finished, ms of a monotonic clock."""


OutgoingLines = tuple[OutgoingLine, ...]
"""All waiting lines, oldest first."""


def with_line(waiting: OutgoingLines, line: OutgoingLine) -> OutgoingLines:
    """Return the queue with a line that was just finished."""
    return (*waiting, line)[-MOST_WAITING:]


def mended(waiting: OutgoingLines, segment: SegmentId, text: str) -> OutgoingLines:
    """Return the queue with another text of a line, if the line still waits."""
    return tuple(msgspec.structs.replace(each, text=text) if each.segment == segment else each for each in waiting)


def without(waiting: OutgoingLines, gone: Collection[SegmentId]) -> OutgoingLines:
    """Return the queue without lines that were struck."""
    return tuple(each for each in waiting if each.segment not in gone)


def in_time(waiting: OutgoingLines, now: int) -> OutgoingLines:
    """Return the queue without lines that have waited too long, and without due lines that have no text left."""
    return tuple(each for each in waiting if now - each.at < LATE_MS and (each.text.strip() or now - each.at < HELD_MS))


def due(waiting: OutgoingLines, now: int) -> OutgoingLine | None:
    """The next line to send, in order; None when the first line is still held."""
    first = next(iter(waiting), None)
    return first if first is not None and now - first.at >= HELD_MS else None
