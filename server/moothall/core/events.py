"""Every fact that a session's log can hold.

An event declares its lane by type. Fields are only ever added; a changed meaning is a new type or a higher
`v` with an upcast (`moothall.core.event_codec`). Times are media time in integer milliseconds unless the
field says *wall* (Unix milliseconds). `docs/reference/events.md` is generated from this file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import msgspec

from moothall.core import lanes
from moothall.core.ids import ChannelId, Lane, SegmentId, SourceId, SpeakerId


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """A fact in a session's log."""

    VERSION: ClassVar[int] = 1
    """The newest body version of this type, written as `v`."""

    v: int = 1
    """The body's version."""

    def lane(self) -> Lane:
        """The lane that events of this type belong to; `session` unless the type says otherwise."""
        return lanes.SESSION


class ChannelEvent(Event, frozen=True, kw_only=True):
    """An event about the segments of one channel."""

    channel: ChannelId
    """The channel whose `ch` lane this belongs to."""

    def lane(self) -> Lane:
        """The channel's own lane."""
        return lanes.channel_lane(self.channel)


class Access(StrEnum):
    """Who may read a session and its record."""

    PUBLIC = "public"
    LINK = "link"
    STAFF = "staff"


class ChannelKind(StrEnum):
    """What a channel carries."""

    FLOOR = "floor"
    INTERPRETATION = "interpretation"
    TRANSLATION = "translation"


class Origin(StrEnum):
    """How the text of a segment came about; each reader can ask for it."""

    MACHINE = "machine"
    PERSON = "person"
    INTERPRETER = "interpreter"
    SPEAKER = "speaker"


class EndReason(StrEnum):
    """Why a segment ended."""

    SENTENCE = "sentence"
    SPEAKER = "speaker"
    LANGUAGE = "language"
    PAUSE = "pause"
    LENGTH = "length"
    CLOSE = "close"


class GapReason(StrEnum):
    """Why a span of the session has no text."""

    SOURCE_LOST = "source-lost"
    ENGINE_LOST = "engine-lost"
    OVERLOAD = "overload"
    STORAGE = "storage"


class SealVersion(StrEnum):
    """Which state of the text a seal vouches for."""

    RAW = "raw"
    CHECKED = "checked"
    FINAL = "final"


class Word(msgspec.Struct, frozen=True):
    """A word as the recogniser heard it."""

    text: str
    """Its characters. A leading space belongs to it where the language puts one: text is joined by concatenation."""
    t0: int
    """Start, media ms."""
    t1: int
    """End, media ms."""
    p: float = 1.0
    """The recogniser's probability, 0 to 1."""


class LaneHead(msgspec.Struct, frozen=True):
    """Where a lane stands: its last event."""

    offset: int
    """Offset of the lane's last event; 0 when it has none."""
    digest: str
    """The chain's digest there, hexadecimal SHA-256."""


class SessionCreated(Event, frozen=True, kw_only=True, tag="session.created"):
    """A session exists; nobody has spoken yet."""

    title: str
    """Its title in the language of the conference."""
    languages: tuple[str, ...]
    """BCP-47 tags of what may be spoken; the first is the one expected."""
    access: Access = Access.PUBLIC
    """Who may read the session."""
    young_people: bool = False
    """Whether young people take part, which forbids sound and real names."""


class SessionOpened(Event, frozen=True, kw_only=True, tag="session.opened"):
    """The session began: media time 0 is now."""

    wall: int
    """Unix ms of media time 0."""


class SessionPaused(Event, frozen=True, kw_only=True, tag="session.paused"):
    """A break. Media time runs on."""

    t: int
    """When, media ms."""


class SessionResumed(Event, frozen=True, kw_only=True, tag="session.resumed"):
    """The break is over."""

    t: int
    """When, media ms."""


class SessionClosed(Event, frozen=True, kw_only=True, tag="session.closed"):
    """No more audio. Corrections, written answers and translations may follow."""

    t: int
    """When, media ms."""


class SessionReopened(Event, frozen=True, kw_only=True, tag="session.reopened"):
    """The close was undone."""

    t: int
    """When, media ms."""


class ChannelAdded(Event, frozen=True, kw_only=True, tag="channel.added"):
    """The session has a lane of text in one language."""

    channel: ChannelId
    """The channel's id, part of its lanes' names."""
    kind: ChannelKind
    """What it carries."""
    languages: tuple[str, ...]
    """BCP-47 tags that its segments may have."""


class SourceAttached(Event, frozen=True, kw_only=True, tag="source.attached"):
    """Audio of a source reaches a channel from here on."""

    source: SourceId
    """The source."""
    channel: ChannelId
    """The channel whose engine hears it."""
    t: int
    """Media ms of the source's first sample."""
    rate: int
    """Samples a second."""


