"""A story for `make_log.py`: people are counted and sign in, the list becomes final, and the report is released; then
an entry is removed.
"""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import attendance as ae
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, RollEntryId
from support.sessions.recorder import MORNING, Recorder

FLOOR = ChannelId("floor")
OFFICE = Actor(Role.SECRETARIAT, "staff-1")
MODERATOR = Actor(Role.MODERATOR, "staff-2")
ANA, BEN = RollEntryId("e0a"), RollEntryId("e0b")


def counted(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    people = [Actor(Role.PARTICIPANT, ANA), Actor(Role.PARTICIPANT, BEN)]
    return [
        tell(ev.SessionCreated(title="Who was there", languages=("en",))),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))),
        tell(ev.SessionOpened(wall=MORNING)),
        tell(ae.AttendanceCounted(people=400, source=ae.CountSource.TYPED, at=MORNING + 1_000), MODERATOR),
        tell(
            ae.AttendanceCounted(people=40, source=ae.CountSource.TYPED, at=MORNING + 2_000, corrects=True), MODERATOR
        ),
        tell(ae.AttendanceCounted(people=52, source=ae.CountSource.BADGES, at=MORNING + 9_000), OFFICE),
        tell(ae.RollArranged(open=True), OFFICE),
        tell(
            ae.RollSigned(entry=ANA, name="Ana Souza", representing="Radio Kisumu", group="media", region="africa"),
            people[0],
        ),
        tell(ae.RollSigned(entry=BEN, name="Ben Ng"), people[1]),
        tell(ae.RollArranged(open=False), OFFICE),
        tell(ev.SessionClosed(t=60_000), cause="end"),
        tell(ae.RollFinalised(people=2, groups={"group": {"media": None}}), OFFICE, cause="final"),
        tell(
            ae.RollNamed(entry=RollEntryId("n1"), name="Ana Souza", representing="Radio Kisumu"),
            OFFICE,
            cause="final",
            n=1,
        ),
        tell(ae.RollNamed(entry=RollEntryId("n2"), name="Ben Ng", representing=""), OFFICE, cause="final", n=2),
        tell(ae.AttendanceReleased(), OFFICE, cause="release"),
    ]


def remove_an_entry(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    gone, who = (9, 14), OFFICE
    return gone, [
        recorder.record(ae.RollStruck(entry=RollEntryId("n2")), who, cause="strike"),
        recorder.record(ev.BodyRemoved(offsets=gone, reason="request", by=who.id), who, cause="strike", n=1),
    ]
