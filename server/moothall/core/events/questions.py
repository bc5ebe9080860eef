"""Every fact about interventions, the queue, shows of hands, votes on comments, and turns.

Those for everybody stand in the lane of questions, those with words that nobody has checked in the lane of the staff.
"""

from __future__ import annotations

from moothall.core.events.base import Event, StaffEvent
from moothall.core.events.hubs import HubDeclined
from moothall.core.events.question_parts import (
    InterventionKind,
    InterventionStatus,
    OpinionGroup,
    OpinionSums,
    QueueOrder,
)
from moothall.core.kernel import lanes
from moothall.core.kernel.ids import InterventionId, Lane, PolicyQuestionId, PollId, SegmentId


class InterventionReceived(StaffEvent, frozen=True, kw_only=True, tag="intervention.received"):
    """Somebody asked a question, commented, or asked to speak. Until it is published only the staff knows more than its
    number.
    """

    intervention: InterventionId
    """The intervention's id, unique in the session."""
    number: int
    """The public number, counted from 1."""
    kind: InterventionKind
    """A question, a comment, or a request to speak."""
    text: str
    """The text as it was sent; may be empty in a request to speak."""
    language: str
    """BCP-47 tag of the text."""
    name: str
    """The name or pseudonym that the author chose; empty for none."""
    origin: str
    """`room`, `remote`, or `hub:` with the hub's name."""
    asker: str
    """Shows whether two interventions come from the same person: a keyed hash, which leads to nobody."""
    t: int
    """When it was asked, media ms."""
    after_close: bool = False
    """Whether it arrived after the close, because its author had been cut off."""


class InterventionReworded(StaffEvent, frozen=True, kw_only=True, tag="intervention.reworded"):
    """The staff edited the wording of an intervention, or its author's name. The original stays in
    `intervention.received`.
    """

    intervention: InterventionId
    """The intervention."""
    text: str
    """The text from here on."""
    name: str | None = None
    """The name from here on, empty for none; null: unchanged."""


class InterventionFlagged(StaffEvent, frozen=True, kw_only=True, tag="intervention.flagged"):
    """An intervention was marked for a person to look at. It is held back, never deleted."""

    intervention: InterventionId
    """The intervention."""
    flags: tuple[str, ...]
    """Why: `blocked-word`, `reported` by readers, `abuse`. Empty: a person has looked at it and found nothing wrong."""


class InterventionTagged(StaffEvent, frozen=True, kw_only=True, tag="intervention.tagged"):
    """An intervention was put under a policy question for the report, or taken from under it. It is under one at
    most.
    """

    intervention: InterventionId
    """The intervention."""
    question: PolicyQuestionId | None
    """The policy question; null: none."""


class InterventionDeclined(StaffEvent, frozen=True, kw_only=True, tag="intervention.declined"):
    """Why an intervention was not taken, for the staff and on its author's own page. Follows the public change of
    status.
    """

    intervention: InterventionId
    """The intervention."""
    reason: str
    """The reason, as a desk wrote it."""


class InterventionRemoved(StaffEvent, frozen=True, kw_only=True, tag="intervention.removed"):
    """The text and the name of an intervention were removed, on request or since they were due. This event repeats what
    remains of what was received.
    """

    intervention: InterventionId
    """The intervention."""
    number: int
    """The public number."""
    kind: InterventionKind
    """As in `intervention.received`."""
    language: str
    """As in `intervention.received`."""
    origin: str
    """As in `intervention.received`."""
    asker: str
    """As in `intervention.received`; empty once the keyed hash was due."""
    t: int
    """As in `intervention.received`."""
    after_close: bool = False
    """As in `intervention.received`."""


class InterventionEvent(Event, frozen=True, kw_only=True):
    """A public fact about an intervention."""

    intervention: InterventionId
    """The intervention."""
    number: int
    """The public number."""

    def lane(self) -> Lane:
        """The public lane of questions."""
        return lanes.QUESTIONS


class InterventionPublished(InterventionEvent, frozen=True, kw_only=True, tag="intervention.published"):
    """The public text and name of an intervention. The event is repeated when either is edited later."""

    kind: InterventionKind
    """As in `intervention.received`."""
    text: str
    """The text, as edited by whoever checked it."""
    language: str
    """BCP-47 tag of the text."""
    name: str
    """The name that the author chose, or as the staff edited it; empty for none."""
    origin: str
    """As in `intervention.received`."""
    t: int
    """When it was asked, media ms."""
    removed: bool = False
    """Whether its words were removed: then text and name are empty, and there is no answer in writing."""


class InterventionStatusChanged(InterventionEvent, frozen=True, kw_only=True, tag="intervention.status-changed"):
    """The status of an intervention from here on."""

    status: InterventionStatus
    """The new status."""
    t: int
    """When the status changed, media ms."""
    reason: str = ""
    """Always empty now. In logs of earlier releases it may say why the intervention was not taken; readers never get
    it.
    """
    into: InterventionId | None = None
    """The question with which it was joined; null otherwise."""
    segment: SegmentId | None = None
    """The line of the record in which it was answered; null when none is named."""
    own: bool = False
    """Whether the author changed the status: put it off, queued it again, or took it back."""


