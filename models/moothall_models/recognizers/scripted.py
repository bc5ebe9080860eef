"""A recogniser and a voice activity detector for scripted audio (`moothall.testing.scripted`).

They are never wrong but where the script wants it: so an engine's better pass has something to put right.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from moothall.testing.scripted import BASE, SAMPLES_A_MS, Script
from moothall_models.ports import HeardWord, Hypothesis, Samples, Window

SURE, UNSURE = 0.99, 0.5
"""Probability of a word that is heard right, and of a misheard word."""
SILENT = -1_000_000
"""The number of no word."""
FLAT = 320
"""Samples of a word that have to be as large as their neighbours, where words are far apart in size."""
WHOLE = 0.6
"""Share of a word that a window must hold for the word to be heard."""


class ScriptedRecognizer:
    """Reads the numbers of the words from the audio itself."""

    def __init__(self, script: Script, cpu_ns: Callable[[], int] = time.process_time_ns, *, at_once: int = 1) -> None:
        """`cpu_ns`: CPU time of the process, of which every pass uses `script.burn_ms`; `at_once`: what it says."""
        self._script = script
        self._cpu_ns = cpu_ns
        self.at_once = at_once

    @property
    def model(self) -> str:
        """What goes into the record."""
        return "scripted"

    @property
    def languages(self) -> tuple[str, ...]:
        """Any."""
        return ()

    @property
    def limit_ms(self) -> int:
        """Within which a pass ends by itself, where somebody else computes it; 0 where this process does
        (`Recognizer`).
        """
        return 0

    def warm_up(self) -> None:
        """Nothing to do."""

    def recognise(self, window: Window) -> Hypothesis:
        """The words of which at least 60 % lie in the window, as far as they do.

        Deterministic. Raises ValueError when the audio is not this script's.
        """
        until = self._cpu_ns() + self._script.burn_ms * 1_000_000
        spoken = _numbers(window.audio, self._script.step)
        numbers = np.unique(spoken[spoken != SILENT])
        if len(numbers) and not 0 <= numbers[0] <= numbers[-1] < len(self._script.words):
            raise ValueError("The audio is not the script's: it holds samples of no word.")
        words: list[HeardWord] = []
        language = window.languages[0]
        for number in numbers:
            said = self._script.words[number]
            at = np.flatnonzero(spoken == number)
            if len(at) < WHOLE * (said.t1 - said.t0) * SAMPLES_A_MS:
                continue
            # As a real one, which hears a language that it may not hear as another.
            language = language if words or said.language not in window.languages else said.language
            text, p = (said.misheard, UNSURE) if said.misheard and window.beam == 1 else (said.text, SURE)
            words.append(HeardWord(text, int(at[0]) // SAMPLES_A_MS, int(at[-1] + 1) // SAMPLES_A_MS, p))
        while self._cpu_ns() < until:
            pass
        return Hypothesis(language=language, words=tuple(words))

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """One after the other."""
        return [self.recognise(window) for window in windows]


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


def _numbers(audio: Samples, step: int) -> NDArray[np.int64]:
    """Which word each sample is of, SILENT where it is of none.

    With a step, edges that a resampler rounded are passed over: only what is as large as its neighbours counts, and a
    word's own gaps are filled.
    """
    sizes = np.abs(np.rint(audio * 32_768)).astype(np.int64)
    if step == 1:
        return np.where(sizes > 0, sizes - BASE, SILENT)
    nearest = np.rint((sizes - BASE) / step).astype(np.int64)
    level = (nearest >= 0) & (np.abs(sizes - BASE - nearest * step) <= step / 4)
    flat = level.copy()
    for shift in (1, 2):
        flat[shift:] &= nearest[shift:] == nearest[:-shift]
    found = np.where(flat, nearest, SILENT)
    filled = np.full_like(found, SILENT)
    for number in np.unique(found[flat]):
        at = np.flatnonzero(found == number)
        if len(at) >= FLAT:
            filled[at[0] : at[-1] + 1] = number
    return filled
