"""What undoes an act on interventions: they are brought back to where they stood."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core import events as ev
from moothall.core.floor.interventions import Floor, FloorFact
from moothall.core.floor.polls import PollFact, poll_of

Step = tuple[do.AnyCommand, tuple[do.AnyCommand, ...] | None]


def floor_step(floor: Floor, event: FloorFact) -> Step | None:
    """The command behind an event and what undoes that, in the state before it; None when it goes with another event.

    What undoes is None where nothing does.
    """
    match event:
        case ev.InterventionReceived():
            asked = do.Ask(
                intervention=event.intervention,
                kind=event.kind,
                text=event.text,
                language=event.language,
                asker=event.asker,
                name=event.name,
                origin=event.origin,
            )
            return asked, None
        case ev.InterventionStands():
            return _of_standing(floor, event)
        case ev.InterventionReworded():
            before = floor.get(event.intervention)
            reworded = do.Reword(intervention=event.intervention, text=event.text)
            back = None if before is None else do.Reword(intervention=before.id, text=before.text)
            return reworded, None if back is None else (back,)
        case ev.InterventionFlagged():
            before = floor.get(event.intervention)
            flagged = do.Flag(intervention=event.intervention, flags=event.flags)
            return flagged, None if before is None else (do.Flag(intervention=before.id, flags=before.flags),)
        case ev.InterventionWritten():
            before = floor.get(event.intervention)
            answer = do.WriteAnswer(intervention=event.intervention, text=event.text, language=event.language)
            if before is None or not before.answer:
                return answer, ()  # The first answer is taken back with its standing.
            again = do.WriteAnswer(intervention=before.id, text=before.answer, language=before.answer_language)
            return answer, (again,)
        case ev.QueueArranged():
            return do.ArrangeQueue(first=event.first), (do.ArrangeQueue(first=floor.arranged),)
        case ev.QueueOrdered():
            return do.OrderQueue(order=event.order), (do.OrderQueue(order=floor.order),)
        case ev.PollOpened() | ev.PollCounted() | ev.PollClosed():
            return _of_poll(floor, event)
        case ev.TurnLimited():
            return do.LimitTurns(ms=event.ms), (do.LimitTurns(ms=floor.limit),)
        case _:
            return None


def _of_poll(floor: Floor, event: PollFact) -> Step | None:
    before = poll_of(floor.polls, event.poll)
    if isinstance(event, ev.PollOpened):
        opened = do.OpenPoll(poll=event.poll, question=event.question, language=event.language, options=event.options)
        return opened, (do.ClosePoll(poll=event.poll, void=before is None or before.void),)
    if before is None:
        return None
    if isinstance(event, ev.PollClosed):
        again: do.AnyCommand = do.ClosePoll(poll=before.id, void=before.void)
        if before.open:
            again = do.OpenPoll(
                poll=before.id, question=before.question, language=before.language, options=before.options
            )
        return do.ClosePoll(poll=before.id, void=event.void), (again,)
    if event.room == before.room:
        return None  # It is what came from elsewhere, and was counted by the server.
    return do.CountRoom(poll=before.id, room=event.room), (do.CountRoom(poll=before.id, room=before.room),)


def _of_standing(floor: Floor, event: ev.InterventionStands) -> Step | None:
    before = floor.get(event.intervention)
    if before is None or before.standing is event.standing:
        return None
    stood = do.Stand(
        interventions=(event.intervention,),
        standing=event.standing,
        reason=event.reason,
        into=event.into,
        segment=event.segment,
    )
    back = do.Stand(
        interventions=(before.id,),
        standing=before.standing,
        reason=before.reason,
        into=before.into,
        segment=before.segment,
    )
    return stood, (back,)
