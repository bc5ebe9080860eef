"""The rules of interventions: who may ask when, and which changes of status are allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.events import hubs as he
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import (
    HUB,
    REMOTE,
    REVOCABLE,
    ROOM,
    WAITING,
    InterventionKind,
    InterventionStatus,
)
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_QUESTION, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import InterventionId, PolicyQuestionId, is_name
from moothall.core.kernel.languages import is_short_language
from moothall.core.outcomes.document_rules import takes_comments
from moothall.core.questions.interventions import Intervention, Questions, speaker_of
from moothall.core.questions.limits import full, too_many
from moothall.core.rules.turn_times import name_of
from moothall.core.sessions.state import State, Status
from moothall.core.translation.lines import spoken

MAX_TEXT = 2_000
"""Characters of an intervention."""
MAX_ANSWER = 10_000
"""Characters of an answer in writing."""
MAX_NAME = 80
MAX_REASON = 300
MOST_AT_ONCE = 500
"""Interventions whose status one command may change."""
_ASKER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


_UNPUBLISHED = frozenset(
    {
        InterventionStatus.CHECKED,
        InterventionStatus.DECLINED,
        InterventionStatus.JOINED,
        InterventionStatus.WITHDRAWN,
        InterventionStatus.CLOSED,
    }
)
"""Statuses of an intervention that may not have been published: only the staff has read it."""
REPORTED = "reported"
"""The flag that readers set: they say that the intervention is rude."""

ABUSE = "abuse"
"""The flag that the staff set for an intervention that is rude."""
MOST_FLAGS = 10
"""Flags of one intervention, besides the flag of readers."""


def decide_questions(
    state: State, command: do.QuestionCommand, actor: Actor, wall: int
) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a command about questions, or a refusal."""
    match command:
        case do.Ask():
            return _ask(state, command, wall)
        case do.SetStatus():
            return _stand(state, command, actor, wall)
        case do.ArrangeQueue():
            return _arrange(state, command)
        case do.OrderQueue():
            if command.order is state.questions.order:
                return refuse(RefusalCode.CONFLICT, "The queue already follows this rule.")
            return [qe.QueueOrdered(order=command.order)]
        case do.LimitAsking():
            if command.known is state.questions.known_only:
                return refuse(RefusalCode.CONFLICT, "New questions are already limited in this way.")
            return [qe.AskingLimited(known=command.known)]
        case do.CountSupport():
            return _count(state, command)
        case _:
            return _words(state, command, wall)


