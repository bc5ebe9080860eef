"""What waits for a subscriber that can't keep up, and when to give it up (docs/adr/0005-sse-first-and-ready-frames.md).

A subscriber that keeps up has no outbox: its frames are written straight through. One whose transport still holds
bytes gets an outbox. Signals in it replace older ones with the same key and move to its end; events are never
dropped and never overtaken. When it holds more than it may, the subscriber is cut, and resumes from its last
position out of the ring or the log. So what one slow reader costs is bounded, and no reader has a hole.
"""

from __future__ import annotations

import msgspec

MAX_FRAMES = 256
"""Frames with events that may wait."""
MAX_BYTES = 256 << 10
"""Bytes that may wait."""


class Outgoing(msgspec.Struct, frozen=True):
    """A frame as one door carries it."""

    data: bytes
    events: int
    """How many events it carries; only one with none may be replaced."""
    keys: tuple[str, ...]
    """Keys of its signals."""
    snapshot: bool = False
    """Whether it replaces everything before it, signals too: those of the moment have to follow."""
    pulse: bool = False
    """Whether it is left out for a reader without room for it: it says nothing that would be missed."""


class ReaderOutbox:
    """Frames held for one subscriber, in the order in which they are to leave."""

    __slots__ = ("_entries", "_newest", "_next", "_replaced", "frames", "overflown", "size")

    def __init__(self) -> None:
        self.frames = 0
        """Frames with events that wait."""
        self.size = 0
        """Bytes that wait."""
        self.overflown = False
        """Whether it was asked to hold more than it may. Then it is empty and stays so: cut the subscriber."""
        self._entries: dict[int, Outgoing] = {}
        self._newest: dict[str, int] = {}
        self._next = 0
        self._replaced = 0

    def __len__(self) -> int:
        return len(self._entries)

    def offer(self, frame: Outgoing, pending: int) -> bytes:
        """Take the next frame; `pending` is what the transport still holds, in bytes.

        Returns what to write now: everything, once the transport is empty; else nothing.
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
        """What to write now, as for `offer`, when there is no new frame."""
        if pending:
            return b""
        data = b"".join([frame.data for frame in self._entries.values()])
        self._clear()
        return data

    def take_replaced(self) -> int:
        """How many frames newer ones have replaced since this was last asked."""
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
