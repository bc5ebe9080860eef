"""The engine link: MessagePack messages over one WebSocket, each a frame of its own.

The engine dials the server with its token and sends `EngineHello`. For every channel that the server assigns to it, it
gets `Attach`, then `Audio`. It answers with `Partial`s (in `Tell`) and `PassAct`s, and the server answers every
`PassAct` by `Accepted` or `Refused`, in order. Media times are integer ms of the session. Audio is PCM16 mono
little-endian, 16 kHz. `wire.kinds` says how later releases may extend the link.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import msgspec

from moothall.core.commands import CommitWords, EndSegment, NoteGap, ReviseSegment, SplitSegment
from moothall.core.events.lines import Word
from moothall.core.kernel.decoding import T, Unreadable, read
from moothall.core.kernel.errors import ProtocolError, Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.sessions import who_speaks
from moothall.core.signals import ChannelState, Partial
from moothall.wire.kinds import Kinds, LinkVersions

PROTOCOL = 1
VERSIONS = LinkVersions(link="engine link", own=PROTOCOL, first={1: "0.1.0"})
RATE = 16_000
MAX_FRAME_BYTES = 1 << 20
"""Largest frame that either side accepts."""

AttachmentCommand = CommitWords | EndSegment | ReviseSegment | SplitSegment | NoteGap
"""The commands that an engine may send, and only for channels that are attached to it.

A `ReviseSegment` is sent in an act of its own, and so is a `SplitSegment`, which only a server takes that set
`Attach.turns`: it may be refused as too late, and no other command should be refused with it.
"""
LATE_COMMANDS = (ReviseSegment, SplitSegment)
"""Commands that may be refused as too late."""
MOST_VOICES = who_speaks.MOST_VOICES
"""Highest number of a voice in a session."""
LEAST_VOICE_MS = who_speaks.LEAST_VOICE_MS
"""Least duration of speech, in ms, by which a voice is learnt, and of a line by which a voice is told."""
Device = Literal["cpu", "cuda", "auto"]
"""The hardware that an engine computes on: the CPU, an NVIDIA GPU, or (`auto`) a GPU where there is one."""
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
"""CTranslate2's compute types; `auto` chooses the type that suits the device."""
MOST_WORKERS = 4
"""Default upper bound of an engine's workers: with more of them memory limits the throughput, not cores."""


