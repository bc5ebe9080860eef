"""A story for `make_log.py`: two questions are not taken, and who may ask is limited; then the
words of one are removed.
"""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import hubs as he
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import HUB, REMOTE, InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, InterventionId
from support.sessions.recorder import MORNING, Recorder

MODERATOR = Actor(Role.MODERATOR, "moderator-3")
STAFF = Actor(Role.SECRETARIAT, "staff-1")
VISITOR = Actor(Role.PARTICIPANT, "visitor")
ONE, OTHER = InterventionId("q1"), InterventionId("q2")


def _asked(name: InterventionId, number: int, text: str, origin: str) -> qe.InterventionReceived:
    return qe.InterventionReceived(
        intervention=name,
        number=number,
        kind=InterventionKind.QUESTION,
        text=text,
        language="en",
        name="",
        origin=origin,
        asker=f"asker-{number}",
        t=900,
    )


def _stands(name: InterventionId, number: int, status: InterventionStatus, t: int) -> qe.InterventionStatusChanged:
    return qe.InterventionStatusChanged(intervention=name, number=number, status=status, t=t)


def two_not_taken(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    return [
        tell(ev.SessionCreated(title="Not taken", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=ChannelId("floor"), kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), MODERATOR),
        tell(_asked(ONE, 1, "Why?", REMOTE), VISITOR, cause="ask-1"),
        tell(_stands(ONE, 1, InterventionStatus.CHECKED, 900), VISITOR, cause="ask-1", n=1),
        tell(qe.AskingLimited(known=True), MODERATOR),
        tell(_asked(OTHER, 2, "Why João Silva?", f"{HUB}kisumu"), VISITOR, cause="ask-2"),
        tell(_stands(OTHER, 2, InterventionStatus.CHECKED, 950), VISITOR, cause="ask-2", n=1),
        tell(_stands(ONE, 1, InterventionStatus.DECLINED, 1_000), MODERATOR, cause="no-1"),
        tell(qe.InterventionDeclined(intervention=ONE, reason="Asked before."), MODERATOR, cause="no-1", n=1),
        tell(_stands(OTHER, 2, InterventionStatus.DECLINED, 1_100), MODERATOR, cause="no-2"),
        tell(qe.InterventionDeclined(intervention=OTHER, reason="It names João Silva."), MODERATOR, cause="no-2", n=1),
        tell(
            he.HubDeclined(hub="kisumu", intervention=OTHER, reason="It names João Silva."),
            MODERATOR,
            cause="no-2",
            n=2,
        ),
        tell(ev.SessionClosed(t=3_000), MODERATOR),
    ]


def remove_the_one_from_a_hub(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone, tell = (7, 12, 13), recorder.record
    stays = qe.InterventionRemoved(
        intervention=OTHER,
        number=2,
        kind=InterventionKind.QUESTION,
        language="en",
        origin=f"{HUB}kisumu",
        asker="asker-2",
        t=950,
    )
    return gone, [
        tell(stays, STAFF, cause="r"),
        tell(ev.BodyRemoved(offsets=gone, reason="request", by=STAFF.id), STAFF, cause="r", n=1),
    ]
