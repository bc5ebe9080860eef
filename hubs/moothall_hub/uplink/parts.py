"""What `moothall_hub.uplink.link` says is to be done, how the line is, and why it is down."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec

from moothall.wire.close_codes import MEANINGS, CloseCode
from moothall.wire.hub import messages as wire
from moothall_hub.uplink.centre_clock import ClockSample


class Moment(NamedTuple):
    """Now, by the hub's own clock."""

    monotonic: int
    """ms; all that is decided goes by it."""
    wall: int
    """Unix ms: only told to the server above, never gone by."""


class Phase(StrEnum):
    """How the line is."""

    WAITING = "waiting"
    """It is down, and is dialled again at `Link.due`."""
    DIALLING = "dialling"
    GREETING = "greeting"
    """There is a connection; who speaks is being said."""
    UP = "up"
    OVER = "over"
    """It is down for good, until somebody does something: the sentence says what."""


class Dial(msgspec.Struct, frozen=True):
    """Open a connection: say `dialled`, and when it is there or isn't `opened` or `refused`."""


class Send(msgspec.Struct, frozen=True):
    """Send a message."""

    message: wire.FromHub


class Hang(msgspec.Struct, frozen=True):
    """End the connection; nothing more is said of it."""

    code: CloseCode
    reason: str


News = (
    wire.Welcome | wire.Above | wire.HubProgramme | wire.Live | wire.Batch | wire.Caught | wire.Stopped | wire.Done
    | wire.NotDone | wire.Recall | wire.Signalled | wire.Translated | wire.NotTranslated
)  # fmt: skip
"""Messages for the copies, the outbox and the translations: all but pulses, and sessions no longer followed."""


class Tell(msgspec.Struct, frozen=True):
    """This came."""

    news: News


class FollowAgain(msgspec.Struct, frozen=True):
    """Each session that is wanted is to be followed again: what is said now goes with the dial.

    To wait until there is a connection, and then for `Welcome`, would cost two ways there and back.
    """


class Measured(msgspec.Struct, frozen=True):
    """What the centre's clock showed."""

    sample: ClockSample


class OfferActs(msgspec.Struct, frozen=True):
    """Acts may be offered: the oldest that have no answer."""


class Down(msgspec.Struct, frozen=True):
    """The line is down, or there is none yet."""

    sentence: str
    for_good: bool


class Quiet(msgspec.Struct, frozen=True):
    """The line stands, and what was asked has no answer; or after that something came again."""

    now: bool


Do = Dial | Send | Hang | Tell | FollowAgain | Measured | OfferActs | Down | Quiet

FENCED = MEANINGS[CloseCode.FENCED].reason
LOOP = MEANINGS[CloseCode.LOOP].reason
UNKNOWN_KEY = "The server above doesn't know this hub's key: pair the hub again."
OTHER_PROTOCOL = "The server above speaks another version of the hub link: the older of both needs an update."
NOBODY = "The server above can't be reached."
SILENT = "Nothing is heard from the server above."
BROKEN = "The line to the server above broke."


class Turned(msgspec.Struct, frozen=True):
    """How a handshake was answered."""

    status: int
    """HTTP."""
    sentence: str = ""
    """The body's first line."""

    @property
    def final(self) -> str:
        """Why it makes no sense to dial again; empty when it does.

        A captive portal may answer with anything: only what a server of ours says ends it.
        """
        if self.status == 403 and self.sentence == FENCED:
            return FENCED
        return UNKNOWN_KEY if self.status == 401 and self.sentence == wire.KEY_NOT_KNOWN else ""
