"""The turn under way: how long it may take, how long it is held for its author, and whether it has begun.

A typed turn may take three times as long as a spoken one, since writing takes about that much longer.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from moothall.core.events.lines import Origin
from moothall.core.events.question_parts import InterventionKind
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import InterventionId
from moothall.core.kernel.languages import same_language
from moothall.core.questions.interventions import Intervention, Questions, Turn, speaker_of
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import ON, State

TIMES_TYPED = 3
"""Factor by which a typed turn may take longer than a spoken one."""
HOLD_MS = 60_000
"""How long a turn is held for the called author, in ms. When this time is over nothing happens automatically."""


LONGER_MS = 180_000
"""How long a turn is held from the moment when its author asks for more time, in ms."""


class TurnNow(msgspec.Struct, frozen=True, kw_only=True):
    """The turn under way, as it is sent to desks and to its author."""

    since: int
    """When it was called, media ms."""
    typed: bool
    time: int
    """How long the turn may take, in ms; 0: without limit. While the turn is held for its author this time
    doesn't run.
    """
    begin: int | None
    """Until when the turn is held for its author, media ms; None once somebody has begun."""
    longer: bool
    """Whether the called author has said that they need longer."""


def turn_now(state: State) -> TurnNow | None:
    """The turn under way; None while no intervention is called."""
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
    """How long a turn may take, in ms; 0: without limit."""
    return questions.limit * (TIMES_TYPED if typed else 1)


def has_typed(questions: Questions) -> bool:
    """Whether the called author has typed in the turn under way."""
    turn = _turn(questions)
    return turn is not None and turn.typed


def may_type(state: State, name: InterventionId) -> bool:
    """Whether the author of an intervention may type now: it is called, the session is on, and it has a floor
    channel.
    """
    has_text = any(channel.kind is ChannelKind.FLOOR for channel in state.channels.values())
    return has_text and state.status in ON and state.questions.called == name and _turn(state.questions) is not None


def may_hold(state: State, name: InterventionId) -> bool:
    """Whether the author of an intervention may say that they need longer: once a turn, before it has begun."""
    now = turn_now(state)
    return (
        state.status in ON
        and state.questions.called == name
        and now is not None
        and now.begin is not None
        and not now.longer
    )


def typed_lines(state: State, each: Intervention) -> tuple[Segment, ...]:
    """The lines that its author has typed in the turn under way, by time, including lines that were emptied since."""
    turn, own = _turn(state.questions), speaker_of(each)
    if turn is None or turn.intervention != each.id:
        return ()
    lines = (line for line in _lines(state, turn.t) if line.origin is Origin.SPEAKER and line.speaker == own)
    return tuple(sorted(lines, key=lambda line: line.t0))


def typed_ever(state: State, each: Intervention) -> tuple[Segment, ...]:
    """The lines that its author has typed in all turns and that are still shown, by time; lines without words are left
    out.
    """
    own = speaker_of(each)
    if own not in state.speakers:
        return ()
    lines = (
        line
        for _, line in state.segments.items()
        if line.origin is Origin.SPEAKER and line.speaker == own and not line.gone and line.whole.strip()
    )
    # A translation may hold copies of lines that were typed in its language.
    own_text = (line for line in lines if state.channels[line.channel].kind is ChannelKind.FLOOR)
    return tuple(sorted(own_text, key=lambda line: line.t0))


def typed_language(each: Intervention, channel: Channel) -> str:
    """The language tag of what an author types: the channel's own tag for the question's language where it has one,
    else the question's.
    """
    if each.language in channel.languages:
        return each.language
    return next((tag for tag in channel.languages if same_language(tag, each.language)), each.language)


def said_in(state: State, channel: Channel) -> tuple[str, ...]:
    """The languages of a channel's text: those configured as spoken, and those in which authors have typed."""
    typed = (state.questions.get(turn.intervention) for turn in state.questions.turns if turn.typed)
    return tuple(dict.fromkeys((*channel.languages, *(typed_language(each, channel) for each in typed if each))))


def name_of(each: Intervention) -> str:
    """The author's name as a speaker: the chosen name, else the number of the intervention."""
    return each.name or f"No. {each.number}"


def _turn(questions: Questions) -> Turn | None:
    return questions.turns[-1] if questions.called is not None and questions.turns else None


def _begun(state: State, each: Intervention, turn: Turn) -> int | None:
    """When somebody first typed or spoke in a turn, media ms; None while nobody has.

    Anybody may read a question aloud, so every line counts. A request to speak is for its author, so only their lines
    count.
    """
    own = speaker_of(each)
    said = [
        line.t0 for line in _lines(state, turn.t) if each.kind is not InterventionKind.REQUEST or line.speaker == own
    ]
    return min([*said, turn.typed_at] if turn.typed else said, default=None)


def _lines(state: State, since: int) -> Iterator[Segment]:
    """The lines of the turn under way that are shown, without going through all lines of the session."""
    for name in state.turn_lines:
        line = state.segments.get(name)
        if line is not None and line.t0 >= since and not line.gone:
            yield line