def workers_for(cores: int, threads: int, engines: int = 1) -> int:
    """How many passes of `threads` threads each of `engines` engines can run at a time on `cores` cores: 1 to 4."""
    return max(1, min(MOST_WORKERS, cores // (max(1, engines) * max(1, threads))))


class OpenSegment(msgspec.Struct, frozen=True, kw_only=True):
    """The segment that the previous engine of a channel left open."""

    segment: SegmentId
    language: str
    t0: int
    words: tuple[Word, ...]
    """All of its committed words; `first` of the next commit is their count."""


class Speaking(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an unfinished utterance, as far as the audio of its window doesn't contain it."""

    speech_start: int
    """Media ms of its first frame of speech."""
    speech_ms: int
    """Duration of its speech before the window, ms."""
    speech_end: int
    """Media ms where the speech before the window ends."""
    covered: int
    """Media ms where the window of the last pass ended."""
    again: bool
    """Whether its end may still be recognised a second time (see `redo`)."""
    redo: int | None
    """Media ms where the next window ends, when the last one is to be recognised again; None otherwise."""
    language: str | None
    """BCP-47 tag, fixed once words are committed; None before."""
    heard_language: str
    """Language in which the last pass decoded the words; empty before the first pass."""
    likeliest: str | None
    """Language that the last pass detected; None when it was not asked to detect one."""
    unconfirmed: tuple[Word, ...]
    """Words of the last pass that are not committed."""
    parroted: bool = False
    """Whether a pass only repeated the terms that it was given to prefer."""
    in_context: bool = False
    """Whether the next window begins with the sound before the utterance."""


class TermHeard(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine remembers of a glossary term that it was given to prefer."""

    term: str
    heard: int | None
    """Media ms at which it was last heard; None when it wasn't."""
    resembled: int | None
    """Media ms at which an uncertain word last sounded like it; None when none did."""
    much: float
    """How alike they sounded, 0 to 1."""


class ResumePoint(msgspec.Struct, frozen=True, kw_only=True):
    """The state after an act from which another engine continues and hears the same windows (docs/adr/0009).

    It belongs to one state of the channel in the log, and can't be used with another.
    """

    committed_through: int
    """End of the last committed word, media ms."""
    segment: SegmentId | None
    """The open segment; None when no segment is open."""
    words: int
    """How many words the open segment has."""
    audio_from: int
    """Media ms of the first sample that the next engine should get."""
    begin: int
    """Media ms of the first frame to recognise; earlier sound is context only."""
    language: str | None
    """Language that was spoken last; None before any words."""
    suspect: str | None
    """Another language that the last utterance may have been in, as engines up to 0.2.0 say it; None otherwise."""
    voice: bytes = b""
    """State of the voice activity detector at `audio_from`."""
    speaking: Speaking | None
    """The utterance in progress at `begin`; None when nobody speaks."""
    terms: tuple[TermHeard, ...] = ()
    """What was heard of the glossary, so that the next engine prefers the same terms."""


class EngineMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="m"):
    """A frame of the engine link."""


class EngineHello(EngineMessage, frozen=True, kw_only=True, tag="hello"):
    """Engine → server, the first message: names the engine and what it can do."""

    protocol: int
    name: str
    """The engine's name in logs."""
    model: str
    """Name of the recogniser's model, as written into the record."""
    languages: tuple[str, ...]
    """BCP-47 tags of the languages that it recognises; empty for "any"."""
    errors: dict[str, float] = {}
    """Of 100 words, or characters where words are written together, how many come out wrong with this model, by
    language (BCP-47), as measured; empty where nobody has."""
    channels: int
    """How many live channels it can carry without delay of their text."""
    most: int | None = None
    """How many live channels it can carry when their text may be some seconds late; None for "no more"."""
    key_refused: bool = False
    """Whether the recognition service behind it refuses its key. Once the key is accepted, it sends a hello on a new
    link."""
    takes_glossary: bool = False
    """Whether it accepts `Glossary`; any other engine keeps the terms of its `Attach`."""
    tells_turns: bool = False
    """Whether it can hear where one voice ends and another begins."""
    knows_voices: bool = False
    """Whether it can learn voices, and accepts `LearnVoice` and `ForgetVoice`."""
    life: str = ""
    """The name of this run of the program, the same as in its pulses (`wire.pulse`); empty when it sends no pulses."""


class Attach(EngineMessage, frozen=True, kw_only=True, tag="attach"):
    """Server → engine: recognise this channel from `committed_through` on."""

    attachment: int
    """Number of this attachment on this link; the other messages refer to it."""
    session: SessionId
    channel: ChannelId
    generation: int
    """Number of this engine's turn at the channel, repeated in every command; commands of an older one are stale."""
    languages: tuple[str, ...]
    """Languages that may be spoken, the likeliest first. With a single language the engine detects none."""
    committed_through: int
    """End of the last committed word, media ms: later audio is to be recognised, earlier audio is context."""
    last_words: tuple[Word, ...]
    """The last committed words (at most 20), by which the engine finds the seam."""
    open_segment: OpenSegment | None
    """The open segment, which the engine continues or ends; None when there is none."""
    audio_from: int
    """Media ms of the first sample that the server will send, at or before `committed_through`."""
    glossary: tuple[str, ...] = ()
    """Names and terms to prefer while somebody speaks, in order of priority; at most 300."""
    near: int = 0
    """How many terms at the beginning of `glossary` belong to the current speaker or to the announced item."""
    resume_point: ResumePoint | None = None
    """The previous engine's resume point; None when there is none."""
    tell_language: bool = False
    """Whether the server accepts `SoundsLike`."""
    turns: bool = False
    """Whether lines are to be split where the voice changes, and the server accepts `SplitSegment`. Without it no voice
    is measured."""
    voices: bool = False
    """Whether voices may be learnt. The server sets it only where the meeting has it so and no young people take
    part."""
    cut: int = 0
    """Media ms at which a span that is not recorded ended: the first sound then may be half a word. 0: no such span."""


class Audio(EngineMessage, frozen=True, kw_only=True, tag="audio"):
    """Server → engine: samples, contiguous from `Attach.audio_from` on unless `t` jumps forward."""

    attachment: int
    t: int
    """Media ms of the first sample."""
    pcm: bytes


class EndOfAudio(EngineMessage, frozen=True, kw_only=True, tag="end-of-audio"):
    """Server → engine: there is no more audio; commit everything, end the segment, and answer `Drained`."""

    attachment: int


class Glossary(EngineMessage, frozen=True, kw_only=True, tag="glossary"):
    """Server → engine: from now on prefer these terms. Sent only to an engine that `takes_glossary`."""

    attachment: int
    terms: tuple[str, ...]
    """Terms in order of priority, as `Attach.glossary`; at most 300."""
    near: int = 0
    """As in `Attach`."""


class LearnVoice(EngineMessage, frozen=True, kw_only=True, tag="learn-voice"):
    """Server → engine: a person whose voice may be recognised speaks in this line; know their voice by this number.

    The engine learns the voice of the turn that is on, if the line belongs to it, since no other voice is kept. It
    answers with `VoiceLearnt`. Sent only to an engine that `knows_voices`, where `Attach.voices` was set.
    """

    attachment: int
    voice: int
    """Number of the voice within the session, 1 to 64, given by the server."""
    segment: SegmentId
    """A line that was said with this voice."""


class ForgetVoice(EngineMessage, frozen=True, kw_only=True, tag="forget-voice"):
    """Server → engine: erase at once all that is known of a voice."""

    attachment: int
    voice: int


class Detach(EngineMessage, frozen=True, kw_only=True, tag="detach"):
    """Server → engine: forget the channel at once."""

    attachment: int


class Accepted(EngineMessage, frozen=True, kw_only=True, tag="accepted"):
    """Server → engine: the events of the act are stored in the log."""

    attachment: int
    id: CommandId
    offset: int
    """Offset of the act's last event."""


class Refused(EngineMessage, frozen=True, kw_only=True, tag="refused"):
    """Server → engine: the act was not carried out.

    After `unavailable` and `busy` the engine sends this act and all later ones again, with the same ids. After any
    other code, such as `stale`, it gives the channel up (`Lost`) and is attached anew from the log's state; an act that
    only revises a segment is merely dropped.
    """

    attachment: int
    id: CommandId
    refusal: Refusal


class OtherReadings(msgspec.Struct, frozen=True, kw_only=True):
    """Alternatives to a committed word of which the engine is unsure: shown to correctors, never stored in the log."""

    segment: SegmentId
    word: int
    """Index of the word in the segment, from 0."""
    texts: tuple[str, ...]
    """The alternatives, the likeliest first, at most three, without surrounding spaces."""


class PassAct(EngineMessage, frozen=True, kw_only=True, tag="act"):
    """Engine → server: all commands that result from one pass, with one id; carried out together or not at all.

    Readers get the result as one update of their display, together with `show`, so that text that moves from the
    partial into committed words, or into the next segment, never flickers.
    """

    attachment: int
    id: CommandId
    commands: tuple[AttachmentCommand, ...]
    """One or more commands in order, all for this attachment's channel and generation."""
    show: Partial | None = None
    """The partial that applies after these commands; it takes precedence over the `rest` of a commit."""
    resume_point: ResumePoint | None = None
    """Where to continue if the engine or the server dies after this act; stored beside the audio, never in the log."""
    readings: tuple[OtherReadings, ...] = ()
    """Alternatives to words that are committed here; dropped when the server changes the act before storing it."""


class Tell(EngineMessage, frozen=True, kw_only=True, tag="tell"):
    """Engine → server: a signal; the server doesn't answer it."""

    attachment: int
    signal: Partial | ChannelState


class SoundsLike(EngineMessage, frozen=True, kw_only=True, tag="sounds-like"):
    """Engine → server: the speech sounds like a language outside `Attach.languages`, or no longer does.

    Sent on changes, if `Attach.tell_language` asked for it. It is a hint for people: the engine continues to recognise
    in the languages that it was given.
    """

    attachment: int
    language: str | None
    """BCP-47 tag of the language that it sounds like; None: it sounds like an expected language."""


class VoiceLearnt(EngineMessage, frozen=True, kw_only=True, tag="voice-learnt"):
    """Engine → server: how much of a voice has been learnt; the answer to `LearnVoice`."""

    attachment: int
    voice: int
    ms: int
    """Duration of the speech by which it is known, ms. Below 2,000 it isn't recognised yet; 0: nothing was learnt."""


class VoiceHeard(EngineMessage, frozen=True, kw_only=True, tag="voice-heard"):
    """Engine → server: a line was said with a voice that was learnt. Never sent of less than 2,000 ms of speech."""

    attachment: int
    segment: SegmentId
    voice: int
    ms: int
    """Duration of the line's speech that was compared, ms."""


class Drained(EngineMessage, frozen=True, kw_only=True, tag="drained"):
    """Engine → server: every act of the channel has been accepted after `EndOfAudio`."""

    attachment: int


class Lost(EngineMessage, frozen=True, kw_only=True, tag="lost"):
    """Engine → server: the engine gives this channel up after a refusal that it can't repair; attach it anew."""

    attachment: int


class Capacity(EngineMessage, frozen=True, kw_only=True, tag="capacity"):
    """Engine → server, when it changes: how many more live channels the engine can carry."""

    channels: int
    """How many more it can carry without delay of their text; negative when it has too many."""
    most: int | None = None
    """How many more it can carry when text may be some seconds late; None for "no more than `channels`"."""
    attached: int | None = None
    """How many channels the engine had when it sent this, not counting `Attach`es still on their way to it; None: as
    many as the server knows of."""


class Usage(EngineMessage, frozen=True, kw_only=True, tag="usage"):
    """Engine → server, with each `Drained`: totals of CPU time and audio."""

    cpu_ms: float
    """CPU time of the process since its warm-up, ms."""
    audio_ms: int
    """Duration of the audio of all channels that was taken in on this link, ms."""


ToEngine = Attach | Audio | EndOfAudio | Glossary | LearnVoice | ForgetVoice | Detach | Accepted | Refused
ToServer = EngineHello | PassAct | Tell | SoundsLike | VoiceLearnt | VoiceHeard | Drained | Lost | Capacity | Usage

RESUME_POINTS = 2
"""How many of the newest resume points are kept: the act of the newest one may never reach the log."""

_resume_points: msgspec.msgpack.Decoder[tuple[ResumePoint, ...]] = msgspec.msgpack.Decoder(tuple[ResumePoint, ...])
_encoder = msgspec.msgpack.Encoder()
_known = (*get_args(ToEngine), *get_args(ToServer))
_to_engine: Kinds[ToEngine] = Kinds(msgspec.msgpack.Decoder(ToEngine), _known)
_to_server: Kinds[ToServer] = Kinds(msgspec.msgpack.Decoder(ToServer), _known)


def encode(message: ToEngine | ToServer) -> bytes:
    """The frame of a message, as MessagePack."""
    return _encoder.encode(message)


def encode_resume_points(points: Sequence[ResumePoint]) -> bytes:
    """Encode the first `RESUME_POINTS` points, the newest first, for the file beside the audio."""
    return _encoder.encode(points[:RESUME_POINTS])


def decode_resume_points(note: bytes) -> tuple[ResumePoint, ...]:
    """Decode what `encode_resume_points` has made.

    Empty when the bytes are damaged or of an incompatible release; the seam is then found by words and times.
    """
    try:
        return read(_resume_points, note)
    except Unreadable:
        return ()


def decode_to_engine(frame: bytes) -> ToEngine:
    """Decode a frame that the server sent. Raises ProtocolError; its subclass UnknownKind may be ignored."""
    return _read(_to_engine, frame, "server")


def decode_to_server(frame: bytes) -> ToServer:
    """Decode a frame that an engine sent. Raises ProtocolError; its subclass UnknownKind may be ignored."""
    return _read(_to_server, frame, "engine")


def _read(kinds: Kinds[T], frame: bytes, sender: str) -> T:
    try:
        return kinds.read(frame)
    except Unreadable as error:
        msg = f"The {sender} sent a frame of {len(frame)} bytes that is no message of protocol {PROTOCOL}: {error}."
        raise ProtocolError(msg) from error
