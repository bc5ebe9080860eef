"""The transports of readers, in memory."""

from __future__ import annotations


class MemoryOutlet:
    """An `Outlet` that remembers what was written. While `stalled` it keeps bytes, as a transport of a slow reader
    does.
    """

    def __init__(self, *, stalled: bool = False) -> None:
        self.stalled = stalled
        self.writes: list[bytes] = []
        """All writes, in order, sent or not."""
        self.sent = b""
        """The bytes that have been sent."""
        self.closed = False
        self.aborted = False
        self._kept = b""

    def write(self, data: bytes) -> None:
        """Send or keep bytes. Raises AssertionError when the outlet is closed."""
        if self.closed:
            raise AssertionError("Somebody wrote to a closed outlet.")
        self.writes.append(data)
        if self.stalled:
            self._kept += data
        else:
            self.sent += data

    def get_write_buffer_size(self) -> int:
        """The number of bytes that wait to be sent."""
        return len(self._kept)

    def is_closing(self) -> bool:
        """Whether it was closed or aborted."""
        return self.closed

    def abort(self) -> None:
        """Discard the bytes that wait, and close."""
        self._kept = b""
        self.closed = self.aborted = True

    def drain(self) -> None:
        """Let the other side read again: all bytes that wait are sent."""
        self.stalled = False
        self.sent += self._kept
        self._kept = b""
