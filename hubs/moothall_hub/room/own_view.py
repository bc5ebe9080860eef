"""What the author of a question of the room may see of it and do with it, by the rules of the meeting. Pure.

The rules are applied to the copied state of the meeting, into which the room's own questions are put. Acts that wait
for the uplink are carried out on that state first. So an author is offered only what the meeting will accept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from moothall.core import commands as do
from moothall.core.events.question_parts import HUB, ROOM, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.interventions import Intervention, empty_intervention
from moothall.core.questions.order import ahead_of
from moothall.core.rules.decide import decide
from moothall.core.rules.turn_times import may_hold
from moothall.core.sessions.state import State, Status, evolve
from moothall.services.questions.asking import RejectedQuestion, why_rejected
from moothall.services.questions.author_view import (
    InRoom,
    Own,
    OwnAct,
    QuestionStage,
    RefusedAct,
    Typed,
    own_with_joined,
)
from moothall_hub.outbox.outbox import ActState, ActStatus
from moothall_hub.room.local_questions import Local, LocalQuestion, LocalQuestions, Mode, SentAct

_OF_ROOM = f"{HUB}room"
"""The origin of questions that were passed on, whatever the hub's name is. The limit for questions of one hub counts
it."""
_STATUSES = {
    Local.HERE: InterventionStatus.CHECKED,
    Local.FORWARDED: InterventionStatus.CHECKED,
    Local.JOINED: InterventionStatus.JOINED,
    Local.KEPT: InterventionStatus.TO_WRITE,
    Local.WITHDRAWN: InterventionStatus.WITHDRAWN,
}
"""The status by which the rules judge a question of which the meeting says nothing. A question that is kept in the room
does not count as waiting, and its author may withdraw it."""


def at_meeting(state: State | None, local: LocalQuestions, only: Iterable[LocalQuestion] | None = None) -> State:
    """Return the meeting's state with the room's own questions in it, or with only `only` of them."""
    found = State(id=local.session, status=Status.CREATED) if state is None else state
    known = found.questions.interventions
    for each in local.by_id.values() if only is None else only:
        known = known.set(each.id, _intervention(each, known.get(each.id)))
    # Withdrawn and joined questions count too, since the number of questions is limited.
    last = max(found.questions.last, local.last)
    return replace(found, questions=replace(found.questions, interventions=known, last=last))


def _intervention(each: LocalQuestion, there: Intervention | None) -> Intervention:
    """Return a question of the room with the meeting's record of it, which has only the status until it is
    published.
    """
    found = there or replace(
        empty_intervention(each.id), number=each.number, kind=each.kind, status=_STATUSES[each.stands]
    )
    received = "" if found.removed else each.text
    words = {} if found.published else {"kind": each.kind, "language": each.language, "name": each.name}
    origin = _OF_ROOM if each.forwarded else ROOM
    return replace(found, received=received, asker=each.asker, origin=origin, **words)


def ask(
    local: LocalQuestions, question: LocalQuestion, state: State | None, wall: int
) -> LocalQuestion | RejectedQuestion:
    """Return the question as it is to be stored, or why the rules reject it. `state` is the meeting's, None without a
    copy; `wall` is in Unix ms.

    A question that the meeting already has, through another machine of the hub, is accepted.
    """
    seen, at_once = at_meeting(state, local), local.mode is Mode.OPEN
    if seen.questions.get(question.id) is None:
        origin, age = _OF_ROOM if at_once else ROOM, max(0, wall - question.at)
        command = made_of(do.Ask, question, intervention=question.id, origin=origin, age=age)
        decided = decide(seen, command, Actor(Role.PARTICIPANT, question.id), wall)
        if isinstance(decided, Refusal):
            return why_rejected(seen, question.kind, question.asker, decided)
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
    """Return the question after an act of its author, or why the rules refuse the act. `acts` are the author's
    unanswered acts, oldest first.
    """
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
    """Return the state after these acts of an author; acts that the rules refuse change nothing."""
    for act in acts:
        decided = () if act is None else decide(state, act.command(name), Actor(Role.PARTICIPANT, name), wall)
        for event in () if isinstance(decided, Refusal) else decided:
            state = evolve(state, event)
    return state


_STAYS = {Local.HERE: QuestionStage.HERE, Local.KEPT: QuestionStage.KEPT, Local.JOINED: QuestionStage.JOINED}
"""The author's view of a question that the meeting does not have, by its status in the room."""


def where(question: LocalQuestion, asked: ActStatus | None, there: Intervention | None) -> QuestionStage:
    """Return at which stage a question is. `asked` is the state of the act that asks it, in the outbox; `there` is the
    meeting's own record of it, None when it has none.
    """
    if question.stands in _STAYS:
        return _STAYS[question.stands]
    if there is not None:
        return QuestionStage.STANDS
    if question.stands is Local.WITHDRAWN:
        return QuestionStage.WITHDRAWN
    if waits(asked):
        return QuestionStage.WAITING
    return QuestionStage.REFUSED if asked is not None and asked.state is ActState.REFUSED else QuestionStage.ARRIVED


def waits(act: ActStatus | None) -> bool:
    """Whether an act is not in the outbox yet, or not answered."""
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
    """What the author of a question of the room may see at the time `wall`, in Unix ms.

    `acts` are the author's later acts with their states in the outbox; `typed` are typed lines that wait there; `up`
    says whether the uplink is good; `queue` whether to count the questions that come before this one.
    """
    there = None if state is None else state.questions.get(question.id)
    joined = None if there is None or there.into is None else local.by_id.get(there.into)
    seen = at_meeting(state, local, (question,) if joined is None else (question, joined))
    found = where(question, asked, there)
    each = _intervention(question, there)
    if found is QuestionStage.REFUSED:
        each = replace(each, status=InterventionStatus.CLOSED)
    own = own_with_joined(seen, each, lambda one: ahead_of(seen.questions, one) if queue else None, wall)
    waiting = tuple(sent.act for sent, now in acts if waits(now))
    after = _after(seen, question.id, waiting, wall)
    voice = own.voice
    if voice is not None:
        voice = replace(voice, may_hold=voice.may_hold and may_hold(after, question.id))
    into = None if question.into is None else local.by_id.get(question.into)
    refused = asked if found is QuestionStage.REFUSED else None
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
    """Return the author's newest act if it was refused. A stale act does not count: what it wanted is so already."""
    if not acts or acts[-1][1].state is not ActState.REFUSED or acts[-1][1].code is RefusalCode.STALE:
        return None
    return RefusedAct(act=acts[-1][0].act, message=acts[-1][1].message)
