"""Silero voice activity detection, from the ONNX file that the faster-whisper wheel ships."""

from __future__ import annotations

from typing import Any

import numpy as np

from moothall_models.ports import RATE, VAD_FRAME, Samples

CONTEXT = 64
"""Samples at the end of the previous frame that the network gets before each frame."""
MEMORY = 128
"""Numbers in each of the network's two state vectors. The state has a long memory: 4 s after a cold start one frame in
two hundred is judged differently, after 30 s one in a thousand (docs/adr/0009)."""
PITCH_HZ = (60, 350)
"""Where the pitch of a voice lies. Telephone lines and small microphones leave it out, and the network takes a voice
without it for none; the envelope of its harmonics still beats at that pitch."""


def _window(hertz: int) -> Samples:
    """A low-pass filter: a Hann window as long as one period, with sum 1."""
    window = np.hanning(RATE // hertz + 2)[1:-1]
    weights: Samples = (window / window.sum()).astype(np.float32)
    return weights


def _band(low: int, high: int) -> Samples:
    """A band-pass filter: one low-pass less another. It lets no constant through."""
    wide, narrow = _window(low), _window(high)
    before = (len(wide) - len(narrow)) // 2
    return np.pad(narrow, (before, len(wide) - len(narrow) - before)) - wide


PITCH = _band(*PITCH_HZ)
"""Makes the pitch from a voice that is rectified."""
REACH = len(PITCH) - 1
"""Rectified samples before the current one that the filter needs."""


class SileroVoiceActivity:
    """The detector for one stream: the network's state and the last samples.

    The network hears the sound and, added to it, the pitch that the sound's own envelope has (docs/why/speech.md,
    *Rooms and lines*). A second of audio takes 3 ms CPU in pieces of three frames, and twice as much in single frames.
    """

    def __init__(self, network: SileroNetwork | None = None) -> None:
        """`network` may be shared by all streams of a process; without it the detector loads its own."""
        self._network = SileroNetwork() if network is None else network
        self._h = np.zeros((1, 1, MEMORY), dtype=np.float32)
        self._c = np.zeros((1, 1, MEMORY), dtype=np.float32)
        self._context = np.zeros(CONTEXT, dtype=np.float32)
        self._rectified = np.zeros(REACH, dtype=np.float32)

    def state(self) -> bytes:
        """The network's state and what the next frame needs of the sound, as little-endian float32: 2,340 bytes."""
        parts = (self._h, self._c, self._context, self._rectified)
        return b"".join(part.astype("<f4").tobytes() for part in parts)

    def resume(self, state: bytes) -> None:
        """Continue from the result of `state`; bytes of another length are ignored."""
        if len(state) != 4 * (2 * MEMORY + CONTEXT + REACH):
            return
        numbers = np.frombuffer(state, dtype="<f4").astype(np.float32)
        self._h = numbers[:MEMORY].reshape(1, 1, MEMORY)
        self._c = numbers[MEMORY : 2 * MEMORY].reshape(1, 1, MEMORY)
        self._context = numbers[2 * MEMORY : -REACH]
        self._rectified = numbers[-REACH:]

    def probabilities(self, samples: Samples) -> list[float]:
        """Probability of speech in each of the next frames of 512 samples.

        Raises ValueError when `samples` isn't a whole number of frames.
        """
        if len(samples) % VAD_FRAME:
            msg = f"Voice activity is judged in frames of {VAD_FRAME} samples; {len(samples)} is no multiple of it."
            raise ValueError(msg)
        if not len(samples):
            return []
        rectified = np.concatenate([self._rectified, np.abs(samples)])
        self._rectified = rectified[-REACH:]
        frames = (samples + np.convolve(rectified, PITCH, "valid")).astype(np.float32).reshape(-1, VAD_FRAME)
        before = np.vstack([self._context[np.newaxis], frames[:-1, -CONTEXT:]])
        # One call processes the frames in order and carries the state from each to the next.
        p, self._h, self._c = self._network.run(np.hstack([before, frames]), self._h, self._c)
        self._context = frames[-1, -CONTEXT:].copy()
        return [float(value) for value in p]


class SileroNetwork:
    """The loaded network; it holds no state of a stream."""

    def __init__(self) -> None:
        import onnxruntime
        from faster_whisper.utils import get_assets_path

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(
            f"{get_assets_path()}/silero_vad_v6.onnx", providers=["CPUExecutionProvider"], sess_options=options
        )

    def run(self, frames: Samples, h: Samples, c: Samples) -> tuple[Samples, Samples, Samples]:
        """Map frames [n, 64 + 512] and the state before them to probabilities [n] and the state after them."""
        p, h, c = self._session.run(None, {"input": frames, "h": h, "c": c})
        return p.reshape(-1), h, c
