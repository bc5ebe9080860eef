"""A story for `make_log.py`: a captioner goes on air, a tool offers a line that is taken, and the machine returns."""

from __future__ import annotations

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from support.sessions.recorder import MORNING, Recorder

STAFF = Actor(Role.SECRETARIAT, "staff-1")
CAPTIONER = Actor(Role.CAPTIONER, "captioner-7")
TOOL = Actor(Role.TOOL, "tool-1")
FLOOR = ChannelId("floor")
T1, T2 = SegmentId("t1"), SegmentId("t2")


def taken_over(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record

    def line(name: SegmentId, t: int, text: str, by: Actor, origin: le.Origin, *, tool: str = "") -> list[LogRecord]:
        opened = le.SegmentOpened(
            channel=FLOOR, segment=name, t0=t, language="en", origin=origin, tool=tool or msgspec.UNSET
        )
        ended = le.SegmentEnded(channel=FLOOR, segment=name, t1=t, reason=le.EndReason.SENTENCE, text=text)
        return [tell(opened, by), tell(ended, by)]

    def air(source: le.AirSource, t: int, by: Actor, holder: str, token: int, *, tool: str = "") -> list[LogRecord]:
        changed = le.AirChanged(channel=FLOOR, source=source, t=t, t0=t, tool=tool)
        return [tell(changed, by), tell(le.AirHeld(channel=FLOOR, holder=holder, token=token), by)]

    offered = le.LineOffered(
        channel=FLOOR, segment=T1, text="We thank Kenya.", language="en", t=1_500, by=TOOL.id, tool="StenoCo"
    )
    return [
        tell(ev.SessionCreated(title="On air", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), STAFF),
        *air(le.AirSource.PERSON, 1_000, CAPTIONER, CAPTIONER.id, 1),
        tell(offered, TOOL),
        *line(T1, 2_000, "We thank Kenya.", CAPTIONER, le.Origin.PERSON),
        *air(le.AirSource.TOOL, 3_000, TOOL, TOOL.id, 2, tool="StenoCo"),
        *line(T2, 4_000, "And Peru.", TOOL, le.Origin.PERSON, tool="StenoCo"),
        *air(le.AirSource.MACHINE, 5_000, CAPTIONER, "", 3),
        tell(ev.SessionClosed(t=6_000), STAFF),
    ]


def remove_what_was_offered(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    """Remove the offered line, and the line that was made of it."""
    gone = (6, 7, 8)
    removed = ev.BodyRemoved(offsets=gone, reason="request", by=STAFF.id)
    return gone, [recorder.record(removed, STAFF, cause="remove:1")]
