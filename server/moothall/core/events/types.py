"""The facts of a session itself and of its lines, and the union of all events.

An event declares its lane by type. Fields are only ever added; a changed meaning is a new type or a higher
`v` with an upcast (`moothall.core.events.codec`). Times are media time in integer milliseconds unless the
field says *wall* (Unix milliseconds).

Modules beside this one have the facts about one thing each: questions, attendance, hubs, notes and tags, outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from moothall.core.events.attendance import AttendanceFact
from moothall.core.events.base import Event, StaffEvent
from moothall.core.events.hubs import HubPresenceChanged
from moothall.core.events.notes_and_tags import NoteOrTag
from moothall.core.events.outcomes import OutcomeFact
from moothall.core.events.questions import QuestionFact
from moothall.core.kernel import lanes
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import (
    ChannelId,
    CommandId,
    InterventionId,
    Lane,
    PolicyQuestionId,
    SegmentId,
    SessionId,
    SourceId,
    SpeakerId,
)


class LogKind(StrEnum):
    """What a log is about. Every log begins with `session.created`, whatever it is about, so that writers, hubs, nodes,
    proofs and removals are the same for all.
    """

    SESSION = "session"
    """A meeting."""
    CALL = "call"
    """An open call for policy questions: what is proposed are its interventions."""
    REGISTER = "register"
    """The policy questions of the house, with the bodies that deal with them."""
    REPORT = "report"
    """The report of a session."""
    DOCUMENT = "document"
    """A document made of reports, such as the outcome document."""


class Access(StrEnum):
    """Who may read a session and its record."""

    PUBLIC = "public"
    LINK = "link"
    STAFF = "staff"


class SoundKept(StrEnum):
    """What is kept of the sound of a session, and for whom."""

    NONE = "none"
    """No sound is kept."""
    UNTIL_CHECKED = "until-checked"
    """Sound is kept for those who check the text, for 30 days at most."""
    PUBLISHED = "published"
    """Sound is kept, and anybody may hear it with the text."""


class ChannelKind(StrEnum):
    """What a channel carries."""

    FLOOR = "floor"
    INTERPRETATION = "interpretation"
    TRANSLATION = "translation"


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


class GapReason(StrEnum):
    """Why a span of the session has no text."""

    SOURCE_LOST = "source-lost"
    ENGINE_LOST = "engine-lost"
    OVERLOAD = "overload"
    STORAGE = "storage"
    UNHEARD = "unheard"
    """The recogniser gave no result for the sound."""


class SealVersion(StrEnum):
    """The state of the text that a seal names."""

    RAW = "raw"
    CHECKED = "checked"
    FINAL = "final"


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
    """Whether a translation by this route gives only the gist."""


class LaneHead(msgspec.Struct, frozen=True):
    """The head of a lane: its last event."""

    offset: int
    """Offset of the lane's last event; 0 when it has none."""
    digest: str
    """The chain's digest after that event: SHA-256, hexadecimal."""


Heads = Mapping[Lane, LaneHead]
"""The last event of each lane; a lane that isn't named has no events."""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """What a session took up."""

    t: int
    """Since when, media ms. It lasts until the next topic."""
    question: PolicyQuestionId | None = None
    """The policy question that was taken up; null for a free heading, nothing, and a question of an imported file."""
    number: int = 0
    """The question's number in the list, from 1; 0 for a free heading, and a question that is listed no more."""
    title: str = ""
    """The question's wording, or the free heading; empty: nothing is taken up any more."""


class ChannelEvent(Event, frozen=True, kw_only=True):
    """An event about the segments of one channel."""

    channel: ChannelId
    """The channel whose `ch` lane holds the event."""

    def lane(self) -> Lane:
        """The channel's own lane."""
        return lanes.channel_lane(self.channel)


class SessionCreated(Event, frozen=True, kw_only=True, tag="session.created"):
    """A session was created. It has not begun."""

    title: str
    """The title, in the language of the conference."""
    languages: tuple[str, ...]
    """BCP-47 tags of the languages that may be spoken; the first is the expected one."""
    access: Access = Access.PUBLIC
    """Who may read the session."""
    young_people: bool = False
    """Whether young people take part, which forbids sound and real names."""
    sound: SoundKept = SoundKept.NONE
    """What is kept of the sound. The field is missing in logs of releases that recorded no sound."""
    rehearsal: bool = False
    """Whether the session is only a test: it is never listed, and is removed automatically."""
    kind: LogKind = LogKind.SESSION
    """What the log is about."""


