"""Interventions as the session writer needs them: the fold of their events.

Of public events alone it gives what everybody may know: `intervention.published` says again what was received. Where
the words of one were removed from the log, the others of its events are there, and in the end what stays of it.
"""

from __future__ import annotations

import msgspec

from moothall.core.events import types as ev
from moothall.core.events.question_parts import REMOTE, InterventionStatus, Kind, QueueOrder
from moothall.core.kernel.decoding import made_of, shared
from moothall.core.kernel.ids import InterventionId, SegmentId
from moothall.core.kernel.persistent import PersistentMap
from moothall.core.questions.polls import Poll, evolve_polls

LIMIT_MS = 120_000
"""What public forums give a speaker: ICANN's, two minutes."""


class Intervention(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to say, and where it stands."""

    id: InterventionId
    number: int
    kind: Kind
    received: str
    """As it was written; empty where only public events are known."""
    text: str
    """As it reads now."""
    language: str
    name: str
    """Its current value."""
    origin: str
    asker: str
    t: int
    """When it was asked, media ms."""
    given: str = ""
    """The name as it was given; empty where only public events are known."""
    after_close: bool = False
    status: InterventionStatus = InterventionStatus.CHECKED
    since: int = 0
    """When it came to stand there, media ms."""
    published: bool = False
    """Whether everybody may read it."""
    reason: str = ""
    """Why it was not taken: for the staff and its author, and for nobody else."""
    into: InterventionId | None = None
    segment: SegmentId | None = None
    answer: str = ""
    """In writing."""
    answer_language: str = ""
    """BCP-47 tag of the answer."""
    support: int = 0
    flags: tuple[str, ...] = ()
    removed: bool = False
    """Whether its words were removed: it has neither text nor name nor answer."""
    own: bool = False
    """Whether its author brought it where it stands."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody had their turn."""

    intervention: InterventionId
    origin: str
    asker: str
    t: int
    """When it began, media ms."""
    spoken: int = 0
    """How long it took, media ms, but for what is still under way."""
    typed: bool = False
    """Whether its author types."""
    typed_at: int = 0
    """When its author began to type, media ms; 0 unless they do."""
    held: int | None = None
    """When its author said that they need longer to begin, media ms; None while they have not."""


class Questions(msgspec.Struct, frozen=True, kw_only=True):
    """All interventions of a session."""

    interventions: PersistentMap[InterventionId, Intervention] = msgspec.field(default_factory=PersistentMap)
    last: int = 0
    """The highest number."""
    order: QueueOrder = QueueOrder.ARRIVAL
    arranged: tuple[InterventionId, ...] = ()
    """What the chair put first."""
    called: InterventionId | None = None
    turns: tuple[Turn, ...] = ()
    """In their order."""
    polls: tuple[Poll, ...] = ()
    """Shows of hands, in the order in which they were opened."""
    off_wall: bool = False
    """Whether the walls were cleared, and nothing was called and no show of hands opened since: they don't show what
    comes next either."""
    known_only: bool = False
    """Whether nothing is taken of browsers that keep no cookie."""
    limit: int = LIMIT_MS
    """How long a turn may take that is spoken, ms; 0: as long as it likes."""

    def get(self, name: InterventionId) -> Intervention | None:
        """One of them."""
        return self.interventions.get(name)

    def numbered(self, number: int) -> Intervention | None:
        """The one of that number."""
        return next((each for _, each in self.interventions.items() if each.number == number), None)

    def with_status(self, *statuses: InterventionStatus) -> list[Intervention]:
        """Those that stand there, in the order of their numbers."""
        found = [each for _, each in self.interventions.items() if each.status in statuses]
        return sorted(found, key=lambda each: each.number)

    def with_(self, name: InterventionId, /, **fields: object) -> Questions:
        """With one of them changed. One that isn't there is made: its arrival is for the staff, or was removed."""
        changed = msgspec.structs.replace(self.interventions.get(name) or _unknown(name), **fields)
        return msgspec.structs.replace(self, interventions=self.interventions.set(name, changed))


def _unknown(name: InterventionId) -> Intervention:
    """Until it is said what it is."""
    return Intervention(
        id=name, number=0, kind=Kind.QUESTION, received="", text="", language="", name="", origin=REMOTE, asker="", t=0
    )


def evolve_questions(questions: Questions, event: ev.QuestionFact) -> Questions:
    """The interventions after `event`."""
    replace = msgspec.structs.replace
    match event:
        case ev.InterventionReceived():
            made = made_of(Intervention, event, id=event.intervention, received=event.text, given=event.name)
            kept = questions.interventions.set(event.intervention, made)
            return replace(questions, interventions=kept, last=max(questions.last, event.number))
        case ev.InterventionReworded():
            named = {} if event.name is None else {"name": event.name}
            return questions.with_(event.intervention, text=event.text, **named)
        case ev.InterventionFlagged():
            return questions.with_(event.intervention, flags=event.flags)
        case ev.InterventionDeclined() | ev.HubDeclined():
            return questions.with_(event.intervention, reason=event.reason)
        case ev.InterventionPublished():
            return questions.with_(event.intervention, published=True, **shared(Intervention, event))
        case ev.InterventionWritten():
            return questions.with_(event.intervention, answer=event.text, answer_language=event.language)
        case ev.InterventionStatusChanged():
            return _stands(questions, event)
        case ev.InterventionRemoved():
            return _removed(questions, event)
        case ev.QueueArranged():
            return replace(questions, arranged=event.first)
        case ev.QueueOrdered():
            return replace(questions, order=event.order)
        case ev.AskingLimited():
            return replace(questions, known_only=event.known)
        case ev.PollOpened() | ev.PollCounted() | ev.PollClosed():
            off_wall = questions.off_wall and not isinstance(event, ev.PollOpened)
            return replace(questions, polls=evolve_polls(questions.polls, event), off_wall=off_wall)
        case ev.TurnLimited():
            return replace(questions, limit=event.ms)
        case ev.TurnTyped() | ev.TurnHeld():
            if not questions.turns or questions.turns[-1].intervention != event.intervention:
                return questions  # Its turn is over, or its call was removed.
            told = {"typed": True, "typed_at": event.t} if isinstance(event, ev.TurnTyped) else {"held": event.t}
            return replace(questions, turns=(*questions.turns[:-1], replace(questions.turns[-1], **told)))
        case _:
            for name, count in event.counts.items():
                questions = questions.with_(name, support=count)
            return questions


def _stands(questions: Questions, event: ev.InterventionStatusChanged) -> Questions:
    replace = msgspec.structs.replace
    known = questions.get(event.intervention) or _unknown(event.intervention)
    questions = replace(questions, last=max(questions.last, event.number)).with_(
        event.intervention,
        number=event.number,
        status=event.status,
        since=event.t,
        # At a hub the reason comes over a lane of its own, and may be there first.
        reason=event.reason or (known.reason if event.status is InterventionStatus.DECLINED else ""),
        into=event.into,
        segment=event.segment,
        own=event.own,
    )
    arranged = tuple(name for name in questions.arranged if name != event.intervention)
    if event.status is InterventionStatus.CALLED:
        turns = questions.turns
        # Else the answer was undone: it is the same turn. One that its author put off has not had it.
        if not turns or turns[-1].intervention != known.id or known.status is InterventionStatus.QUEUED or known.own:
            turns = (*turns, Turn(intervention=known.id, origin=known.origin, asker=known.asker, t=event.t))
        return replace(questions, called=known.id, turns=turns, arranged=arranged, off_wall=False)
    if questions.called != known.id:
        return replace(questions, arranged=arranged)
    turns = questions.turns
    if event.status in (InterventionStatus.QUEUED, InterventionStatus.CHECKED) or (
        event.own and event.status is InterventionStatus.LATER
    ):
        turns = turns[:-1]  # It was put back: it has not had this turn.
    else:
        spoken = turns[-1].spoken + max(0, event.t - known.since)
        turns = (*turns[:-1], replace(turns[-1], spoken=spoken))
    return replace(questions, called=None, turns=turns, arranged=arranged)


def _removed(questions: Questions, event: ev.InterventionRemoved) -> Questions:
    """What stays of one. Where it stands, the events around those that are gone have told already."""
    emptied = dict.fromkeys(("received", "text", "name", "given", "answer", "answer_language", "reason"), "")
    questions = questions.with_(event.intervention, removed=True, **shared(Intervention, event), **emptied)
    turns = tuple(
        msgspec.structs.replace(turn, origin=event.origin, asker=event.asker)
        if turn.intervention == event.intervention
        else turn
        for turn in questions.turns
    )
    return msgspec.structs.replace(questions, turns=turns, last=max(questions.last, event.number))
