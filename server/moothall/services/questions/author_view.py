"""What the author of an intervention may see of it, and what they may do with it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec

from moothall.core import commands as do
from moothall.core.events.question_parts import OPEN, REVOCABLE, InterventionStatus
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.order import wait_behind
from moothall.core.rules.questions import may_bring
from moothall.core.rules.turn_now import TurnNow, may_hold, may_type, turn_now, typed_ever, typed_language
from moothall.core.session.state import ON, State, Status
from moothall.core.translating.lines import spoken


class OwnAct(StrEnum):
    """What authors do to what they have asked, by the names that the buttons of their pages send."""

    BACK = "back"
    """Take it back."""
    LATER = "later"
    """Not now, later."""
    READY = "ready"
    """Ready again."""
    AGAIN = "again"
    """Ask it after all."""
    LONGER = "longer"
    """I need longer."""

    def command(self, name: InterventionId) -> do.SetStatus | do.HoldTurn:
        """The command that does it to the intervention `name`, as its author's."""
        if self is OwnAct.LONGER:
            return do.HoldTurn(intervention=name)
        return do.SetStatus(interventions=(name,), status=_BRINGS[self])


_BRINGS = {
    OwnAct.BACK: InterventionStatus.WITHDRAWN,
    OwnAct.LATER: InterventionStatus.LATER,
    OwnAct.READY: InterventionStatus.QUEUED,
    OwnAct.AGAIN: InterventionStatus.CHECKED,
}


class QuestionPlace(StrEnum):
    """Where a question of a hub's room is."""

    HERE = "here"
    WAITING = "waiting"
    """For the uplink."""
    ARRIVED = "arrived"
    """At the meeting, which has said nothing of it yet."""
    STANDS = "stands"
    """Where the meeting says."""
    REFUSED = "refused"
    """The meeting did not take it."""
    JOINED = "joined"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"


class RefusedAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act of an author that was refused after it had waited for the uplink."""

    act: OwnAct | None
    """None: a line that was typed."""
    message: str
    """The sentence of the meeting, in English."""


class InRoom(msgspec.Struct, frozen=True, kw_only=True):
    """What a hub knows of a question of its room, beside what the meeting says of it."""

    where: QuestionPlace
    number: int
    """Among those of the room."""
    into: int | None = None
    """The number of the room's own question with which it was joined."""
    message: str = ""
    """Why the meeting did not take it: a sentence in English."""
    late: bool = False
    """Whether that is because the meeting was over."""
    up: bool = True
    """Whether the uplink is good."""
    waiting: tuple[OwnAct | None, ...] = ()
    """Acts of its author that wait for the uplink, oldest first; None: a line that was typed."""
    refused: RefusedAct | None = None
    """The newest act of its author, where that was refused."""


class OwnTurn(msgspec.Struct, frozen=True, kw_only=True):
    """The turn of an intervention, as its author sees it."""

    turn: TurnNow
    now: int
    """Media ms."""
    may_type: bool
    may_hold: bool
    language: str
    """In which language what is typed is taken to be; BCP-47."""
    recorded: bool
    """Whether what is typed now is kept."""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """A line that the author of an intervention has typed, as it stands."""

    text: str
    language: str
    """BCP-47."""


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """An intervention as its author may see it."""

    intervention: Intervention
    questions: Questions
    """All of the session's."""
    ahead: int | None = None
    """How many come before it; None where it isn't in the queue."""
    wait: int | None = None
    """About how long until its turn, ms; None where it isn't in the queue, the meeting isn't on, or nobody knows."""
    into: int | None = None
    """The number of the one that it was joined with."""
    goes_on: Own | None = None
    """How that one stands, where it is known."""
    channel: str = ""
    """The text with the line at which it was answered."""
    over: bool = False
    """Whether the meeting is closed."""
    typed: tuple[Typed, ...] = ()
    """What its author has typed of the text, line by line."""
    voice: OwnTurn | None = None
    """Its turn, while that is under way and the meeting is on."""
    expected: Intervention | None = None
    """What it will be once the acts that wait for the uplink are done; None where none waits."""
    room: InRoom | None = None
    """What the hub knows of it in whose room it was asked; None at the centre."""

    @property
    def in_room(self) -> InRoom | None:
        """What there is to say of it while the meeting says nothing."""
        return None if self.room is None or self.room.where is QuestionPlace.STANDS else self.room

    @property
    def may_go(self) -> bool:
        """Whether its author may still take it back."""
        return self._next.status in REVOCABLE

    @property
    def may_put_off(self) -> bool:
        """Whether its author may say: not now, later."""
        return not self.over and may_bring(self._next, InterventionStatus.LATER)

    @property
    def may_return(self) -> bool:
        """Whether its author, who has put it off, may come back into the queue with it."""
        return not self.over and may_bring(self._next, InterventionStatus.QUEUED)

    @property
    def may_ask_again(self) -> bool:
        """Whether its author, who has taken it back, may ask it after all."""
        return not self.over and may_bring(self._next, InterventionStatus.CHECKED)

    @property
    def _next(self) -> Intervention:
        return self.intervention if self.expected is None else self.expected

    @property
    def may_hold(self) -> bool:
        """Whether its author may say that they need longer to begin."""
        return self.voice is not None and self.voice.may_hold

    @property
    def undecided(self) -> bool:
        """Whether the meeting is closed, and nobody has said yet what becomes of it."""
        return self.over and self.intervention.status in OPEN and self.in_room is None


def own_of(state: State, each: Intervention, ahead: int | None, wall: int, goes_on: Own | None = None) -> Own:
    """What the author of an intervention may see at the wall time `wall`, Unix ms.

    `ahead`: how many come before it; `goes_on`: the one that it was joined with.
    """
    questions = state.questions
    on = state.status is Status.OPEN
    line = None if each.segment is None else state.segments.get(each.segment)
    return Own(
        intervention=each,
        questions=questions,
        ahead=ahead,
        wait=wait_behind(questions, ahead, state.media_now(wall)) if on and ahead is not None else None,
        into=None if goes_on is None else goes_on.intervention.number,
        goes_on=goes_on,
        channel="" if line is None or line.gone else line.channel,
        over=state.status is Status.CLOSED,
        typed=tuple(Typed(text=line.whole, language=line.language) for line in typed_ever(state, each)),
        voice=_own_turn(state, each, state.media_now(wall)),
    )


def own_with_joined(state: State, each: Intervention, ahead: Callable[[InterventionId], int | None], wall: int) -> Own:
    """What `own_of` gives, with the question that this one was joined with. `ahead`: how many come before it."""
    into = None if each.into is None else state.questions.get(each.into)
    goes_on = None if into is None else own_of(state, into, ahead(into.id), wall)
    return own_of(state, each, ahead(each.id), wall, goes_on)


def _own_turn(state: State, each: Intervention, now: int) -> OwnTurn | None:
    if state.questions.called != each.id or state.status not in ON:
        return None
    turn, channel = turn_now(state), spoken(state)
    if turn is None:
        return None
    return OwnTurn(
        turn=turn,
        now=now,
        may_type=may_type(state, each.id),
        may_hold=may_hold(state, each.id),
        language=each.language if channel is None else typed_language(each, channel),
        recorded=state.recorded,
    )
