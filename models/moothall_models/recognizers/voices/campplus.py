"""The voice encoder CAM++, computed by onnxruntime from published weights.

Its features are those of Kaldi (80 bands on the mel scale from 20 Hz to 8 kHz, windows of 25 ms every 10 ms), less
their mean over the window.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.ports import LONGEST_VOICE, RATE, SHORTEST_VOICE, Floats, Samples
from moothall_models.recognizers.voices.campplus_graph import campplus_graph
from moothall_models.recognizers.voices.torch_file import read_tensors

WEIGHTS = "campplus.pt"
"""The file of the weights in the model's folder."""
BANDS = 80
WINDOW, STEP, POINTS = RATE // 40, RATE // 100, 512
"""Samples of a frame of features, between two of them, and points of their Fourier transform."""
LOWEST_HZ, HIGHEST_HZ = 20.0, 8_000.0
EMPHASIS = 0.97
"""Share of the sample before that is taken off each sample: it raises high frequencies."""
BEND = 0.85
"""Exponent of the Hann window, as in Kaldi's own."""
FAINTEST = float(np.finfo(np.float32).eps)
"""Least power of a band, before the logarithm."""


class CampPlusEncoder:
    """A voice encoder with its weights loaded; some 45 ms of CPU for 1.5 s of speech. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Load the weights in `folder`. Raises ConfigurationError when they are of another network."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            model = campplus_graph(read_tensors(folder / WEIGHTS), BANDS)
        except KeyError as missing:
            raise ConfigurationError(f"{folder / WEIGHTS} holds another network: it has no {missing}.") from None
        self._session: Any = onnxruntime.InferenceSession(
            model, providers=["CPUExecutionProvider"], sess_options=options
        )
        self._banks, self._bell = banks(), bell()

    def vector(self, speech: Samples) -> Floats:
        """The voice of 0.5 to 2 s of speech as a unit vector. Raises ValueError for speech of another length."""
        if not SHORTEST_VOICE <= len(speech) <= LONGEST_VOICE:
            msg = f"A voice is measured in {SHORTEST_VOICE} to {LONGEST_VOICE} samples of speech, not in {len(speech)}."
            raise ValueError(msg)
        known = features(speech, self._banks, self._bell)
        [vectors] = self._session.run(None, {"features": (known - known.mean(axis=0))[np.newaxis]})
        vector: Floats = vectors[0]
        return vector / max(float(np.linalg.norm(vector)), FAINTEST)


def features(speech: Samples, banks: Floats, bell: Floats) -> Floats:
    """The logarithm of the power in each band, [frames, `BANDS`]."""
    frames = np.lib.stride_tricks.sliding_window_view(speech, WINDOW)[::STEP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.hstack([frames[:, :1], frames[:, :-1]])
    spectrum = np.fft.rfft((frames - np.float32(EMPHASIS) * before) * bell, POINTS)
    power: Floats = (np.abs(spectrum) ** 2).astype(np.float32) @ banks
    known: Floats = np.log(np.maximum(power, np.float32(FAINTEST)))
    return known


def bell() -> Floats:
    """The weights of a frame's samples."""
    turn = 2 * np.pi * np.arange(WINDOW) / (WINDOW - 1)
    weights: Floats = ((0.5 - 0.5 * np.cos(turn)) ** BEND).astype(np.float32)
    return weights


def banks() -> Floats:
    """The triangular filters on the mel scale, [points of the spectrum, `BANDS`]."""
    lowest, highest = _mel(np.array([LOWEST_HZ, HIGHEST_HZ]))
    edges = np.linspace(lowest, highest, BANDS + 2)[:, np.newaxis]
    at = _mel(np.arange(POINTS // 2 + 1) * RATE / POINTS)
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    filters: Floats = np.maximum(0, np.minimum(rising, falling)).T.astype(np.float32)
    return filters


def _mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    mel: NDArray[np.float64] = 1_127 * np.log1p(hz / 700)
    return mel
