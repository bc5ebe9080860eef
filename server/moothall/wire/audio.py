"""The protocol between a microphone and the server (docs/reference/audio-door.md): JSON texts and pieces of audio.

A *take* is one unbroken run of samples from one start of a microphone. A *position* is the index of a sample in its
take, at 16,000 samples a second. The server acknowledges positions, and both sides resume from a position after the
connection was cut.
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
"""Most bytes of a text message."""
MAX_PIECE_SAMPLES = 16_000
"""Most samples in one piece: one second."""
_HEAD = struct.Struct("<QI")
HEAD_BYTES = _HEAD.size
SAMPLE_BYTES = 2
MAX_PIECE_BYTES = HEAD_BYTES + MAX_PIECE_SAMPLES * SAMPLE_BYTES
LONGEST_AGE = 86_400_000
"""Greatest `age` that is accepted: a day in ms."""
MAX_POSITION = 1 << 40
"""Greatest position that is accepted: two years of samples."""


class MicrophoneMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """Base of the text messages, which are JSON objects with a `kind`."""


# Microphone → server


class TakeHello(MicrophoneMessage, frozen=True, kw_only=True, tag="hello"):
    """The first message: announces the take that the microphone is going to send."""

    protocol: int
    channel: str
    """Id of the channel whose text this sound feeds, such as `floor`."""
    take: str
    """Name of the take, chosen at random for each start: 8 to 24 characters of a-z and 0-9."""
    first: int
    """The first position that the microphone still has; 0 unless it had to drop the oldest sound."""
    age: int
    """How long ago the sample at `first` was heard, ms."""


class TakeOver(MicrophoneMessage, frozen=True, kw_only=True, tag="take-over"):
    """The answer to `held`: the microphone wants to replace the current sender."""


class TakeEndReason(StrEnum):
    """Why a take is over."""

    STOPPED = "stopped"
    """Somebody pressed stop."""
    LOST = "lost"
    """The microphone lost sound: another take follows, and the time between the two takes is a gap."""


class End(MicrophoneMessage, frozen=True, kw_only=True, tag="end"):
    """The take ends at position `at`."""

    at: int
    reason: TakeEndReason


FromMicrophone = TakeHello | TakeOver | End

# Server → microphone


class Go(MicrophoneMessage, frozen=True, kw_only=True, tag="go"):
    """The answer to `hello`: the microphone may send samples, from position `at` on."""

    at: int
    session: str
    """Id of the session that the sound goes to; at a room's address, the session that is running there."""


class Safe(MicrophoneMessage, frozen=True, kw_only=True, tag="safe"):
    """All samples before position `at` are on the server's disk, which may still be lost with its machine.

    A microphone that asked for `done` keeps its samples until that is sent; any other may forget them now.
    """

    at: int


class Done(MicrophoneMessage, frozen=True, kw_only=True, tag="done"):
    """The server never asks again for samples before position `at`: their words are in the log, or will never come.

    Sent only to microphones that asked for it with `?done=0` in the address. A microphone that reconnects puts there
    the last position that it received (`?done=32000`).
    """

    at: int


class Held(MicrophoneMessage, frozen=True, kw_only=True, tag="held"):
    """Another sender already feeds this text: answer `take-over`, or leave."""

    by: str
    """Name of the other sender's staff link; may be empty."""
    since: int
    """When the other sender began, Unix ms."""


class Full(MicrophoneMessage, frozen=True, kw_only=True, tag="full"):
    """The disk space for sound that waits to be recognised is used up: the microphone keeps its samples for now.

    The next `safe` ends this state. Sent only to microphones that asked for it (`?full=1`).
    """


class Idle(MicrophoneMessage, frozen=True, kw_only=True, tag="idle"):
    """No session is running in the room: the microphone sends and keeps nothing, and says `hello` again later."""


class Ended(MicrophoneMessage, frozen=True, kw_only=True, tag="ended"):
    """The take is over and all of it is on the disk."""


class Over(MicrophoneMessage, frozen=True, kw_only=True, tag="over"):
    """The session is closed: sound that was not sent is no longer wanted."""


class MicrophonePulse(MicrophoneMessage, frozen=True, kw_only=True, tag="pulse"):
    """A sign that the connection is alive, sent only to microphones that asked for it (`?pulse=1`)."""

    every: int
    """Interval between two pulses, ms."""


PULSE = MicrophonePulse(every=PULSE_MS)
ToMicrophone = Go | Safe | Done | Full | Held | Idle | Ended | Over | MicrophonePulse


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A run of samples: a binary message of u64 `first`, u32 `age` (both little-endian), and the samples."""

    first: int
    """Position of its first sample."""
    age: int
    """Age of its last sample when the piece was sent, ms."""
    pcm: bytes
    """PCM16 mono, 16 kHz, little-endian; whole samples."""

    @property
    def end(self) -> int:
        """Position one past its last sample."""
        return self.first + len(self.pcm) // SAMPLE_BYTES


_decoder: msgspec.json.Decoder[FromMicrophone] = msgspec.json.Decoder(FromMicrophone)


def decode(text: str) -> FromMicrophone:
    """Decode and check a text message of a microphone; raises ProtocolError."""
    try:
        message = read(_decoder, text)
    except Unreadable:
        raise ProtocolError(f"A microphone's message of {len(text)} characters can't be read.") from None
    if isinstance(message, TakeHello):
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
    """Whether `text` is a valid name of a take: 8 to 24 characters of a-z and 0-9."""
    return 8 <= len(text) <= 24 and text.isascii() and text.isalnum() and text == text.lower()


def decode_done(text: str) -> int:
    """Parse the `done` parameter of a microphone's address: the last `Done` position that it received, in samples.

    Raises ProtocolError.
    """
    position = number_in(text, len(str(MAX_POSITION)))
    if position is None:
        raise ProtocolError("`done` is a whole number of samples, 0 or more.")
    _require_position(position)
    return position


def encode(message: ToMicrophone | FromMicrophone) -> str:
    """The JSON text of a message."""
    return msgspec.json.encode(message).decode()


def decode_piece(data: bytes) -> Piece:
    """Decode and check a binary message; raises ProtocolError."""
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
