"""What a microphone and the server say to each other (docs/reference/audio-door.md): JSON texts, and pieces of audio.

A *take* is one unbroken run of samples from one start of a microphone. Positions count its samples, 16,000 a second,
from its first; they are what is acknowledged, and where both go on after a cut line.
"""

from __future__ import annotations

import struct
from enum import StrEnum

import msgspec

from moothall.core.kernel.decoding import Unreadable, number_in, read
from moothall.core.kernel.errors import ProtocolError
from moothall.wire.frames import PULSE_MS

PROTOCOL = 1
MAX_TEXT = 1_024
"""Bytes of a text message."""
MAX_PIECE_SAMPLES = 16_000
"""Samples in one piece: a second."""
_HEAD = struct.Struct("<QI")
HEAD_BYTES = _HEAD.size
SAMPLE_BYTES = 2
MAX_PIECE_BYTES = HEAD_BYTES + MAX_PIECE_SAMPLES * SAMPLE_BYTES
LONGEST_AGE = 86_400_000
"""A day in ms: nothing older is believed."""
MAX_POSITION = 1 << 40
"""Two years of samples."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """A text message."""


# Microphone → server


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """The first message: what is going to be sent."""

    protocol: int
    channel: str
    """The text that it feeds, such as `floor`."""
    take: str
    """Chosen at random for each start, 8 to 24 of a-z and 0-9."""
    first: int
    """The first position that the microphone still has; 0 unless the oldest had to be dropped."""
    age: int
    """How long ago the sample there was heard, ms."""


class TakeOver(Message, frozen=True, kw_only=True, tag="take-over"):
    """After `held`: send in place of the current sender."""


class EndReason(StrEnum):
    """Why a take is over."""

    STOPPED = "stopped"
    """Somebody pressed stop."""
    LOST = "lost"
    """The microphone lost sound: another take follows, and what lies between is a gap."""


class End(Message, frozen=True, kw_only=True, tag="end"):
    """Nothing follows position `at`."""

    at: int
    reason: EndReason


ToServer = Hello | TakeOver | End

# Server → microphone


class Go(Message, frozen=True, kw_only=True, tag="go"):
    """Send, from position `at` on."""

    at: int
    session: str
    """Which session it goes to: in a room the one that is running."""


class Safe(Message, frozen=True, kw_only=True, tag="safe"):
    """What lies before position `at` is on the server's disk, which may be lost with its machine.

    A microphone that is told of `done` keeps it until then; any other may forget it.
    """

    at: int


class Done(Message, frozen=True, kw_only=True, tag="done"):
    """What lies before position `at` is never asked for again: its words are in the log, or will never come.

    For microphones that asked for it (`?done=0`); who comes back says what was told last (`?done=32000`).
    """

    at: int


class Held(Message, frozen=True, kw_only=True, tag="held"):
    """Somebody else sends for this text: answer `take-over`, or leave."""

    by: str
    """Who, in the words of their link; may be empty."""
    since: int
    """Unix ms."""


class Full(Message, frozen=True, kw_only=True, tag="full"):
    """The sound that waits for its words has all the room that it may have: keep yours. Over with the next `safe`.

    For microphones that asked for it (`?full=1`).
    """


class Idle(Message, frozen=True, kw_only=True, tag="idle"):
    """No session is running in the room: send nothing, keep nothing, ask again."""


class Ended(Message, frozen=True, kw_only=True, tag="ended"):
    """The take is over and all of it is on the disk."""


class Over(Message, frozen=True, kw_only=True, tag="over"):
    """The session is closed: what was not sent is not wanted."""


class Pulse(Message, frozen=True, kw_only=True, tag="pulse"):
    """The line is alive: for microphones that asked for it, this often."""

    every: int
    """ms."""


PULSE = Pulse(every=PULSE_MS)
ToMicrophone = Go | Safe | Done | Full | Held | Idle | Ended | Over | Pulse


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some audio: a binary message of u64 `first` and u32 `age`, little-endian, and the samples."""

    first: int
    """Position of its first sample."""
    age: int
    """How long ago its last sample was heard when the piece was handed to the line, ms."""
    pcm: bytes
    """PCM16 mono, 16 kHz, little-endian; whole samples."""

    @property
    def end(self) -> int:
        """One past its last sample."""
        return self.first + len(self.pcm) // SAMPLE_BYTES


_decoder: msgspec.json.Decoder[ToServer] = msgspec.json.Decoder(ToServer)


def decode(text: str) -> ToServer:
    """Read a text of a microphone; raises ProtocolError."""
    try:
        message = read(_decoder, text)
    except Unreadable:
        raise ProtocolError(f"A microphone's message of {len(text)} characters can't be read.") from None
    if isinstance(message, Hello):
        if message.protocol != PROTOCOL:
            raise ProtocolError(f"This server speaks protocol {PROTOCOL} with microphones, not {message.protocol}.")
        if not is_take(message.take):
            raise ProtocolError("A take is named by 8 to 24 characters of a-z and 0-9.")
        _require_position(message.first)
        _require_age(message.age)
    elif isinstance(message, End):
        _require_position(message.at)
    return message


def is_take(text: str) -> bool:
    """Whether `text` may name a take."""
    return 8 <= len(text) <= 24 and text.isascii() and text.isalnum() and text == text.lower()


def decode_done(text: str) -> int:
    """Read the position that a microphone was told is done, as its address has it; raises ProtocolError."""
    position = number_in(text, len(str(MAX_POSITION)))
    if position is None:
        raise ProtocolError("What is done of a take is a whole number of samples, 0 or more.")
    _require_position(position)
    return position


def encode(message: ToMicrophone | ToServer) -> str:
    """The text of a message."""
    return msgspec.json.encode(message).decode()


def decode_piece(data: bytes) -> Piece:
    """Read a binary message; raises ProtocolError."""
    samples, rest = divmod(len(data) - HEAD_BYTES, SAMPLE_BYTES)
    if rest or not 0 < samples <= MAX_PIECE_SAMPLES:
        msg = f"A piece of audio has {HEAD_BYTES} bytes of head and 1 to {MAX_PIECE_SAMPLES} whole samples."
        raise ProtocolError(msg)
    first, age = _HEAD.unpack_from(data)
    _require_position(first)
    _require_age(age)
    return Piece(first=first, age=age, pcm=data[HEAD_BYTES:])


def encode_piece(piece: Piece) -> bytes:
    """The binary message of a piece."""
    return _HEAD.pack(piece.first, piece.age) + piece.pcm


def _require_position(position: int) -> None:
    if not 0 <= position <= MAX_POSITION:
        raise ProtocolError("A position in a take is a whole number of samples, 0 or more.")


def _require_age(age: int) -> None:
    if not 0 <= age <= LONGEST_AGE:
        raise ProtocolError("An age is a whole number of ms, a day at most.")
