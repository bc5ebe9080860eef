"""Decide whether a hub is ready for its meeting; the page says what to do where it is not. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall_hub.room.ports import Saving, UplinkHealth, UplinkHealthState

SLOW_MS = 2_000
"""A median round trip above this many ms is reported."""
CLOCK_MS = 60_000
"""A difference of the clocks of this many ms or more is reported."""
LITTLE_DISK = 500 << 20
"""Free bytes below which care is needed; a day of a conference with partial words takes less than a tenth of this."""
NO_DISK = 50 << 20
WALL_MS = 60_000
"""A wall that has not asked for this many ms is no longer open."""


class Check(StrEnum):
    """The checks of a hub before a meeting."""

    PAIRED = "paired"
    UPLINK = "line"
    DELAY = "delay"
    BUDGET = "budget"
    CLOCK = "clock"
    DISK = "disk"
    PROGRAMME = "programme"
    COPY = "copy"
    WALL = "wall"


class CheckResult(StrEnum):
    """The result of a check."""

    GOOD = "good"
    CARE = "care"
    """It works, but the coordinator should know."""
    BAD = "bad"
    """Something has to be done."""
    UNKNOWN = "unknown"
    """It cannot be checked before another check is good."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """A check and its result."""

    check: Check
    verdict: CheckResult


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that the checks judge."""

    uplink: UplinkHealth
    free_bytes: int
    """Free bytes on the disk that holds the copies."""
    offered: int
    """How many meetings the programme offers."""
    kept: int
    """How many of these are copied here."""
    stuck: int
    """How many copies accept nothing more."""
    wall_ago: int | None
    """Milliseconds since a wall last asked what to show; None: never."""


def look(facts: Facts) -> tuple[Looked, ...]:
    """Return the results of all checks, in the order in which problems should be solved."""
    uplink = facts.uplink
    paired = uplink.state is not UplinkHealthState.UNPAIRED
    good = uplink.state is UplinkHealthState.GOOD
    full = facts.free_bytes < NO_DISK or not uplink.storing
    bad, care, fine, unknown = CheckResult.BAD, CheckResult.CARE, CheckResult.GOOD, CheckResult.UNKNOWN
    found = {
        Check.PAIRED: bad if uplink.state in (UplinkHealthState.UNPAIRED, UplinkHealthState.REFUSED) else fine,
        Check.UPLINK: fine if good else bad if uplink.state is UplinkHealthState.DOWN else unknown,
        Check.DELAY: unknown if not good or uplink.delay_ms is None else care if uplink.delay_ms > SLOW_MS else fine,
        Check.BUDGET: unknown if not paired else fine if uplink.saving is Saving.NOTHING else care,
        Check.CLOCK: unknown if not paired else care if abs(uplink.clock_difference_ms) >= CLOCK_MS else fine,
        Check.DISK: bad if full else care if facts.free_bytes < LITTLE_DISK else fine,
        Check.PROGRAMME: unknown if not paired else fine if facts.kept else bad,
        Check.COPY: bad if facts.stuck else fine,
        Check.WALL: fine if facts.wall_ago is not None and facts.wall_ago < WALL_MS else care,
    }
    return tuple(Looked(check=check, verdict=verdict) for check, verdict in found.items())


def ready(found: tuple[Looked, ...]) -> bool:
    """Whether no check has the result BAD."""
    return all(each.verdict is not CheckResult.BAD for each in found)
