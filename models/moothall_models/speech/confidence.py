"""Whether what a pass heard was said at all: a decoder that is given babble, music or noise makes up words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moothall.core.events.types import Word
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import Utterance

WELL_BEGUN = 5
"""Frames from the first of speech on that are left out where levels are compared: a sound that sets in isn't uneven."""
ENOUGH = 6
"""Frames with which levels can be compared."""


def believed(
    utterance: Utterance, words: Sequence[Word], edge: int, settings: SpeechSettings, *, vague: bool = False
) -> bool:
    """Whether the unconfirmed `words` of a pass up to media ms `edge` are likely to have been said.

    Once some of an utterance stay, what follows is. Two things tell a crowd, music or noise from somebody who speaks: a
    guess is improbable from its first word on, and the sound is as loud all the time, while a voice has gaps and stops
    between its vowels, over a crowd too (figures: `docs/why/speech.md`). Where it is so even, more proof is asked for,
    but of a recogniser that is `vague` about how sure it is: it can't give any.
    """
    if utterance.language is not None or not words:
        return True
    mean = _mean(words)
    if not vague and even(utterance, edge, settings):
        return mean >= (settings.even_p if len(words) < settings.even_words else settings.even_mean)
    return words[0].p >= settings.believed_p or mean >= settings.believed_mean


def even(utterance: Utterance, edge: int, settings: SpeechSettings) -> bool:
    """Whether what the detector takes for speech, up to media ms `edge`, is as loud all the time."""
    frames = utterance.spoken_frames(edge)[WELL_BEGUN if utterance.start <= utterance.speech_start else 0 :]
    if len(frames) < ENOUGH:
        return False
    soft, loud = np.percentile(np.square(frames).mean(axis=1), (10, 95))
    return bool(0 < loud <= soft * 10 ** (settings.even_range / 10))


def longest_window(utterance: Utterance, settings: SpeechSettings) -> int:
    """How much sound, ms, is heard again and again when no cut is found in it."""
    return min(settings.unbelieved_window, settings.longest_window) if _nothing(utterance) else settings.longest_window


def kept(utterance: Utterance, settings: SpeechSettings) -> int:
    """How much of such a window, ms, stays in the next one."""
    return settings.unbelieved_kept if _nothing(utterance) else settings.settled


def doubtful(utterance: Utterance, settings: SpeechSettings) -> bool:
    """Whether an utterance that is over had so little speech, so unclear, that its last words are rather a noise."""
    return utterance.speech_ms < settings.doubtful_speech and _mean(utterance.unconfirmed) < settings.doubtful_p


def _nothing(utterance: Utterance) -> bool:
    return utterance.language is None and not utterance.unconfirmed


def _mean(words: Sequence[Word]) -> float:
    return sum(word.p for word in words) / len(words)
