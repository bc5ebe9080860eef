"""The steps that `moothall_hub.uplink.link` returns, the phases of the uplink, and the reasons why it is down."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec

from moothall.wire.close_codes import MEANINGS, CloseCode
from moothall.wire.hubs import messages as wire
from moothall_hub.uplink.centre_clock import ClockSample


class ClockReading(NamedTuple):
    """The present time by the hub's own clock."""

    monotonic: int
    """Monotonic ms, by which everything is decided."""
    wall: int
    """Unix ms. It is only sent to the server above; nothing is decided by it."""


class Phase(StrEnum):
    """The phase of the uplink."""

    WAITING = "waiting"
    """It is down, and is dialled again at `Link.due`."""
    DIALLING = "dialling"
    GREETING = "greeting"
    """There is a connection, and `HubHello` and `Welcome` are exchanged."""
    UP = "up"
    OVER = "over"
    """It is down until somebody does something; the sentence says what."""


class Dial(msgspec.Struct, frozen=True):
    """Open a connection. Report `dialled` before, and `opened` or `refused` after it."""


class Send(msgspec.Struct, frozen=True):
    """Send a message."""

    message: wire.FromHub


class Hang(msgspec.Struct, frozen=True):
    """End the connection. Its end is not to be reported."""

    code: CloseCode
    reason: str


MessageFromAbove = (
    wire.Welcome | wire.Above | wire.HubProgramme | wire.Live | wire.Batch | wire.Caught | wire.Stopped | wire.ActDone
    | wire.ActNotDone | wire.Recall | wire.Signalled | wire.QuestionTranslated | wire.QuestionNotTranslated
    | wire.AddCheckpoint
)  # fmt: skip
"""Messages for the copies, the outbox and the translations; not pulses, nor messages of sessions no longer followed."""


class MessageReceived(msgspec.Struct, frozen=True):
    """Pass on a received message."""

    news: MessageFromAbove


class FollowAgain(msgspec.Struct, frozen=True):
    """Follow each wanted session again: what is sent now travels with the dial.

    Waiting until there is a connection, and then for `Welcome`, would cost two round trips.
    """


class ClockMeasured(msgspec.Struct, frozen=True):
    """A measurement of the centre's clock."""

    sample: ClockSample


class OfferActs(msgspec.Struct, frozen=True):
    """More acts may be offered: the oldest that have no answer."""


class Down(msgspec.Struct, frozen=True):
    """The uplink is down, or there is none yet."""

    sentence: str
    for_good: bool


class Quiet(msgspec.Struct, frozen=True):
    """The connection is open but a pulse has no answer (`now`); or after that, messages arrive again."""

    now: bool


Do = Dial | Send | Hang | MessageReceived | FollowAgain | ClockMeasured | OfferActs | Down | Quiet

FENCED = MEANINGS[CloseCode.FENCED].reason
LOOP = MEANINGS[CloseCode.LOOP].reason
UNKNOWN_KEY = "The server above doesn't know this hub's key: pair the hub again."
OTHER_PROTOCOL = "The server above speaks another version of the hub link: the older of both needs an update."
NOBODY = "The server above can't be reached."
SILENT = "Nothing is heard from the server above."
BROKEN = "The connection to the server above broke."


class Turned(msgspec.Struct, frozen=True):
    """The answer to a handshake that opened no WebSocket."""

    status: int
    """The HTTP status."""
    sentence: str = ""
    """The first line of the body."""

    @property
    def final(self) -> str:
        """Why dialling again is useless; empty when it is not.

        A captive portal may answer anything, so only sentences of a Moothall server count.
        """
        if self.status == 403 and self.sentence == FENCED:
            return FENCED
        return UNKNOWN_KEY if self.status == 401 and self.sentence == wire.KEY_NOT_KNOWN else ""
