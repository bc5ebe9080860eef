"""When a stream counts as lost, when it is fetched again, and how fast its sound may come. Times in ms."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.kernel.backoff import Backoff

SILENT_MS = 5_000
"""A stream that takes longer for a second of samples is given up and fetched again. Digital silence is samples."""
START_MS = 12_000
"""The same until the first sample: to connect, and to find out what it is, takes some seconds."""
STEADY_MS = 30_000
"""Sound for so long: the next wait is a short one again."""
AGAIN = Backoff(first_ms=1_000, last_ms=30_000)
MOST_LATE_MS = 10_000
"""Sound that comes later than it was due, after a stall, may come at once up to so much; what is more is paced."""
RATE = 16_000
"""Samples a second."""


def wait_ms(failures: int, chance: int) -> int:
    """How long to wait before a stream is fetched again that failed so often in a row: half of the back-off, and of
    the other half a part by `chance`, 0 to 255, so that several don't come back at the same moment.
    """
    whole = AGAIN.wait_ms(failures)
    return whole // 2 + (whole - whole // 2) * chance // 255


class Heartbeat:
    """Beats with each second of samples that is full: single ones, however often they come, keep no stream alive.

    Only the time that is waited for the stream counts, not what becomes of its sound here.
    """

    def __init__(self) -> None:
        self._samples = 0
        """Of the second that is not full."""
        self._first = True
        self.left = START_MS
        """How long may still be waited for samples; at 0 the stream is silent."""

    def beats(self, samples: int, waited: int) -> bool:
        """So many samples came after so many ms; whether that filled a second."""
        self.left = SILENT_MS if self._first else max(0, self.left - waited)
        self._first = False
        self._samples += samples
        if self._samples < RATE:
            return False
        self._samples %= RATE
        self.left = SILENT_MS
        return True


class Pacing:
    """Lets sound through as fast as it is spoken, however fast it is sent.

    What comes late, since the line stalled, is let through at once.
    """

    def __init__(self, now: int) -> None:
        """`now`: when the first sample came, ms of a clock that never runs back."""
        self._began = now
        self._samples = 0

    def wait(self, samples: int, now: int) -> int:
        """So many samples more are there; how long to wait until the last of them may be handed on."""
        self._samples += samples
        due = self._began + self._samples * 1_000 // RATE
        if now - due > MOST_LATE_MS:
            self._began += now - due - MOST_LATE_MS
        return max(0, due - now)


class Trouble(StrEnum):
    """Why there is no sound of a stream. Its words are the catalogues' (`staff/stream.*`)."""

    ADDRESS = "address"
    """It is no address of a stream."""
    PRIVATE = "private"
    """It leads into a network that is not open to all, and not allowed."""
    UNKNOWN_HOST = "unknown-host"
    CONNECTION = "connection"
    """No connection, or one without the encryption that the address asks for."""
    STATUS = "status"
    """The server answers, and refuses: its number stands beside this."""
    SILENT = "silent"
    """It accepted and sent nothing, or stopped sending."""
    ENDED = "ended"
    """The server ended it."""
    CUT_SHORT = "cut-short"
    """It is a file, was lost half way, and would begin from its start."""
    NOT_TAKEN = "not-taken"
    """There is sound, and this server can't take it in: a full disk, a broken log, or too much that waits."""
    NOT_AUDIO = "not-audio"
    """What came is no sound that can be decoded."""
    NO_STREAM = "no-stream"
    """Only pictures or text."""
    PLAYLIST = "playlist"
    """A playlist of which nothing can be fetched: encrypted, or in a form that isn't known."""
    NO_LIBRARY = "no-library"
    BROKE = "broke"
    """The decoder broke down, or took more memory or time than it may."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a stream once its first sound is decoded."""

    codec: str
    """As FFmpeg calls it, such as `aac`."""
    channels: int
    rate: int
    """Hz."""
