"""Lines on their way to a place that shows captions once and takes none back: each is held a while for a correction."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from moothall.core.kernel.ids import SegmentId

HELD_MS = 3_000
"""How long a finished line is held. What is mended until then goes out mended; later it stays as it was sent."""
LATE_MS = 30_000
"""How long a line may wait for a place that is away. Overflow: it is given up, since its moment is over."""
MOST_WAITING = 100
"""Lines that wait. Overflow: the oldest is given up."""


class Held(msgspec.Struct, frozen=True):
    """A finished line."""

    segment: SegmentId
    text: str
    language: str
    """BCP-47 tag."""
    at: int
    """When it was finished, ms of a clock that never runs back."""


Outgoing = tuple[Held, ...]
"""All that wait, the oldest first."""


def with_line(waiting: Outgoing, line: Held) -> Outgoing:
    """With a line that was just finished."""
    return (*waiting, line)[-MOST_WAITING:]


def mended(waiting: Outgoing, segment: SegmentId, text: str) -> Outgoing:
    """With another text of a line, if it still waits."""
    return tuple(msgspec.structs.replace(each, text=text) if each.segment == segment else each for each in waiting)


def without(waiting: Outgoing, gone: Collection[SegmentId]) -> Outgoing:
    """Without lines that were struck."""
    return tuple(each for each in waiting if each.segment not in gone)


def in_time(waiting: Outgoing, now: int) -> Outgoing:
    """Without those that are too late, and those of which nothing is left."""
    return tuple(each for each in waiting if now - each.at < LATE_MS and (each.text.strip() or now - each.at < HELD_MS))


def due(waiting: Outgoing, now: int) -> Held | None:
    """What is to be sent next: lines go out in their order."""
    first = next(iter(waiting), None)
    return first if first is not None and now - first.at >= HELD_MS else None
