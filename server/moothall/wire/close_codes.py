"""Close codes of WebSockets, and what a client should do after each (RFC 6455 §7.4; 4000-4999 are our own)."""

from __future__ import annotations

from enum import Enum, IntEnum

import msgspec


class CloseCode(IntEnum):
    """The close codes that our doors send or that a client may see."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED = 1003
    ABNORMAL = 1006
    """Never sent: a client sees it when the connection broke, or was cut because the client was too slow."""
    NOT_UTF8 = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    TRY_LATER = 1013
    BAD_REQUEST = 4400
    TOKEN = 4401
    FORBIDDEN = 4403
    UNKNOWN_SESSION = 4404
    SLOW = 4408
    RESYNC = 4409
    REPLACED = 4410
    FENCED = 4411
    LOOP = 4412
    TOO_MANY = 4429


class Advice(Enum):
    """How a client should reconnect after a close."""

    RESUME = "resume"
    """Reconnect at once, with jitter, from the last position."""
    RESUME_LATER = "resume-later"
    """Reconnect from the last position, with a delay that grows each time."""
    START_OVER = "start-over"
    """Reconnect without a position, to get a snapshot."""
    RENEW_TOKEN = "renew-token"  # noqa: S105  # advice, not a secret
    """Get a new token, then resume."""
    STOP = "stop"
    """Don't reconnect: it won't help."""


class Meaning(msgspec.Struct, frozen=True):
    """What a close code means to a client."""

    advice: Advice
    reason: str
    """The sentence that the close frame carries; at most 123 bytes (RFC 6455 §5.5)."""


MEANINGS: dict[CloseCode, Meaning] = {
    CloseCode.NORMAL: Meaning(Advice.STOP, "The reader is done."),
    CloseCode.GOING_AWAY: Meaning(Advice.RESUME, "The server is restarting; nothing will be missed."),
    CloseCode.PROTOCOL_ERROR: Meaning(Advice.STOP, "That was not WebSocket as RFC 6455 has it."),
    CloseCode.UNSUPPORTED: Meaning(Advice.STOP, "This door takes no binary messages."),
    CloseCode.ABNORMAL: Meaning(Advice.RESUME, "The connection broke."),
    CloseCode.NOT_UTF8: Meaning(Advice.STOP, "A text message was not UTF-8."),
    CloseCode.POLICY: Meaning(Advice.STOP, "That is not allowed here."),
    CloseCode.TOO_BIG: Meaning(Advice.STOP, "The message is longer than this door takes."),
    CloseCode.INTERNAL_ERROR: Meaning(Advice.RESUME_LATER, "Something went wrong in the server."),
    CloseCode.TRY_LATER: Meaning(Advice.RESUME_LATER, "The server is full at the moment."),
    CloseCode.BAD_REQUEST: Meaning(Advice.STOP, "The address of the request is wrong."),
    CloseCode.TOKEN: Meaning(Advice.RENEW_TOKEN, "The token is wrong or has expired."),
    CloseCode.FORBIDDEN: Meaning(Advice.STOP, "This session is not open to you."),
    CloseCode.UNKNOWN_SESSION: Meaning(Advice.STOP, "There is no such session or channel here."),
    CloseCode.SLOW: Meaning(Advice.RESUME, "You were too far behind; go on from your last position."),
    CloseCode.RESYNC: Meaning(Advice.START_OVER, "Your position can't be continued; start from a snapshot."),
    CloseCode.REPLACED: Meaning(Advice.STOP, "Somebody else sends the sound of this text now."),
    CloseCode.FENCED: Meaning(Advice.STOP, "Another machine speaks for this hub now."),
    CloseCode.LOOP: Meaning(Advice.STOP, "This hub's uplink leads back to itself."),
    CloseCode.TOO_MANY: Meaning(Advice.RESUME_LATER, "Too many messages or connections; wait before you come back."),
}
"""The meaning of every code."""

MAX_REASON_BYTES = 123


def advice(code: int) -> Advice:
    """What a client should do after `code`; after an unknown code it resumes later."""
    return MEANINGS[CloseCode(code)].advice if code in CloseCode.__members__.values() else Advice.RESUME_LATER


def reason_bytes(text: str) -> bytes:
    """`text` in UTF-8 for a close frame, truncated at a character boundary to 123 bytes."""
    return text.encode()[:MAX_REASON_BYTES].decode(errors="ignore").encode()