def _ask(state: State, command: do.Ask, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    text = command.text.strip()
    if not is_name(command.intervention) or not _ASKER.match(command.asker) or not is_short_language(command.language):
        return refuse(RefusalCode.INVALID, "A question needs an id, a language tag and its author's token.")
    if len(text) > MAX_TEXT or (not text and command.kind is not InterventionKind.REQUEST):
        return refuse(RefusalCode.INVALID, f"A question or comment has 1 to {MAX_TEXT} characters.")
    if len(command.name) > MAX_NAME or command.age < 0:
        return refuse(RefusalCode.INVALID, f"A name has at most {MAX_NAME} characters.")
    hub = _hub(command.origin)
    if command.origin not in (ROOM, REMOTE) and (hub is None or not is_name(hub)):
        return refuse(RefusalCode.INVALID, "The origin of a question is room, remote or a hub.")
    if command.intervention in state.questions.interventions:
        return refuse(RefusalCode.CONFLICT, "This question was received already.")
    t = max(0, state.media_now(wall) - command.age)
    if state.kind is ev.LogKind.DOCUMENT and not takes_comments(state.outcomes.document, wall):
        return refuse(RefusalCode.CONFLICT, "The document takes no comments now.")
    if state.cancelled is not None:
        return refuse(RefusalCode.CONFLICT, "The meeting is cancelled and takes no questions.")
    late = state.status is Status.CLOSED
    if late and (state.closed_at is None or t > state.closed_at):
        return refuse(RefusalCode.CONFLICT, "The meeting is over and takes no more questions.")
    message = full(state.questions, hub) or too_many(state.questions, command.asker, command.kind)
    if message:
        return refuse(RefusalCode.CONFLICT, message)
    number = state.questions.last + 1
    name = command.name.strip()
    received = made_of(qe.InterventionReceived, command, number=number, text=text, name=name, t=t, after_close=late)
    events: list[ev.AnyEvent] = [received]
    if command.flags:
        events.append(qe.InterventionFlagged(intervention=command.intervention, flags=command.flags))
    status = InterventionStatus.CHECKED
    if late:  # After the close there is no queue: a question with a text can still be answered in writing.
        status = InterventionStatus.TO_WRITE if text else InterventionStatus.CLOSED
    return [*events, qe.InterventionStatusChanged(intervention=command.intervention, number=number, status=status, t=t)]


def _stand(state: State, command: do.SetStatus, actor: Actor, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    names = command.interventions
    if not 0 < len(names) <= MOST_AT_ONCE or len(set(names)) < len(names):
        return refuse(RefusalCode.INVALID, f"Name 1 to {MOST_AT_ONCE} questions, each of them once.")
    known = [each for name in names if (each := state.questions.get(name)) is not None]
    if len(known) < len(names):
        return NO_QUESTION
    own = actor.role is Role.PARTICIPANT
    if own and not all(may_bring(each, command.status) for each in known):
        message = "Authors can take their question back or put it off, and ask again what they put off themselves."
        return refuse(RefusalCode.FORBIDDEN, message)
    if own and state.status is Status.CLOSED and command.status is not InterventionStatus.WITHDRAWN:
        return refuse(RefusalCode.CONFLICT, "The meeting is over.")
    refused = _misfit(state, command, known, own=own)
    if refused is not None:
        return refused
    t, events = state.media_now(wall), list[ev.AnyEvent]()
    called = state.questions.with_status(InterventionStatus.CALLED)
    if command.status is InterventionStatus.CALLED:
        back = do.SetStatus(interventions=names, status=InterventionStatus.QUEUED)
        events += [_stands(before, back, _since(state, before, t)) for before in called]
    for each in known:
        if command.status not in _UNPUBLISHED and not each.published:
            events.append(_published(each, each.text))
        events.append(_stands(each, command, _since(state, each, t), own=own or command.own))
        if command.status is InterventionStatus.DECLINED:
            events += _declined(each, command.reason.strip())
        if command.status is InterventionStatus.WITHDRAWN:
            events += _succeeded(state.questions, each, t)
    if command.status is InterventionStatus.CALLED and known[0].kind is InterventionKind.REQUEST and known[0].name:
        events += begins_to_speak(state, known[0], t)
    elif command.status is InterventionStatus.CALLED or any(each in called for each in known):
        events += ends_speaking(state, called, t)
    return events


def may_bring(each: Intervention, status: InterventionStatus) -> bool:
    """Whether the author may give the intervention this status: withdrawn, later, or queued again after their own
    "later".
    """
    match status:
        case InterventionStatus.WITHDRAWN:
            return True  # `_misfit` says when it is too late.
        case InterventionStatus.LATER:
            return each.status in (InterventionStatus.QUEUED, InterventionStatus.CALLED)
        case InterventionStatus.QUEUED:
            return each.status is InterventionStatus.LATER and each.own
        case InterventionStatus.CHECKED:
            return each.status is InterventionStatus.WITHDRAWN and not each.removed
        case _:
            return False


def _succeeded(questions: Questions, gone: Intervention, t: int) -> list[ev.AnyEvent]:
    """The events that let questions joined with a withdrawn one continue: the first gets its status, the others join
    the first.
    """
    joined = [each for each in questions.with_status(InterventionStatus.JOINED) if each.into == gone.id]
    if not joined:
        return []
    status = InterventionStatus.QUEUED if gone.status is InterventionStatus.CALLED else gone.status
    if not joined[0].published:
        status = InterventionStatus.CHECKED  # Nobody has approved its text.
    succeeds = _stands(joined[0], do.SetStatus(interventions=(), status=status), t)
    join = do.SetStatus(interventions=(), status=InterventionStatus.JOINED, into=joined[0].id)
    return [succeeds, *(_stands(each, join, t) for each in joined[1:])]


def _misfit(state: State, command: do.SetStatus, known: Sequence[Intervention], *, own: bool) -> Refusal | None:
    """Why these interventions can't get this status; None when they can. `own`: the author sends the command."""
    to = command.status
    if any(each.status is to for each in known):
        return refuse(RefusalCode.STALE, "One of these questions already has this status.")
    if any(each.status is InterventionStatus.WITHDRAWN for each in known):
        if not own:
            return refuse(RefusalCode.CONFLICT, "The author has taken this question back.")
        first = known[0]
        message = full(state.questions, _hub(first.origin)) or too_many(state.questions, first.asker, first.kind)
        return refuse(RefusalCode.CONFLICT, message) if message else None
    if to is InterventionStatus.WRITTEN:
        return refuse(RefusalCode.INVALID, "An answer in writing needs a text.")
    if to is InterventionStatus.DECLINED and not 0 < len(command.reason.strip()) <= MAX_REASON:
        return refuse(RefusalCode.INVALID, f"Say in 1 to {MAX_REASON} characters why the question is not taken.")
    if to is InterventionStatus.WITHDRAWN and any(each.status not in REVOCABLE for each in known):
        return refuse(RefusalCode.CONFLICT, "This question has already had its turn.")
    if to is InterventionStatus.CALLED and (len(known) > 1 or not _callable(state.questions, known[0])):
        return refuse(RefusalCode.CONFLICT, "Call one question at a time, and only one that is in the queue.")
    if to is InterventionStatus.JOINED:
        return _unjoinable(state, command, known)
    if command.segment is not None and (to is not InterventionStatus.ANSWERED or command.segment not in state.segments):
        return refuse(RefusalCode.UNKNOWN, "The record has no such line.")
    return None


def _callable(questions: Questions, each: Intervention) -> bool:
    """Whether an intervention may be called: it waits for its turn, or it had the last turn and nobody was called
    since, which undoes the end of that turn.
    """
    just_had = questions.called is None and bool(questions.turns) and questions.turns[-1].intervention == each.id
    return each.status in WAITING or just_had


def _unjoinable(state: State, command: do.SetStatus, known: Sequence[Intervention]) -> Refusal | None:
    target = None if command.into is None else state.questions.get(command.into)
    if target is None:
        return NO_QUESTION
    if target in known or target.status in (
        InterventionStatus.JOINED,
        InterventionStatus.WITHDRAWN,
        InterventionStatus.DECLINED,
    ):
        return refuse(
            RefusalCode.CONFLICT,
            "A question can't be joined with itself, nor with one that is joined, taken back or not taken.",
        )
    joined_with = {each.into for each in state.questions.with_status(InterventionStatus.JOINED)}
    if any(each.id in joined_with for each in known):
        return refuse(
            RefusalCode.CONFLICT, "Other questions are joined with this one: join the other question with it instead."
        )
    return None


def _stands(each: Intervention, command: do.SetStatus, t: int, *, own: bool = False) -> qe.InterventionStatusChanged:
    joined = command.status is InterventionStatus.JOINED
    return qe.InterventionStatusChanged(
        intervention=each.id,
        number=each.number,
        status=command.status,
        t=t,
        into=command.into if joined else None,
        segment=command.segment if command.status is InterventionStatus.ANSWERED else None,
        own=own,
    )


def _declined(each: Intervention, reason: str) -> list[ev.AnyEvent]:
    """The events that say why an intervention is not taken, for the staff and for its author. The public event gives no
    reason.
    """
    told: list[ev.AnyEvent] = [qe.InterventionDeclined(intervention=each.id, reason=reason)]
    if each.origin.startswith(HUB):
        told.append(he.HubDeclined(hub=each.origin.removeprefix(HUB), intervention=each.id, reason=reason))
    return told


def _since(state: State, each: Intervention, t: int) -> int:
    """Since when (media ms) a status set at `t` holds. A turn that was under way at the close ended with the
    session.
    """
    return t if state.closed_at is None or each.status is not InterventionStatus.CALLED else min(t, state.closed_at)


def _published(each: Intervention, text: str) -> qe.InterventionPublished:
    return made_of(qe.InterventionPublished, each, intervention=each.id, text=text)


def _words(state: State, command: do.WordCommand, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    each = state.questions.get(command.intervention)
    if each is None:
        return NO_QUESTION
    if isinstance(command, do.ReportAbuse):
        return report_abuse(each)
    if isinstance(command, do.Flag):
        return flag(each, command)
    if isinstance(command, do.TagIntervention):
        return _tag(state, each, command.question)
    if each.removed:
        return refuse(RefusalCode.CONFLICT, "The words of this question were removed and can't be replaced.")
    text, most = command.text.strip(), MAX_ANSWER if isinstance(command, do.WriteAnswer) else MAX_TEXT
    # A request to speak may have come without a text.
    wordless = isinstance(command, do.Reword) and each.kind is InterventionKind.REQUEST
    if len(text) > most or not (text or wordless):
        return refuse(RefusalCode.INVALID, f"The text needs 1 to {most} characters.")
    if isinstance(command, do.Reword):
        return _reword(state, each, text, each.name if command.name is None else command.name.strip())
    if not is_short_language(command.language):
        return refuse(RefusalCode.INVALID, "An answer needs a language tag.")
    if each.status is InterventionStatus.WITHDRAWN:
        return refuse(RefusalCode.CONFLICT, "The author has taken this question back.")
    events: list[ev.AnyEvent] = [] if each.published else [_published(each, each.text)]
    events.append(
        qe.InterventionWritten(intervention=each.id, number=each.number, text=text, language=command.language)
    )
    if each.status is not InterventionStatus.WRITTEN:
        written = do.SetStatus(interventions=(each.id,), status=InterventionStatus.WRITTEN)
        t = state.media_now(wall)
        events.append(_stands(each, written, _since(state, each, t)))
        if each.status is InterventionStatus.CALLED:
            events += ends_speaking(state, [each], t)
    return events


def _reword(state: State, each: Intervention, text: str, name: str) -> Sequence[ev.AnyEvent] | Refusal:
    if len(name) > MAX_NAME:
        return refuse(RefusalCode.INVALID, f"A name has at most {MAX_NAME} characters.")
    if (text, name) == (each.text, each.name):
        return refuse(RefusalCode.CONFLICT, "The question already has this text and name.")
    now = msgspec.structs.replace(each, text=text, name=name)
    reworded = qe.InterventionReworded(intervention=each.id, text=text, name=None if name == each.name else name)
    events: list[ev.AnyEvent] = [reworded, _published(now, text)] if each.published else [reworded]
    return [*events, *named_anew(state, each, now)]


def _arrange(state: State, command: do.ArrangeQueue) -> Sequence[ev.AnyEvent] | Refusal:
    queued = {each.id for each in state.questions.with_status(InterventionStatus.QUEUED)}
    if len(set(command.first)) < len(command.first) or not queued.issuperset(command.first):
        return refuse(RefusalCode.STALE, "The queue has changed: name questions that are in it, each of them once.")
    if command.first == state.questions.arranged:
        return refuse(RefusalCode.CONFLICT, "The queue is already in this order.")
    return [qe.QueueArranged(first=command.first)]


def _count(state: State, command: do.CountSupport) -> Sequence[ev.AnyEvent] | Refusal:
    changed: dict[InterventionId, int] = {}
    for name, count in command.counts.items():
        each = state.questions.get(name)
        if each is None or count < 0:
            return NO_QUESTION
        if each.support != count:
            changed[name] = count
    if not changed:
        return refuse(RefusalCode.CONFLICT, "This count is already known.")
    return [qe.SupportCounted(counts=changed)]


def _hub(origin: str) -> str | None:
    return origin.removeprefix(HUB) if origin.startswith(HUB) else None


def flag(each: Intervention, command: do.Flag) -> Sequence[ev.AnyEvent] | Refusal:
    """The event that sets the staff's flags of an intervention, or a refusal. Empty flags say that nothing is wrong."""
    flags = tuple(dict.fromkeys(command.flags))
    if len(set(flags) - {REPORTED}) > MOST_FLAGS or not all(map(is_name, flags)):
        return refuse(RefusalCode.INVALID, f"A question has at most {MOST_FLAGS} flags, each a short name.")
    if flags == each.flags:
        return refuse(RefusalCode.CONFLICT, "The question already has these flags.")
    return [qe.InterventionFlagged(intervention=each.id, flags=flags)]


def _tag(state: State, each: Intervention, question: PolicyQuestionId | None) -> Sequence[ev.AnyEvent] | Refusal:
    if each.under == question:
        return refuse(RefusalCode.CONFLICT, "The question already stands under this policy question, or under none.")
    if question is not None and all(known.id != question for known in state.notes_and_tags.questions):
        return refuse(RefusalCode.UNKNOWN, "The session has no such policy question.")
    return [qe.InterventionTagged(intervention=each.id, question=question)]


def report_abuse(each: Intervention) -> Sequence[ev.AnyEvent] | Refusal:
    """The event of a reader's report that an intervention is rude, or a refusal. Readers know only of
    published ones.
    """
    if not each.published or each.removed:
        return NO_QUESTION
    if REPORTED in each.flags:
        return refuse(RefusalCode.CONFLICT, "This question was reported already.")
    return [qe.InterventionFlagged(intervention=each.id, flags=(*each.flags, REPORTED))]


def begins_to_speak(state: State, each: Intervention, t: int) -> list[ev.AnyEvent]:
    """The events that name the called author as the speaker from `t` (media ms) on."""
    channel = spoken(state)
    if channel is None:
        return []
    speaker, known = speaker_of(each), state.speakers.get(speaker_of(each)) == each.name
    introduced = [] if known else [ev.SpeakerIntroduced(speaker=speaker, name=each.name)]
    if known and channel.speaker == speaker:
        return []
    return [*introduced, ev.SpeakerChanged(channel=channel.id, speaker=speaker, t=t)]


def ends_speaking(state: State, called: Iterable[Intervention], t: int) -> list[ev.AnyEvent]:
    """The events that end the naming of called authors as speakers at `t` (media ms), unless somebody else has the
    floor by now.
    """
    named = {speaker_of(each) for each in called}
    left = [channel.id for channel in state.channels.values() if channel.speaker in named]
    return [ev.SpeakerChanged(channel=channel, speaker=None, t=t) for channel in left]


def named_anew(state: State, before: Intervention, now: Intervention) -> list[ev.AnyEvent]:
    """The events after a correction of an author's name: the list of speakers gets the new name too, unless the name
    was corrected there separately.
    """
    speaker, name = speaker_of(before), name_of(now)
    if name == name_of(before) or state.speakers.get(speaker) != name_of(before):
        return []
    return [ev.SpeakerIntroduced(speaker=speaker, name=name)]
