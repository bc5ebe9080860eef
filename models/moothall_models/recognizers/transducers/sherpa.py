"""Streaming transducers by sherpa-onnx: zipformers, NeMo's cache-aware models and others, decoded greedily.

With a greedy search a token that was given stays, so a word is final as soon as the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from moothall.core.kernel.languages import same_language
from moothall_models.ports import RATE, Hypothesis, RecognitionStream, Samples, StreamHypothesis, StreamStep, Window
from moothall_models.recognizers.transducers.kinds import load_library, part_file, unloadable
from moothall_models.recognizers.transducers.onnx_metadata import read_metadata
from moothall_models.recognizers.transducers.token_words import HeardToken, only_capitals, words_of

AT_ONCE = 8
"""Streams that are decoded together: a batch of small chunks costs little more than one of them."""
ENDPOINT_S = 1.2
"""Silence after a word that is taken for the end, s: sherpa-onnx's own rule. The policy's pauses are shorter, so it
counts only where noise is taken for speech."""
NEVER_S = 1e6
SHORTEST_TAIL_MS = 660
"""Silence behind an utterance, ms, by which the encoder's last chunk becomes full."""
FEATURE_MS = 10


class _SherpaStream(RecognitionStream):
    """The stream of one channel; its times begin with its utterance."""

    def __init__(self, new: Callable[[], Any]) -> None:
        self._new = new
        self.begin()

    def begin(self) -> None:
        """Forget what was heard."""
        self.inner = self._new()
        self.samples = 0
        self.given = 0
        """Tokens since the last endpoint that belong to final words."""
        self.through = 0
        """Where the last final word ends, ms."""

    @property
    def heard_ms(self) -> int:
        """Length of the utterance's sound so far, ms."""
        return self.samples * 1000 // RATE


class SherpaRecognizer:
    """A streaming recogniser on sherpa-onnx."""

    at_once = AT_ONCE
    limit_ms = 0

    def __init__(self, folder: Path, *, model: str, trained: Sequence[str] = (), threads: int = 1) -> None:
        """Load the model in a folder that `kinds.kind_of` calls a streaming one.

        `trained`: the languages that it knows, BCP-47; empty for "any". Raises ConfigurationError.
        """
        library = load_library("sherpa_onnx", model)
        self.model = model
        self.languages = tuple(trained)
        encoder, decoder, joiner = (part_file(folder, part) for part in ("encoder", "decoder", "joiner"))
        told = read_metadata(encoder)
        chunk = int(told.get("T") or told.get("window_size") or 0)
        self._tail = np.zeros(max(SHORTEST_TAIL_MS, 2 * chunk * FEATURE_MS) * RATE // 1000, dtype=np.float32)
        try:
            lines = (folder / "tokens.txt").read_text(encoding="utf-8").splitlines()
            self._inner: Any = library.OnlineRecognizer.from_transducer(
                tokens=str(folder / "tokens.txt"),
                encoder=str(encoder),
                decoder=str(decoder),
                joiner=str(joiner),
                num_threads=threads,
                decoding_method="greedy_search",
                enable_endpoint_detection=True,
                rule1_min_trailing_silence=NEVER_S,
                rule2_min_trailing_silence=ENDPOINT_S,
                rule3_min_utterance_length=NEVER_S,
            )
        except (RuntimeError, ValueError) as error:
            raise unloadable(model, folder, error) from error
        self._lower = only_capitals(line.rsplit(" ", 1)[0] for line in lines)

    def warm_up(self) -> None:
        """Hear two seconds of faint noise."""
        noise = np.random.default_rng(1).normal(0.0, 0.01, 2 * RATE).astype(np.float32)
        self.recognise(Window(audio=noise, languages=("en",)))

    def open(self) -> RecognitionStream:
        """Make the stream of a channel."""
        return _SherpaStream(self._inner.create_stream)

    def recognise(self, window: Window) -> Hypothesis:
        """Answer a step by its stream; any other window is an utterance of its own."""
        return self.recognise_all([window])[0]

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """Answer steps and windows, decoded together. Raises ValueError for the stream of another recogniser."""
        steps = [window if isinstance(window, StreamStep) else self._alone(window) for window in windows]
        streams = [self._heard(step) for step in steps]
        while ready := [each.inner for each in streams if self._inner.is_ready(each.inner)]:
            self._inner.decode_streams(ready)
        answers = [self._answer(stream, step) for stream, step in zip(streams, steps, strict=True)]
        return [
            answer if isinstance(window, StreamStep) else Hypothesis(language=answer.language, words=answer.words)
            for window, answer in zip(windows, answers, strict=True)
        ]

    def _alone(self, window: Window) -> StreamStep:
        return StreamStep(audio=window.audio, languages=window.languages, stream=self.open(), begins=True, ends=True)

    def _heard(self, step: StreamStep) -> _SherpaStream:
        """Give a stream its next audio."""
        stream = step.stream
        if not isinstance(stream, _SherpaStream):
            raise ValueError("The stream belongs to another recogniser.")
        if step.begins and stream.samples:
            stream.begin()
        stream.samples += len(step.audio)
        self._accept(stream, step.audio)
        if step.ends:
            self._accept(stream, self._tail)
            stream.inner.input_finished()
        return stream

    def _accept(self, stream: _SherpaStream, audio: Samples) -> None:
        if len(audio):
            stream.inner.accept_waveform(RATE, audio)

    def _answer(self, stream: _SherpaStream, step: StreamStep) -> StreamHypothesis:
        result = self._inner.get_result_all(stream.inner)
        endpoint = not step.ends and bool(result.tokens) and bool(self._inner.is_endpoint(stream.inner))
        logprobs = result.ys_probs if len(result.ys_probs) == len(result.tokens) else [None] * len(result.tokens)
        tokens = [
            HeardToken(text, round(1000 * (result.start_time + at)), logprob)
            for text, at, logprob in zip(result.tokens, result.timestamps, logprobs, strict=True)
        ]
        words = words_of(tokens[stream.given :], stream.heard_ms, after=stream.through, lower=self._lower)
        final = len(words) if step.ends or endpoint else max(0, len(words) - 1)
        if final:
            word, count = words[final - 1]
            stream.through = word.t1
            stream.given += count
        if endpoint:
            self._inner.reset(stream.inner)
            stream.given = 0
        return StreamHypothesis(
            language=_spoken(step.languages, self.languages),
            words=tuple(word for word, _ in words),
            final=final,
            endpoint=endpoint,
            vague=bool(tokens) and tokens[0].logprob is None,
        )


def _spoken(languages: tuple[str, ...], trained: tuple[str, ...]) -> str:
    """The first of the window's languages that the model knows: it doesn't tell which one it heard."""
    return next((tag for tag in languages if any(same_language(tag, own) for own in trained)), languages[0])
