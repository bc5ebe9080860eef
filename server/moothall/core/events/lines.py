"""Every fact about lines of text: their words, corrections and moves, and whose text a channel shows."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.events.base import Event, StaffEvent
from moothall.core.kernel import lanes
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, Lane, SegmentId, SessionId, SpeakerId


class Origin(StrEnum):
    """How the text of a segment came about; each reader can look it up."""

    MACHINE = "machine"
    PERSON = "person"
    INTERPRETER = "interpreter"
    SPEAKER = "speaker"
    TRANSLATED = "translated"
    """A machine translated it from a line in another language."""


class AirSource(StrEnum):
    """Whose text a channel shows."""

    MACHINE = "machine"
    """The recogniser's text, and lines that desks add."""
    PERSON = "person"
    """A captioner's text, or an interpreter's."""
    TOOL = "tool"
    """An outside tool's text."""
    RESPEAKER = "respeaker"
    """The recogniser's text, from the sound of a respeaker instead of the channel's own sound."""


class EndReason(StrEnum):
    """Why a segment ended."""

    SENTENCE = "sentence"
    SPEAKER = "speaker"
    LANGUAGE = "language"
    PAUSE = "pause"
    LENGTH = "length"
    CLOSE = "close"


class Word(msgspec.Struct, frozen=True):
    """A word as it was recognised."""

    text: str
    """The word's characters, with a leading space where the language puts one: text is made by concatenating words."""
    t0: int
    """Start, media ms."""
    t1: int
    """End, media ms."""
    p: float = 1.0
    """The recogniser's probability, 0 to 1."""


class SourceSegment(msgspec.Struct, frozen=True, array_like=True):
    """A line as it was when it was translated, written as an array of two values."""

    segment: SegmentId
    """The line that was translated."""
    revision: int
    """How many corrections the line had."""


class MadeFrom(msgspec.Struct, frozen=True, kw_only=True):
    """From which lines a translated line was made, and by which route."""

    sources: tuple[SourceSegment, ...]
    """The lines; so far always a single one."""
    route: str
    """The translators with their versions and directions, in order: `bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es`.
    Empty when the line was said in this language and is copied unchanged."""
    rough: bool = False
    """Whether it gives only the gist, since a translation by this route does, or since a line was heard roughly."""
    until_checked: bool | msgspec.UnsetType = msgspec.UNSET
    """True when `rough` ends with the seal of a record that was checked, since only the line was; missing otherwise."""


class ChannelEvent(Event, frozen=True, kw_only=True):
    """An event about the segments of one channel."""

    channel: ChannelId
    """The channel whose `ch` lane holds the event."""

    def lane(self) -> Lane:
        """The channel's own lane."""
        return lanes.channel_lane(self.channel)


class SegmentOpened(ChannelEvent, frozen=True, kw_only=True, tag="segment.opened"):
    """A new line began."""

    segment: SegmentId
    """The line's id, unique in the session; all other events refer to the line by it."""
    t0: int
    """Start, media ms."""
    language: str
    """BCP-47 tag of the spoken language."""
    origin: Origin
    """How the text of the line comes about."""
    speaker: SpeakerId | None = None
    """Who speaks; null when that is not known."""
    made_from: MadeFrom | msgspec.UnsetType = msgspec.UNSET
    """From which line this one was translated; missing in all other lines."""
    tool: str | msgspec.UnsetType = msgspec.UNSET
    """The public name of the outside tool that sent the line or, in a translation, its original; missing in all other
    lines. The origin of a line from a tool is `person`, since release 0.2.0 can't read an origin that it doesn't know.
    """
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    """True when a machine recognised a respeaker; missing in all other lines."""
    rough: bool | msgspec.UnsetType = msgspec.UNSET
    """True when the recogniser's text in this language is rough, and not for quoting before a person has corrected or
    checked it; missing in all other lines."""
    cues: bool | msgspec.UnsetType = msgspec.UNSET
    """True when the words of an imported line are the captions of its file, one word for each; missing in all other
    lines."""
    part_of: SegmentId | msgspec.UnsetType = msgspec.UNSET
    """The line from which this one was split: it comes directly after that line. Missing in all other lines."""


class WordsCommitted(ChannelEvent, frozen=True, kw_only=True, tag="words.committed"):
    """Words were added to the line. They will not change any more."""

    segment: SegmentId
    """The line."""
    first: int
    """How many words the line had before."""
    words: tuple[Word, ...]
    """The words, in order."""

    def lane(self) -> Lane:
        """The channel's lane of words, which low-data readers don't follow."""
        return lanes.words_lane(self.channel)


class SegmentEnded(ChannelEvent, frozen=True, kw_only=True, tag="segment.ended"):
    """A line ended. This event has its whole text."""

    segment: SegmentId
    """The line."""
    t1: int
    """End, media ms."""
    reason: EndReason
    """Why the line ended here."""
    text: str
    """All of the line's text at its end."""


