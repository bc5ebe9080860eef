"""The bounded queue of a subscriber that can't keep up (docs/adr/0005-sse-first-and-ready-frames.md).

A subscriber that keeps up has no outbox: its frames are written at once. A subscriber whose transport still buffers
bytes gets an outbox. In it a signal replaces an older signal with the same key and moves to the end; events are neither
dropped nor overtaken. When the outbox overflows, the subscriber is disconnected; it then resumes from its last position
out of the ring buffer or the log. So the cost of a slow reader is bounded, and no reader misses an event.
"""

from __future__ import annotations

import msgspec

MAX_FRAMES = 256
"""Most frames with events in an outbox. Overflow: the subscriber is disconnected."""
MAX_BYTES = 256 << 10
"""Most bytes in an outbox. Overflow: the subscriber is disconnected."""


class Outgoing(msgspec.Struct, frozen=True):
    """A frame, encoded for one transport."""

    data: bytes
    events: int
    """How many events it carries; only a frame without events may be replaced by a newer one."""
    keys: tuple[str, ...]
    """Keys of its signals."""
    snapshot: bool = False
    """Whether it is a snapshot, which replaces all earlier frames, signals too; the current signals have to follow."""
    pulse: bool = False
    """Whether it is a pulse, which may be omitted for a reader whose transport is full."""


class ReaderOutbox:
    """The frames that wait for one subscriber, in the order in which they will be sent."""

    __slots__ = ("_entries", "_newest", "_next", "_replaced", "frames", "overflown", "size")

    def __init__(self) -> None:
        self.frames = 0
        """How many waiting frames carry events or a snapshot."""
        self.size = 0
        """How many bytes wait."""
        self.overflown = False
        """Whether it has overflowed. It then stays empty, and the caller has to disconnect the subscriber."""
        self._entries: dict[int, Outgoing] = {}
        self._newest: dict[str, int] = {}
        self._next = 0
        self._replaced = 0

    def __len__(self) -> int:
        return len(self._entries)

    def offer(self, frame: Outgoing, pending: int) -> bytes:
        """Append a frame; `pending` is how many bytes the transport still buffers.

        Returns the bytes to write now: all that wait when the transport is empty, otherwise none.
        """
        if self.overflown:
            return b""
        self._hold(frame)
        if not pending:
            return self.release(0)
        if self.frames > MAX_FRAMES or self.size > MAX_BYTES:
            self._clear()
            self.overflown = True
        return b""

    def release(self, pending: int) -> bytes:
        """The bytes to write now, as `offer` without a new frame."""
        if pending:
            return b""
        data = b"".join([frame.data for frame in self._entries.values()])
        self._clear()
        return data

    def take_replaced(self) -> int:
        """How many frames have been replaced by newer ones since the last call."""
        replaced, self._replaced = self._replaced, 0
        return replaced

    def _hold(self, frame: Outgoing) -> None:
        if frame.snapshot:
            self._clear()
        number = self._next
        self._next += 1
        older = {self._newest[key] for key in frame.keys if key in self._newest}
        for key in frame.keys:
            self._newest[key] = number
        for at in older:
            self._drop_if_replaced(at)
        self._entries[number] = frame
        self.size += len(frame.data)
        self.frames += 1 if frame.events or frame.snapshot else 0

    def _drop_if_replaced(self, number: int) -> None:
        frame = self._entries[number]
        if frame.events or any(self._newest[key] == number for key in frame.keys):
            return
        del self._entries[number]
        self.size -= len(frame.data)
        self._replaced += 1

    def _clear(self) -> None:
        self._entries.clear()
        self._newest.clear()
        self.frames = 0
        self.size = 0