class SessionDescribed(Event, frozen=True, kw_only=True, tag="session.described"):
    """The title of the session, or the languages that are spoken in it, were changed."""

    title: str
    """The title from here on."""
    languages: tuple[str, ...] = ()
    """BCP-47 tags of the languages that may be spoken in the session and its floor channels from here on; empty:
    unchanged.
    """


class SessionArranged(Event, frozen=True, kw_only=True, tag="session.arranged"):
    """Settings of the session were changed: who may read it, what is kept of its sound, and whether lists name it. All
    three are given as they are now.
    """

    access: Access
    """Who may read the session from here on."""
    sound: SoundKept
    """What is kept of the sound from here on; with `none`, what was kept so far is erased."""
    listed: bool = True
    """Whether public lists name the session, provided that everybody may read it."""


class SessionCancelled(Event, frozen=True, kw_only=True, tag="session.cancelled"):
    """The session will not be held. Lists still name it, marked as cancelled."""

    reason: str = ""
    """The reason, public; empty when none was given."""


class SessionReinstated(Event, frozen=True, kw_only=True, tag="session.reinstated"):
    """The cancellation was taken back: the session will be held."""


class SessionOpened(Event, frozen=True, kw_only=True, tag="session.opened"):
    """The session began, now or shortly before: with the first sound of the microphone that opened it."""

    wall: int
    """Unix ms of media time 0."""


class SessionPaused(Event, frozen=True, kw_only=True, tag="session.paused"):
    """A break began. Media time continues during a break."""

    t: int
    """When the break was declared, media ms."""
    t0: int | None = None
    """Since when nothing is kept, media ms: up to 30 s before `t`. What the log held of that time is removed.

    None in logs of releases in which the text continued through a break.
    """


class SessionResumed(Event, frozen=True, kw_only=True, tag="session.resumed"):
    """The break ended."""

    t: int
    """When the end of the break was declared, media ms."""
    t1: int | None = None
    """Since when everything is kept again, media ms: up to 30 s before `t`. None as in `session.paused`."""


class SessionClosed(Event, frozen=True, kw_only=True, tag="session.closed"):
    """The session was closed: there will be no more audio. Corrections, written answers and translations may follow."""

    t: int
    """When the session was closed, media ms."""


class CloseRequested(StaffEvent, frozen=True, kw_only=True, tag="close.requested"):
    """Somebody wants the session closed as soon as its last words are in the log. The request outlives a crash of the
    server.

    Only `session.closed` closes the session.
    """

    act: CommandId | None = None
    """Id of the act that will close the session. None: the session stays open after all, or it is closed and the next
    session has been opened.
    """
    by: str = ""
    """Pseudonym of the person who asked for the close."""
    then: SessionId | None = None
    """The session in the same room that is to be opened after the close, once; None when none is."""


class SessionReopened(Event, frozen=True, kw_only=True, tag="session.reopened"):
    """The close of the session was undone."""

    t: int
    """When the close was undone, media ms."""


class NotRecordedBegan(Event, frozen=True, kw_only=True, tag="not-recorded.began"):
    """From here on nothing that is said is kept."""

    t0: int
    """Since when nothing is kept, media ms: up to 30 s before the act. What the log held of that time is removed."""


class NotRecordedEnded(Event, frozen=True, kw_only=True, tag="not-recorded.ended"):
    """From here on what is said is kept again."""

    t1: int
    """Since when it is kept again, media ms."""


class ChannelAdded(Event, frozen=True, kw_only=True, tag="channel.added"):
    """The session got another channel: the text of one language."""

    channel: ChannelId
    """The channel's id, which is part of the names of its lanes."""
    kind: ChannelKind
    """What the channel carries."""
    languages: tuple[str, ...]
    """BCP-47 tags that the channel's segments may have."""
    of_record: bool = False
    """Whether a translation is made of the whole session and belongs to the record; false for other kinds."""
    requested: int | None = None
    """Unix ms when somebody first asked for a translation that is not of record; null for other channels."""


