"""The facts of a session itself, and the union of all events.

An event declares its lane by type. Fields are only ever added; a changed meaning is a new type or a higher
`v` with an upcast (`moothall.core.events.codec`). Times are media time in integer milliseconds unless the
field says *wall* (Unix milliseconds).

Modules beside this one have the facts about one thing each: lines, questions, attendance, hubs, notes and tags,
outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from moothall.core.events.attendance import AttendanceFact
from moothall.core.events.base import Event, StaffEvent
from moothall.core.events.hubs import HubPresenceChanged
from moothall.core.events.lines import AirFact, MoveFact, ProposalDeclined, SegmentFact
from moothall.core.events.notes_and_tags import NoteOrTag
from moothall.core.events.outcomes import OutcomeFact
from moothall.core.events.questions import QuestionFact
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


class VoiceUse(StrEnum):
    """What engines may measure of the voices of a session, within what the house allows."""

    ALLOWED = "allowed"
    """All that the house allows."""
    CHANGES = "changes"
    """Only where one voice ends and another begins."""
    NONE = "none"
    """Nothing."""


class VoicesTold(StrEnum):
    """What readers are told that an engine measures of the voices that it hears."""

    CHANGES = "changes"
    """Where one voice ends and another begins, and nothing else."""
    KNOWN = "known"
    """Of people who agreed, whose voice it is; of all others where the voice changes."""


class ChannelKind(StrEnum):
    """What a channel carries."""

    FLOOR = "floor"
    INTERPRETATION = "interpretation"
    TRANSLATION = "translation"


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
    voice_use: VoiceUse | msgspec.UnsetType = msgspec.UNSET
    """What may be measured of voices; missing: all that the house allows. With young people it is nothing."""


class SessionDescribed(Event, frozen=True, kw_only=True, tag="session.described"):
    """The title of the session, or the languages that are spoken in it, were changed."""

    title: str
    """The title from here on."""
    languages: tuple[str, ...] = ()
    """BCP-47 tags of the languages that may be spoken in the session and its floor channels from here on; empty:
    unchanged.
    """


class SessionArranged(Event, frozen=True, kw_only=True, tag="session.arranged"):
    """Settings of the session were changed: who may read it, what is kept of its sound, whether lists name it, and what
    may be measured of voices. The first three are given as they are now.
    """

    access: Access
    """Who may read the session from here on."""
    sound: SoundKept
    """What is kept of the sound from here on; with `none`, what was kept so far is erased."""
    listed: bool = True
    """Whether public lists name the session, provided that everybody may read it."""
    voice_use: VoiceUse | msgspec.UnsetType = msgspec.UNSET
    """What may be measured of voices from here on; missing: unchanged."""


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
    rough: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    """The languages (primary tags) in which the model's text is rough, by its measured errors; missing where there are
    none, or where nothing was measured."""
    voices: VoicesTold | msgspec.UnsetType = msgspec.UNSET
    """What it measures of voices in the channel; missing where nothing is measured."""


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


class VoiceAgreed(StaffEvent, frozen=True, kw_only=True, tag="voice.agreed"):
    """A desk noted that a speaker agreed to have their voice recognised in this session, or doesn't any more. Nothing
    of the voice is in the log.
    """

    speaker: SpeakerId
    """The speaker."""
    agreed: bool
    """Whether they agree from here on."""


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


ImportFact = TextImported | OriginalKept | GroundStated
"""What is logged of a file about a past meeting."""

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
    | VoiceAgreed
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
