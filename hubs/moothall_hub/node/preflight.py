"""Whether a hub is ready for its meeting, and what to do where it isn't. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall_hub.room.ports import LineHealth, LineState, Saving

SLOW_MS = 2_000
"""An answer that takes longer than this is worth saying so."""
CLOCK_MS = 60_000
"""From this difference on both times are named."""
LITTLE_DISK = 500 << 20
"""Free bytes; a day of a conference with words as they come takes less than a tenth of it."""
NO_DISK = 50 << 20
WALL_MS = 60_000
"""A wall that has not asked for this long isn't open any more."""


class Check(StrEnum):
    """What is looked at."""

    PAIRED = "paired"
    LINE = "line"
    DELAY = "delay"
    BUDGET = "budget"
    CLOCK = "clock"
    DISK = "disk"
    PROGRAMME = "programme"
    COPY = "copy"
    WALL = "wall"


class Readiness(StrEnum):
    """How it is."""

    GOOD = "good"
    CARE = "care"
    """It works; somebody should know."""
    BAD = "bad"
    """Something has to be done."""
    UNKNOWN = "unknown"
    """It can't be looked at before something else is good."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    check: Check
    verdict: Readiness


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known."""

    line: LineHealth
    free_bytes: int
    """On the disk where the copies are."""
    offered: int
    """Meetings of which the programme tells."""
    kept: int
    """Of these, those that are kept here."""
    stuck: int
    """Copies of which nothing more is taken."""
    wall_ago: int | None
    """How long ago a wall has asked what to show, ms; None: never."""


def look(facts: Facts) -> tuple[Looked, ...]:
    """Everything, in the order in which it is to be mended."""
    line = facts.line
    paired = line.state is not LineState.UNPAIRED
    good = line.state is LineState.GOOD
    full = facts.free_bytes < NO_DISK or not line.storing
    bad, care, fine, unknown = Readiness.BAD, Readiness.CARE, Readiness.GOOD, Readiness.UNKNOWN
    found = {
        Check.PAIRED: bad if line.state in (LineState.UNPAIRED, LineState.REFUSED) else fine,
        Check.LINE: fine if good else bad if line.state is LineState.DOWN else unknown,
        Check.DELAY: unknown if not good or line.delay_ms is None else care if line.delay_ms > SLOW_MS else fine,
        Check.BUDGET: unknown if not paired else fine if line.saving is Saving.NOTHING else care,
        Check.CLOCK: unknown if not paired else care if abs(line.clock_difference_ms) >= CLOCK_MS else fine,
        Check.DISK: bad if full else care if facts.free_bytes < LITTLE_DISK else fine,
        Check.PROGRAMME: unknown if not paired else fine if facts.kept else bad,
        Check.COPY: bad if facts.stuck else fine,
        Check.WALL: fine if facts.wall_ago is not None and facts.wall_ago < WALL_MS else care,
    }
    return tuple(Looked(check=check, verdict=verdict) for check, verdict in found.items())


def ready(found: tuple[Looked, ...]) -> bool:
    """Whether nothing has to be done."""
    return all(each.verdict is not Readiness.BAD for each in found)
