"""The confidence gate, which rejects words that nobody said: given babble, music or noise, a decoder invents words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from moothall.core.events.lines import Word
from moothall_models.ports import HeardWord
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import Utterance

WELL_BEGUN = 5
"""First frames of speech that are ignored when levels are compared: the onset of an even sound must not count as
uneven."""
ENOUGH = 6
"""Fewest frames whose levels can be compared."""


def believed(
    utterance: Utterance, words: Sequence[Word], edge: int, settings: SpeechSettings, *, vague: bool = False
) -> bool:
    """Whether the unconfirmed `words` of a pass up to media ms `edge` are likely to have been said.

    Always true once words of the utterance are committed. Before, three properties distinguish a crowd, music or noise
    from a speaker: a burst of it is too short for its words, invented words are improbable from the first on, and the
    level of the sound is even, whereas a voice has gaps and stops between its vowels, even above a crowd (figures:
    `docs/why/speech.md`). For an even sound a higher probability is required, except from a recogniser that is `vague`:
    it can't say how sure it is of a word.
    """
    if utterance.language is not None or not words:
        return True
    voice = utterance.speech_between(max(utterance.start, utterance.speech_start), edge)
    if voice < settings.believed_voice * len(words):
        return False
    mean = _mean(words)
    if not vague and even(utterance, edge, settings):
        return mean >= (settings.even_p if len(words) < settings.even_words else settings.even_mean)
    return words[0].p >= settings.believed_p or mean >= settings.believed_mean


def surer(one: Sequence[Word | HeardWord], other: Sequence[Word | HeardWord]) -> bool:
    """Whether `one` of two readings is surer than the `other`, on average a word; a reading without words never is."""
    return bool(one) and (not other or _mean(one) > _mean(other))


def even(utterance: Utterance, edge: int, settings: SpeechSettings) -> bool:
    """Whether the level of the utterance's speech up to media ms `edge` varies by at most `even_range` dB."""
    frames = utterance.spoken_frames(edge)[WELL_BEGUN if utterance.start <= utterance.speech_start else 0 :]
    if len(frames) < ENOUGH:
        return False
    soft, loud = np.percentile(frames.var(axis=1), (10, 95))  # A constant offset is no sound, and has no variance.
    return bool(0 < loud <= soft * 10 ** (settings.even_range / 10))


def longest_window(utterance: Utterance, settings: SpeechSettings) -> int:
    """Greatest length of a window without a cut, ms; shorter while no word of the utterance is believed."""
    return min(settings.unbelieved_window, settings.longest_window) if _nothing(utterance) else settings.longest_window


def kept(utterance: Utterance, settings: SpeechSettings) -> int:
    """How much of the end of a window at its greatest length stays in the next window, ms."""
    return settings.unbelieved_kept if _nothing(utterance) else settings.settled


def doubtful(utterance: Utterance, settings: SpeechSettings) -> bool:
    """Whether an ended utterance has so little speech, with such improbable words, that it probably was a noise."""
    return utterance.speech_ms < settings.doubtful_speech and _mean(utterance.unconfirmed) < settings.doubtful_p


def _nothing(utterance: Utterance) -> bool:
    return utterance.language is None and not utterance.unconfirmed


def _mean(words: Sequence[Word | HeardWord]) -> float:
    return sum(word.p for word in words) / len(words)
