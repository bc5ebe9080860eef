"""A hub's first messages in HTTP fields of the WebSocket handshake, so that their answers arrive with the handshake.

A WebSocket carries frames only once it is open, and waiting for that costs a round trip. A server that has read the
fields confirms it in its own handshake; otherwise the hub sends the same messages as ordinary frames.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence

from moothall.core.kernel.errors import ProtocolError

FIELD = "Moothall-First"
"""Name of the field; one for each message, in order, with the frame in base64url."""
HEARD = "Moothall-Heard"
"""Field of the server's handshake: it has read the messages."""
MOST_SIGNS = 4 << 10
"""Most characters of all these fields together: servers and proxies accept 8 KiB of fields. Overflow: the other
messages are sent as frames."""


def first_fields(frames: Iterable[bytes]) -> list[str]:
    """The values of the fields for as many of the first frames as fit into `MOST_SIGNS`."""
    fields: list[str] = []
    room = MOST_SIGNS
    for frame in frames:
        field = base64.urlsafe_b64encode(frame).decode()
        room -= len(field)
        if room < 0:
            break
        fields.append(field)
    return fields


def first_frames(fields: Sequence[str]) -> list[bytes]:
    """Decode the frames from the values of the fields. Raises ProtocolError when they are invalid or too long."""
    try:
        if sum(map(len, fields)) <= MOST_SIGNS:
            return [base64.b64decode(field.encode("ascii"), altchars=b"-_", validate=True) for field in fields]
    except (UnicodeEncodeError, binascii.Error):
        pass
    raise ProtocolError(f"The fields {FIELD} of a hub's handshake are base64url, and {MOST_SIGNS} signs at most.")
