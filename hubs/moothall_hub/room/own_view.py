"""What the author of a question of the room may see of it and do with it, by the rules of the meeting. Pure.

The rules are asked of the meeting's state as it is known here, with the room's own questions put into it. What waits
for the uplink is carried out on that state first: so what an author is offered is what the meeting will take.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from moothall.core import commands as do
from moothall.core.events.question_parts import HUB, REMOTE, ROOM, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.interventions import Intervention
from moothall.core.questions.order import ahead_of
from moothall.core.rules.decide import decide
from moothall.core.rules.turn_now import may_hold
from moothall.core.session.state import State, Status, evolve
from moothall.services.questions.asking import RejectedQuestion, why_unasked
from moothall.services.questions.author_view import (
    InRoom,
    Own,
    OwnAct,
    QuestionPlace,
    RefusedAct,
    Typed,
    own_with_joined,
)
from moothall_hub.outbox.outbox import ActState, ActStatus
from moothall_hub.room.local_questions import Local, LocalQuestion, LocalQuestions, Mode, SentAct

_OF_ROOM = f"{HUB}room"
"""The origin of questions that were passed on, under any name of the hub: the limit of a hub counts it."""
_STATUSES = {
    Local.HERE: InterventionStatus.CHECKED,
    Local.FORWARDED: InterventionStatus.CHECKED,
    Local.JOINED: InterventionStatus.JOINED,
    Local.KEPT: InterventionStatus.TO_WRITE,
    Local.WITHDRAWN: InterventionStatus.WITHDRAWN,
}
"""What the rules take a question for of which the meeting says nothing. One that is kept here is none of those that
wait, and its author may take it back."""


def at_meeting(state: State | None, local: LocalQuestions, only: Iterable[LocalQuestion] | None = None) -> State:
    """The meeting as the rules see it from here: with the room's own questions, or with `only` some of them."""
    found = State(id=local.session, status=Status.CREATED) if state is None else state
    known = found.questions.interventions
    for each in local.by_id.values() if only is None else only:
        known = known.set(each.id, _intervention(each, known.get(each.id)))
    last = max(found.questions.last, local.last)  # Whatever became of them: that is limited too.
    return replace(found, questions=replace(found.questions, interventions=known, last=last))


def _intervention(each: LocalQuestion, there: Intervention | None) -> Intervention:
    """One of the room's, with what the meeting says of it: of one that isn't published that is only where it stands."""
    found = there or Intervention(
        id=each.id,
        number=each.number,
        kind=each.kind,
        received="",
        text="",
        language="",
        name="",
        origin=REMOTE,
        asker="",
        t=0,
        status=_STATUSES[each.stands],
    )
    received = "" if found.removed else each.text
    words = {} if found.published else {"kind": each.kind, "language": each.language, "name": each.name}
    origin = _OF_ROOM if each.forwarded else ROOM
    return replace(found, received=received, asker=each.asker, origin=origin, **words)


def ask(
    local: LocalQuestions, question: LocalQuestion, state: State | None, wall: int
) -> LocalQuestion | RejectedQuestion:
    """The question as it is kept, or why the rules don't take it. `state`: the meeting's; `wall`: Unix ms.

    One that the meeting has already, by another machine of the hub, is taken here too.
    """
    seen, at_once = at_meeting(state, local), local.mode is Mode.OPEN
    if seen.questions.get(question.id) is None:
        origin, age = _OF_ROOM if at_once else ROOM, max(0, wall - question.at)
        command = made_of(do.Ask, question, intervention=question.id, origin=origin, age=age)
        decided = decide(seen, command, Actor(Role.PARTICIPANT, question.id), wall)
        if isinstance(decided, Refusal):
            return why_unasked(seen, question.kind, question.asker, decided)
    stands = Local.FORWARDED if at_once else Local.HERE
    return replace(question, number=local.last + 1, stands=stands, forwarded=at_once)


