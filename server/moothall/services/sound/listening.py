"""Lets staff listen to a source live. The sound is not stored; sound that must not be kept is replaced by silence."""

from __future__ import annotations

from collections import deque

BYTES_A_MS = 32
"""Bytes per ms of PCM16 at 16 kHz."""
LATEST_MS = 1_500
"""Most sound that waits for a listener. Overflow: the oldest is dropped, so that nobody hears older sound."""


class SoundListener:
    """The queue of one listener, PCM16 mono at 16 kHz."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()  # Bound: LATEST_MS.
        self._size = 0

    def put(self, pcm: bytes) -> None:
        """Add samples."""
        pcm = pcm[-LATEST_MS * BYTES_A_MS :]
        self._waiting.append(pcm)
        self._size += len(pcm)
        while self._size > LATEST_MS * BYTES_A_MS:
            self._size -= len(self._waiting.popleft())

    def take(self) -> bytes:
        """Remove and return all samples that wait; empty where there are none."""
        taken = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        return taken


class Listening:
    """The listeners of one source."""

    def __init__(self) -> None:
        # Bound: the door's number of listeners (`adapters/desks/listening_door.py`).
        self._listeners: set[SoundListener] = set()

    def heard(self, pcm: bytes, *, kept: bool) -> None:
        """Pass samples on to all listeners; if they must not be `kept`, silence of the same length instead."""
        for listener in self._listeners:
            listener.put(pcm if kept else bytes(len(pcm)))

    def add(self, listener: SoundListener) -> None:
        """Send sound to `listener` from now on."""
        self._listeners.add(listener)

    def remove(self, listener: SoundListener) -> None:
        """Send nothing more to `listener`."""
        self._listeners.discard(listener)
