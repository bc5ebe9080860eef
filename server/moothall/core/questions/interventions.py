"""The interventions of a session, with the fields that the session writer needs, and the fold of their events.

A fold of public events alone gives what everybody may know, since `intervention.published` repeats the public part of
what was received. Where the words of an intervention were removed from the log, its other events are still there, and
`intervention.removed` has what remains of it.
"""

from __future__ import annotations

import msgspec

from moothall.core.events import hubs as he
from moothall.core.events import questions as qe
from moothall.core.events.question_parts import REMOTE, InterventionKind, InterventionStatus, QueueOrder
from moothall.core.kernel.decoding import made_of, shared
from moothall.core.kernel.ids import InterventionId, PolicyQuestionId, PollId, SegmentId, SpeakerId
from moothall.core.kernel.persistent import PersistentMap
from moothall.core.questions.polls import Poll, evolve_polls, poll_of
from moothall.core.questions.voting import Voting, evolve_voting

LIMIT_MS = 120_000
"""Default time limit of a spoken turn, in ms: the two minutes that ICANN's public forums give a speaker."""


class Intervention(msgspec.Struct, frozen=True, kw_only=True):
    """A question, a comment or a request to speak, and its status."""

    id: InterventionId
    number: int
    kind: InterventionKind
    received: str
    """The text as it was sent; empty where only public events are known."""
    text: str
    """The text as it is now."""
    language: str
    name: str
    """The name as it is now; empty for none."""
    origin: str
    asker: str
    t: int
    """When it was asked, media ms."""
    given: str = ""
    """The name as it was sent; empty where only public events are known."""
    after_close: bool = False
    status: InterventionStatus = InterventionStatus.CHECKED
    since: int = 0
    """When it got its status, media ms."""
    published: bool = False
    """Whether everybody may read it."""
    reason: str = ""
    """Why it was not taken, for the staff and its author only; empty otherwise."""
    into: InterventionId | None = None
    segment: SegmentId | None = None
    answer: str = ""
    """The answer in writing; empty when there is none."""
    answer_language: str = ""
    """BCP-47 tag of the answer."""
    support: int = 0
    flags: tuple[str, ...] = ()
    under: PolicyQuestionId | None = None
    """The policy question under which the staff put it for the report; None where only public events are known."""
    removed: bool = False
    """Whether its words were removed: it has neither text nor name nor answer."""
    own: bool = False
    """Whether its author gave it its status."""

    @property
    def readable(self) -> bool:
        """Whether everybody may read its words: it was published, and they were neither removed nor taken back."""
        return self.published and not self.removed and self.status is not InterventionStatus.WITHDRAWN


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """The turn of an intervention."""

    intervention: InterventionId
    origin: str
    asker: str
    t: int
    """When it began, media ms."""
    spoken: int = 0
    """Duration, media ms; while it is under way, without the part since the last call."""
    typed: bool = False
    """Whether its author types."""
    typed_at: int = 0
    """When its author began to type, media ms; 0 when they don't type."""
    held: int | None = None
    """When its author asked for more time to begin, media ms; None when they have not."""


class Questions(msgspec.Struct, frozen=True, kw_only=True):
    """All interventions of a session, its queue and its shows of hands."""

    interventions: PersistentMap[InterventionId, Intervention] = msgspec.field(default_factory=PersistentMap)
    last: int = 0
    """The highest number of an intervention; 0 when there is none."""
    order: QueueOrder = QueueOrder.ARRIVAL
    arranged: tuple[InterventionId, ...] = ()
    """The interventions that the chair has put first in the queue, in this order."""
    called: InterventionId | None = None
    turns: tuple[Turn, ...] = ()
    """All turns, oldest first."""
    polls: tuple[Poll, ...] = ()
    """Shows of hands, in the order in which they were first opened."""
    polls_removed: frozenset[PollId] = frozenset()
    """Shows of hands whose opening was removed from the log; what is left of them says that each had a number."""
    voting: Voting = Voting()
    off_wall: bool = False
    """Whether the walls were cleared, and since then nothing was called and no show of hands was opened. Until then
    walls don't show the next questions either."""
    known_only: bool = False
    """Whether interventions are accepted only from browsers that keep a cookie."""
    limit: int = LIMIT_MS
    """Time limit of a spoken turn, ms; 0: none."""

    def get(self, name: InterventionId) -> Intervention | None:
        """The intervention with this id, or None."""
        return self.interventions.get(name)

    def numbered(self, number: int) -> Intervention | None:
        """The intervention with this number, or None."""
        return next((each for _, each in self.interventions.items() if each.number == number), None)

    def with_status(self, *statuses: InterventionStatus) -> list[Intervention]:
        """The interventions with one of these statuses, by number."""
        found = [each for _, each in self.interventions.items() if each.status in statuses]
        return sorted(found, key=lambda each: each.number)

    def with_(self, name: InterventionId, /, **fields: object) -> Questions:
        """Return a copy in which the intervention has these fields. An unknown one is added: its arrival is in the
        staff's lane, or was removed.
        """
        changed = msgspec.structs.replace(self.interventions.get(name) or empty_intervention(name), **fields)
        return msgspec.structs.replace(self, interventions=self.interventions.set(name, changed))


def empty_intervention(name: InterventionId) -> Intervention:
    """An intervention of which nothing is known yet."""
    return Intervention(
        id=name,
        number=0,
        kind=InterventionKind.QUESTION,
        received="",
        text="",
        language="",
        name="",
        origin=REMOTE,
        asker="",
        t=0,
    )


