"""The rules of turns: how long a turn may take, and which lines its author may type in it."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import NO_QUESTION, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import is_name
from moothall.core.questions.interventions import speaker_of
from moothall.core.rules.lines import last_unkept, unkept_now
from moothall.core.rules.turn_times import has_typed, may_hold, may_type, name_of, typed_language, typed_lines
from moothall.core.sessions.state import State, Status
from moothall.core.translation.lines import spoken

LONGEST_LIMIT_MS = 3_600_000
MAX_TYPED = 1_000
"""Characters of a line that is typed in a turn: three long sentences."""
MOST_LINES = 20
"""Typed lines in one command."""


def decide_turn(state: State, command: do.TurnCommand, actor: Actor, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a command about turns, or a refusal."""
    if isinstance(command, do.TypeTurn):
        return _type(state, command, actor, wall)
    if isinstance(command, do.HoldTurn):
        return _hold(state, command, actor, wall)
    if not 0 <= command.ms <= LONGEST_LIMIT_MS:
        return refuse(
            RefusalCode.INVALID,
            f"A turn can be limited to at most {LONGEST_LIMIT_MS // 60_000} minutes; 0 means no limit.",
        )
    if command.ms == state.questions.limit:
        return refuse(RefusalCode.CONFLICT, "Turns already have this limit.")
    return [qe.TurnLimited(ms=command.ms)]


def _hold(state: State, command: do.HoldTurn, actor: Actor, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    each = state.questions.get(command.intervention)
    if each is None:
        return NO_QUESTION
    if actor.id != each.id:
        return refuse(RefusalCode.FORBIDDEN, "Only the author of a question can ask for more time.")
    if not may_hold(state, each.id):
        return refuse(
            RefusalCode.CONFLICT,
            "It is not this author's turn, or the author has already begun or asked for more time.",
        )
    return [qe.TurnHeld(intervention=each.id, number=each.number, t=state.media_now(wall))]


def _type(state: State, command: do.TypeTurn, actor: Actor, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    each, channel = state.questions.get(command.intervention), spoken(state)
    if each is None or channel is None:
        return refuse(RefusalCode.UNKNOWN, "The session has no such question or comment, or no floor channel.")
    if actor.id != each.id:
        return refuse(RefusalCode.FORBIDDEN, "Only the author of a question can type in its turn.")
    if not may_type(state, each.id):
        return refuse(RefusalCode.CONFLICT, "It is not this author's turn, or the meeting is not on.")
    refused = _unfit(state, command)
    if refused is not None:
        return refused
    t, speaker, events = state.media_now(wall), speaker_of(each), list[ev.AnyEvent]()
    if not has_typed(state.questions):
        if speaker not in state.speakers:
            events.append(ev.SpeakerIntroduced(speaker=speaker, name=name_of(each)))
        events.append(qe.TurnTyped(intervention=each.id, number=each.number, t=t))
    # A source that was attached in the meantime may have set the clock back a little.
    t = max(t, last_unkept(state))
    # Each line gets a time of its own, so that the lines keep their order wherever they are sorted by time.
    if command.lines:
        t = max([t, *(line.t0 + 1 for line in typed_lines(state, each))])
    language, origin = typed_language(each, channel), le.Origin.SPEAKER
    for t0, line in enumerate(command.lines, t):
        events += [
            le.SegmentOpened(
                channel=channel.id, segment=line.segment, t0=t0, language=language, origin=origin, speaker=speaker
            ),
            le.SegmentEnded(
                channel=channel.id, segment=line.segment, t1=t0, reason=le.EndReason.SENTENCE, text=line.text.strip()
            ),
        ]
    if not events:
        return refuse(RefusalCode.CONFLICT, "The author of this question is already typing.")
    return events


def _unfit(state: State, command: do.TypeTurn) -> Refusal | None:
    """Why these lines can't be taken; None when they can."""
    names = [line.segment for line in command.lines]
    if len(names) > MOST_LINES or len(set(names)) < len(names) or not all(map(is_name, names)):
        return refuse(RefusalCode.INVALID, f"Send at most {MOST_LINES} lines at a time, each with an id of its own.")
    if any(not 0 < len(line.text.strip()) <= MAX_TYPED for line in command.lines):
        return refuse(RefusalCode.INVALID, f"A line has 1 to {MAX_TYPED} characters.")
    if (names or state.status is Status.PAUSED) and (unkept := unkept_now(state)) is not None:
        return unkept
    if any(name in state.segments for name in names):
        return refuse(RefusalCode.CONFLICT, "A line with this id already exists.")
    return None
