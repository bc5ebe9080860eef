"""When a stream counts as lost, when it is fetched again, and how fast its sound may be passed on. All times
are in ms.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from moothall.core.kernel.backoff import Backoff

SILENT_MS = 5_000
"""A stream that takes longer than this for one second of samples is abandoned and fetched again. Digital silence counts
as samples.
"""
START_MS = 12_000
"""The same limit until the first sample: to connect and to identify the stream takes some seconds."""
STEADY_MS = 30_000
"""After this much sound the back-off begins again with its shortest wait."""
AGAIN = Backoff(first_ms=1_000, last_ms=30_000)
MOST_LATE_MS = 10_000
"""How much sound that is late after a stall may be passed on at once; the rest is paced."""
RATE = 16_000
"""Sample rate, Hz."""


def wait_ms(failures: int, chance: int) -> int:
    """How long to wait before the next attempt after `failures` in a row, in ms: half of the back-off, and a random
    part of the other half by `chance` (0 to 255), so that several streams don't reconnect at the same moment.
    """
    whole = AGAIN.wait_ms(failures)
    return whole // 2 + (whole - whole // 2) * chance // 255


class Heartbeat:
    """Reports a beat for each full second of samples, so that single samples, however frequent, keep no stream alive.

    Only the time spent waiting for the stream counts, not the time for processing its sound.
    """

    def __init__(self) -> None:
        self._samples = 0
        """Samples in the present, incomplete second."""
        self._first = True
        self.left = START_MS
        """How much longer to wait for samples, in ms; at 0 the stream is silent."""

    def beats(self, samples: int, waited: int) -> bool:
        """Add `samples` that came after `waited` ms. Returns whether they completed a second."""
        self.left = SILENT_MS if self._first else max(0, self.left - waited)
        self._first = False
        self._samples += samples
        if self._samples < RATE:
            return False
        self._samples %= RATE
        self.left = SILENT_MS
        return True


class Pacing:
    """Passes sound on as fast as it is spoken, however fast it is sent.

    Sound that is late, since the connection stalled, is passed on at once.
    """

    def __init__(self, now: int) -> None:
        """`now`: when the first sample came, ms of a monotonic clock."""
        self._began = now
        self._samples = 0

    def wait(self, samples: int, now: int) -> int:
        """Add `samples`; returns how many ms to wait until the last of them may be passed on."""
        self._samples += samples
        due = self._began + self._samples * 1_000 // RATE
        if now - due > MOST_LATE_MS:
            self._began += now - due - MOST_LATE_MS
        return max(0, due - now)


class StreamFault(StrEnum):
    """Why a stream has no sound. The catalogues have the texts (`staff/stream.*`)."""

    ADDRESS = "address"
    """The text is no address of a stream."""
    PRIVATE = "private"
    """The address is in a network that is neither public nor allowed."""
    UNKNOWN_HOST = "unknown-host"
    CONNECTION = "connection"
    """There is no connection, or none with the encryption that the address requires."""
    STATUS = "status"
    """The server answers with an error; its status code is given beside this."""
    SILENT = "silent"
    """The server accepted the connection and sent nothing, or stopped sending."""
    ENDED = "ended"
    """The server ended the stream."""
    CUT_SHORT = "cut-short"
    """The stream is a file, the connection was lost, and a new one would start from the beginning."""
    NOT_TAKEN = "not-taken"
    """There is sound, but this server can't accept it: the disk is full, the log broken, or too much sound waits."""
    NOT_AUDIO = "not-audio"
    """The data can't be decoded as sound."""
    NO_STREAM = "no-stream"
    """The stream has only pictures or text."""
    PLAYLIST = "playlist"
    """The playlist has nothing that can be fetched: it is encrypted, or in an unknown form."""
    NO_LIBRARY = "no-library"
    BROKE = "broke"
    """The decoder crashed, or exceeded its limits of memory or time."""


class StreamProperties(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a stream once its first sound is decoded; bounded, since a stream may take over its decoder."""

    codec: Annotated[str, msgspec.Meta(max_length=100)]
    """FFmpeg's name of the codec, such as `aac`."""
    channels: Annotated[int, msgspec.Meta(ge=0, le=1_000)]
    rate: Annotated[int, msgspec.Meta(ge=0, le=2**31)]
    """Sample rate, Hz."""
