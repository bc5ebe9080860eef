"""A session's time is the time since it was opened, for everything that asks, whatever happened in its room before."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events.codec import decode_event
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, PollId, SegmentId, SessionId, SpeakerId
from moothall.services.log.act_queue import Receipt
from moothall.testing import loop
from support.halls.room_before import room_before
from support.memory.hall import FLOOR
from support.memory.microphone import Ears, live_hall

Q = InterventionId("q")
ANA = SpeakerId("ana")
ASKER, STAFF = Actor(Role.PARTICIPANT, "q"), Actor(Role.TECHNICIAN, "t")
STEP_MS = 16_000
ACTS: tuple[tuple[Actor, do.AnyCommand], ...] = (
    (ASKER, do.Ask(intervention=Q, kind=InterventionKind.QUESTION, text="Why?", language="en", asker="p")),
    (STAFF, do.SetStatus(interventions=(Q,), status=InterventionStatus.QUEUED)),
    (STAFF, do.SetStatus(interventions=(Q,), status=InterventionStatus.CALLED)),
    (STAFF, do.LimitTurns(ms=60_000)),
    (ASKER, do.TypeTurn(intervention=Q, lines=(do.TypedLine(segment=SegmentId("mine"), text="So it is."),))),
    (STAFF, do.WriteAnswer(intervention=Q, text="Because.", language="en")),
    (STAFF, do.IntroduceSpeaker(speaker=ANA, name="Ana")),
    (STAFF, do.SetSpeaker(channel=FLOOR, speaker=ANA)),
    (STAFF, do.TypeSegment(channel=FLOOR, segment=SegmentId("typed"), text="Typed.", language="en")),
    (STAFF, do.OpenPoll(poll=PollId("poll"), question="Yes?", language="en", options=("Yes", "No"))),
    (STAFF, do.ClosePoll(poll=PollId("poll"))),
    (STAFF, do.ClearWall()),
    (SYSTEM, do.SetHubPresence(hub="north", title="North", people=4, here=True, since=5)),
    (STAFF, do.BeginNotRecorded(back=2_000)),
    (STAFF, do.EndNotRecorded()),
    (STAFF, do.PauseSession()),
    (STAFF, do.ResumeSession()),
    (STAFF, do.CloseSession()),
    (STAFF, do.ReopenSession()),
)
EARLIER = {"intervention.published": STEP_MS, "not-recorded.began": 2_000, "wall.cleared": -1}
"""How long before the act something was, ms: a question that is published was asked an act ago, and what is on no wall
begins just behind now."""


def test_every_act_has_the_time_since_the_opening() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session(SessionId("s"))
            await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession())
            opened = hall.clock.wall()
            await room_before(hall, hall.live, live.id)
            wrong, told = [], set()
            for number, (actor, command) in enumerate(ACTS):
                await hall.clock.sleep(STEP_MS)
                now = hall.clock.wall() - opened
                answer = await live.writer.send(actor, CommandId(f"act-{number}"), command)
                assert isinstance(answer, Receipt), (command, answer)
                for record in await hall.log.read(live.id, answer.first - 1, answer.last - answer.first + 1):
                    event = decode_event(record.body or b"")
                    kind = record.header.type
                    times = [t for name in ("t", "t0", "t1") if isinstance(t := getattr(event, name, None), int)]
                    told.add(kind)
                    wrong += [(kind, t, now) for t in times if t != now - EARLIER.get(kind, 0)]
            assert wrong == []
            assert {
                "intervention.received",
                "turn.typed",
                "wall.cleared",
                "hub.presence-changed",
                "poll.closed",
            } <= told

    loop.run(story())
