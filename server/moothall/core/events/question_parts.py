"""Value types of the events of interventions."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.kernel.ids import InterventionId


class InterventionKind(StrEnum):
    """What the author of an intervention wants."""

    QUESTION = "question"
    COMMENT = "comment"
    REQUEST = "request"
    """A request to speak, or to type, in person."""


class InterventionStatus(StrEnum):
    """How far an intervention has come."""

    CHECKED = "being-checked"
    QUEUED = "queued"
    CALLED = "called"
    """It is the intervention's turn now: it is read aloud, or its author speaks or types."""
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
"""Interventions that are still to come. Each person can have only one of these at a time."""
REVOCABLE = OPEN | {InterventionStatus.TO_WRITE}
"""Interventions that their author may take back, since they have not been answered."""
WAITING = frozenset({InterventionStatus.QUEUED, InterventionStatus.LATER})
"""Interventions that have been approved and have not had their turn."""
SUPPORTED = WAITING | {InterventionStatus.CALLED}
"""Interventions for which others may say that they would ask the same."""


class QueueOrder(StrEnum):
    """The rule by which the queue is ordered."""

    ARRIVAL = "arrival"
    """The order in which the interventions were received."""
    ALTERNATE = "alternate"
    """The room, remote participants and the hubs take turns."""
    NEWCOMERS = "newcomers"
    """Authors who have not had a turn in this meeting come first."""
    SUPPORT = "support"
    """Interventions that most people would ask too come first."""


class Opinion(StrEnum):
    """A vote on a comment."""

    AGREE = "agree"
    DISAGREE = "disagree"
    PASS = "pass"  # noqa: S105  # no password: the vote of whoever neither agrees nor disagrees


class OpinionSums(msgspec.Struct, frozen=True, kw_only=True):
    """How many have voted on a comment, and how."""

    agree: int
    """How many agree."""
    disagree: int
    """How many disagree."""
    passed: int
    """How many do neither."""

    @property
    def people(self) -> int:
        """How many have voted on it."""
        return self.agree + self.disagree + self.passed


class OpinionGroup(msgspec.Struct, frozen=True, kw_only=True):
    """People who voted alike."""

    people: int
    """How many they are."""
    sums: dict[InterventionId, OpinionSums]
    """Their votes, by comment; without those of which too little may be told."""


ROOM, REMOTE, HUB = "room", "remote", "hub:"
"""The origin of an intervention; the origin of a hub is `hub:` and the hub's name."""


def side_of(origin: str) -> str:
    """`room`, `remote` or `hub`: the three kinds of origin between which turns alternate."""
    return "hub" if origin.startswith(HUB) else origin
