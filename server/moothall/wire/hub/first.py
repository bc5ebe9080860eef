"""What a hub says with its dial: its first messages go in fields of the handshake, so that the answer comes with it.

A WebSocket has no place for them before it is open, and waiting for that costs a way there and back. A server that has
read them says so in its own handshake; otherwise they come as frames, as all others do.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence

from moothall.core.kernel.errors import ProtocolError

FIELD = "Moothall-First"
"""One for each message, in their order: base64url of its frame."""
HEARD = "Moothall-Heard"
"""In the answer: they were read."""
MOST_SIGNS = 4 << 10
"""Of all of them together; servers and proxies take 8 KiB of fields. Overflow: the others come as frames."""


def first_fields(frames: Iterable[bytes]) -> list[str]:
    """The values of the fields for the first of these frames, as many as there is room for."""
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
    """The frames that came in fields. Raises ProtocolError when they can't be read, or are too long."""
    try:
        if sum(map(len, fields)) <= MOST_SIGNS:
            return [base64.b64decode(field.encode("ascii"), altchars=b"-_", validate=True) for field in fields]
    except (UnicodeEncodeError, binascii.Error):
        pass
    raise ProtocolError(f"The fields {FIELD} of a hub's handshake are base64url, and {MOST_SIGNS} signs at most.")
