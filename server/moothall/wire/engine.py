"""The engine link: MessagePack messages over one WebSocket, each a frame of its own.

The engine dials the server with its token and says `Hello`. For every channel it is given it gets `Attach`,
then `Audio`; it answers with `Partial`s and `Act`s, and every `Act` is answered by `Accepted` or `Refused`, in
order. Media times are integer ms of the session. Audio is PCM16 mono little-endian, 16 kHz.
How later releases add to the link says `wire.kinds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import msgspec

from moothall.core.commands import CommitWords, EndSegment, NoteGap, ReviseSegment
from moothall.core.events.types import Word
from moothall.core.kernel.decoding import T, Unreadable, read
from moothall.core.kernel.errors import ProtocolError, Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.signals import ChannelState, Partial
from moothall.wire.kinds import Kinds, LinkVersions

PROTOCOL = 1
VERSIONS = LinkVersions(link="engine link", own=PROTOCOL, first={1: "0.1.0"})
RATE = 16_000
MAX_FRAME_BYTES = 1 << 20
"""Largest frame that either side accepts."""

EngineCommand = CommitWords | EndSegment | ReviseSegment | NoteGap
"""What an engine's token may ask for, on channels that are attached to it and no others.

A `ReviseSegment` goes in an act of its own: it may come too late, and nothing else should be refused with it.
"""
Device = Literal["cpu", "cuda", "auto"]
"""What an engine computes with: the processor, one of NVIDIA's graphics cards, or the card where there is one."""
ComputeType = Literal[
    "auto",
    "int8",
    "int8_float16",
    "int8_bfloat16",
    "int8_float32",
    "int16",
    "float16",
    "bfloat16",
    "float32",
]
"""CTranslate2's; `auto` is what suits the device."""
MOST_WORKERS = 4
"""Of an engine, unless more are asked for: beyond that memory is the bound, not cores."""