class TextImported(Event, frozen=True, kw_only=True, tag="text.imported"):
    """The text of a channel comes from a file about a past meeting, and was not written here. The lines follow."""

    channel: ChannelId
    """The channel, to which lines of no other file are added."""
    form: str
    """The format of the file: `vtt`, `srt`, `ttml`, `txt`, `akn`, or `json` for a record of Moothall's."""
    producer: str = ""
    """The program that wrote the file, such as `Zoom`; empty where the file doesn't say."""
    at: int
    """Unix ms of the import."""
    digest: str
    """SHA-256 of the file, hexadecimal."""
    estimated: bool = False
    """Whether the file has no times: those of the lines are estimated from the lengths of their texts."""
    names: str = ""
    """The secretariat's statement why names may be kept that no programme lists; empty: these names were dropped."""


class OriginalKept(StaffEvent, frozen=True, kw_only=True, tag="original.kept"):
    """A part of an imported file, as it came. All parts are removed with the first removal of words on request."""

    channel: ChannelId
    """The channel that was made from the file."""
    name: str
    """The name of the file."""
    part: int
    """The number of the part, from 1."""
    parts: int
    """How many parts there are."""
    content: bytes
    """The part. All parts, joined, are the file, compressed in the zlib format (RFC 1950)."""


class GroundStated(Event, frozen=True, kw_only=True, tag="ground.stated"):
    """Somebody stated on what ground an imported session may be read by others than the staff."""

    access: Access
    """Who may read it on this ground."""
    ground: str
    """The ground, public."""


class SourceAttached(Event, frozen=True, kw_only=True, tag="source.attached"):
    """From here on the audio of a source feeds a channel."""

    source: SourceId
    """The source's id."""
    channel: ChannelId
    """The channel whose engine hears the source."""
    t: int
    """Media ms of the source's first sample."""
    rate: int
    """Sample rate in Hz."""


class SourceEnded(Event, frozen=True, kw_only=True, tag="source.ended"):
    """The audio of a source ended, and all words recognised from it are in the log."""

    source: SourceId
    """The source's id."""
    t: int
    """Media ms of the source's last sample."""


class ClockMapped(Event, frozen=True, kw_only=True, tag="clock.mapped"):
    """Maps media time to wall time. The newest mapping holds; times of earlier events stay as they are."""

    t: int
    """Media ms."""
    wall: int
    """Unix ms."""


class WriterChanged(Event, frozen=True, kw_only=True, tag="writer.changed"):
    """Another server of the house writes the log from here on. The previous writer may have left no event of
    this type.
    """

    node: str
    """The name of the server (node) that writes."""


class EngineAttached(Event, frozen=True, kw_only=True, tag="engine.attached"):
    """An engine took over a channel. Commits with an earlier generation are stale from here on."""

    channel: ChannelId
    """The channel."""
    generation: int
    """Number of the attachment within the channel, from 1."""
    model: str
    """The recogniser's model, for the record: `whisper-base`, `scripted`."""


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
    cues: bool | msgspec.UnsetType = msgspec.UNSET
    """True when the words of an imported line are the captions of its file, one word for each; missing in all other
    lines."""


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


class SpeakerIntroduced(Event, frozen=True, kw_only=True, tag="speaker.introduced"):
    """A speaker and the name to show."""

    speaker: SpeakerId
    """The speaker's id in the session."""
    name: str
    """The name that readers see."""


class SpeakerAssigned(Event, frozen=True, kw_only=True, tag="speaker.assigned"):
    """Lines were assigned to a speaker, or to nobody."""

    segments: tuple[SegmentId, ...]
    """The lines."""
    speaker: SpeakerId | None
    """Who said the lines; null removes the speaker."""


class SpeakerChanged(Event, frozen=True, kw_only=True, tag="speaker.changed"):
    """Who speaks in a channel from here on. Lines are assigned to that speaker as they open."""

    channel: ChannelId
    """The channel."""
    speaker: SpeakerId | None
    """Who speaks; null when nobody is named."""
    t: int
    """When the speaker changed, media ms."""


class LanguageForced(Event, frozen=True, kw_only=True, tag="language.forced"):
    """Somebody set the language of a channel. The language is not detected until this is taken back."""

    channel: ChannelId
    """The channel."""
    language: str | None
    """BCP-47 tag; null: the language is detected again."""


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


class TopicTaken(Event, frozen=True, kw_only=True, tag="topic.taken-up"):
    """A policy question, or another topic such as an agenda item, was taken up. It takes the place of what was taken up
    at the same time or later, so that it can be set back.
    """

    question: PolicyQuestionId | None = None
    """The policy question that was taken up; null for a free heading, nothing, and a question of an imported file."""
    number: int = 0
    """The question's number in the list then, from 1; 0 for a free heading."""
    title: str = ""
    """The question's wording then, or the free heading; empty: nothing is taken up any more."""
    t: int
    """Since when, media ms."""


