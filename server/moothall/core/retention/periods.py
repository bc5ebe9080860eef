"""How long each kind of what is kept of a meeting is kept, counted from the meeting's end.

Each kind has a default. Nothing is kept for ever but what somebody has stated to be.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

DAY_MS = 86_400_000
FOR_EVER = "for ever"
"""The period that never ends, as it is written in the settings."""
LONGEST_DAYS = 99_999
PATTERN = r"^(for ever|[1-9][0-9]{0,4} days)$"
"""What a period looks like where it is written."""
_DAYS = re.compile(r"([1-9][0-9]{0,4}) days")

DUE = "due"
"""Value of `body.removed` as a reason: public words were kept for as long as was stated."""
STAFF_DUE = "due-staff"
"""The same for what only the staff could read: no public word has gone."""


class KeptKind(StrEnum):
    """What is kept of a meeting, in the parts that have periods of their own."""

    TEXT = "text"
    """Lines, translations, names of speakers and whether they agreed to have their voice recognised, what was published
    of questions, shows of hands, names on final attendance lists, published reports and documents, and files of
    imported meetings."""
    SOUND = "sound"
    """Published sound. Sound that is kept until the text is checked has a period of its own (`[recording]`)."""
    STAFF = "staff"
    """What the staff wrote or marked for themselves, drafts of reports that were never published, what people wrote on
    attendance lists, lines that were never on air, and how links were used."""
    QUESTIONS = "questions"
    """Questions that nobody published, the wording in which others arrived, and keyed hashes of who asked."""


DEFAULTS = {
    KeptKind.TEXT: "3650 days",
    KeptKind.SOUND: "3650 days",
    KeptKind.STAFF: "90 days",
    KeptKind.QUESTIONS: "90 days",
}


class StatedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A period that somebody has stated in place of that of the settings."""

    period: str
    by: str
    """The pseudonym of who did."""
    at: int
    """Unix ms."""


def days_of(period: str) -> int | None:
    """The days of a period; None for one that never ends. Raises ValueError for anything else."""
    if period == FOR_EVER:
        return None
    found = _DAYS.fullmatch(period)
    if found is None:
        raise ValueError(f"'{period[:40]}' is no period: write a number of days, such as '90 days', or 'for ever'.")
    return int(found[1])