def workers_for(cores: int, threads: int, engines: int = 1) -> int:
    """Passes of so many threads that each of so many engines can run at a time on so many cores: 1 to 4."""
    return max(1, min(MOST_WORKERS, cores // (max(1, engines) * max(1, threads))))


class OpenSegment(msgspec.Struct, frozen=True, kw_only=True):
    """The segment that an earlier generation left open."""

    segment: SegmentId
    language: str
    t0: int
    words: tuple[Word, ...]
    """All of its committed words; `first` of the next commit is their number."""


class Speaking(msgspec.Struct, frozen=True, kw_only=True):
    """The utterance that an engine was in: what can't be found again in the audio of its window."""

    speech_start: int
    """Media ms of its first frame of speech."""
    speech_ms: int
    """How much speech lies before the window, ms."""
    speech_end: int
    """Media ms where that ends."""
    covered: int
    """Media ms up to which the last pass heard."""
    again: bool
    """Whether its end may still be heard once more."""
    redo: int | None
    """Media ms where the next window ends, when it is the same once more."""
    language: str | None
    """Fixed by what is committed."""
    heard_language: str
    """What the words of the last pass are in."""
    likeliest: str | None
    """What detection found, if it was asked."""
    unconfirmed: tuple[Word, ...]
    """What the last pass heard beyond the committed words."""
    parroted: bool = False
    """Whether a pass only repeated the terms that it was given to prefer."""


class TermHeard(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine remembers of a term that it was told to prefer."""

    term: str
    heard: int | None
    """Media ms at which it was last heard; None when it wasn't."""
    resembled: int | None
    """Media ms at which something unsure last sounded like it; None when nothing did."""
    much: float
    """How much like it, 0 to 1."""


class ResumePoint(msgspec.Struct, frozen=True, kw_only=True):
    """From where another engine goes on after an act, and hears the same windows (docs/adr/0009).

    It belongs to one state of the channel, and is of no use with another.
    """

    committed_through: int
    """End of the last committed word, media ms."""
    segment: SegmentId | None
    """The open segment."""
    words: int
    """How many words that has."""
    audio_from: int
    """Media ms of the first sample that the next engine should get."""
    begin: int
    """Media ms of the first frame to take in; earlier sound is context only."""
    language: str | None
    """What was spoken last."""
    suspect: str | None
    """What the last utterance may have been instead."""
    voice: bytes = b""
    """What the voice detector remembers at `audio_from`."""
    speaking: Speaking | None
    """The speaker at `begin`; None when nobody speaks."""
    terms: tuple[TermHeard, ...] = ()
    """What was heard of the terms to prefer: the next engine prefers the same ones."""


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
    most: int | None = None
    """How many when their text may be some seconds late; None for "no more"."""
    key_refused: bool = False
    """Whether the service that it asks refuses its key: once that is over it says hello on another link."""
    takes_glossary: bool = False
    """Whether it understands `Glossary`; another one keeps what it was attached with."""
    life: str = ""
    """The name of this run of the program, as its pulses say it (`wire.pulse`); empty: it has no pulse."""


class Attach(Message, frozen=True, kw_only=True, tag="attach"):
    """Server → engine: recognise this channel from `committed_through` on."""

    attachment: int
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
    """Names and terms to prefer while somebody speaks, in order of their standing; at most 300."""
    near: int = 0
    """How many of these, the first ones, belong to the speaker or to the announced item."""
    resume_point: ResumePoint | None = None
    """Where the engine before would have gone on; None when nobody knows."""
    tell_language: bool = False
    """Whether a `SoundsLike` is understood."""
    cut: int = 0
    """Media ms where a span that is not recorded ended, 0 when there was none: what sounds there may be half a word."""


class Audio(Message, frozen=True, kw_only=True, tag="audio"):
    """Server → engine: samples, without gaps from `audio_from` unless `t` says so."""

    attachment: int
    t: int
    """Media ms of the first sample."""
    pcm: bytes


class EndOfAudio(Message, frozen=True, kw_only=True, tag="end-of-audio"):
    """Server → engine: nothing more comes; commit everything, end the segment, answer `Drained`."""

    attachment: int


class Glossary(Message, frozen=True, kw_only=True, tag="glossary"):
    """Server → engine: from now on prefer these terms; only to an engine that `takes_glossary`."""

    attachment: int
    terms: tuple[str, ...]
    """In order of their standing, as `Attach.glossary`; at most 300."""
    near: int = 0
    """As in `Attach`."""


class Detach(Message, frozen=True, kw_only=True, tag="detach"):
    """Server → engine: forget the channel at once."""

    attachment: int


class Accepted(Message, frozen=True, kw_only=True, tag="accepted"):
    """Server → engine: the act is in the log for good."""

    attachment: int
    id: CommandId
    offset: int
    """Offset of its last event."""


class Refused(Message, frozen=True, kw_only=True, tag="refused"):
    """Server → engine: the act was not carried out.

    `unavailable` and `busy`: send it and all later acts again, with the same ids. `stale`: re-sync from the state.
    """

    attachment: int
    id: CommandId
    refusal: Refusal


class OtherReadings(msgspec.Struct, frozen=True, kw_only=True):
    """What else a committed word may be, of which the engine is unsure: for people who mend, and never in the log."""

    segment: SegmentId
    word: int
    """Its place in the segment, from 0."""
    texts: tuple[str, ...]
    """The likeliest first, at most three, without spaces around."""


class Act(Message, frozen=True, kw_only=True, tag="act"):
    """Engine → server: all that one pass made certain, with one id; it happens whole or not at all.

    Readers get it as one update of their display, together with `show`: so text that moves from the partial
    into committed words, or into the next segment, never blinks.
    """

    attachment: int
    id: CommandId
    commands: tuple[EngineCommand, ...]
    """In order; one or more, all of this attachment's channel and generation."""
    show: Partial | None = None
    """The partial that is right after these; wins over the `rest` of a commit."""
    resume_point: ResumePoint | None = None
    """Where to go on if the engine or the server dies after this act; kept beside the audio, never in the log."""
    again: tuple[SegmentId, ...] = ()
    """Lines that end here and are heard once more: a better text may follow soon, in a `ReviseSegment`."""
    readings: tuple[OtherReadings, ...] = ()
    """Of words that are committed here; where the act is changed on its way in they are dropped."""


class Tell(Message, frozen=True, kw_only=True, tag="tell"):
    """Engine → server: a signal; not answered."""

    attachment: int
    signal: Partial | ChannelState


class SoundsLike(Message, frozen=True, kw_only=True, tag="sounds-like"):
    """Engine → server, when that changes and `Attach` asked for it: what is said doesn't sound like `Attach.languages`.

    A guess, for people to look at: the engine goes on in the languages that it was given.
    """

    attachment: int
    language: str | None
    """BCP-47 tag of what it sounds like instead; None: it sounds like what was expected."""


class Stands(Message, frozen=True, kw_only=True, tag="stands"):
    """Engine → server: a line of `Act.again` was heard once more, and nothing better was found."""

    attachment: int
    segment: SegmentId


class Drained(Message, frozen=True, kw_only=True, tag="drained"):
    """Engine → server: every act of the channel has been accepted after `EndOfAudio`."""

    attachment: int


class Lost(Message, frozen=True, kw_only=True, tag="lost"):
    """Engine → server: I give this channel up (after a refusal that I can't mend); attach it anew."""

    attachment: int


class Capacity(Message, frozen=True, kw_only=True, tag="capacity"):
    """Engine → server, when it changes: how many more live channels it can carry."""

    channels: int
    """Below 0 when it has so many too many."""
    most: int | None = None
    """How many more when text may be some seconds late; None for "no more than `channels`"."""
    attached: int | None = None
    """How many it had when it said so: others may be under way to it. None: as many as the server knows of."""


class Usage(Message, frozen=True, kw_only=True, tag="usage"):
    """Engine → server, with each `Drained`: CPU and audio since warm-up."""

    cpu_ms: float
    audio_ms: int


ToEngine = Attach | Audio | EndOfAudio | Glossary | Detach | Accepted | Refused
ToServer = Hello | Act | Tell | SoundsLike | Stands | Drained | Lost | Capacity | Usage

RESUME_POINTS = 2
"""How many are kept: the newest one's act may never reach the log."""

_resume_points: msgspec.msgpack.Decoder[tuple[ResumePoint, ...]] = msgspec.msgpack.Decoder(tuple[ResumePoint, ...])
_encoder = msgspec.msgpack.Encoder()
_known = (*get_args(ToEngine), *get_args(ToServer))
_to_engine: Kinds[ToEngine] = Kinds(msgspec.msgpack.Decoder(ToEngine), _known)
_to_server: Kinds[ToServer] = Kinds(msgspec.msgpack.Decoder(ToServer), _known)


def encode(message: ToEngine | ToServer) -> bytes:
    """One frame."""
    return _encoder.encode(message)


def encode_resume_points(points: Sequence[ResumePoint]) -> bytes:
    """For the note beside the audio, the newest first."""
    return _encoder.encode(points[:RESUME_POINTS])


def decode_resume_points(note: bytes) -> tuple[ResumePoint, ...]:
    """Read such a note; none when it is damaged or another release's: then a seam is found by words and times."""
    try:
        return read(_resume_points, note)
    except Unreadable:
        return ()


def decode_to_engine(frame: bytes) -> ToEngine:
    """Read a frame that the server sent; raises ProtocolError, of which UnknownKind may be passed over."""
    return _read(_to_engine, frame, "server")


def decode_to_server(frame: bytes) -> ToServer:
    """Read a frame that an engine sent; raises ProtocolError, of which UnknownKind may be passed over."""
    return _read(_to_server, frame, "engine")


def _read(kinds: Kinds[T], frame: bytes, sender: str) -> T:
    try:
        return kinds.read(frame)
    except Unreadable as error:
        msg = f"The {sender} sent a frame of {len(frame)} bytes that is no message of protocol {PROTOCOL}: {error}."
        raise ProtocolError(msg) from error
