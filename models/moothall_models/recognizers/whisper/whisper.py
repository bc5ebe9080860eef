"""Whisper with CTranslate2, on windows that are only a little longer than the audio.

The libraries built on CTranslate2 feed the encoder the padded 30 s window that Whisper was trained on, for any
length of the audio. The encoder accepts shorter windows (CTranslate2 3.19 and later), at a sixth of the cost for 10 s.
Three things make that safe: a little silence after the audio, decoding with timestamp tokens, and another try with a
longer window when the decoder loops. Figures: `docs/why/speech.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from moothall.core.kernel.languages import primary
from moothall_models.ports import RATE, HeardWord, Hypothesis, Recognizer, Samples, Window
from moothall_models.recognizers.whisper.words import join_pieces, loop_at_the_end, restart, without_foretold

HOP = 160
"""Samples from one mel frame to the next (10 ms)."""
FULL_SECONDS = 30.0
"""Length of the windows that the model was trained on, and the greatest length that it accepts, s."""
PADDING_SECONDS = 2.0
"""Least silence after the audio, s; with less the decoder often begins the text again at the end."""
QUANTUM_SECONDS = 0.5
"""Windows are padded to whole multiples of this, s."""
LONG_SECONDS = 12.0
"""Length that is tried after the decoder looped on a shorter window, and for another view of its sound, s; 30 s cost
seven times as much."""
TOKENS_A_SECOND = 7
TOKENS_AT_LEAST = 8
"""Limit of tokens in a pass: nobody speaks faster for long, and a loop ends there."""
MS_A_STEP = 20
"""Duration of a time step of the encoder, ms."""
NO_SPEECH = 0.6
LOW_LOGPROB = -1.0
"""Whisper's own thresholds: nothing was said when the probability of no speech is above the first and the average log
probability of the text is below the second."""
FIRST_TIMESTAMP_STEPS = 50
"""The first timestamp lies within the first second, as in Whisper's own decoder."""


