"""The engine link: MessagePack messages over one WebSocket, each a frame of its own.

The engine dials the server with its token and says `Hello`. For every channel it is given it gets `Attach`,
then `Audio`; it answers with `Partial`s and `Act`s, and every `Act` is answered by `Accepted` or `Refused`, in
order. Media times are integer ms of the session. Audio is PCM16 mono little-endian, 16 kHz.
`at` fields belong to benchmarks on the CPU clock (`docs/reference/replay.md`) and are None in life.
"""

from __future__ import annotations

import msgspec

from moothall.core.commands import CommitWords, CorrectSegment, EndSegment, NoteGap
from moothall.core.errors import ProtocolError, Refusal
from moothall.core.events import Word
from moothall.core.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.signals import ChannelState, Partial

PROTOCOL = 1
RATE = 16_000
MAX_FRAME_BYTES = 1 << 20
"""Largest frame that either side accepts."""

EngineCommand = CommitWords | EndSegment | CorrectSegment | NoteGap
"""What an engine's token may ask for, on channels that are attached to it and no others."""


class OpenSegment(msgspec.Struct, frozen=True, kw_only=True):
    """The segment that an earlier generation left open."""

    segment: SegmentId
    language: str
    t0: int
    words: tuple[Word, ...]
    """All of its committed words; `first` of the next commit is their number."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="m"):
    """A frame of the engine link."""


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """Engine → server, first: who I am and what I can do."""

    protocol: int
    name: str
    """The engine's name in logs."""
    model: str
    """What recognises, as it goes in the record."""
    languages: tuple[str, ...]
    """BCP-47 tags it knows; empty for "any"."""
    channels: int
    """How many live channels it can carry."""


class Attach(Message, frozen=True, kw_only=True, tag="attach"):
    """Server → engine: recognise this channel from `committed_through` on."""

    stream: int
    """Number of this attachment on this link; the other messages name it."""
    session: SessionId
    channel: ChannelId
    generation: int
    """Goes into every command; an older one is stale."""
    languages: tuple[str, ...]
    """What may be spoken, the likeliest first. One language: no detection."""
    committed_through: int
    """End of the last committed word, media ms: later audio is to be recognised, earlier is context."""
    last_words: tuple[Word, ...]
    """The last committed words (at most 20), to find the seam."""
    open_segment: OpenSegment | None
    """Carry on this segment, or end it."""
    audio_from: int
    """Media ms of the first sample that will come, at or before `committed_through`."""
    glossary: tuple[str, ...] = ()
    """Names and terms to prefer while somebody speaks."""


class Audio(Message, frozen=True, kw_only=True, tag="audio"):
    """Server → engine: samples, without gaps from `audio_from` unless `t` says so."""

    stream: int
    t: int
    """Media ms of the first sample."""
    pcm: bytes


class EndOfAudio(Message, frozen=True, kw_only=True, tag="end-of-audio"):
    """Server → engine: nothing more comes; commit everything, end the segment, answer `Drained`."""

    stream: int


class Detach(Message, frozen=True, kw_only=True, tag="detach"):
    """Server → engine: forget the channel at once."""

    stream: int


class Accepted(Message, frozen=True, kw_only=True, tag="accepted"):
    """Server → engine: the act is in the log for good."""

    stream: int
    id: CommandId
    offset: int
    """Offset of its last event."""
    server_cpu_us: int | None = None
    """CPU-clock runs only: what the server spent from receipt to the write to readers."""


class Refused(Message, frozen=True, kw_only=True, tag="refused"):
    """Server → engine: the act was not carried out.

    `unavailable` and `busy`: send it and all later acts again, with the same ids. `stale`: re-sync from the state.
    """

    stream: int
    id: CommandId
    refusal: Refusal
    server_cpu_us: int | None = None


class Act(Message, frozen=True, kw_only=True, tag="act"):
    """Engine → server: all that one pass made certain, with one id; it happens whole or not at all.

    Readers get it as one update of their display, together with `show`: so text that moves from the partial
    into committed words, or into the next segment, never blinks.
    """

    stream: int
    id: CommandId
    commands: tuple[EngineCommand, ...]
    """In order; one or more, all of this stream's channel and generation."""
    show: Partial | None = None
    """The partial that is right after these; wins over the `rest` of a commit."""
    at: float | None = None
    """CPU-clock runs only: ms on the engine's clock."""


class Tell(Message, frozen=True, kw_only=True, tag="tell"):
    """Engine → server: a signal; not answered."""

    stream: int
    signal: Partial | ChannelState
    at: float | None = None


class Drained(Message, frozen=True, kw_only=True, tag="drained"):
    """Engine → server: every act of the channel has been accepted after `EndOfAudio`."""

    stream: int


class Lost(Message, frozen=True, kw_only=True, tag="lost"):
    """Engine → server: I have lost my place in this stream (a refusal I can't mend); attach the channel anew."""

    stream: int


class Capacity(Message, frozen=True, kw_only=True, tag="capacity"):
    """Engine → server, when it changes: how many more live channels it can carry."""

    channels: int


class Usage(Message, frozen=True, kw_only=True, tag="usage"):
    """Engine → server, with each `Drained`: CPU and audio since warm-up."""

    cpu_ms: float
    audio_ms: int


ToEngine = Attach | Audio | EndOfAudio | Detach | Accepted | Refused
ToServer = Hello | Act | Tell | Drained | Lost | Capacity | Usage

_encoder = msgspec.msgpack.Encoder()
_to_engine: msgspec.msgpack.Decoder[ToEngine] = msgspec.msgpack.Decoder(ToEngine)
_to_server: msgspec.msgpack.Decoder[ToServer] = msgspec.msgpack.Decoder(ToServer)


def encode(message: ToEngine | ToServer) -> bytes:
    """One frame."""
    return _encoder.encode(message)


def decode_to_engine(frame: bytes) -> ToEngine:
    """Read a frame that the server sent; raises ProtocolError."""
    try:
        return _to_engine.decode(frame)
    except msgspec.MsgspecError as error:
        msg = f"The server sent a frame of {len(frame)} bytes that is no message of protocol {PROTOCOL}: {error}."
        raise ProtocolError(msg) from error


def decode_to_server(frame: bytes) -> ToServer:
    """Read a frame that an engine sent; raises ProtocolError."""
    try:
        return _to_server.decode(frame)
    except msgspec.MsgspecError as error:
        msg = f"The engine sent a frame of {len(frame)} bytes that is no message of protocol {PROTOCOL}: {error}."
        raise ProtocolError(msg) from error
