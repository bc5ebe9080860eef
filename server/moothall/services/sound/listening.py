"""Whoever listens in to a source while its sound comes. None of it is stored; what may not be kept is not heard."""

from __future__ import annotations

from collections import deque

BYTES_A_MS = 32
"""Of PCM16 at 16 kHz."""
LATEST_MS = 1_500
"""What waits for a listener at most. Overflow: the oldest goes, so that nobody hears what is older."""


class Listener:
    """What waits for one who listens, PCM16."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()  # Bound: LATEST_MS.
        self._size = 0

    def put(self, pcm: bytes) -> None:
        """Some has come."""
        pcm = pcm[-LATEST_MS * BYTES_A_MS :]
        self._waiting.append(pcm)
        self._size += len(pcm)
        while self._size > LATEST_MS * BYTES_A_MS:
            self._size -= len(self._waiting.popleft())

    def take(self) -> bytes:
        """All that waits; empty for nothing."""
        taken = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        return taken


class Listening:
    """The listeners of one source; told of its sound as it comes."""

    def __init__(self) -> None:
        # Bound: the door's number of listeners (`adapters/desks/listening_door.py`).
        self._listeners: set[Listener] = set()

    def heard(self, pcm: bytes, *, kept: bool) -> None:
        """Sound came; in its place there is silence where nothing of it is `kept`."""
        for listener in self._listeners:
            listener.put(pcm if kept else bytes(len(pcm)))

    def add(self, listener: Listener) -> None:
        """From now on."""
        self._listeners.add(listener)

    def remove(self, listener: Listener) -> None:
        """They listen no more."""
        self._listeners.discard(listener)
