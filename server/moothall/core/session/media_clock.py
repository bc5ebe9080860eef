"""How media time runs beside the wall's, by the newest mapping (docs/why/architecture.md, "Media time")."""

from __future__ import annotations

from typing import NamedTuple

HELD_MS = 1_000
"""Media time is never seen to run back by less than this: it stands until the newest mapping has come as far. By more
it is set back only where a file goes on after a restart, or where an older release had let it jump ahead."""


class MediaClock(NamedTuple):
    """One mapping."""

    t: int
    """Media ms ..."""
    wall: int
    """... at this Unix ms."""
    reached: int = 0
    """Media ms that was reached before, where this mapping sets it back a little."""

    def at(self, wall: int) -> int:
        """Media time at the wall time `wall` (Unix ms); it doesn't run before the mapping."""
        return max(self.reached, self.t + max(0, wall - self.wall))

    def mapped(self, t: int, wall: int) -> MediaClock:
        """The next mapping."""
        now = self.at(wall)
        return MediaClock(t, wall, now if t < now <= t + HELD_MS else 0)
