"""Who is proposed as the speaker of a line, and by what evidence. Nothing is published of it without a person's act."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from moothall.core.events import lines as le
from moothall.core.events.types import VoicesTold, VoiceUse
from moothall.core.kernel.ids import SegmentId, SpeakerId
from moothall.core.questions.interventions import speaker_of
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State

MOST_VOICES = 64
"""Most voices that are known in a session at a time. Overflow: a further one is not learnt."""
LEAST_VOICE_MS = 2_000
"""Least duration of speech, in ms, by which a voice is learnt or told. From less nobody is named."""
LONGEST_PAUSE_MS = 30_000
"""Silence, in ms, that ends a turn: engines erase what they compared in it."""


class NameEvidence(StrEnum):
    """By what a speaker is proposed. Earlier ones outweigh later ones."""

    SOURCE = "source"
    """The participant to whom the source of the line belongs."""
    QUEUE = "queue"
    """It is the turn of a question of hers."""
    DESK = "desk"
    """A desk said who speaks."""
    VOICE = "voice"
    """Her voice, which she agreed to have recognised, was confirmed in this session."""


class LineEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks for a speaker of a line; None where nothing does."""

    source: SpeakerId | None = None
    called: SpeakerId | None = None
    pressed: SpeakerId | None = None
    heard: SpeakerId | None = None
    heard_ms: int = 0
    """Duration of the speech in which the voice was heard, ms."""


class ProposedName(msgspec.Struct, frozen=True):
    """The speaker who is proposed for a line."""

    speaker: SpeakerId
    by: NameEvidence


def proposed(evidence: LineEvidence, agreed: Collection[SpeakerId]) -> ProposedName | None:
    """Who is proposed; None where nothing speaks for anybody. A voice counts only of those who `agreed` to that."""
    first = (
        (evidence.source, NameEvidence.SOURCE),
        (evidence.called, NameEvidence.QUEUE),
        (evidence.pressed, NameEvidence.DESK),
    )
    for speaker, by in first:
        if speaker is not None:
            return ProposedName(speaker, by)
    heard = evidence.heard
    if heard is not None and heard in agreed and evidence.heard_ms >= LEAST_VOICE_MS:
        return ProposedName(heard, NameEvidence.VOICE)
    return None


def proposed_for(state: State, line: Segment, heard: tuple[SpeakerId, int] | None) -> ProposedName | None:
    """Who is proposed for a line that has another speaker so far, or none; None where nobody is.

    `heard`: whose voice was heard in it, and for how long (ms).
    """
    typed = line.origin is le.Origin.SPEAKER
    speaker, ms = heard or (None, 0)
    found = proposed(
        LineEvidence(
            source=line.speaker if typed else None,
            called=_called(state, line) if line.id in state.turn_lines else None,
            pressed=None if typed else line.speaker,
            heard=speaker,
            heard_ms=ms,
        ),
        state.voices,
    )
    return None if found is None or found.speaker == line.speaker else found


def _called(state: State, line: Segment) -> SpeakerId | None:
    """The speaker who has the name of whoever asked what was called; None where there is none, or the line is said to
    be of whoever asked.
    """
    asked = None if state.questions.called is None else state.questions.get(state.questions.called)
    if asked is None or line.speaker == speaker_of(asked):
        return None
    return next((speaker for speaker, known in state.speakers.items() if asked.name and known == asked.name), None)


def same_turn(state: State, lines: Sequence[SegmentId], said: Segment) -> tuple[SegmentId, ...]:
    """The lines before `said` in its turn, the nearest first: back to one that has a speaker, or after which the voice
    changed or nobody spoke for `LONGEST_PAUSE_MS`. `lines` are in the order of the text.
    """
    found: list[SegmentId] = []
    t0 = said.t0
    for name in reversed(lines[: lines.index(said.id)]):
        line = state.segments.get(name)
        if line is None or line.gone:
            continue
        if line.speaker is not None or line.reason is le.EndReason.SPEAKER or t0 - line.t1 >= LONGEST_PAUSE_MS:
            break
        found.append(name)
        t0 = line.t0
    return tuple(found)


class VoicesMeasured(NamedTuple):
    """What engines may measure of voices."""

    changes: bool = False
    """Where one voice ends and another begins."""
    learnt: bool = False
    """Whose voice it is, of those who agreed."""

    @property
    def told(self) -> VoicesTold | UnsetType:
        """What readers are told of it: whoever knows voices hears where they change too."""
        if self.learnt:
            return VoicesTold.KNOWN
        return VoicesTold.CHANGES if self.changes else UNSET


NO_VOICES = VoicesMeasured()


def within(allowed: VoicesMeasured, use: VoiceUse) -> VoicesMeasured:
    """What a session measures that chose `use`, where its house allows `allowed`."""
    return VoicesMeasured(
        changes=allowed.changes and use is not VoiceUse.NONE, learnt=allowed.learnt and use is VoiceUse.ALLOWED
    )


def voice_uses(allowed: VoicesMeasured, now: VoiceUse = VoiceUse.ALLOWED) -> dict[VoiceUse, VoicesMeasured]:
    """The choices of a session that chose `now`, the widest first, and what each measures; empty where the house allows
    nothing. Of several that measure the same only one is a choice: `now`, or the first of none, all, changes.
    """
    named = {within(allowed, use): use for use in (VoiceUse.CHANGES, VoiceUse.ALLOWED, VoiceUse.NONE, now)}
    found = {named[measured]: measured for measured in (within(allowed, use) for use in VoiceUse)}
    return found if len(found) > 1 else {}


def measured(state: State, allowed: VoicesMeasured) -> VoicesMeasured:
    """What engines may measure in a session: never anything with young people, whatever was chosen."""
    return NO_VOICES if state.young_people else within(allowed, state.voice_use)
