"""What the events of interventions are made of."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What somebody wants."""

    QUESTION = "question"
    COMMENT = "comment"
    REQUEST = "request"
    """To speak, or to type, for themselves."""


class InterventionStatus(StrEnum):
    """Where an intervention stands."""

    CHECKED = "being-checked"
    QUEUED = "queued"
    CALLED = "called"
    """It is its turn now: it is read aloud, or its author speaks or types."""
    ANSWERED = "answered"
    LATER = "later"
    DECLINED = "declined"
    JOINED = "joined"
    TO_WRITE = "to-write"
    """It is to be answered in writing."""
    WRITTEN = "written"
    """It was answered in writing."""
    TO_REPORT = "to-report"
    """It goes to the authors of the report."""
    CLOSED = "closed"
    """The meeting ended before its turn came, and nobody took it further."""
    WITHDRAWN = "withdrawn"


OPEN = frozenset(
    {InterventionStatus.CHECKED, InterventionStatus.QUEUED, InterventionStatus.CALLED, InterventionStatus.LATER}
)
"""What is still to come: one of each person at a time."""
REVOCABLE = OPEN | {InterventionStatus.TO_WRITE}
"""What its author may take back: it has not been answered."""
WAITING = frozenset({InterventionStatus.QUEUED, InterventionStatus.LATER})
"""What has been approved and has not had its turn."""
SUPPORTED = WAITING | {InterventionStatus.CALLED}
"""What others may say that they would ask too."""


class QueueOrder(StrEnum):
    """Whose turn comes next."""

    ARRIVAL = "arrival"
    """In the order in which they came."""
    ALTERNATE = "alternate"
    """The room, those who are remote, and the hubs take turns."""
    NEWCOMERS = "newcomers"
    """Who has not had a turn in this meeting comes first."""
    SUPPORT = "support"
    """What most people would ask too comes first."""


ROOM, REMOTE, HUB = "room", "remote", "hub:"
"""Where an intervention comes from; a hub is `hub:` and its name."""


def side_of(origin: str) -> str:
    """`room`, `remote` or `hub`: the three between which turns alternate."""
    return "hub" if origin.startswith(HUB) else origin
