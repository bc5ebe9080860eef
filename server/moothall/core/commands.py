"""Intents. Each is sent with an id that its sender chose, so that it can be repeated without harm."""

from __future__ import annotations

import msgspec

from moothall.core.events import (
    Access,
    ChannelKind,
    EndReason,
    GapReason,
    Origin,
    SealVersion,
    Word,
)
from moothall.core.ids import ChannelId, SegmentId, SourceId, SpeakerId


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """Something that somebody wants to happen."""


class CreateSession(Command, frozen=True, kw_only=True, tag="create"):
    """Make the session exist. The first command of every log."""

    title: str
    languages: tuple[str, ...]
    access: Access = Access.PUBLIC
    young_people: bool = False


class AddChannel(Command, frozen=True, kw_only=True, tag="add-channel"):
    """Give the session a lane of text."""

    channel: ChannelId
    kind: ChannelKind
    languages: tuple[str, ...]


class OpenSession(Command, frozen=True, kw_only=True, tag="open"):
    """Start media time."""


class PauseSession(Command, frozen=True, kw_only=True, tag="pause"):
    """A break."""


class ResumeSession(Command, frozen=True, kw_only=True, tag="resume"):
    """The break is over."""


class CloseSession(Command, frozen=True, kw_only=True, tag="close"):
    """No more audio."""


class ReopenSession(Command, frozen=True, kw_only=True, tag="reopen"):
    """Undo the close."""


class SealRecord(Command, frozen=True, kw_only=True, tag="seal"):
    """Say what state the text has reached."""

    version: SealVersion


class AttachSource(Command, frozen=True, kw_only=True, tag="attach-source"):
    """Bind a source of audio to a channel, its first sample at media time `t`."""

    source: SourceId
    channel: ChannelId
    t: int
    rate: int


class EndSource(Command, frozen=True, kw_only=True, tag="end-source"):
    """A source is over; `t` is the media time of its last sample."""

    source: SourceId
    t: int


class MapClock(Command, frozen=True, kw_only=True, tag="map-clock"):
    """Media time `t` is now."""

    t: int


class AttachEngine(Command, frozen=True, kw_only=True, tag="attach-engine"):
    """Let a new generation of an engine write a channel."""

    channel: ChannelId
    model: str


class SegmentStart(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit needs to know to open its segment."""

    t0: int
    language: str
    origin: Origin = Origin.MACHINE


class CommitWords(Command, frozen=True, kw_only=True, tag="words"):
    """Words that stay. `start` opens the segment first; `rest` is the unconfirmed text behind them."""

    channel: ChannelId
    generation: int
    segment: SegmentId
    first: int
    words: tuple[Word, ...]
    start: SegmentStart | None = None
    rest: str = ""


class EndSegment(Command, frozen=True, kw_only=True, tag="end"):
    """A segment is complete."""

    channel: ChannelId
    generation: int
    segment: SegmentId
    t1: int
    reason: EndReason


class CorrectSegment(Command, frozen=True, kw_only=True, tag="correct"):
    """Replace the first `base_words` words of a segment that has had `base_revision` corrections."""

    channel: ChannelId
    segment: SegmentId
    base_revision: int
    base_words: int
    text: str


class NoteGap(Command, frozen=True, kw_only=True, tag="gap"):
    """Say that a span of a channel has no text."""

    channel: ChannelId
    t0: int
    t1: int
    reason: GapReason


class IntroduceSpeaker(Command, frozen=True, kw_only=True, tag="introduce"):
    """Say who may speak, or mend how a name is written."""

    speaker: SpeakerId
    name: str


class AssignSpeaker(Command, frozen=True, kw_only=True, tag="assign"):
    """Give lines to a speaker, or to nobody."""

    segments: tuple[SegmentId, ...]
    speaker: SpeakerId | None


AnyCommand = (
    CreateSession
    | AddChannel
    | OpenSession
    | PauseSession
    | ResumeSession
    | CloseSession
    | ReopenSession
    | SealRecord
    | AttachSource
    | EndSource
    | MapClock
    | AttachEngine
    | CommitWords
    | EndSegment
    | CorrectSegment
    | NoteGap
    | IntroduceSpeaker
    | AssignSpeaker
)
"""Every command of this release, told apart by `do`."""
