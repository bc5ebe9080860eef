"""What the speaker was saying at the moment when somebody asked. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from moothall.core.events import ChannelKind
from moothall.core.session import State
from moothall.core.session_parts import Segment

PAUSE_MS = 5_000
"""Whoever asks so long after a line's end, with no other begun, asks about that line."""


def spoken_lines(state: State) -> Sequence[Segment]:
    """The lines as spoken that stand and have text, by their beginning."""
    floor = {each.id for each in state.channels.values() if each.kind is ChannelKind.FLOOR}
    lines = [line for _, line in state.segments.items() if line.channel in floor and not line.gone]
    return sorted((line for line in lines if line.whole.strip()), key=lambda line: line.t0)


def said_at(lines: Sequence[Segment], t: int, *, kept: bool = True) -> Segment | None:
    """The line of `spoken_lines` that was being said at `t`, media ms, or just before; None where nobody spoke.

    `kept`: whether what was said then is. A line that was begun before may stay open while nothing is recorded: where
    nothing is, it is taken to have ended with its last word.
    """
    found = bisect_right(lines, t, key=lambda line: line.t0) - 1
    if found < 0:
        return None
    line = lines[found]
    end = line.t1 if line.ended else None
    if not kept and line.words:
        end = line.words[-1].t1
    return line if end is None or t <= end + PAUSE_MS else None
