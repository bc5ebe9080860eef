"""A story for `make_log.py`: a show of hands, and another one whose question is removed."""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, PollId
from support.sessions.recorder import MORNING, Recorder

MODERATOR = Actor(Role.MODERATOR, "moderator-3")
STAFF = Actor(Role.SECRETARIAT, "staff-1")
P1, P2 = PollId("p1"), PollId("p2")


def show_of_hands(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    return [
        tell(ev.SessionCreated(title="Hands", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=ChannelId("floor"), kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), MODERATOR),
        tell(
            qe.PollOpened(
                poll=P1, number=1, question="Shall we go on?", language="en", options=("Yes", "No", "Not sure"), t=900
            ),
            MODERATOR,
        ),
        tell(qe.PollCounted(poll=P1, remote=(3, 1, 0), room=(0, 0, 0))),
        tell(qe.PollCounted(poll=P1, remote=(3, 1, 0), room=(12, 4, 2)), MODERATOR),
        tell(qe.PollClosed(poll=P1, t=1_900), MODERATOR),
        tell(
            qe.PollOpened(poll=P2, number=2, question="Is it Ana?", language="en", options=("Yes", "No"), t=2_000),
            MODERATOR,
        ),
        tell(qe.PollCounted(poll=P2, remote=(1, 0), room=(0, 0))),
        tell(qe.PollClosed(poll=P2, t=2_100, void=True), MODERATOR),
        tell(ev.SessionClosed(t=3_000), MODERATOR),
    ]


def remove_the_second(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    return (8,), [recorder.record(ev.BodyRemoved(offsets=(8,), reason="request", by="staff-1"), STAFF)]
