"""The view of an intervention that its author gets, and the acts that its author may do. Pure."""

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
from moothall.core.rules.turn_times import TurnNow, may_hold, may_type, turn_now, typed_ever, typed_language
from moothall.core.sessions.state import ON, State, Status
from moothall.core.translation.lines import spoken


class OwnAct(StrEnum):
    """What authors can do with their own intervention; the values are those that the buttons of their pages send."""

    BACK = "back"
    """Withdraw it."""
    LATER = "later"
    """Put it off: not now, later."""
    READY = "ready"
    """Return to the queue after `LATER`."""
    AGAIN = "again"
    """Ask it again after withdrawing it."""
    LONGER = "longer"
    """Ask for more time to begin."""

    def command(self, name: InterventionId) -> do.SetStatus | do.HoldTurn:
        """The command for this act on the intervention `name`, to be sent in its author's name."""
        if self is OwnAct.LONGER:
            return do.HoldTurn(intervention=name)
        return do.SetStatus(interventions=(name,), status=_BRINGS[self])


_BRINGS = {
    OwnAct.BACK: InterventionStatus.WITHDRAWN,
    OwnAct.LATER: InterventionStatus.LATER,
    OwnAct.READY: InterventionStatus.QUEUED,
    OwnAct.AGAIN: InterventionStatus.CHECKED,
}


class QuestionStage(StrEnum):
    """How far a question of a hub's room has got. `HERE`: at the hub alone."""

    HERE = "here"
    WAITING = "waiting"
    """It waits for the uplink."""
    ARRIVED = "arrived"
    """The meeting has received it, and has not yet published its status."""
    STANDS = "stands"
    """The meeting publishes its status, which is then shown."""
    REFUSED = "refused"
    """The meeting did not take it."""
    JOINED = "joined"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"


class RefusedAct(msgspec.Struct, frozen=True, kw_only=True):
    """An author's act that was refused after it had waited for the uplink."""

    act: OwnAct | None
    """The act; None for a typed line."""
    message: str
    """The meeting's reason, as a sentence in English."""


class InRoom(msgspec.Struct, frozen=True, kw_only=True):
    """What a hub knows of a question of its room, apart from what the meeting publishes about it."""

    where: QuestionStage
    number: int
    """Its number in the room's own list."""
    into: int | None = None
    """The number of the room's own question with which it was joined."""
    message: str = ""
    """Why the meeting did not take it: a sentence in English."""
    late: bool = False
    """Whether it was refused because the meeting was over."""
    up: bool = True
    """Whether the hub's uplink works."""
    waiting: tuple[OwnAct | None, ...] = ()
    """Acts of its author that wait for the uplink, oldest first; None stands for a typed line."""
    refused: RefusedAct | None = None
    """The newest act of its author, if that was refused."""


class OwnTurn(msgspec.Struct, frozen=True, kw_only=True):
    """The turn of an intervention, as its author sees it."""

    turn: TurnNow
    now: int
    """The current media time, in ms."""
    may_type: bool
    may_hold: bool
    language: str
    """The language in which the author is assumed to type; BCP-47."""
    recorded: bool
    """Whether typed lines are stored at present."""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """A line that the author of an intervention has typed, in its current wording."""

    text: str
    language: str
    """BCP-47 tag of the text."""


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """An intervention as its author may see it."""

    intervention: Intervention
    questions: Questions
    """All questions of the session."""
    ahead: int | None = None
    """How many are before it in the queue; None where it isn't in the queue."""
    wait: int | None = None
    """The estimated wait until its turn, in ms; None where it isn't in the queue, the meeting isn't on, or no estimate
    exists.
    """
    into: int | None = None
    """The number of the intervention that it was joined with."""
    goes_on: Own | None = None
    """The view of the intervention that it was joined with, where that is known."""
    channel: str = ""
    """The id of the channel with the line at which it was answered; empty where there is none."""
    over: bool = False
    """Whether the meeting is closed."""
    typed: tuple[Typed, ...] = ()
    """The lines that its author has typed in its turn, in order."""
    voice: OwnTurn | None = None
    """Its turn, while that is in progress and the meeting is on."""
    expected: Intervention | None = None
    """Its state once the acts that wait for the uplink are carried out; None where none waits."""
    room: InRoom | None = None
    """What the hub knows of it at which it was asked; None at the centre."""

    @property
    def in_room(self) -> InRoom | None:
        """The hub's information about it, as long as the meeting publishes no status of its own; else None."""
        return None if self.room is None or self.room.where is QuestionStage.STANDS else self.room

    @property
    def may_go(self) -> bool:
        """Whether its author may still withdraw it."""
        return self._next.status in REVOCABLE

    @property
    def may_put_off(self) -> bool:
        """Whether its author may put it off."""
        return not self.over and may_bring(self._next, InterventionStatus.LATER)

    @property
    def may_return(self) -> bool:
        """Whether its author, who has put it off, may return it to the queue."""
        return not self.over and may_bring(self._next, InterventionStatus.QUEUED)

    @property
    def may_ask_again(self) -> bool:
        """Whether its author, who has withdrawn it, may ask it again."""
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
        """Whether the meeting is closed and nobody has decided yet what becomes of it."""
        return self.over and self.intervention.status in OPEN and self.in_room is None


def own_of(state: State, each: Intervention, ahead: int | None, wall: int, goes_on: Own | None = None) -> Own:
    """An intervention as its author may see it at the wall time `wall`, Unix ms.

    `ahead`: how many are before it in the queue; `goes_on`: the view of the intervention that it was joined with.
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
    """The result of `own_of`, with the view of the question that it was joined with. `ahead` returns a question's rank
    in the queue from 0, or None.
    """
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
