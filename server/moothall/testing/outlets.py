"""Readers in memory."""

from __future__ import annotations


class MemoryOutlet:
    """An `Outlet` that remembers; while `stalled` it keeps what it is given, as a transport does."""

    def __init__(self, *, stalled: bool = False) -> None:
        self.stalled = stalled
        self.writes: list[bytes] = []
        """What was written, in order, sent or not."""
        self.sent = b""
        """What has left."""
        self.closed = False
        self.aborted = False
        self._kept = b""

    def write(self, data: bytes) -> None:
        """Send or keep; writing to a closed outlet is a mistake."""
        if self.closed:
            raise AssertionError("Somebody wrote to a closed outlet.")
        self.writes.append(data)
        if self.stalled:
            self._kept += data
        else:
            self.sent += data

    def get_write_buffer_size(self) -> int:
        """Bytes that are kept."""
        return len(self._kept)

    def is_closing(self) -> bool:
        """Whether it was closed or aborted."""
        return self.closed

    def abort(self) -> None:
        """Forget what is kept and be closed."""
        self._kept = b""
        self.closed = self.aborted = True

    def drain(self) -> None:
        """The other side reads again: what is kept leaves."""
        self.stalled = False
        self.sent += self._kept
        self._kept = b""