class InterventionWritten(InterventionEvent, frozen=True, kw_only=True, tag="intervention.written"):
    """An intervention was answered in writing."""

    text: str
    """The answer."""
    language: str
    """BCP-47 tag of the answer."""


class QueueEvent(Event, frozen=True, kw_only=True):
    """A public fact about the queue."""

    def lane(self) -> Lane:
        """The public lane of questions."""
        return lanes.QUESTIONS


class QueueArranged(QueueEvent, frozen=True, kw_only=True, tag="queue.arranged"):
    """The chair changed the order of the queue: the interventions named here come first, the others by the rule."""

    first: tuple[InterventionId, ...]
    """The interventions that come first, in this order; empty: the whole queue follows the rule."""


class QueueOrdered(QueueEvent, frozen=True, kw_only=True, tag="queue.ordered"):
    """The rule by which the queue is ordered from here on."""

    order: QueueOrder
    """The rule."""


class AskingLimited(QueueEvent, frozen=True, kw_only=True, tag="asking.limited"):
    """Whose questions and comments are accepted from here on."""

    known: bool
    """Whether only those of browsers that keep a cookie are accepted; hubs' are always accepted."""


class SupportCounted(QueueEvent, frozen=True, kw_only=True, tag="support.counted"):
    """How many people would ask the same. The ballots are kept elsewhere, and are destroyed."""

    counts: dict[InterventionId, int]
    """The present count of each intervention whose count has changed."""


class PollEvent(Event, frozen=True, kw_only=True):
    """A public fact about a show of hands."""

    poll: PollId
    """The show of hands' id, unique in the session."""

    def lane(self) -> Lane:
        """The public lane of questions."""
        return lanes.QUESTIONS


class PollOpened(PollEvent, frozen=True, kw_only=True, tag="poll.opened"):
    """A show of hands was opened with answers to choose from, or a closed one was reopened unchanged."""

    number: int
    """The public number, counted from 1."""
    question: str
    """The question that is put."""
    language: str
    """BCP-47 tag of the question and of the options."""
    options: tuple[str, ...]
    """The answers to choose from, two to eight."""
    t: int
    """When it was opened, media ms."""
    quiet: bool = False
    """Whether pages and walls hide the counts while it is open. The events have the counts all the same."""


class PollCounted(PollEvent, frozen=True, kw_only=True, tag="poll.counted"):
    """The present counts of each option, at most once a second. The ballots are kept elsewhere, and are destroyed."""

    remote: tuple[int, ...]
    """Counts of those who chose on their page, in the order of the options."""
    room: tuple[int, ...]
    """Counts of hands in the room by a person, in the order of the options."""


class PollClosed(PollEvent, frozen=True, kw_only=True, tag="poll.closed"):
    """A show of hands was closed. Ballots that arrived before are still counted, up to a second later."""

    t: int
    """When it was closed, media ms."""
    void: bool = False
    """Whether it was opened by mistake, and is no longer shown."""


class VotingSwitched(QueueEvent, frozen=True, kw_only=True, tag="voting.switched"):
    """Whether people can vote on comments from here on."""

    on: bool
    """Whether they can."""


class CommentsPutToVote(QueueEvent, frozen=True, kw_only=True, tag="voting.put"):
    """The comments on which people vote from here on."""

    comments: tuple[InterventionId, ...]
    """All of them, in the order in which they were put to the vote."""


class OpinionsCounted(QueueEvent, frozen=True, kw_only=True, tag="voting.counted"):
    """Sums of the votes on comments, each of at least five people. They are told anew when the votes of five people
    have changed. The ballots are kept elsewhere, and are destroyed.
    """

    voters: int
    """How many people have voted."""
    sums: dict[InterventionId, OpinionSums]
    """The votes on each comment on which five people have voted."""
    groups: tuple[OpinionGroup, ...]
    """The groups of opinion, the largest first; empty where none can be told apart."""


class TurnLimited(QueueEvent, frozen=True, kw_only=True, tag="turn.limited"):
    """The time limit of a turn from here on, also of the turn under way. A typed turn may take three times as long."""

    ms: int
    """The limit in ms; 0: no limit."""


class TurnTyped(InterventionEvent, frozen=True, kw_only=True, tag="turn.typed"):
    """The called author began to type: this turn may take three times as long."""

    t: int
    """When the author began, media ms."""


class TurnHeld(InterventionEvent, frozen=True, kw_only=True, tag="turn.held"):
    """The called author asked for more time to begin. The turn is held for them; the next may be called in the
    meantime.
    """

    t: int
    """When the author asked for more time, media ms."""


PollFact = PollOpened | PollCounted | PollClosed
VotingFact = VotingSwitched | CommentsPutToVote | OpinionsCounted
TurnFact = TurnLimited | TurnTyped | TurnHeld
InterventionFact = (
    HubDeclined
    | InterventionReceived
    | InterventionReworded
    | InterventionFlagged
    | InterventionTagged
    | InterventionDeclined
    | InterventionRemoved
    | InterventionPublished
    | InterventionStatusChanged
    | InterventionWritten
)
QuestionFact = (
    InterventionFact | QueueArranged | QueueOrdered | AskingLimited | SupportCounted | PollFact | VotingFact | TurnFact
)
"""Unions of events; the state of questions has folds for them."""
