"""Reading server-sent events, for clients that aren't browsers (WHATWG HTML, "Server-sent events")."""

from __future__ import annotations

import msgspec

from moothall.core.kernel.errors import ProtocolError

MAX_LINE_BYTES = 16 << 20
"""Largest line, and largest data of one event, that a client takes; a snapshot of 200 long lines stays far below."""
_LINE_BYTES = 64
"""What a line takes in memory beside its bytes, so that empty ones have a bound too."""
_FIGURES = 9
"""Of a `retry`, at most: 11 days."""


class StreamEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One dispatched event of the stream."""

    data: bytes
    last_id: str
    """The newest `id` so far: what to send as `Last-Event-ID`; empty before the first."""
    name: str = ""
    """What `event` says; empty for a message."""


class EventStream:
    """The stream's parser. Bytes go in as they come, however they are cut; events come out."""

    def __init__(self) -> None:
        self.last_id = ""
        """What a client that reconnects sends as `Last-Event-ID`."""
        self.retry: int | None = None
        """How long the server asks to wait before reconnecting, ms."""
        self._rest = b""
        self._after_return = False
        self._data: list[bytes] = []
        self._size = 0
        """Bytes of it."""
        self._id: str | None = None
        self._name = ""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Take bytes, return the events that they complete; raises ProtocolError when a line or an event never ends."""
        if self._after_return and data:
            data = data.removeprefix(b"\n")
            self._after_return = False
        buffer = self._rest + data
        if buffer.endswith(b"\r"):
            self._after_return = True  # The "\n" that belongs to it may be in the bytes to come.
        lines = buffer.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > MAX_LINE_BYTES:
            raise ProtocolError(f"A line of the event stream is longer than {MAX_LINE_BYTES} bytes.")
        found: list[StreamEvent] = []
        for line in lines:
            self._line(line, found)
        return found

    def _line(self, line: bytes, found: list[StreamEvent]) -> None:
        if not line:
            if self._id is not None:
                self.last_id = self._id
                self._id = None
            if self._data:
                found.append(StreamEvent(data=b"\n".join(self._data), last_id=self.last_id, name=self._name))
                self._data, self._size = [], 0
            self._name = ""
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._size += len(value) + _LINE_BYTES
                if self._size > MAX_LINE_BYTES:
                    raise ProtocolError(f"An event of the stream has more than {MAX_LINE_BYTES} bytes.")
                self._data.append(value)
            case b"event":
                self._name = value.decode(errors="replace")
            case b"id" if b"\0" not in value:
                self._id = value.decode(errors="replace")
            case b"retry" if value.isdigit() and len(value) <= _FIGURES:
                self.retry = int(value)
            case _:
                pass  # Comments, and fields that nobody knows.
