"""A recogniser and a voice activity detector for scripted audio (`moothall.testing.scripted`): they are never wrong."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from moothall.testing.scripted import BASE, SAMPLES_A_MS, Script
from moothall_models.ports import HeardWord, Hypothesis, Samples, Window

WHOLE = 0.6
"""Share of a word that a window must hold for the word to be heard."""


class ScriptedRecognizer:
    """Reads the numbers of the words from the audio itself."""

    def __init__(self, script: Script, cpu_ns: Callable[[], int] = time.process_time_ns) -> None:
        """`cpu_ns`: CPU time of the process, of which every pass uses `script.burn_ms`."""
        self._script = script
        self._cpu_ns = cpu_ns

    @property
    def model(self) -> str:
        """What goes into the record."""
        return "scripted"

    @property
    def languages(self) -> tuple[str, ...]:
        """Any."""
        return ()

    def warm_up(self) -> None:
        """Nothing to do."""

    def recognise(self, window: Window) -> Hypothesis:
        """The words of which at least 60 % lie in the window, as far as they do.

        Deterministic. Raises ValueError when the audio is not this script's.
        """
        until = self._cpu_ns() + self._script.burn_ms * 1_000_000
        sizes = np.abs(np.rint(window.audio * 32_768)).astype(np.int64)
        numbers = np.unique(sizes[sizes > 0]) - BASE
        if len(numbers) and not 0 <= numbers[0] <= numbers[-1] < len(self._script.words):
            msg = "The audio is not the script's: it holds samples of no word."
            raise ValueError(msg)
        words: list[HeardWord] = []
        language = window.languages[0]
        for number in numbers:
            said = self._script.words[number]
            at = np.flatnonzero(sizes == BASE + number)
            if len(at) < WHOLE * (said.t1 - said.t0) * SAMPLES_A_MS:
                continue
            language = language if words else said.language
            words.append(HeardWord(said.text, int(at[0]) // SAMPLES_A_MS, int(at[-1] + 1) // SAMPLES_A_MS, 0.99))
        while self._cpu_ns() < until:
            pass
        return Hypothesis(language=language, words=tuple(words))


class ScriptedVoiceActivity:
    """Whether anything sounds."""

    def state(self) -> bytes:
        """Nothing: it remembers nothing."""
        return b""

    def resume(self, state: bytes) -> None:
        """Nothing."""

    def probability(self, frame: Samples) -> float:
        """The share of samples that are not silent."""
        return float(np.count_nonzero(frame)) / len(frame)
