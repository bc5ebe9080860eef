"""Whisper on several windows at once, for recordings: beam search, with the decoder's steps batched.

A step of the decoder costs hardly more for eight hypotheses than for one, so the decoder is batched; batches don't make
the encoder faster (figures: `docs/why/speech.md`).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from moothall_models.ports import RATE, HeardWord, Hypothesis, Window
from moothall_models.recognizers.whisper.whisper import (
    FIRST_TIMESTAMP_STEPS,
    FULL_SECONDS,
    HOP,
    LOW_LOGPROB,
    NO_SPEECH,
    Odds,
    WhisperRecognizer,
)
from moothall_models.recognizers.whisper.words import loop_at_the_end

PADDING_SECONDS = 2.0
"""Least silence after the longest window of a batch, s."""
TEMPERATURES = (0.4, 0.8)
"""Sampling temperatures that are tried in order when the decoder loops at temperature 0, with the batch's length and
with 30 s."""
SEED = 1
"""Seed of the random sampling at those temperatures, so that the same recording gives the same text."""
TOKENS_A_SECOND, TOKENS_AT_LEAST, MOST_TOKENS = 15, 16, 440
"""Limit of tokens in a pass: twice the live limit, since a piece is complete and some languages take two tokens a
letter; the model's own limit is 448, prompt included."""
SQUEEZED = 2.4
"""Compression ratio by deflate above which a text repeats itself: Whisper's own threshold."""


class WhisperBatches(WhisperRecognizer):
    """A `BatchRecognizer` that runs Whisper on the CPU."""

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """One hypothesis for each window, of which at most 30 s are heard.

        All windows are padded to the length of the longest, and searched with the beam width of the first.
        """
        if not windows:
            return []
        heard = min(max(len(window.audio) for window in windows) / RATE, FULL_SECONDS)
        seconds = min(float(np.ceil(heard + PADDING_SECONDS)), FULL_SECONDS)
        found = self._decode_all(windows, seconds)
        return [
            self._again(window, seconds, first) if circles else first
            for window, (first, circles) in zip(windows, found, strict=True)
        ]

    def _again(self, window: Window, seconds: float, hypothesis: Hypothesis) -> Hypothesis:
        """Decode a window again after a loop: with the full 30 s, then at other temperatures.

        When the decoder loops each time, `hypothesis` is returned, from which the loop was cut off.
        """
        tries = [(FULL_SECONDS, 0.0)] if seconds < FULL_SECONDS else []
        for length, temperature in (*tries, *((seconds, each) for each in TEMPERATURES)):
            other, circles = self._decode_all([window], length, temperature)[0]
            if not circles:
                return other
        return hypothesis

    def _decode_all(
        self, windows: Sequence[Window], seconds: float, temperature: float = 0.0
    ) -> list[tuple[Hypothesis, bool]]:
        """For each window, padded to `seconds`: its hypothesis, and whether the decoder looped."""
        import ctranslate2

        audios = [window.audio[: int(seconds * RATE)] for window in windows]
        encoded = [
            self._whisper.encode(self._storage.from_array(self._mel(audio, seconds)[np.newaxis])) for audio in audios
        ]
        languages = [self._language(window, each) for window, each in zip(windows, encoded, strict=True)]
        starts = [self._start_tokens(language) for language, *_ in languages]
        # CTranslate2 requires the start token at the same index in all prompts, so no context precedes it here.
        together = self._joined(encoded)
        cap = min(MOST_TOKENS, _cap(max(map(len, audios))))
        search: dict[str, float] = {"beam_size": windows[0].beam}
        if temperature:
            ctranslate2.set_random_seed(SEED)
            search = {"beam_size": 1, "sampling_topk": 0, "sampling_temperature": temperature}
        results = self._whisper.generate(
            together,
            starts,
            max_length=len(starts[0]) + cap,
            return_scores=True,
            return_no_speech_prob=True,
            max_initial_timestamp_index=FIRST_TIMESTAMP_STEPS,
            **search,
        )
        return [
            self._heard(result, each, start, language, len(audio))
            for result, each, start, language, audio in zip(results, encoded, starts, languages, audios, strict=True)
        ]

    def _joined(self, encoded: Sequence[Any]) -> Any:
        if len(encoded) == 1:
            return encoded[0]
        return self._storage.from_array(np.concatenate([np.asarray(each) for each in encoded]))

    def _heard(
        self, result: Any, encoded: object, start: list[int], language: tuple[str, str | None, Odds], samples: int
    ) -> tuple[Hypothesis, bool]:
        """The hypothesis from one result, and whether the decoder looped."""
        spoken, likeliest, _ = language
        tokens = [token for token in result.sequences_ids[0] if token < self._end]
        words: tuple[HeardWord, ...] = ()
        circles = False
        if tokens and not (result.no_speech_prob > NO_SPEECH and result.scores[0] < LOW_LOGPROB):
            loop = loop_at_the_end(tokens)
            most = min(MOST_TOKENS, _cap(samples))
            circles = loop > 0 or len(result.sequences_ids[0]) >= most or squeezed(self._tokenizer.decode(tokens))
            words = self._words(encoded, start, tokens[:-loop] if loop else tokens, max(1, samples // HOP), spoken)
        return Hypothesis(language=spoken, words=words, likeliest=likeliest), circles


def _cap(samples: int) -> int:
    return int(TOKENS_A_SECOND * samples / RATE) + TOKENS_AT_LEAST


def squeezed(text: str) -> bool:
    """Whether a text repeats itself more than speech does, by its compression ratio."""
    data = text.encode()
    return len(data) > SQUEEZED * len(zlib.compress(data))
