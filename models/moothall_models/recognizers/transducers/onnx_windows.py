"""Whole windows by onnx-asr: NeMo's Parakeet and Conformers, GigaAM, Kaldi's and Vosk's transducers.

These models hear a window at once, as Whisper does, and go through the same policy: words on which windows agree stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from moothall.core.kernel.languages import same_language
from moothall_models.ports import RATE, Hypothesis, Samples, Window
from moothall_models.recognizers.transducers.kinds import load_library, unloadable, windowed_type
from moothall_models.recognizers.transducers.token_words import HeardToken, words_of

SHORTEST_MS = 200
"""Sound that a window has at least, ms; a shorter one is filled with silence, since encoders need a few frames."""


class OnnxWindows:
    """A recogniser on onnx-asr."""

    at_once = 1
    limit_ms = 0

    def __init__(self, folder: Path, *, model: str, trained: Sequence[str] = (), threads: int = 1) -> None:
        """Load the model in a folder that `kinds.kind_of` calls one for windows.

        `trained`: the languages that it knows, BCP-47; empty for "any". Raises ConfigurationError.
        """
        library = load_library("onnx_asr", model)
        import onnxruntime

        self.model = model
        self.languages = tuple(trained)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        kind: Any = windowed_type(folder)
        try:
            self._inner: Any = library.load_model(
                kind,
                folder,
                quantization="int8" if any(folder.rglob("*int8.onnx")) else None,
                sess_options=options,
                providers=["CPUExecutionProvider"],
            ).with_timestamps()
        except MemoryError:
            raise
        except Exception as error:  # The errors of onnxruntime have no other class in common.
            raise unloadable(model, folder, error) from error

    def warm_up(self) -> None:
        """Hear the longest usual window, of faint noise."""
        noise = np.random.default_rng(1).normal(0.0, 0.01, 15 * RATE).astype(np.float32)
        self.recognise(Window(audio=noise, languages=("en",)))

    def recognise(self, window: Window) -> Hypothesis:
        """Recognise one window; context, glossary and beam are not used."""
        heard_ms = len(window.audio) * 1000 // RATE
        language = self._spoken(window.languages)
        if not heard_ms or not np.any(window.audio):
            return Hypothesis(language=language, words=())
        result = self._inner.recognize(_filled(window.audio), sample_rate=RATE)
        logprobs: Sequence[float | None] = result.logprobs or [None] * len(result.tokens)
        tokens = [
            HeardToken(text, round(1000 * t), logprob)
            for text, t, logprob in zip(result.tokens, result.timestamps, logprobs, strict=True)
            if t * 1000 < heard_ms
        ]
        words = tuple(word for word, _ in words_of(tokens, heard_ms))
        return Hypothesis(language=language, words=words, vague=not result.logprobs)

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """Recognise the windows one after the other, in order."""
        return [self.recognise(window) for window in windows]

    def _spoken(self, languages: tuple[str, ...]) -> str:
        """The first of the window's languages that the model knows: it doesn't tell which one it heard."""
        return next((tag for tag in languages if any(same_language(tag, own) for own in self.languages)), languages[0])


def _filled(audio: Samples) -> Samples:
    missing = SHORTEST_MS * RATE // 1000 - len(audio)
    return np.concatenate([audio, np.zeros(missing, dtype=np.float32)]) if missing > 0 else audio
