"""When an utterance is worth a pass, and how far its window goes."""

from __future__ import annotations

from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import Utterance

SETTLED_ENOUGH = 96
"""Silence behind the last speech, ms, with which a pass has heard the end of the last word."""


def complete(utterance: Utterance) -> bool:
    """Whether the last finished pass heard all that was said so far, to the end of the last word."""
    return utterance.covered >= min(utterance.speech_end + SETTLED_ENOUGH, utterance.heard)


def window_end(utterance: Utterance, settings: SpeechSettings, step: int) -> int | None:
    """Media ms where the window of a pass would end now, or None when a pass would bring nothing.

    In speech a pass is due each `step` ms of new audio. When the speaker hesitates it waits: either speech goes on,
    or the silence is long enough for a pass that hears the last word whole.
    """
    if utterance.speech_ms < settings.shortest_speech:
        return None
    silence = utterance.heard - utterance.speech_end
    if utterance.closed or silence >= settings.settled:
        if complete(utterance):
            return None
    elif silence >= settings.hesitation:
        return None
    elif utterance.covered > utterance.speech_start:
        if utterance.heard - utterance.covered < step:
            return None
    elif utterance.heard - utterance.speech_start < settings.first_pass:
        return None
    return min(utterance.heard, utterance.speech_end + settings.tail, utterance.start + settings.longest_window)


def next_step(settings: SpeechSettings, took: int) -> int:
    """New audio before the next pass, ms, when the last one took `took` ms: the core is never asked for all it has."""
    return max(settings.step, round(settings.step_share * took))