class WhisperRecognizer(Recognizer):
    """A Whisper model in CTranslate2 form, multilingual or English only."""

    padding_seconds = PADDING_SECONDS

    def __init__(
        self,
        model_dir: Path,
        *,
        model: str,
        threads: int = 1,
        workers: int = 1,
        device: str = "cpu",
        compute_type: str = "int8",
        trained: Sequence[str] = (),
    ) -> None:
        """Load the model.

        `model_dir` holds `model.bin`, `config.json`, `tokenizer.json` and the vocabulary; `model` is its name for
        the record, such as `whisper-base`; `threads` is how many cores one pass may use, `workers` how many
        threads may call at a time: they share the weights; `device` and `compute_type` are CTranslate2's
        (`moothall_models.cli.choose_device`). `trained`: the languages that the model was trained on, when it has
        tokens for more, as distilled models have; empty for all. Raises RuntimeError (from CTranslate2) when the
        weights can't be read or the device can't be used.
        """
        import ctranslate2
        import tokenizers
        from faster_whisper.feature_extractor import FeatureExtractor

        self._model = model
        self._storage = ctranslate2.StorageView
        self._whisper: Any = ctranslate2.models.Whisper(
            str(model_dir), device=device, compute_type=compute_type, intra_threads=threads, inter_threads=workers
        )
        self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(model_dir / "tokenizer.json"))
        self._features: Any = FeatureExtractor(feature_size=self._whisper.n_mels)
        self._end = self._token("<|endoftext|>")
        self._start = self._token("<|startoftranscript|>")
        self._previous = self._token("<|startofprev|>")
        self._known = languages_known(self._tokenizer.get_vocab(with_added_tokens=True), trained)

    @property
    def model(self) -> str:
        """Name of the model for the record."""
        return self._model

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the model recognises."""
        if not self._whisper.is_multilingual:
            return ("en",)
        return self._known

    def warm_up(self) -> None:
        """Run a short and a full window, so that the first real pass finds everything allocated."""
        noise = np.random.default_rng(1).normal(0.0, 0.01, RATE * 3).astype(np.float32)
        for seconds in (5.0, FULL_SECONDS):
            self._decode(Window(audio=noise, languages=("en",)), seconds)

    def recognise(self, window: Window) -> Hypothesis:
        """Recognise at most the first 30 s of a window. Times are ms from its first sample."""
        return self._once_more(window, *self._decode(window, self._seconds(window)))

    def _seconds(self, window: Window) -> float:
        """The length to which a window is padded, s."""
        heard = min(len(window.audio) / RATE, FULL_SECONDS)
        seconds = min(ceil((heard + self.padding_seconds) / QUANTUM_SECONDS) * QUANTUM_SECONDS, FULL_SECONDS)
        return _longer(seconds) if window.wider else seconds

    def _once_more(self, window: Window, hypothesis: Hypothesis, runs_in_circles: bool) -> Hypothesis:
        """Decode again with more padding if the decoder looped; otherwise return `hypothesis`."""
        seconds = self._seconds(window)
        if runs_in_circles and seconds < FULL_SECONDS:
            hypothesis, _ = self._decode(window, _longer(seconds))
        return hypothesis

    def _decode(self, window: Window, seconds: float) -> tuple[Hypothesis, bool]:
        """The hypothesis for a window padded to `seconds`, and whether the decoder looped or reached its limit."""
        audio = window.audio[: int(seconds * RATE)]
        mel = self._mel(audio, seconds)
        encoded = self._whisper.encode(self._storage.from_array(mel[np.newaxis]))
        language, likeliest, every = self._language(window, encoded)
        start = self._start_tokens(language)
        prompt = [*self._context(window), *start]
        cap = int(TOKENS_A_SECOND * len(audio) / RATE) + TOKENS_AT_LEAST
        result = self._whisper.generate(
            encoded,
            [prompt],
            beam_size=max(1, window.beam),
            max_length=len(prompt) + cap,
            return_scores=True,
            return_no_speech_prob=True,
            max_initial_timestamp_index=FIRST_TIMESTAMP_STEPS,
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < self._end]
        nothing = Hypothesis(language=language, words=(), likeliest=likeliest, odds=every)
        if not tokens or (result.no_speech_prob > NO_SPEECH and result.scores[0] < LOW_LOGPROB):
            return nothing, False
        loop = loop_at_the_end(tokens)
        hit_the_cap = len(result.sequences_ids[0]) >= cap
        if loop:
            tokens = tokens[:-loop]
        frames = max(1, len(audio) // HOP)
        words = self._words(encoded, start, tokens, frames, language)
        return msgspec.structs.replace(nothing, words=without_foretold(words)), loop > 0 or hit_the_cap

    def _mel(self, audio: Samples, seconds: float) -> NDArray[np.float32]:
        """The log-mel spectrogram of the audio, padded with silence to `seconds`: [mels, 100 a second].

        A constant offset is no sound: it is taken out, since the loudest band sets how faint a band may be.
        """
        # All frames of silence are the same, so they are filled in and not computed. The last frames of the audio
        # overlap one analysis window of silence, which is computed.
        heard: NDArray[np.float32] = self._features(audio - audio.mean() if len(audio) else audio, padding=3 * HOP)
        mel = np.full((heard.shape[0], int(seconds * RATE) // HOP), heard.min(), dtype=np.float32)
        width = min(heard.shape[1], mel.shape[1])
        mel[:, :width] = heard[:, :width]
        return mel

    def _language(self, window: Window, encoded: object) -> tuple[str, str | None, Odds]:
        """The language to decode in, the likeliest of the window's languages, and the odds of all languages.

        The second is None, and the third empty, when no detection was needed.
        """
        first, several = window.languages[0], len(window.languages) > 1
        if not (several or window.tell_odds) or not self._whisper.is_multilingual:
            return first, None, ()
        found: dict[str, float] = {token[2:-2]: p for token, p in self._whisper.detect_language(encoded)[0]}
        every = likely({tag: found.get(own_code(tag), 0.0) for tag in self._known})
        if not several:
            return first, None, every
        odds = {language: found.get(own_code(language), 0.0) for language in window.languages}
        likeliest = max(odds, key=lambda language: odds[language])
        certain = odds[likeliest] >= window.switch_p * max(sum(odds.values()), 1e-9)
        return (likeliest if certain else first), likeliest, every

    def _start_tokens(self, language: str) -> list[int]:
        if not self._whisper.is_multilingual:
            return [self._start]
        return [self._start, self._token(f"<|{own_code(language)}|>"), self._token("<|transcribe|>")]

    def _token(self, name: str) -> int:
        number: int | None = self._tokenizer.token_to_id(name)
        if number is None:
            msg = f"The model {self._model} has no token {name}; choose a language that it lists, or another model."
            raise ValueError(msg)
        return number

    def _context(self, window: Window) -> list[int]:
        """The tokens of glossary and preceding text that come first in the prompt; at most the last 100."""
        if not window.context:
            return []
        tokens: list[int] = self._tokenizer.encode(" " + window.context.strip(), add_special_tokens=False).ids
        return [self._previous, *tokens[-100:]]

    def _words(
        self, encoded: object, start: Sequence[int], tokens: list[int], frames: int, language: str
    ) -> tuple[HeardWord, ...]:
        """The words with times, which CTranslate2 aligns by the decoder's cross-attention.

        `frames`: length of the audio without padding, in frames of 10 ms.
        """
        aligned = self._whisper.align(encoded, start, [tokens], frames)[0]
        at: list[int] = []
        for index, step in aligned.alignments:
            if index == len(at):
                at.append(step * MS_A_STEP)
        end = frames * HOP * 1000 // RATE
        at.extend([end] * (len(tokens) + 1 - len(at)))
        words: list[HeardWord] = []
        for text, first, stop in join_pieces(self._pieces(tokens), spaced=own_code(language) not in UNSPACED):
            odds = aligned.text_token_probs[first:stop]
            p = float(sum(odds) / len(odds)) if odds else 0.0
            words.append(HeardWord(text=text, t0=at[first], t1=at[stop], p=round(min(1.0, max(0.0, p)), 3)))
        return tuple(words[: restart(words)])

    def _pieces(self, tokens: list[int]) -> list[tuple[str, int, int]]:
        """The shortest sequences of tokens that are whole characters: (text, first token, token after the last)."""
        pieces: list[tuple[str, int, int]] = []
        first = 0
        for stop in range(1, len(tokens) + 1):
            text: str = self._tokenizer.decode(tokens[first:stop])
            if "\ufffd" not in text:
                pieces.append((text, first, stop))
                first = stop
        return pieces


def _longer(seconds: float) -> float:
    """The next greater length of a window, s."""
    return LONG_SECONDS if seconds < LONG_SECONDS else FULL_SECONDS


UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
"""Languages without spaces between words, in Whisper's codes: each piece of text counts as a word."""