def without_taken_back(each: Intervention) -> Intervention:
    """An intervention without its words if its author has taken it back: a record says of such a one no more than that
    it had its turn.
    """
    if each.status is not InterventionStatus.WITHDRAWN:
        return each
    return msgspec.structs.replace(each, text="", name="", answer="")


def speaker_of(each: Intervention | qe.InterventionStatusChanged) -> SpeakerId:
    """The id of an intervention's author as a speaker in the text."""
    return SpeakerId(f"i{each.number}")


def evolve_questions(questions: Questions, event: qe.QuestionFact) -> Questions:
    """Return the interventions after `event`."""
    replace = msgspec.structs.replace
    match event:
        case qe.InterventionReceived():
            made = made_of(Intervention, event, id=event.intervention, received=event.text, given=event.name)
            kept = questions.interventions.set(event.intervention, made)
            return replace(questions, interventions=kept, last=max(questions.last, event.number))
        case qe.InterventionReworded():
            named = {} if event.name is None else {"name": event.name}
            return questions.with_(event.intervention, text=event.text, **named)
        case qe.InterventionFlagged():
            return questions.with_(event.intervention, flags=event.flags)
        case qe.InterventionTagged():
            return questions.with_(event.intervention, under=event.question)
        case qe.InterventionDeclined() | he.HubDeclined():
            return questions.with_(event.intervention, reason=event.reason)
        case qe.InterventionPublished():
            # What was received may have been removed, and the number must not be given again.
            questions = replace(questions, last=max(questions.last, event.number))
            return questions.with_(event.intervention, published=True, **shared(Intervention, event))
        case qe.InterventionWritten():
            return questions.with_(event.intervention, answer=event.text, answer_language=event.language)
        case qe.InterventionStatusChanged():
            return _stands(questions, event)
        case qe.InterventionRemoved():
            return _removed(questions, event)
        case qe.QueueArranged():
            return replace(questions, arranged=event.first)
        case qe.QueueOrdered():
            return replace(questions, order=event.order)
        case qe.AskingLimited():
            return replace(questions, known_only=event.known)
        case qe.PollOpened() | qe.PollCounted() | qe.PollClosed():
            off_wall = questions.off_wall and not isinstance(event, qe.PollOpened)
            removed = questions.polls_removed
            if not isinstance(event, qe.PollOpened) and poll_of(questions.polls, event.poll) is None:
                removed |= {event.poll}
            polls = evolve_polls(questions.polls, event)
            return replace(questions, polls=polls, polls_removed=removed, off_wall=off_wall)
        case qe.VotingSwitched() | qe.CommentsPutToVote() | qe.OpinionsCounted():
            return replace(questions, voting=evolve_voting(questions.voting, event))
        case qe.TurnLimited():
            return replace(questions, limit=event.ms)
        case qe.TurnTyped() | qe.TurnHeld():
            if not questions.turns or questions.turns[-1].intervention != event.intervention:
                return questions  # The turn is over, or the event of its call was removed.
            told = {"typed": True, "typed_at": event.t} if isinstance(event, qe.TurnTyped) else {"held": event.t}
            return replace(questions, turns=(*questions.turns[:-1], replace(questions.turns[-1], **told)))
        case _:
            for name, count in event.counts.items():
                questions = questions.with_(name, support=count)
            return questions


def _stands(questions: Questions, event: qe.InterventionStatusChanged) -> Questions:
    replace = msgspec.structs.replace
    known = questions.get(event.intervention) or empty_intervention(event.intervention)
    questions = replace(questions, last=max(questions.last, event.number)).with_(
        event.intervention,
        number=event.number,
        status=event.status,
        since=event.t,
        # At a hub the reason comes in a lane of its own, and may arrive first.
        reason=event.reason or (known.reason if event.status is InterventionStatus.DECLINED else ""),
        into=event.into,
        segment=event.segment,
        own=event.own,
    )
    arranged = tuple(name for name in questions.arranged if name != event.intervention)
    if event.status is InterventionStatus.CALLED:
        turns = questions.turns
        # In other cases an answer is undone, and the same turn continues. If its author put the question off, it has
        # not had that turn.
        if not turns or turns[-1].intervention != known.id or known.status is InterventionStatus.QUEUED or known.own:
            turns = (*turns, Turn(intervention=known.id, origin=known.origin, asker=known.asker, t=event.t))
        return replace(questions, called=known.id, turns=turns, arranged=arranged, off_wall=False)
    if questions.called != known.id:
        return replace(questions, arranged=arranged)
    turns = questions.turns
    if event.status in (InterventionStatus.QUEUED, InterventionStatus.CHECKED) or (
        event.own and event.status is InterventionStatus.LATER
    ):
        turns = turns[:-1]  # The intervention was put back, and has not had this turn.
    else:
        spoken = turns[-1].spoken + max(0, event.t - known.since)
        turns = (*turns[:-1], replace(turns[-1], spoken=spoken))
    return replace(questions, called=None, turns=turns, arranged=arranged)


def _removed(questions: Questions, event: qe.InterventionRemoved) -> Questions:
    """Return the questions with the remains of an intervention whose words were removed. Its status is known from the
    events around the removed ones.
    """
    emptied = dict.fromkeys(("received", "text", "name", "given", "answer", "answer_language", "reason"), "")
    questions = questions.with_(event.intervention, removed=True, **shared(Intervention, event), **emptied)
    turns = tuple(
        msgspec.structs.replace(turn, origin=event.origin, asker=event.asker)
        if turn.intervention == event.intervention
        else turn
        for turn in questions.turns
    )
    return msgspec.structs.replace(questions, turns=turns, last=max(questions.last, event.number))
