"""A parser of server-sent events, for clients that aren't browsers (WHATWG HTML, "Server-sent events")."""

from __future__ import annotations

import msgspec

from moothall.core.kernel.errors import ProtocolError

MAX_LINE_BYTES = 16 << 20
"""Largest row, and largest data of one event, that a client accepts; a snapshot of 200 long lines is far smaller."""
_LINE_BYTES = 64
"""Bytes that each `data` row counts in addition to its content, so that the number of empty rows is bounded too."""
_FIGURES = 9
"""Most digits of a `retry` field: some 11 days in ms. A longer value is ignored."""


class StreamEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One dispatched event of the stream."""

    data: bytes
    last_id: str
    """The newest `id` received so far, to be sent as `Last-Event-ID` on reconnecting; empty before the first `id`."""
    name: str = ""
    """Value of the `event` field; empty for an ordinary message."""


class EventStream:
    """An incremental parser of one stream: takes bytes in chunks of any size and returns complete events."""

    def __init__(self) -> None:
        self.last_id = ""
        """The value that a reconnecting client sends as `Last-Event-ID`; empty before the first `id`."""
        self.retry: int | None = None
        """Reconnection delay that the server asks for, ms; None before it sent one."""
        self._rest = b""
        self._after_return = False
        self._data: list[bytes] = []
        self._size = 0
        """Size of `_data` in bytes, with `_LINE_BYTES` for each row."""
        self._id: str | None = None
        self._name = ""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """Take bytes and return the events that they complete.

        Raises ProtocolError when a row or the data of an event exceeds `MAX_LINE_BYTES`.
        """
        if self._after_return and data:
            data = data.removeprefix(b"\n")
            self._after_return = False
        buffer = self._rest + data
        if buffer.endswith(b"\r"):
            self._after_return = True  # The "\n" of this line end may be in the next bytes.
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
                pass  # The specification asks to ignore comments and unknown fields.
