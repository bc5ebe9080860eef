"""A story for `make_log.py`: a session that is rearranged, cancelled and held after all."""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId
from support.sessions.recorder import MORNING, Recorder

STAFF = Actor(Role.SECRETARIAT, "staff-1")
FLOOR = ChannelId("floor")


def held_after_all(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    return [
        tell(ev.SessionCreated(title="Water", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionArranged(access=ev.Access.LINK, sound=ev.SoundKept.NONE, listed=False), STAFF),
        tell(ev.SessionCancelled(reason="A storm"), STAFF),
        tell(ev.SessionReinstated(), STAFF),
        tell(ev.SessionOpened(wall=MORNING), STAFF),
        tell(ev.SessionClosed(t=9_000), STAFF),
    ]


def remove_why(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone = (4,)
    return gone, [recorder.record(ev.BodyRemoved(offsets=gone, reason="request", by="staff-1"), STAFF)]
