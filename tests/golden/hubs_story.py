"""A story for `make_log.py`: a hub's people are counted, its link breaks and returns, and a hub below it asks."""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import hubs as he
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import HUB, InterventionKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, InterventionId
from support.sessions.recorder import MORNING, Recorder

STAFF = Actor(Role.SECRETARIAT, "staff-1")
NORTH, KISUMU = "north", "north.kisumu"


def rooms_far_away(recorder: Recorder) -> list[LogRecord]:
    """Return a log with events of hubs in a meeting of a minute and a half."""
    tell = recorder.record

    def stands(hub: str, title: str, people: int | None, t: int, *, here: bool = True) -> LogRecord:
        counted = None if people is None else MORNING + t - 500
        stood = he.HubPresenceChanged(
            hub=hub, title=title, people=people, counted=counted, here=here, since=MORNING + t, t=t
        )
        return tell(stood, SYSTEM)

    asked = qe.InterventionPublished(
        intervention=InterventionId("q1"),
        number=1,
        kind=InterventionKind.QUESTION,
        text="And here?",
        language="en",
        name="",
        origin=f"{HUB}{KISUMU}",
        t=3_000,
    )
    return [
        tell(ev.SessionCreated(title="Hubs", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=ChannelId("floor"), kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        stands(NORTH, "North", None, 0),
        tell(ev.SessionOpened(wall=MORNING), STAFF),
        stands(NORTH, "North", 23, 1_000),
        stands(KISUMU, "Kisumu", 12, 2_000),
        tell(asked, STAFF),
        stands(NORTH, "North", 23, 30_000, here=False),
        stands(NORTH, "North", 20, 60_000),
        tell(ev.SessionClosed(t=90_000), STAFF),
    ]


def remove_what_it_asked(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    """Remove the question; events of hubs stay."""
    return (7,), [recorder.record(ev.BodyRemoved(offsets=(7,), reason="request", by="staff-1"), STAFF)]
