"""What somebody needs so that they can take part (seen by the secretariat only), and when that is deleted."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from moothall.core.kernel.ids import SessionId

LONGEST_NEED = 2_000
"""Characters of the text of a need."""
LONGEST_NAME, LONGEST_REACH = 100, 200
"""Characters of the person's name, and of how to reach them."""
MOST_NEEDS = 2_000
"""Needs that are stored at a time. Overflow: the form asks people to contact the secretariat in another way."""
DAY_MS = 86_400_000
KEEP_MS = 7 * DAY_MS
"""How long a need is kept after its session or day, in ms: a week to settle accounts and ask how it went, as with
ballots.
"""
AT_MOST_MS = 400 * DAY_MS
"""How long a need is kept at most, in ms: somebody may write a year before, and a plan without a date has no end."""


class AccessNeed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody needs. Name and contact are optional."""

    id: str
    at: int
    """Unix ms when it was received."""
    text: str
    name: str = ""
    reach: str = ""
    """A mail address, a phone number or a seat; empty for none."""
    session: SessionId | None = None
    day: str = ""
    """ISO 8601 date in the conference's time zone; empty for a session, or for the whole event."""
    dealt_with: bool = False


def due(need: AccessNeed, end: int | None, now: int) -> bool:
    """Whether a need is to be deleted at `now` (Unix ms). `end`: end of its session or day, Unix ms; None when that is
    not known.
    """
    return now >= need.at + AT_MOST_MS or (end is not None and now >= max(end, need.at) + KEEP_MS)


def in_order(needs: Iterable[AccessNeed]) -> tuple[AccessNeed, ...]:
    """The needs in the order of the list: open ones first, and newest first among the open and among the others."""
    return tuple(sorted(needs, key=lambda each: (each.dealt_with, -each.at, each.id)))