OWN_CODES = {"jv": "jw", "nb": "no", "fil": "tl"}
"""Whisper's codes of languages that differ from BCP-47, by BCP-47 code."""


Odds = tuple[tuple[str, float], ...]
"""The probability of each language, 0 to 1 (`Hypothesis.odds`)."""
LEAST_ODDS = 0.01
"""Least probability that is included in `Odds`."""


def likely(odds: Mapping[str, float]) -> Odds:
    """The probabilities of at least `LEAST_ODDS`, normalised so that all of `odds` sum to 1."""
    whole = max(sum(odds.values()), 1e-9)
    return tuple((tag, round(p / whole, 3)) for tag, p in odds.items() if p >= LEAST_ODDS * whole)


def own_code(language: str) -> str:
    """Whisper's code of a BCP-47 tag: `pt-BR` → `pt`, `nb` → `no`."""
    code = primary(language)
    return OWN_CODES.get(code, code)


def languages_known(vocabulary: Iterable[str], trained: Sequence[str] = ()) -> tuple[str, ...]:
    """The languages for which a multilingual vocabulary has tokens: Whisper's codes and those of BCP-47.

    `trained`: the languages that the model was trained on, when it has tokens for more; only these are listed. Empty:
    all are.
    """
    known = {token[2:-2] for token in vocabulary if _is_language(token)}
    if trained:
        known &= {own_code(tag) for tag in trained}
    return tuple(sorted({*known, *(tag for tag, own in OWN_CODES.items() if own in known)}))


def _is_language(token: str) -> bool:
    name = token[2:-2]
    return token.startswith("<|") and token.endswith("|>") and 2 <= len(name) <= 3 and name.isalpha()
