"""A story for `make_log.py`: a question is called, answered in writing and not taken; then its
words are removed for good.
"""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, InterventionId
from support.sessions.recorder import MORNING, Recorder

MODERATOR = Actor(Role.MODERATOR, "moderator-3")
STAFF = Actor(Role.SECRETARIAT, "staff-1")
Q = InterventionId("q1")


def _stands(status: InterventionStatus, t: int, reason: str = "") -> qe.InterventionStatusChanged:
    return qe.InterventionStatusChanged(intervention=Q, number=1, status=status, t=t, reason=reason)


def _published(text: str, name: str, *, removed: bool = False) -> qe.InterventionPublished:
    return qe.InterventionPublished(
        intervention=Q,
        number=1,
        kind=InterventionKind.QUESTION,
        text=text,
        language="en",
        name=name,
        origin="remote",
        t=900,
        removed=removed,
    )


def question_not_taken(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    received = qe.InterventionReceived(
        intervention=Q,
        number=1,
        kind=InterventionKind.QUESTION,
        text="Wy João Silva?",
        language="en",
        name="Ana Conceição",
        origin="remote",
        asker="asker-1",
        t=900,
    )
    return [
        tell(ev.SessionCreated(title="Words removed", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=ChannelId("floor"), kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), MODERATOR),
        tell(received, Actor(Role.PARTICIPANT, "visitor"), cause="ask"),
        tell(_stands(InterventionStatus.CHECKED, 900), Actor(Role.PARTICIPANT, "visitor"), cause="ask", n=1),
        tell(qe.InterventionReworded(intervention=Q, text="Why João Silva?"), MODERATOR),
        tell(_published("Why João Silva?", "Ana Conceição"), MODERATOR, cause="approve"),
        tell(_stands(InterventionStatus.QUEUED, 1_000), MODERATOR, cause="approve", n=1),
        tell(_stands(InterventionStatus.CALLED, 1_500), MODERATOR),
        tell(qe.InterventionWritten(intervention=Q, number=1, text="He was here.", language="pt"), MODERATOR),
        tell(_stands(InterventionStatus.DECLINED, 2_000, "It names João Silva."), MODERATOR),
        tell(ev.SessionClosed(t=3_000), MODERATOR),
    ]


def remove_its_words(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    """Append the events that `moothall.core.removal.questions.stays_of` makes in this release."""
    gone, tell = (4, 6, 7, 10, 11), recorder.record
    stays = qe.InterventionRemoved(
        intervention=Q, number=1, kind=InterventionKind.QUESTION, language="en", origin="remote", asker="asker-1", t=900
    )
    return gone, [
        tell(stays, STAFF, cause="r"),
        tell(_published("", "", removed=True), STAFF, cause="r", n=1),
        tell(_stands(InterventionStatus.DECLINED, 2_000), STAFF, cause="r", n=2),
        tell(ev.BodyRemoved(offsets=gone, reason="request", by=STAFF.id), STAFF, cause="r", n=3),
    ]
