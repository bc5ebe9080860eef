"""A story for `make_log.py`: a server of a house with several dies in a meeting, and another one continues the log."""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from support.sessions.recorder import MORNING, Recorder

ENGINE = Actor(Role.ENGINE, "engine-1")
STAFF = Actor(Role.SECRETARIAT, "staff-1")
FLOOR, FIRST, SECOND = ChannelId("floor"), SegmentId("s1"), SegmentId("s2")


def two_servers(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record

    def line(segment: SegmentId, t: int, text: str) -> list[LogRecord]:
        opened = le.SegmentOpened(channel=FLOOR, segment=segment, t0=t, language="en", origin=le.Origin.MACHINE)
        ended = le.SegmentEnded(channel=FLOOR, segment=segment, t1=t + 500, reason=le.EndReason.SENTENCE, text=text)
        return [tell(opened, ENGINE), tell(ended, ENGINE)]

    return [
        tell(ev.SessionCreated(title="Two servers", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), STAFF),
        *line(FIRST, 300, "Before."),
        tell(ev.WriterChanged(node="south")),
        *line(SECOND, 5_000, "And after."),
        tell(ev.SessionClosed(t=9_000), STAFF),
    ]


def remove_what_came_after(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone = (8,)
    return gone, [recorder.record(ev.BodyRemoved(offsets=gone, reason="request", by="staff-1"), STAFF)]