def bring(
    local: LocalQuestions,
    question: LocalQuestion,
    state: State | None,
    acts: Sequence[SentAct],
    act: OwnAct,
    *,
    wall: int,
) -> LocalQuestion | Refusal:
    """The question once its author has done that, or why the rules refuse it. `acts`: those that wait, oldest first."""
    seen = _after(at_meeting(state, local), question.id, (each.act for each in acts), wall)
    decided = decide(seen, act.command(question.id), Actor(Role.PARTICIPANT, question.id), wall)
    if isinstance(decided, Refusal):
        return decided
    match act:
        case OwnAct.BACK:
            return replace(question, stands=Local.WITHDRAWN, on_wall=False)
        case OwnAct.AGAIN:
            on = question.forwarded or local.mode is Mode.OPEN
            return replace(question, stands=Local.FORWARDED if on else Local.HERE, forwarded=on)
        case _:
            return question


def _after(state: State, name: InterventionId, acts: Iterable[OwnAct | None], wall: int) -> State:
    """The state once these acts of an author are done, as far as the rules take them."""
    for act in acts:
        decided = () if act is None else decide(state, act.command(name), Actor(Role.PARTICIPANT, name), wall)
        for event in () if isinstance(decided, Refusal) else decided:
            state = evolve(state, event)
    return state


_STAYS = {Local.HERE: QuestionPlace.HERE, Local.KEPT: QuestionPlace.KEPT, Local.JOINED: QuestionPlace.JOINED}
"""Where a question is that the meeting doesn't have."""


def where(question: LocalQuestion, asked: ActStatus | None, there: Intervention | None) -> QuestionPlace:
    """Where a question is. `asked`: the act that asks it, in the outbox; `there`: what the meeting says of it."""
    if question.stands in _STAYS:
        return _STAYS[question.stands]
    if there is not None:
        return QuestionPlace.STANDS
    if question.stands is Local.WITHDRAWN:
        return QuestionPlace.WITHDRAWN
    if waits(asked):
        return QuestionPlace.WAITING
    return QuestionPlace.REFUSED if asked is not None and asked.state is ActState.REFUSED else QuestionPlace.ARRIVED


def waits(act: ActStatus | None) -> bool:
    """Whether an act waits for its answer, or for the outbox."""
    return act is None or act.state in (ActState.WAITING, ActState.SENT)


def own_here(
    local: LocalQuestions,
    question: LocalQuestion,
    state: State | None,
    asked: ActStatus | None,
    acts: Sequence[tuple[SentAct, ActStatus]],
    *,
    typed: Sequence[str] = (),
    wall: int,
    up: bool,
    queue: bool = True,
) -> Own:
    """What the author of a question of the room may see at the wall time `wall`, Unix ms.

    `acts`: what its author did since, as it stands in the outbox; `typed`: lines of theirs that wait there; `up`:
    whether the uplink is good; `queue`: whether it is said how many come before.
    """
    there = None if state is None else state.questions.get(question.id)
    joined = None if there is None or there.into is None else local.by_id.get(there.into)
    seen = at_meeting(state, local, (question,) if joined is None else (question, joined))
    found = where(question, asked, there)
    each = _intervention(question, there)
    if found is QuestionPlace.REFUSED:
        each = replace(each, status=InterventionStatus.CLOSED)
    own = own_with_joined(seen, each, lambda one: ahead_of(seen.questions, one) if queue else None, wall)
    waiting = tuple(sent.act for sent, now in acts if waits(now))
    after = _after(seen, question.id, waiting, wall)
    voice = own.voice
    if voice is not None:
        voice = replace(voice, may_hold=voice.may_hold and may_hold(after, question.id))
    into = None if question.into is None else local.by_id.get(question.into)
    refused = asked if found is QuestionPlace.REFUSED else None
    room = InRoom(
        where=found,
        number=question.number,
        into=None if into is None else into.number,
        message="" if refused is None else refused.message,
        late=own.over and refused is not None and refused.code is RefusalCode.CONFLICT,
        up=up,
        waiting=waiting,
        refused=_refused(acts),
    )
    lines = tuple(Typed(text=text, language=question.language) for text in typed)
    expected = after.questions.get(question.id) if waiting else None
    return replace(own, room=room, voice=voice, expected=expected, typed=(*own.typed, *lines))


def _refused(acts: Sequence[tuple[SentAct, ActStatus]]) -> RefusedAct | None:
    """The newest act, where it was refused. One that was stale has what it wanted."""
    if not acts or acts[-1][1].state is not ActState.REFUSED or acts[-1][1].code is RefusalCode.STALE:
        return None
    return RefusedAct(act=acts[-1][0].act, message=acts[-1][1].message)
