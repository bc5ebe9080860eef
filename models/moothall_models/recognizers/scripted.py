"""A recogniser, a voice activity detector and a voice encoder for scripted audio (`moothall.testing.scripted`).

They make no errors except those that the script asks for, so that an engine's better pass has something to correct.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from moothall.testing.scripted import BASE, SAMPLES_A_MS, Script
from moothall_models.ports import (
    LONGEST_VOICE,
    SHORTEST_VOICE,
    VAD_FRAME,
    Floats,
    HeardWord,
    Hypothesis,
    Samples,
    Window,
)

SURE, UNSURE = 0.99, 0.5
"""Probability of a word that is heard correctly, and of a misheard word."""
SILENT = -1_000_000
"""Value of a sample that belongs to no word."""
FLAT = 320
"""Fewest samples of a word that must equal their neighbours for it to be found in resampled audio."""
WHOLE = 0.6
"""Share of a word's duration that a window must contain for the word to be heard."""


class ScriptedRecognizer:
    """A recogniser for audio whose samples encode the numbers of the script's words."""

    def __init__(self, script: Script, cpu_ns: Callable[[], int] = time.process_time_ns, *, at_once: int = 1) -> None:
        """Make a recogniser of one script.

        `cpu_ns`: the process's CPU time, of which every pass uses up `script.burn_ms`; `at_once`: see `Recognizer`.
        """
        self._script = script
        self._cpu_ns = cpu_ns
        self.at_once = at_once

    @property
    def model(self) -> str:
        """Name of the model for the record."""
        return "scripted"

    @property
    def languages(self) -> tuple[str, ...]:
        """Empty: it recognises any language."""
        return ()

    @property
    def limit_ms(self) -> int:
        """0: this process computes the passes, and they have no time limit (`Recognizer`)."""
        return 0

    def warm_up(self) -> None:
        """Do nothing: the first pass is as fast as all others."""

    def recognise(self, window: Window) -> Hypothesis:
        """The words of which at least `WHOLE` lies in the window, with the times of the part that does.

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
            # A real recogniser, too, hears a language outside the window's as one of the window's languages.
            language = language if words or said.language not in window.languages else said.language
            text, p = (said.misheard, UNSURE) if said.misheard and window.beam <= 1 else (said.text, SURE)
            words.append(HeardWord(text, int(at[0]) // SAMPLES_A_MS, int(at[-1] + 1) // SAMPLES_A_MS, p))
        while self._cpu_ns() < until:
            pass
        return Hypothesis(language=language, words=tuple(words))

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """Recognise the windows one after the other, in order."""
        return [self.recognise(window) for window in windows]


class ScriptedVoiceActivity:
    """A voice activity detector that takes every sound for speech."""

    def state(self) -> bytes:
        """Empty: this detector has no state."""
        return b""

    def resume(self, state: bytes) -> None:
        """Do nothing: this detector has no state."""

    def probabilities(self, samples: Samples) -> list[float]:
        """The share of samples in each frame that are not 0."""
        return [float(np.count_nonzero(frame)) / len(frame) for frame in samples.reshape(-1, VAD_FRAME)]


class ScriptedVoiceEncoder:
    """A voice encoder that reads from scripted audio who said which share of it."""

    def __init__(self, script: Script) -> None:
        """Make an encoder of one script: its vectors have an axis for each voice."""
        self._step = script.step
        self._voice = np.array([word.voice for word in script.words], dtype=np.int64)
        self._size = int(self._voice.max(initial=0)) + 1

    def vector(self, speech: Samples) -> Floats:
        """The shares of the voices, as a unit vector. Raises ValueError as `VoiceEncoder`, and for sound of no word."""
        numbers = _numbers(speech, self._step)
        said = self._voice[numbers[numbers != SILENT]]
        if not SHORTEST_VOICE <= len(speech) <= LONGEST_VOICE or not len(said):
            raise ValueError(f"{len(speech)} samples with {len(said)} of a word are no voice.")
        shares = np.bincount(said, minlength=self._size).astype(np.float32)
        return shares / np.linalg.norm(shares)


def _numbers(audio: Samples, step: int) -> NDArray[np.int64]:
    """The number of the word that each sample belongs to; `SILENT` for none.

    With a `step` above 1 the audio may have been resampled, which blurs edges: only samples that equal their neighbours
    are decoded, and the gaps within a word are filled.
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
