"""The data budget of a hub's uplink for a day: as it is used up, less is sent, in steps, and never nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import IntEnum

import msgspec

LINES_FROM = 0.5
ONE_LANGUAGE_FROM = 0.8
"""The shares of the budget from which on each step applies."""


class BudgetStep(IntEnum):
    """What the server above still sends."""

    ALL = 0
    """Everything that was chosen."""
    LINES = 1
    """Only finished lines, without partial words."""
    ONE_LANGUAGE = 2
    """Only finished lines of the first of the chosen languages."""


def step(used_bytes: int, budget_bytes: int | None) -> BudgetStep:
    """The step that applies after `used_bytes` of today; without a budget always ALL."""
    if budget_bytes is None or used_bytes < LINES_FROM * budget_bytes:
        return BudgetStep.ALL
    return BudgetStep.LINES if used_bytes < ONE_LANGUAGE_FROM * budget_bytes else BudgetStep.ONE_LANGUAGE


class DailyUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of one day. Its owner keeps it on disk, since a restart does not begin a new day."""

    day: str = ""
    """The date in the conference's time zone, such as `2026-11-26`; empty before the first byte."""
    received: int = 0
    """Bytes received; `sent` are bytes sent."""
    sent: int = 0

    @property
    def total(self) -> int:
        """Bytes in both directions, since both are paid for."""
        return self.received + self.sent


def used(before: DailyUsage, day: str, *, received: int, sent: int) -> DailyUsage:
    """Return the usage with more bytes added; a new day begins with these bytes.

    A past day does not come back, as clocks waver around midnight. A stored day later than tomorrow was counted by a
    clock that was wrong, so it is taken as the present day.
    """
    if day > before.day:
        return DailyUsage(day=day, received=received, sent=sent)
    called = day if _next(day) < before.day else before.day
    return msgspec.structs.replace(before, day=called, received=before.received + received, sent=before.sent + sent)


def _next(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def day_at(wall: int, zone: tzinfo) -> str:
    """The date at a moment (Unix ms) in the conference's time zone."""
    return datetime.fromtimestamp(wall / 1_000, zone).date().isoformat()


class Meter:
    """Counts the bytes of the uplink, and says which step applies."""

    def __init__(
        self, budget_bytes: int | None, usage: DailyUsage | None = None, *, zone: Callable[[], tzinfo] = lambda: UTC
    ) -> None:
        """`usage` was stored before a restart; `zone` gives the conference's time zone, in which its day ends."""
        self.budget_bytes = budget_bytes
        self.usage = usage or DailyUsage()
        self._zone = zone

    @property
    def step(self) -> BudgetStep:
        """The step that applies now."""
        return step(self.usage.total, self.budget_bytes)

    def count(self, wall: int, *, received: int = 0, sent: int = 0) -> bool:
        """Add bytes at a moment of the centre's clock. Return whether another step applies since."""
        before = self.step
        self.usage = used(self.usage, day_at(wall, self._zone()), received=received, sent=sent)
        return self.step is not before