class SegmentCorrected(ChannelEvent, frozen=True, kw_only=True, tag="segment.corrected"):
    """The first `base_words` words of a line were replaced; the line now reads `text` + `tail`."""

    segment: SegmentId
    """The line."""
    base_revision: int
    """How many corrections the line had before this one."""
    base_words: int
    """How many of the line's committed words `text` replaces."""
    text: str
    """The text that replaces these words."""
    tail: str
    """The committed words after those, joined, so that a client needs no word boundaries to apply a correction."""
    machine: bool = False
    """Whether a recogniser's second pass corrected its own text, or an outside tool its own line; otherwise a person
    did.
    """
    accepted: bool = False
    """Whether a person accepted a machine's proposal unchanged, in a line in which no person had written."""
    made_from: MadeFrom | msgspec.UnsetType = msgspec.UNSET
    """From which revision the line was translated anew, since its source was corrected; missing in all other
    corrections.
    """
    proposed: bool | msgspec.UnsetType = msgspec.UNSET
    """True when the speaker had proposed the text, which whoever corrected the line accepted; missing otherwise."""
    unmended: bool | msgspec.UnsetType = msgspec.UNSET
    """True when it undid the first correction by a person: the line reads as before, and no person counts as having
    corrected it; missing otherwise."""


class SegmentSplit(ChannelEvent, frozen=True, kw_only=True, tag="segment.split"):
    """A line was split where the voice changes. A `segment.corrected` with the text that stays follows, and then the
    events of the second part, which is a line of its own; no word is changed. Where the line keeps all its words,
    another voice begins after it, and nothing follows. So it is of a translated line where its original was split.
    """

    segment: SegmentId
    """The line, which keeps its words before the split."""
    revision: int
    """How many corrections the line had before."""
    word: int
    """How many of its committed words the line keeps."""
    into: SegmentId | None
    """The line of the other words; null where there are none."""
    t1: int
    """End of the line now, media ms."""


class ProposalDeclined(ChannelEvent, frozen=True, kw_only=True, tag="proposal.declined"):
    """A speaker made public that their proposal for a line was declined. Without the speaker's wish nothing is logged
    of a proposal that was declined.
    """

    segment: SegmentId
    """The line."""
    text: str
    """What the speaker had proposed, as the whole text of the line."""
    reason: str
    """Why it was declined."""
    by: Role
    """The role of whoever declined it."""
    at: int
    """When it was declined, Unix ms."""


class AirChanged(ChannelEvent, frozen=True, kw_only=True, tag="air.changed"):
    """Whose text the channel shows from here on. Before the first such event it shows the machine's."""

    source: AirSource
    """The machine, a person, an outside tool, or a respeaker whom the machine hears."""
    t: int
    """When the source changed, media ms."""
    t0: int
    """From which media ms on the new source is responsible for the text. For a person this is the end of the machine's
    last word. For the machine it is the time from which it hears the channel's own sound again: some seconds before the
    end of what the person wrote or the respeaker said."""
    tool: str = ""
    """The public name of the outside tool; empty for other sources."""


class AirHeld(StaffEvent, frozen=True, kw_only=True, tag="air.held"):
    """Who is on air in a channel from here on, and with which control token."""

    channel: ChannelId
    """The channel."""
    holder: str
    """Pseudonym of the person, respeaker or tool; empty for the machine."""
    token: int
    """The control token: whoever asks with a higher token goes on air next."""


class LineOffered(StaffEvent, frozen=True, kw_only=True, tag="line.offered"):
    """Somebody who is not on air wrote a line. Whoever is on air may take it, by writing a line with this id."""

    channel: ChannelId
    """The channel."""
    segment: SegmentId
    """The id that the line gets when it is taken."""
    text: str
    """The text of the line."""
    language: str
    """BCP-47 tag of the text."""
    speaker: SpeakerId | None = None
    """Who said it; null when that is not known."""
    t: int
    """When the line was written, media ms."""
    by: str
    """Pseudonym of whoever wrote the line."""
    tool: str = ""
    """The public name of the outside tool that sent the line; empty when a person wrote it."""


class ChannelRewound(ChannelEvent, frozen=True, kw_only=True, tag="channel.rewound"):
    """Lines were struck, since their sound is recognised again, or since lines that had been struck before are
    restored.

    In a translation: since the lines from which they were made were struck.
    """

    t: int
    """Media ms from which the sound is recognised again; the end of the recognised sound when none is
    recognised again.
    """
    segments: tuple[SegmentId, ...]
    """The lines that were struck."""


class SegmentsMovedAway(ChannelEvent, frozen=True, kw_only=True, tag="segments.moved-away"):
    """Lines that were said in another session were moved there."""

    segments: tuple[SegmentId, ...]
    """The lines that left this session."""
    session: SessionId | None
    """The session to which they belong; null when readers of this session may not know of that one."""


class SegmentsMovedHere(ChannelEvent, frozen=True, kw_only=True, tag="segments.moved-here"):
    """The lines that follow were moved here from another session, which had logged them by mistake."""

    segments: tuple[SegmentId, ...]
    """The ids of the lines in this session."""
    session: SessionId | None
    """The session that had logged them; null when readers of this session may not know of that one."""


SegmentFact = SegmentOpened | WordsCommitted | SegmentEnded | SegmentCorrected | SegmentSplit
AirFact = AirChanged | AirHeld | LineOffered
MoveFact = ChannelRewound | SegmentsMovedAway | SegmentsMovedHere
"""Unions of events; the state has one fold for each of them."""
