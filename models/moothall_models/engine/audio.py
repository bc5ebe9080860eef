"""Audio as it arrives, cut into the frames that voice activity is judged by; and the media time that it is. Pure."""

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
"""Audio that begins so much before or after the end of what came is its continuation: `t` is rounded to ms."""
UNHEARD_MS = 600_000
"""Most audio that is kept unheard. The server keeps well below (it waits until it is heard); more breaks the rules."""
ESTIMATE_MS = 1_000
"""How long media time is taken to run on when no audio comes."""


class Heard(msgspec.Struct, frozen=True):
    """Whole frames of audio, without a gap."""

    t: int
    """Media ms of the first sample."""
    samples: Samples


class _Run(msgspec.Struct):
    """Audio without a gap, PCM16."""

    t: int
    pcm: bytearray

    @property
    def end(self) -> int:
        return self.t + len(self.pcm) // (2 * A_MS)


class FrameBuffer:
    """Audio of one channel that has come and has not been heard."""

    def __init__(self, start: int) -> None:
        """`start`: media ms of the first sample that will come."""
        # Bounded by UNHEARD_MS over all; more is a ProtocolError.
        self._runs: deque[_Run] = deque([_Run(start, bytearray())])
        self._unheard = 0

    @property
    def end(self) -> int:
        """Media ms of the end of what has come."""
        return self._runs[-1].end

    @property
    def next_end(self) -> int | None:
        """Media ms of the last sample of the next whole frame; None when there is none."""
        run = self._runs[0]
        return run.t + FRAME_MS if len(run.pcm) >= FRAME_BYTES else None

    def add(self, t: int, pcm: bytes) -> None:
        """Take PCM16 that begins at media ms `t`.

        Later than the end of what came, it is a gap: a short one is filled with silence, and so is the frame
        before a longer one.
        Raises ProtocolError when it is no PCM16, begins earlier, or is more than may wait.
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
        """Fill the last frame with silence; what comes after it must begin a frame later or more."""
        run = self._runs[-1]
        missing = -len(run.pcm) % FRAME_BYTES
        run.pcm += bytes(missing)
        self._unheard += missing

    def take(self, until: int, at_most: int) -> Heard | None:
        """The next frames that end at media ms `until` or before, at most `at_most`; None when there are none."""
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
    """What time it is in a channel's media, for a time of the engine's clock."""

    def arrived(self, end: int, now: float) -> None:
        """Audio up to media ms `end` came at `now`."""
        ...

    def at(self, now: float) -> int:
        """Media ms of what is being said at `now`; never runs back."""
        ...


class ArrivalTime:
    """Live: what came last has just been said, and time runs on for a moment when nothing comes.

    After a lost link old audio comes faster than it was spoken; then media time jumps ahead with it, and the
    text is late by all that is still to be heard.
    """

    def __init__(self, start: int) -> None:
        self._end = start
        self._at: float | None = None
        self._latest = start

    def arrived(self, end: int, now: float) -> None:
        """Audio up to media ms `end` came at `now`."""
        self._end, self._at = end, now

    def at(self, now: float) -> int:
        """End of the newest audio, and the time since, at most a second."""
        since = 0 if self._at is None else min(now - self._at, ESTIMATE_MS)
        self._latest = max(self._latest, int(self._end + since))
        return self._latest
