"""The turn that is under way: how long it may take, until when it is held, and whether it has begun. Pure.

A typed turn has three times as long as a spoken one, since writing takes about so much longer.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from moothall.core.events.question_parts import Kind
from moothall.core.events.types import ChannelKind, Origin
from moothall.core.kernel.ids import InterventionId
from moothall.core.kernel.languages import same_language
from moothall.core.questions.interventions import Intervention, Questions, Turn
from moothall.core.removal.questions import speaker_of
from moothall.core.session.parts import Channel, Segment
from moothall.core.session.state import ON, State

TIMES_TYPED = 3
"""How many times as long a typed turn may take."""
HOLD_MS = 60_000
"""How long a turn is held for the called author. Nothing happens by itself when that is over."""


LONGER_MS = 180_000
"""How long from when they say that they need longer."""


class TurnNow(msgspec.Struct, frozen=True, kw_only=True):
    """The turn under way, as desks and its author are told of it."""

    since: int
    """When it was called, media ms."""
    typed: bool
    time: int
    """How long it may take, ms; 0: as long as it likes. While it is held for its author it stands still."""
    begin: int | None
    """Until when it is held, media ms; None once somebody has begun."""
    longer: bool
    """Whether the called author has said that they need longer."""


def turn_now(state: State) -> TurnNow | None:
    """The turn under way; None while nobody is called."""
    turn, each = (
        _turn(state.questions),
        None if state.questions.called is None else state.questions.get(state.questions.called),
    )
    if turn is None or each is None:
        return None
    begun = _begun(state, each, turn)
    time = time_of(state.questions, typed=turn.typed)
    if time and turn.held is not None:
        time += LONGER_MS if begun is None else min(LONGER_MS, max(0, begun - turn.held))
    held = turn.t + HOLD_MS if turn.held is None else max(turn.t + HOLD_MS, turn.held + LONGER_MS)
    begin = None if begun is not None else held
    return TurnNow(since=turn.t, typed=turn.typed, time=time, begin=begin, longer=turn.held is not None)


def time_of(questions: Questions, *, typed: bool) -> int:
    """How long a turn may take, ms; 0: as long as it likes."""
    return questions.limit * (TIMES_TYPED if typed else 1)


def has_typed(questions: Questions) -> bool:
    """Whether who was called has typed in this turn."""
    turn = _turn(questions)
    return turn is not None and turn.typed


def may_type(state: State, name: InterventionId) -> bool:
    """Whether the author of an intervention may type now: it is called, and the room has a text."""
    has_text = any(channel.kind is ChannelKind.FLOOR for channel in state.channels.values())
    return has_text and state.status in ON and state.questions.called == name and _turn(state.questions) is not None


def may_hold(state: State, name: InterventionId) -> bool:
    """Whether the author of an intervention may say that they need longer: once in a turn, before it has begun."""
    now = turn_now(state)
    return (
        state.status in ON
        and state.questions.called == name
        and now is not None
        and now.begin is not None
        and not now.longer
    )


def typed_lines(state: State, each: Intervention) -> tuple[Segment, ...]:
    """What its author has typed in the turn under way, line by line; those that were emptied since too."""
    turn, own = _turn(state.questions), speaker_of(each)
    if turn is None or turn.intervention != each.id:
        return ()
    lines = (line for line in _lines(state, turn.t) if line.origin is Origin.SPEAKER and line.speaker == own)
    return tuple(sorted(lines, key=lambda line: line.t0))


def typed_ever(state: State, each: Intervention) -> tuple[Segment, ...]:
    """What its author has typed in all its turns and still stands, in the order of time; no line without words."""
    own = speaker_of(each)
    if own not in state.speakers:
        return ()
    lines = (
        line
        for _, line in state.segments.items()
        if line.origin is Origin.SPEAKER and line.speaker == own and not line.gone and line.whole.strip()
    )
    # A translation may hold a copy of what is in its language already.
    own_text = (line for line in lines if state.channels[line.channel].kind is ChannelKind.FLOOR)
    return tuple(sorted(own_text, key=lambda line: line.t0))


def typed_language(each: Intervention, channel: Channel) -> str:
    """In which language an author types: the question's own, as the channel writes it where it has that."""
    if each.language in channel.languages:
        return each.language
    return next((tag for tag in channel.languages if same_language(tag, each.language)), each.language)


def said_in(state: State, channel: Channel) -> tuple[str, ...]:
    """The languages of a text: those that are spoken, and those in which authors have typed."""
    typed = (state.questions.get(turn.intervention) for turn in state.questions.turns if turn.typed)
    return tuple(dict.fromkeys((*channel.languages, *(typed_language(each, channel) for each in typed if each))))


def name_of(each: Intervention) -> str:
    """How the author is shown as a speaker: under the chosen name, else by the number."""
    return each.name or f"No. {each.number}"


def _turn(questions: Questions) -> Turn | None:
    return questions.turns[-1] if questions.called is not None and questions.turns else None


def _begun(state: State, each: Intervention, turn: Turn) -> int | None:
    """When somebody first typed or spoke in a turn, media ms; None while nobody has.

    A question is read aloud by anybody, a wish to speak is its author's.
    """
    own = speaker_of(each)
    said = [line.t0 for line in _lines(state, turn.t) if each.kind is not Kind.REQUEST or line.speaker == own]
    return min([*said, turn.typed_at] if turn.typed else said, default=None)


def _lines(state: State, since: int) -> Iterator[Segment]:
    """The lines of the turn under way that are shown, without all others of the session."""
    for name in state.turn_lines:
        line = state.segments.get(name)
        if line is not None and line.t0 >= since and not line.gone:
            yield line
