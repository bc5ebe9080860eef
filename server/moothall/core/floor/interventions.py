"""Interventions as the session writer needs them: the fold of their events."""

from __future__ import annotations

from typing import get_args

import msgspec

from moothall.core import events as ev
from moothall.core.floor.parts import Kind, Order, Standing
from moothall.core.floor.polls import Poll, PollFact, evolve_polls
from moothall.core.ids import InterventionId, SegmentId
from moothall.core.persistent import PersistentMap


class Intervention(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to say, and where it stands."""

    id: InterventionId
    number: int
    kind: Kind
    received: str
    """As it was written."""
    text: str
    """As it reads now."""
    language: str
    name: str
    origin: str
    asker: str
    t: int
    """When it was asked, media ms."""
    after_close: bool = False
    standing: Standing = Standing.CHECKED
    since: int = 0
    """When it came to stand there, media ms."""
    published: bool = False
    """Whether everybody may read it."""
    reason: str = ""
    into: InterventionId | None = None
    segment: SegmentId | None = None
    answer: str = ""
    """In writing."""
    support: int = 0
    flags: tuple[str, ...] = ()


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody had their turn."""

    intervention: InterventionId
    origin: str
    asker: str
    t: int
    """When it began, media ms."""


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """All interventions of a session."""

    interventions: PersistentMap[InterventionId, Intervention] = msgspec.field(default_factory=PersistentMap)
    last: int = 0
    """The highest number."""
    order: Order = Order.ARRIVAL
    arranged: tuple[InterventionId, ...] = ()
    """What the chair put first."""
    called: InterventionId | None = None
    turns: tuple[Turn, ...] = ()
    """In their order."""
    polls: tuple[Poll, ...] = ()
    """Shows of hands, in the order in which they were opened."""

    def get(self, name: InterventionId) -> Intervention | None:
        """One of them."""
        return self.interventions.get(name)

    def standing(self, *standings: Standing) -> list[Intervention]:
        """Those that stand there, in the order of their numbers."""
        found = [each for _, each in self.interventions.items() if each.standing in standings]
        return sorted(found, key=lambda each: each.number)

    def with_(self, name: InterventionId, **fields: object) -> Floor:
        """With one of them changed; as it is, where that isn't there: its arrival may have been removed."""
        known = self.interventions.get(name)
        if known is None:
            return self
        changed = msgspec.structs.replace(known, **fields)
        return msgspec.structs.replace(self, interventions=self.interventions.set(name, changed))


FloorFact = (
    ev.InterventionReceived
    | ev.InterventionReworded
    | ev.InterventionFlagged
    | ev.InterventionPublished
    | ev.InterventionStands
    | ev.InterventionWritten
    | ev.QueueArranged
    | ev.QueueOrdered
    | ev.SupportCounted
    | PollFact
)
FLOOR_FACTS: tuple[type[ev.AnyEvent], ...] = get_args(FloorFact)


def evolve_floor(floor: Floor, event: FloorFact) -> Floor:
    """The interventions after `event`."""
    replace = msgspec.structs.replace
    match event:
        case ev.InterventionReceived():
            made = Intervention(
                id=event.intervention,
                number=event.number,
                kind=event.kind,
                received=event.text,
                text=event.text,
                language=event.language,
                name=event.name,
                origin=event.origin,
                asker=event.asker,
                t=event.t,
                after_close=event.after_close,
            )
            kept = floor.interventions.set(event.intervention, made)
            return replace(floor, interventions=kept, last=max(floor.last, event.number))
        case ev.InterventionReworded():
            return floor.with_(event.intervention, text=event.text)
        case ev.InterventionFlagged():
            return floor.with_(event.intervention, flags=event.flags)
        case ev.InterventionPublished():
            return floor.with_(event.intervention, published=True, text=event.text)
        case ev.InterventionWritten():
            return floor.with_(event.intervention, answer=event.text)
        case ev.InterventionStands():
            return _stands(floor, event)
        case ev.QueueArranged():
            return replace(floor, arranged=event.first)
        case ev.QueueOrdered():
            return replace(floor, order=event.order)
        case ev.PollOpened() | ev.PollCounted() | ev.PollClosed():
            return replace(floor, polls=evolve_polls(floor.polls, event))
        case _:
            for name, count in event.counts.items():
                floor = floor.with_(name, support=count)
            return floor


def _stands(floor: Floor, event: ev.InterventionStands) -> Floor:
    replace = msgspec.structs.replace
    known = floor.get(event.intervention)
    if known is None:
        return floor
    floor = floor.with_(
        event.intervention,
        standing=event.standing,
        since=event.t,
        reason=event.reason,
        into=event.into,
        segment=event.segment,
    )
    arranged = tuple(name for name in floor.arranged if name != event.intervention)
    if event.standing is Standing.CALLED:
        turns = floor.turns
        if not turns or turns[-1].intervention != known.id:  # Else the answer was undone: it is the same turn.
            turns = (*turns, Turn(intervention=known.id, origin=known.origin, asker=known.asker, t=event.t))
        return replace(floor, called=known.id, turns=turns, arranged=arranged)
    turns = floor.turns
    if known.standing is Standing.CALLED and event.standing in (Standing.QUEUED, Standing.CHECKED):
        # It was put back: it has not had its turn.
        turns = tuple(turn for turn in turns if turn.intervention != known.id)
    called = None if floor.called == known.id else floor.called
    return replace(floor, called=called, turns=turns, arranged=arranged)
