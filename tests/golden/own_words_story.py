"""A story for `make_log.py`: a speaker proposes what two of their lines should read. One proposal is accepted, and two
are declined, which the speaker makes public; then one line is removed, and what was proposed for it.
"""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from support.sessions.recorder import MORNING, Recorder

FLOOR = ChannelId("floor")
CAPTIONER, STAFF = Actor(Role.CAPTIONER, "captioner-7"), Actor(Role.SECRETARIAT, "staff-1")
SPEAKER = Actor(Role.PARTICIPANT, "speaker-link")
ONE, OTHER = SegmentId("floor-1"), SegmentId("floor-2")
ANA = SpeakerId("ana")


def _line(recorder: Recorder, segment: SegmentId, t0: int, text: str) -> list[LogRecord]:
    opened = le.SegmentOpened(
        channel=FLOOR, segment=segment, t0=t0, language="en", origin=le.Origin.PERSON, speaker=ANA
    )
    ended = le.SegmentEnded(channel=FLOOR, segment=segment, t1=t0 + 900, reason=le.EndReason.SENTENCE, text=text)
    return [recorder.record(event, CAPTIONER, cause=f"type-{segment}", n=n) for n, event in enumerate((opened, ended))]


def _declined(segment: SegmentId, text: str) -> le.ProposalDeclined:
    return le.ProposalDeclined(
        channel=FLOOR, segment=segment, text=text, reason="It was not said.", by=Role.CAPTIONER, at=MORNING + 60_000
    )


def own_words(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    proposed = le.SegmentCorrected(
        channel=FLOOR, segment=ONE, base_revision=0, base_words=0, text="We were ready.", tail="", proposed=True
    )
    return [
        tell(ev.SessionCreated(title="Own words", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), STAFF),
        tell(ev.SpeakerIntroduced(speaker=ANA, name="Ana Silva"), STAFF),
        *_line(recorder, ONE, 1_000, "We where ready."),
        *_line(recorder, OTHER, 2_000, "We shall see Joao."),
        tell(ev.SessionClosed(t=3_000), STAFF),
        tell(proposed, CAPTIONER, cause="accept"),
        tell(_declined(ONE, "We meant to be ready."), SPEAKER, cause="wish-1"),
        tell(_declined(OTHER, "We shall never see Joao."), SPEAKER, cause="wish-2"),
    ]


def remove_the_other_line(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone = (7, 8, 12)
    return gone, [recorder.record(ev.BodyRemoved(offsets=gone, reason="request", by=STAFF.id), STAFF)]