class SourceEnded(Event, frozen=True, kw_only=True, tag="source.ended"):
    """A source came to its end and all of its words are in the log."""

    source: SourceId
    """The source."""
    t: int
    """Media ms of its last sample."""


class ClockMapped(Event, frozen=True, kw_only=True, tag="clock.mapped"):
    """Media time and wall time at one moment; the newest mapping holds, and nothing earlier is moved by it."""

    t: int
    """Media ms."""
    wall: int
    """Unix ms."""


class EngineAttached(Event, frozen=True, kw_only=True, tag="engine.attached"):
    """An engine took over a channel. Commits of earlier generations are stale from here on."""

    channel: ChannelId
    """The channel."""
    generation: int
    """Counts the attachments of the channel from 1."""
    model: str
    """What recognises, for the record: `whisper-base`, `scripted`."""


class SegmentOpened(ChannelEvent, frozen=True, kw_only=True, tag="segment.opened"):
    """A new line began."""

    segment: SegmentId
    """The line, unique in the session; everything else refers to it."""
    t0: int
    """Start, media ms."""
    language: str
    """BCP-47 tag of what is spoken."""
    origin: Origin
    """How its text comes about."""
    speaker: SpeakerId | None = None
    """Who speaks, where it is known."""


class WordsCommitted(ChannelEvent, frozen=True, kw_only=True, tag="words.committed"):
    """Words that stay joined the line."""

    segment: SegmentId
    """The line."""
    first: int
    """How many words it had before."""
    words: tuple[Word, ...]
    """The words, in order."""

    def lane(self) -> Lane:
        """The channel's lane of words, which low-data readers don't follow."""
        return lanes.words_lane(self.channel)


class SegmentEnded(ChannelEvent, frozen=True, kw_only=True, tag="segment.ended"):
    """A line is complete and here it is."""

    segment: SegmentId
    """The line."""
    t1: int
    """End, media ms."""
    reason: EndReason
    """Why it ended here."""
    text: str
    """All of its text as it stands."""


class SegmentCorrected(ChannelEvent, frozen=True, kw_only=True, tag="segment.corrected"):
    """The first `base_words` words of a line were replaced; the line now reads `text` + `tail`."""

    segment: SegmentId
    """The line."""
    base_revision: int
    """How many corrections it had before; this one makes it one more."""
    base_words: int
    """How many of its committed words `text` replaces."""
    text: str
    """What stands in their place."""
    tail: str
    """The committed words behind those, joined: nobody needs the words' bounds to follow a correction."""


class SpeakerIntroduced(Event, frozen=True, kw_only=True, tag="speaker.introduced"):
    """Somebody who may speak, and how to show them."""

    speaker: SpeakerId
    """The speaker's id in the session."""
    name: str
    """What readers see."""


class SpeakerAssigned(Event, frozen=True, kw_only=True, tag="speaker.assigned"):
    """Lines were given to a speaker, or to nobody."""

    segments: tuple[SegmentId, ...]
    """The lines."""
    speaker: SpeakerId | None
    """Who said them; null takes the name away."""


class GapNoted(Event, frozen=True, kw_only=True, tag="gap.noted"):
    """A span of a channel has no text, and why."""

    channel: ChannelId
    """The channel."""
    t0: int
    """Start of the span, media ms."""
    t1: int
    """Its end, media ms."""
    reason: GapReason
    """What happened."""


class RecordCheckpoint(Event, frozen=True, kw_only=True, tag="record.checkpoint"):
    """The chain's heads of every public lane, signed; the signature covers `moothall.core.chain.checkpoint_bytes`."""

    lanes: dict[str, LaneHead]
    """Head of each public lane before this event."""
    key: str
    """Id of the Ed25519 key, as in `/.well-known/moothall.json`."""
    signature: str
    """The signature, base64."""


class RecordSealed(Event, frozen=True, kw_only=True, tag="record.sealed"):
    """A version of the record is done; events after it make the next one."""

    version: SealVersion
    """What was done with the text."""
    n: int
    """Counts the seals from 1."""


class BodyRemoved(Event, frozen=True, kw_only=True, tag="body.removed"):
    """Bodies were erased; the chain still verifies."""

    offsets: tuple[int, ...]
    """The events whose bodies and salts are gone."""
    reason: str
    """Why, in a word: `request`, `not-recorded`."""
    by: str
    """Pseudonym of who had it done."""


AnyEvent = (
    SessionCreated
    | SessionOpened
    | SessionPaused
    | SessionResumed
    | SessionClosed
    | SessionReopened
    | ChannelAdded
    | SourceAttached
    | SourceEnded
    | ClockMapped
    | EngineAttached
    | SegmentOpened
    | WordsCommitted
    | SegmentEnded
    | SegmentCorrected
    | SpeakerIntroduced
    | SpeakerAssigned
    | GapNoted
    | RecordCheckpoint
    | RecordSealed
    | BodyRemoved
)
"""Every event of this release, told apart by `type`."""
