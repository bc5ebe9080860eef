"""A story for `make_log.py`: a meeting is imported from a file, and may be read; then a line is removed, and the file
with it.
"""

from __future__ import annotations

import zlib

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from support.sessions.recorder import MORNING, Recorder

FLOOR = ChannelId("floor")
OPERATOR = Actor(Role.SYSTEM, "operator")
STAFF = Actor(Role.SECRETARIAT, "staff-1")
ONE, OTHER = SegmentId("floor-i1"), SegmentId("floor-i2")
FILE = (
    b"WEBVTT\n\n00:01.000 --> 00:02.000\nGood\n\n00:02.000 --> 00:03.000\nmorning.\n\n"
    b"00:04.000 --> 00:05.000\nJoao Silva.\n"
)


def _line(tell: Recorder, segment: SegmentId, t0: int, t1: int, *captions: str) -> list[LogRecord]:
    cues = len(captions) > 1
    words = tuple(le.Word(text, t0 + 1_000 * n, t0 + 1_000 * (n + 1)) for n, text in enumerate(captions))
    opened = le.SegmentOpened(
        channel=FLOOR, segment=segment, t0=t0, language="en", origin=le.Origin.PERSON, tool="WebVTT"
    )
    ended = le.SegmentEnded(channel=FLOOR, segment=segment, t1=t1, reason=le.EndReason.SENTENCE, text="".join(captions))
    if not cues:
        return [tell.record(opened, OPERATOR), tell.record(ended, OPERATOR)]
    committed = le.WordsCommitted(channel=FLOOR, segment=segment, first=0, words=words)
    flagged = le.SegmentOpened(
        channel=FLOOR, segment=segment, t0=t0, language="en", origin=le.Origin.PERSON, tool="WebVTT", cues=True
    )
    return [tell.record(event, OPERATOR) for event in (flagged, committed, ended)]


def held_elsewhere(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    return [
        tell(ev.SessionCreated(title="Held elsewhere", languages=("en",), access=ev.Access.STAFF), OPERATOR),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), OPERATOR),
        tell(
            ev.TextImported(
                channel=FLOOR, form="vtt", producer="Zoom", at=MORNING, digest="0" * 64, names="The speakers agreed."
            ),
            OPERATOR,
        ),
        tell(ev.OriginalKept(channel=FLOOR, name="a.vtt", part=1, parts=1, content=zlib.compress(FILE)), OPERATOR),
        *_line(recorder, ONE, 1_000, 3_000, "Good", " morning."),
        *_line(recorder, OTHER, 4_000, 5_000, "João Silva."),
        tell(ev.SessionOpened(wall=MORNING - 86_400_000), OPERATOR),
        tell(ev.SessionClosed(t=5_000), OPERATOR, cause="end"),
        tell(ev.RecordSealed(version=ev.SealVersion.RAW, n=1), OPERATOR, cause="end", n=1),
        tell(ev.GroundStated(access=ev.Access.PUBLIC, ground="It was held in public."), STAFF, cause="open"),
        tell(ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE), STAFF, cause="open", n=1),
    ]


def remove_him_and_the_file(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone = (4, 8, 9)
    return gone, [recorder.record(ev.BodyRemoved(offsets=gone, reason="request", by=STAFF.id), STAFF)]
