"""What a hub's line may carry in a day, and what is left out as that is used up: in steps, and never all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import IntEnum

import msgspec

LINES_FROM = 0.5
ONE_LANGUAGE_FROM = 0.8
"""Shares of the budget from which each step holds."""


class BudgetStep(IntEnum):
    """What still comes."""

    ALL = 0
    """What was chosen."""
    LINES = 1
    """Finished lines only, no words as they come."""
    ONE_LANGUAGE = 2
    """Finished lines of the first of the languages that were chosen."""


def step(used_bytes: int, budget_bytes: int | None) -> BudgetStep:
    """Which step holds when so much was used today; without a budget it is always all."""
    if budget_bytes is None or used_bytes < LINES_FROM * budget_bytes:
        return BudgetStep.ALL
    return BudgetStep.LINES if used_bytes < ONE_LANGUAGE_FROM * budget_bytes else BudgetStep.ONE_LANGUAGE


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What went over the line on one day; kept on disk by its owner, since a restart begins no new day."""

    day: str = ""
    """`2026-11-26`."""
    received: int = 0
    """Bytes."""
    sent: int = 0

    @property
    def total(self) -> int:
        """Both ways: a line is paid for both ways."""
        return self.received + self.sent


def used(before: Usage, day: str, *, received: int, sent: int) -> Usage:
    """With so many bytes more; a new day begins with them.

    A day that is over doesn't come back, as clocks waver about midnight. One that is later than tomorrow never was: a
    clock that was wrong has counted it, and it is this one.
    """
    if day > before.day:
        return Usage(day=day, received=received, sent=sent)
    called = day if _next(day) < before.day else before.day
    return msgspec.structs.replace(before, day=called, received=before.received + received, sent=before.sent + sent)


def _next(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def day_at(wall: int, zone: tzinfo) -> str:
    """The date at a moment (Unix ms) where the conference is."""
    return datetime.fromtimestamp(wall / 1_000, zone).date().isoformat()


class Meter:
    """Counts what goes over the line, and says which step holds."""

    def __init__(
        self, budget_bytes: int | None, usage: Usage | None = None, *, zone: Callable[[], tzinfo] = lambda: UTC
    ) -> None:
        """`usage`: what was kept of the day before a restart. `zone`: the conference's, where its day ends."""
        self.budget_bytes = budget_bytes
        self.usage = usage or Usage()
        self._zone = zone

    @property
    def step(self) -> BudgetStep:
        """Which step holds now."""
        return step(self.usage.total, self.budget_bytes)

    def count(self, wall: int, *, received: int = 0, sent: int = 0) -> bool:
        """Add bytes at a moment by the centre's clock; whether another step holds since."""
        before = self.step
        self.usage = used(self.usage, day_at(wall, self._zone()), received=received, sent=sent)
        return self.step is not before
