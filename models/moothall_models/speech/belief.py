"""Whether what a pass heard was said at all: a decoder that is given babble, music or noise makes up words."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.events import Word
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import Utterance


def believed(utterance: Utterance, words: Sequence[Word], settings: SpeechSettings) -> bool:
    """Whether the unconfirmed `words` are likely to have been said; once some of an utterance stay, what follows is.

    A guess is improbable from its first word on: 0.09 at most in ten minutes of babble, where first words of real
    speech had 0.29 at least, under noise too (`docs/why/speech.md`).
    """
    if utterance.language is not None or not words or words[0].p >= settings.believed_p:
        return True
    return _mean(words) >= settings.believed_mean


def longest_window(utterance: Utterance, settings: SpeechSettings) -> int:
    """How much sound, ms, is heard again and again when no cut is found in it."""
    nothing = utterance.language is None and not utterance.unconfirmed
    return min(settings.unbelieved_window, settings.longest_window) if nothing else settings.longest_window


def doubtful(utterance: Utterance, settings: SpeechSettings) -> bool:
    """Whether an utterance that is over had so little speech, so unclear, that its last words are rather a noise."""
    return utterance.speech_ms < settings.doubtful_speech and _mean(utterance.unconfirmed) < settings.doubtful_p


def _mean(words: Sequence[Word]) -> float:
    return sum(word.p for word in words) / len(words)
