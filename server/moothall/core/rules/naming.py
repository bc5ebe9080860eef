"""Whom the text names as speaking when interventions have their turn, and when it is over."""

from __future__ import annotations

from collections.abc import Iterable

from moothall.core.events import types as ev
from moothall.core.questions.interventions import Intervention
from moothall.core.removal.questions import speaker_of
from moothall.core.rules.turn_now import name_of
from moothall.core.session.state import State
from moothall.core.translating.lines import spoken


def takes_floor(state: State, each: Intervention, t: int) -> list[ev.AnyEvent]:
    """Whoever is called is named in the text from here on."""
    floor = spoken(state)
    if floor is None:
        return []
    speaker, known = speaker_of(each), state.speakers.get(speaker_of(each)) == each.name
    introduced = [] if known else [ev.SpeakerIntroduced(speaker=speaker, name=each.name)]
    if known and floor.speaker == speaker:
        return []
    return [*introduced, ev.SpeakerTookFloor(channel=floor.id, speaker=speaker, t=t)]


def leave_floor(state: State, called: Iterable[Intervention], t: int) -> list[ev.AnyEvent]:
    """Whose turn is over is not named any more at what is said, unless somebody else was given the floor since."""
    named = {speaker_of(each) for each in called}
    left = [channel.id for channel in state.channels.values() if channel.speaker in named]
    return [ev.SpeakerTookFloor(channel=channel, speaker=None, t=t) for channel in left]


def named_anew(state: State, before: Intervention, now: Intervention) -> list[ev.AnyEvent]:
    """Somebody mended the name that stands with an intervention: its author is named so in the text as well, unless the
    name there was mended by itself.
    """
    speaker, name = speaker_of(before), name_of(now)
    if name == name_of(before) or state.speakers.get(speaker) != name_of(before):
        return []
    return [ev.SpeakerIntroduced(speaker=speaker, name=name)]