class TermChosen(StaffEvent, frozen=True, kw_only=True, tag="term.chosen"):
    """A desk said whether a name or term is to be preferred by recognisers, and how translations write it."""

    term: str
    """The term in its preferred spelling."""
    wanted: bool | None
    """Whether the term is preferred in this session; null: the programme and the glossary files decide again."""
    language: str | None = None
    """BCP-47 tag of the language in which the choice holds; null for all languages."""
    keep: bool | None = None
    """Whether translations keep the term as it is; null: the glossary files decide."""
    written: dict[str, str] = msgspec.field(default_factory=dict)
    """The term's translations, by BCP-47 tag; they take precedence over `keep`."""
    forms: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """Other forms of these, by BCP-47 tag: `gen`, `dat`, `acc`, `ins`, `prep`, `article`, `gender`."""


class GapNoted(Event, frozen=True, kw_only=True, tag="gap.noted"):
    """A span of a channel has no text, for a reason."""

    channel: ChannelId
    """The channel."""
    t0: int
    """Start of the span, media ms."""
    t1: int
    """End of the span, media ms."""
    reason: GapReason
    """Why there is no text."""


class WallCleared(Event, frozen=True, kw_only=True, tag="wall.cleared"):
    """Walls and overlays are empty from here on. The record is unchanged."""

    t: int | None
    """Lines that began before this (media ms) are on no wall; null: walls show all lines again, since the clearing was
    undone.
    """
    withdrawn: InterventionId | None = None
    """The called question that was withdrawn from the walls, and is being checked again; null when none was called."""


class RecordCheckpoint(Event, frozen=True, kw_only=True, tag="record.checkpoint"):
    """The heads of the chains of all public lanes, signed. The signature covers
    `moothall.core.chain.checkpoint_bytes`.
    """

    lanes: dict[str, LaneHead]
    """The head of each public lane before this event."""
    key: str
    """Id of the Ed25519 key, as listed in `/.well-known/moothall.json`."""
    signature: str
    """The signature, base64."""


class RecordSealed(Event, frozen=True, kw_only=True, tag="record.sealed"):
    """A version of the record is complete; later events belong to the next version."""

    version: SealVersion
    """Which work on the text is complete."""
    n: int
    """Number of the seal, from 1."""


class BodyRemoved(Event, frozen=True, kw_only=True, tag="body.removed"):
    """Bodies of events were erased. The chain still verifies."""

    offsets: tuple[int, ...]
    """The events whose bodies and salts were erased."""
    reason: str
    """Why: `request`; `not-recorded` for what a span of "not recorded", or a break, had caught; `due` for words that
    were kept for as long as was stated, and `due-staff` where only the staff could read them.
    """
    by: str
    """Pseudonym of whoever ordered the removal."""
    through: dict[ChannelId, int] = msgspec.field(default_factory=dict)
    """Media ms up to which each channel's words were committed, so that removed sound is not recognised again."""


AirFact = AirChanged | AirHeld | LineOffered
SegmentFact = SegmentOpened | WordsCommitted | SegmentEnded | SegmentCorrected
MoveFact = ChannelRewound | SegmentsMovedAway | SegmentsMovedHere
ImportFact = TextImported | OriginalKept | GroundStated
"""Unions of events; the state has one fold for each of them."""

AnyEvent = (
    SessionCreated
    | SessionDescribed
    | SessionArranged
    | SessionCancelled
    | SessionReinstated
    | SessionOpened
    | SessionPaused
    | SessionResumed
    | SessionClosed
    | CloseRequested
    | SessionReopened
    | NotRecordedBegan
    | NotRecordedEnded
    | ChannelAdded
    | ImportFact
    | SourceAttached
    | SourceEnded
    | ClockMapped
    | WriterChanged
    | EngineAttached
    | SegmentFact
    | ProposalDeclined
    | SpeakerIntroduced
    | SpeakerAssigned
    | SpeakerChanged
    | LanguageForced
    | AirFact
    | MoveFact
    | NoteOrTag
    | TopicTaken
    | TermChosen
    | GapNoted
    | QuestionFact
    | WallCleared
    | HubPresenceChanged
    | AttendanceFact
    | RecordCheckpoint
    | RecordSealed
    | BodyRemoved
    | OutcomeFact
)
"""Every event of this release. `type` says which class a body has."""
