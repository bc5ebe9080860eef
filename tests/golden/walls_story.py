"""A story for `make_log.py`: walls are cleared while a question is called, twice; the first time that is undone."""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, InterventionId, SegmentId
from support.sessions.recorder import MORNING, Recorder

ENGINE = Actor(Role.ENGINE, "engine-1")
MODERATOR = Actor(Role.MODERATOR, "moderator-3")
PARTICIPANT = Actor(Role.PARTICIPANT, "q1")
STAFF = Actor(Role.SECRETARIAT, "staff-1")
FLOOR, Q1, LINE = ChannelId("floor"), InterventionId("q1"), SegmentId("s1")


def cleared_walls(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record

    def stands(status: InterventionStatus, t: int) -> LogRecord:
        return tell(qe.InterventionStatusChanged(intervention=Q1, number=1, status=status, t=t), MODERATOR)

    received = qe.InterventionReceived(
        intervention=Q1,
        number=1,
        kind=InterventionKind.QUESTION,
        text="Why?",
        language="en",
        name="Ana",
        origin="remote",
        asker="asker-1",
        t=900,
    )
    published = qe.InterventionPublished(
        intervention=Q1,
        number=1,
        kind=InterventionKind.QUESTION,
        text="Why?",
        language="en",
        name="Ana",
        origin="remote",
        t=900,
    )
    return [
        tell(ev.SessionCreated(title="Walls", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), MODERATOR),
        tell(le.SegmentOpened(channel=FLOOR, segment=LINE, t0=300, language="en", origin=le.Origin.MACHINE), ENGINE),
        tell(
            le.SegmentEnded(channel=FLOOR, segment=LINE, t1=800, reason=le.EndReason.SENTENCE, text="A name."), ENGINE
        ),
        tell(received, PARTICIPANT),
        tell(published, MODERATOR),
        stands(InterventionStatus.QUEUED, 1_000),
        stands(InterventionStatus.CALLED, 2_000),
        tell(ev.WallCleared(t=2_501, withdrawn=Q1), MODERATOR),
        stands(InterventionStatus.CHECKED, 2_500),
        tell(ev.WallCleared(t=None), MODERATOR),
        stands(InterventionStatus.QUEUED, 3_000),
        stands(InterventionStatus.CALLED, 3_000),
        tell(ev.WallCleared(t=3_101, withdrawn=Q1), MODERATOR),
        stands(InterventionStatus.CHECKED, 3_100),
        tell(ev.SessionClosed(t=4_000), MODERATOR),
    ]


def remove_the_line(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    return (5,), [recorder.record(ev.BodyRemoved(offsets=(5,), reason="request", by="staff-1"), STAFF)]
