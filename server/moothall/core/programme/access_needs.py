"""What somebody needs so that they can take part, told to the secretariat alone, and when that is deleted."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from moothall.core.kernel.ids import SessionId

LONGEST_NEED = 2_000
"""Characters of what somebody needs."""
LONGEST_NAME, LONGEST_REACH = 100, 200
"""Characters of who they are, and of how they are reached."""
MOST_NEEDS = 2_000
"""That are kept at a time. Overflow: the form says that the secretariat has to be asked in another way."""
DAY_MS = 86_400_000
KEEP_MS = 7 * DAY_MS
"""How long a need is kept after what it is about: a week to settle accounts and ask how it went, as with ballots."""
AT_MOST_MS = 400 * DAY_MS
"""How long one is kept in any case: somebody may write a year before, and a plan without a date has no end."""


class AccessNeed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody needs. Who they are and how they are reached is theirs to say."""

    id: str
    at: int
    """Unix ms when it came."""
    text: str
    name: str = ""
    reach: str = ""
    """A mail address, a number, a seat."""
    session: SessionId | None = None
    day: str = ""
    """ISO 8601 date in the conference's zone; empty for a session, or for the whole event."""
    dealt_with: bool = False


def due(need: AccessNeed, end: int | None, now: int) -> bool:
    """Whether a need is to be deleted at `now`. `end` is that of what it is about, Unix ms; None while nobody knows."""
    return now >= need.at + AT_MOST_MS or (end is not None and now >= max(end, need.at) + KEEP_MS)


def in_order(needs: Iterable[AccessNeed]) -> tuple[AccessNeed, ...]:
    """Those that are open first, the newest of each first."""
    return tuple(sorted(needs, key=lambda each: (each.dealt_with, -each.at, each.id)))
