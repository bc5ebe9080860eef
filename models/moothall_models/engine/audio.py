"""Divides arriving audio into frames for the voice activity detector, and computes the current media time. Pure."""

from __future__ import annotations

from collections import deque
from typing import Protocol

import msgspec
import numpy as np

from moothall.core.kernel.errors import ProtocolError
from moothall_models.ports import RATE, VAD_FRAME, Samples

A_MS = RATE // 1000
FRAME_MS = VAD_FRAME // A_MS
FRAME_BYTES = 2 * VAD_FRAME
TREMBLE_MS = 1
"""Greatest difference between `t` and the end of the previous audio, ms, at which the audio is contiguous, since `t` is
rounded to ms."""
UNHEARD_MS = 600_000
"""Most audio in the buffer, ms. The server stays far below, since it waits for the engine. Overflow: ProtocolError."""
ESTIMATE_MS = 1_000
"""How long media time is assumed to continue when no audio arrives, ms."""


class Heard(msgspec.Struct, frozen=True):
    """Whole frames of contiguous audio."""

    t: int
    """Media ms of the first sample."""
    samples: Samples


class _Run(msgspec.Struct):
    """Contiguous audio, PCM16."""

    t: int
    pcm: bytearray

    @property
    def end(self) -> int:
        return self.t + len(self.pcm) // (2 * A_MS)


class FrameBuffer:
    """The buffer of one channel's audio that has arrived and has not been processed."""

    def __init__(self, start: int) -> None:
        """`start`: media ms of the first sample that will arrive."""
        # Bound: UNHEARD_MS of audio in all runs. Overflow: ProtocolError.
        self._runs: deque[_Run] = deque([_Run(start, bytearray())])
        self._unheard = 0

    @property
    def end(self) -> int:
        """Media ms where the received audio ends."""
        return self._runs[-1].end

    @property
    def next_end(self) -> int | None:
        """Media ms where the next whole frame ends; None when there is none."""
        run = self._runs[0]
        return run.t + FRAME_MS if len(run.pcm) >= FRAME_BYTES else None

    def add(self, t: int, pcm: bytes) -> None:
        """Append PCM16 that begins at media ms `t`.

        If it begins after the end of the received audio there is a gap: a gap shorter than a frame is filled with
        silence; before a longer gap the last frame is completed with silence. Raises ProtocolError when the bytes are
        not PCM16, begin before the end of the received audio, or exceed `UNHEARD_MS`.
        """
        if len(pcm) % 2:
            raise ProtocolError(f"Audio of {len(pcm)} bytes is no PCM16: a sample has two.")
        if self._unheard + len(pcm) > UNHEARD_MS * A_MS * 2:
            msg = f"More than {UNHEARD_MS // 60_000} minutes of audio wait; the server must wait until it is heard."
            raise ProtocolError(msg)
        missing = t - self.end
        if missing < -TREMBLE_MS:
            raise ProtocolError(f"Audio came again: {t} ms, after {self.end} ms had come.")
        if missing >= FRAME_MS:
            self.finish()
            self._runs.append(_Run(t, bytearray()))
        elif missing > TREMBLE_MS:
            pcm = bytes(missing * A_MS * 2) + pcm
        self._runs[-1].pcm += pcm
        self._unheard += len(pcm)
        self._drop_empty()

    def finish(self) -> None:
        """Complete the last frame with silence. Later audio must begin at least a frame after the audio so far."""
        run = self._runs[-1]
        missing = -len(run.pcm) % FRAME_BYTES
        run.pcm += bytes(missing)
        self._unheard += missing

    def take(self, until: int, at_most: int) -> Heard | None:
        """Take the next frames that end at media ms `until` or before, at most `at_most`; None when there are none."""
        run = self._runs[0]
        frames = min(len(run.pcm) // FRAME_BYTES, (until - run.t) // FRAME_MS, at_most)
        if frames <= 0:
            return None
        size = frames * FRAME_BYTES
        samples = np.frombuffer(bytes(run.pcm[:size]), dtype="<i2").astype(np.float32) / np.float32(32_768)
        heard = Heard(run.t, samples)
        del run.pcm[:size]
        run.t += frames * FRAME_MS
        self._unheard -= size
        self._drop_empty()
        return heard

    def _drop_empty(self) -> None:
        if len(self._runs) > 1 and not self._runs[0].pcm:
            self._runs.popleft()


class MediaTime(Protocol):
    """Converts times of the engine's clock into media time of a channel."""

    def arrived(self, end: int, now: float) -> None:
        """Record that audio up to media ms `end` arrived at `now` (ms of the engine's clock)."""
        ...

    def at(self, now: float) -> int:
        """The media time, ms, of what is being said at `now` (ms of the engine's clock). Never decreases."""
        ...


class ArrivalTime:
    """Media time of live audio: the newest audio has just been said, and time continues for a moment without audio.

    After a lost connection the old audio arrives faster than it was spoken; media time then advances with its arrival,
    and the delay of the text includes all audio that is still to be recognised.
    """

    def __init__(self, start: int) -> None:
        self._end = start
        self._at: float | None = None
        self._latest = start

    def arrived(self, end: int, now: float) -> None:
        """Record that audio up to media ms `end` arrived at `now` (ms of the engine's clock)."""
        self._end, self._at = end, now

    def at(self, now: float) -> int:
        """The end of the newest audio plus the time since its arrival, at most `ESTIMATE_MS`; media ms."""
        since = 0 if self._at is None else min(now - self._at, ESTIMATE_MS)
        self._latest = max(self._latest, int(self._end + since))
        return self._latest
