"""A story for `make_log.py`: an engine splits a line in which two people speak, and a desk the second part; a voice may
be recognised; and what the last of them said is removed with all that was logged of it before.
"""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from support.sessions.recorder import MORNING, Recorder
from support.sessions.splitting import split, timed

STAFF = Actor(Role.SECRETARIAT, "staff-1")
DESK = Actor(Role.CAPTIONER, "captioner-1")
ENGINE = Actor(Role.ENGINE, "whisper-base")
FLOOR, LINE, LATER = ChannelId("floor"), SegmentId("s1"), SegmentId("s2")
ASKS, SAYS, THANKS = timed(1_000, "Who", "pays?"), timed(1_200, "We", "do."), timed(1_400, "Thanks.")


def two_in_a_line(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    text = "".join(word.text for word in (*ASKS, *SAYS, *THANKS))
    sentence = le.EndReason.SENTENCE
    return [
        tell(ev.SessionCreated(title="Two voices", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), STAFF),
        tell(ev.EngineAttached(channel=FLOOR, generation=1, model="whisper-base"), ENGINE),
        tell(le.SegmentOpened(channel=FLOOR, segment=LINE, t0=1_000, language="en", origin=le.Origin.MACHINE), ENGINE),
        tell(le.WordsCommitted(channel=FLOOR, segment=LINE, first=0, words=(*ASKS, *SAYS, *THANKS)), ENGINE),
        tell(le.SegmentEnded(channel=FLOOR, segment=LINE, t1=1_490, reason=sentence, text=text), ENGINE),
        tell(le.SegmentOpened(channel=FLOOR, segment=LATER, t0=1_550, language="en", origin=le.Origin.MACHINE), ENGINE),
        *(tell(event, ENGINE, "engine-9", n) for n, event in enumerate(split("s1", "s1-2", ASKS, (*SAYS, *THANKS)))),
        *(tell(event, DESK, "desk-1", n) for n, event in enumerate(split("s1-2", "s1-3", SAYS, THANKS))),
        tell(ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana"), DESK),
        tell(ev.VoiceAgreed(speaker=SpeakerId("ana"), agreed=True), DESK),
        tell(ev.SpeakerAssigned(segments=(SegmentId("s1-2"),), speaker=SpeakerId("ana")), DESK),
        tell(le.WordsCommitted(channel=FLOOR, segment=LATER, first=0, words=timed(1_550, "Next.")), ENGINE),
        tell(le.SegmentEnded(channel=FLOOR, segment=LATER, t1=1_640, reason=sentence, text=" Next."), ENGINE),
        tell(ev.SessionClosed(t=9_000), STAFF),
    ]


def remove_the_last_of_them(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    """What `core.removal.selection` selects: the third part, and both lines from which it was split."""
    tell, cause, records = recorder.record, "remove-1", list[LogRecord]()
    offsets = (5, 6, 7, 10, 11, 12, 13, 15, 16, 17, 18)
    said = [("kept-5-0", ASKS), ("kept-11-0", SAYS)]
    removed = ev.BodyRemoved(offsets=offsets, reason="request", by="staff-1", through={FLOOR: 1_640})
    records.append(tell(removed, STAFF, cause))
    for name, words in said:
        segment = SegmentId(name)
        text = "".join(word.text for word in words)
        events = (
            le.SegmentOpened(channel=FLOOR, segment=segment, t0=words[0].t0, language="en", origin=le.Origin.MACHINE),
            le.WordsCommitted(channel=FLOOR, segment=segment, first=0, words=words),
            le.SegmentEnded(channel=FLOOR, segment=segment, t1=words[-1].t1, reason=le.EndReason.CLOSE, text=text),
        )
        records += [tell(event, STAFF, cause, len(records) + n) for n, event in enumerate(events)]
    return offsets, records
