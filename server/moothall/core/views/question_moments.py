"""Finds what was being said at the moment when somebody asked a question."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import SegmentId
from moothall.core.kernel.persistent import PersistentMap
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State

PAUSE_MS = 5_000
"""How long after the end of a line, in ms, a question still refers to that line, if no other line has begun."""


def spoken_lines(state: State) -> Sequence[Segment]:
    """The lines of the floor that are shown and have text, by their beginning."""
    floor = {each.id for each in state.channels.values() if each.kind is ChannelKind.FLOOR}
    lines = [line for _, line in state.segments.items() if line.channel in floor and not line.gone]
    return sorted((line for line in lines if line.whole.strip()), key=_sort_key)


class SpokenLines:
    """`spoken_lines` of a running session, updated incrementally: each call reads only the lines that have changed."""

    def __init__(self) -> None:
        self._seen: PersistentMap[SegmentId, Segment] = PersistentMap()
        # Bound: the lines of the session, which its state holds as well.
        self._lines: list[Segment] = []
        self._there: dict[SegmentId, Segment] = {}

    def of(self, state: State) -> Sequence[Segment]:
        """The present lines. Each call changes and returns the same list."""
        floor = {each.id for each in state.channels.values() if each.kind is ChannelKind.FLOOR}
        for name in state.segments.changed_since(self._seen):
            before, line = self._there.pop(name, None), state.segments.get(name)
            if before is not None:
                del self._lines[bisect_left(self._lines, _sort_key(before), key=_sort_key)]
            if line is not None and line.channel in floor and not line.gone and line.whole.strip():
                insort(self._lines, line, key=_sort_key)
                self._there[name] = line
        self._seen = state.segments
        return self._lines


def _sort_key(line: Segment) -> tuple[int, str]:
    return line.t0, line.id


def said_at(lines: Sequence[Segment], t: int, *, kept: bool = True) -> Segment | None:
    """The line of `spoken_lines` that was being said at `t` (media ms), or just before; None where nobody spoke.

    `kept`: whether what was said at `t` was kept. A line may stay open while nothing is recorded; then it counts as
    ended with its last word.
    """
    found = bisect_right(lines, t, key=lambda line: line.t0) - 1
    if found < 0:
        return None
    line = lines[found]
    end = line.t1 if line.ended else None
    if not kept and line.words:
        end = line.words[-1].t1
    return line if end is None or t <= end + PAUSE_MS else None
