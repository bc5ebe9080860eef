"""Every fact that a log can hold, but for those about outcomes (`outcomes.py`).

An event declares its lane by type. Fields are only ever added; a changed meaning is a new type or a higher
`v` with an upcast (`moothall.core.events.codec`). Times are media time in integer milliseconds unless the
field says *wall* (Unix milliseconds). `docs/reference/events.md` is generated from this file.

All of them are in one module, so that what a session's log can hold is read on one page: fields, and no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from moothall.core.events.base import Event, StaffEvent
from moothall.core.events.outcomes import OutcomeFact
from moothall.core.events.question_parts import (
    InterventionKind,
    InterventionStatus,
    OpinionGroup,
    OpinionSums,
    QueueOrder,
)
from moothall.core.kernel import lanes
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import (
    ChannelId,
    CommandId,
    InterventionId,
    Lane,
    NoteId,
    PolicyQuestionId,
    PollId,
    RollEntryId,
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


class CountSource(StrEnum):
    """How people in a room were counted."""

    TYPED = "typed"
    """Somebody of the staff counted them and typed the number."""
    BADGES = "badges"
    """By a file of badges, which was not kept."""


class LaneHead(msgspec.Struct, frozen=True):
    """The head of a lane: its last event."""

    offset: int
    """Offset of the lane's last event; 0 when it has none."""
    digest: str
    """The chain's digest after that event: SHA-256, hexadecimal."""


Heads = Mapping[Lane, LaneHead]
"""The last event of each lane; a lane that isn't named has no events."""


class Tag(StrEnum):
    """A mark of a line for the report."""

    AGREED = "agreed"
    """All who spoke about the matter agree."""
    DIVERGING = "diverging"
    """A view that others don't share."""
    OPTION = "option"
    """Something that could be done."""


class PolicyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question of the programme under which lines are tagged for the report."""

    id: PolicyQuestionId
    """Unique in the session; stays the same when the wording is edited."""
    text: str
    """The question's wording."""


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


class NoteLeft(StaffEvent, frozen=True, kw_only=True, tag="note.left"):
    """Somebody of the staff wrote a note to others of the staff."""

    text: str
    """The text of the note."""
    note: NoteId = NoteId("")
    """The note's id, unique in the session; empty for a note that can't be confirmed as read."""
    to: Role | None = None
    """The role to which the note is addressed; null for all. Other roles of the staff can read it too."""


class NoteRead(StaffEvent, frozen=True, kw_only=True, tag="note.read"):
    """Somebody of the staff, whom the header names, confirmed that they have read a note."""

    note: NoteId
    """The note that was read."""


class HubEvent(Event, frozen=True, kw_only=True):
    """An event between the centre and one hub."""

    hub: str
    """The hub's name, which is part of its lane's name."""

    def lane(self) -> Lane:
        """The hub's own lane."""
        return lanes.hub_lane(self.hub)


class HubNoteLeft(HubEvent, frozen=True, kw_only=True, tag="hub.note-left"):
    """A note from the centre's staff to a hub, or from a hub to the staff."""

    note: NoteId
    """The note's id, unique in the session."""
    text: str
    """The text of the note."""
    by: Role
    """The role of the author: `hub`, or a role of the centre's staff."""


class HubNoteRead(HubEvent, frozen=True, kw_only=True, tag="hub.note-read"):
    """The addressee of a hub's note confirmed that it was read."""

    note: NoteId
    """The note that was read."""
    by: Role
    """The role of whoever read it."""


class HubDeclined(HubEvent, frozen=True, kw_only=True, tag="hub.declined"):
    """Why an intervention that came from a hub was not taken, for its author there."""

    intervention: InterventionId
    """The intervention."""
    reason: str
    """The reason, as in `intervention.declined`."""


class PolicyQuestionsListed(Event, frozen=True, kw_only=True, tag="policy-questions.listed"):
    """The policy questions of the session were set. They replace the previous list."""

    questions: tuple[PolicyQuestion, ...]
    """All policy questions, in their order."""


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


class SegmentTagged(StaffEvent, frozen=True, kw_only=True, tag="segment.tagged"):
    """A line was tagged for the report, or lost its tag."""

    segment: SegmentId
    """The line."""
    tag: Tag | None
    """`agreed`, `diverging` or `option`; null removes the tag."""
    question: PolicyQuestionId | None = None
    """The policy question under which the line is tagged; null for none. A line has at most one tag under each
    question.
    """


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


class InterventionReceived(StaffEvent, frozen=True, kw_only=True, tag="intervention.received"):
    """Somebody asked a question, commented, or asked to speak. Until it is published only the staff knows more than its
    number.
    """

    intervention: InterventionId
    """The intervention's id, unique in the session."""
    number: int
    """The public number, counted from 1."""
    kind: InterventionKind
    """A question, a comment, or a request to speak."""
    text: str
    """The text as it was sent; may be empty in a request to speak."""
    language: str
    """BCP-47 tag of the text."""
    name: str
    """The name or pseudonym that the author chose; empty for none."""
    origin: str
    """`room`, `remote`, or `hub:` with the hub's name."""
    asker: str
    """Shows whether two interventions come from the same person: a keyed hash, which leads to nobody."""
    t: int
    """When it was asked, media ms."""
    after_close: bool = False
    """Whether it arrived after the close, because its author had been cut off."""


class InterventionReworded(StaffEvent, frozen=True, kw_only=True, tag="intervention.reworded"):
    """The staff edited the wording of an intervention, or its author's name. The original stays in
    `intervention.received`.
    """

    intervention: InterventionId
    """The intervention."""
    text: str
    """The text from here on."""
    name: str | None = None
    """The name from here on, empty for none; null: unchanged."""


class InterventionFlagged(StaffEvent, frozen=True, kw_only=True, tag="intervention.flagged"):
    """An intervention was marked for a person to look at. It is held back, never deleted."""

    intervention: InterventionId
    """The intervention."""
    flags: tuple[str, ...]
    """Why: `blocked-word`, `reported` by readers, `abuse`. Empty: a person has looked at it and found nothing wrong."""


class InterventionTagged(StaffEvent, frozen=True, kw_only=True, tag="intervention.tagged"):
    """An intervention was put under a policy question for the report, or taken from under it. It is under one at
    most.
    """

    intervention: InterventionId
    """The intervention."""
    question: PolicyQuestionId | None
    """The policy question; null: none."""


class InterventionDeclined(StaffEvent, frozen=True, kw_only=True, tag="intervention.declined"):
    """Why an intervention was not taken, for the staff and on its author's own page. Follows the public change of
    status.
    """

    intervention: InterventionId
    """The intervention."""
    reason: str
    """The reason, as a desk wrote it."""


class InterventionRemoved(StaffEvent, frozen=True, kw_only=True, tag="intervention.removed"):
    """The text and the name of an intervention were removed, on request or since they were due. This event repeats what
    remains of what was received.
    """

    intervention: InterventionId
    """The intervention."""
    number: int
    """The public number."""
    kind: InterventionKind
    """As in `intervention.received`."""
    language: str
    """As in `intervention.received`."""
    origin: str
    """As in `intervention.received`."""
    asker: str
    """As in `intervention.received`; empty once the keyed hash was due."""
    t: int
    """As in `intervention.received`."""
    after_close: bool = False
    """As in `intervention.received`."""


class InterventionEvent(Event, frozen=True, kw_only=True):
    """A public fact about an intervention."""

    intervention: InterventionId
    """The intervention."""
    number: int
    """The public number."""

    def lane(self) -> Lane:
        """The public lane of questions."""
        return lanes.QUESTIONS


class InterventionPublished(InterventionEvent, frozen=True, kw_only=True, tag="intervention.published"):
    """The public text and name of an intervention. The event is repeated when either is edited later."""

    kind: InterventionKind
    """As in `intervention.received`."""
    text: str
    """The text, as edited by whoever checked it."""
    language: str
    """BCP-47 tag of the text."""
    name: str
    """The name that the author chose, or as the staff edited it; empty for none."""
    origin: str
    """As in `intervention.received`."""
    t: int
    """When it was asked, media ms."""
    removed: bool = False
    """Whether its words were removed: then text and name are empty, and there is no answer in writing."""


class InterventionStatusChanged(InterventionEvent, frozen=True, kw_only=True, tag="intervention.status-changed"):
    """The status of an intervention from here on."""

    status: InterventionStatus
    """The new status."""
    t: int
    """When the status changed, media ms."""
    reason: str = ""
    """Always empty now. In logs of earlier releases it may say why the intervention was not taken; readers never get
    it.
    """
    into: InterventionId | None = None
    """The question with which it was joined; null otherwise."""
    segment: SegmentId | None = None
    """The line of the record in which it was answered; null when none is named."""
    own: bool = False
    """Whether the author changed the status: put it off, queued it again, or took it back."""


class InterventionWritten(InterventionEvent, frozen=True, kw_only=True, tag="intervention.written"):
    """An intervention was answered in writing."""

    text: str
    """The answer."""
    language: str
    """BCP-47 tag of the answer."""


class QueueEvent(Event, frozen=True, kw_only=True):
    """A public fact about the queue."""

    def lane(self) -> Lane:
        """The public lane of questions."""
        return lanes.QUESTIONS


class QueueArranged(QueueEvent, frozen=True, kw_only=True, tag="queue.arranged"):
    """The chair changed the order of the queue: the interventions named here come first, the others by the rule."""

    first: tuple[InterventionId, ...]
    """The interventions that come first, in this order; empty: the whole queue follows the rule."""


class QueueOrdered(QueueEvent, frozen=True, kw_only=True, tag="queue.ordered"):
    """The rule by which the queue is ordered from here on."""

    order: QueueOrder
    """The rule."""


class AskingLimited(QueueEvent, frozen=True, kw_only=True, tag="asking.limited"):
    """Whose questions and comments are accepted from here on."""

    known: bool
    """Whether only those of browsers that keep a cookie are accepted; hubs' are always accepted."""


class SupportCounted(QueueEvent, frozen=True, kw_only=True, tag="support.counted"):
    """How many people would ask the same. The ballots are kept elsewhere, and are destroyed."""

    counts: dict[InterventionId, int]
    """The present count of each intervention whose count has changed."""


class PollEvent(Event, frozen=True, kw_only=True):
    """A public fact about a show of hands."""

    poll: PollId
    """The show of hands' id, unique in the session."""

    def lane(self) -> Lane:
        """The public lane of questions."""
        return lanes.QUESTIONS


class PollOpened(PollEvent, frozen=True, kw_only=True, tag="poll.opened"):
    """A show of hands was opened with answers to choose from, or a closed one was reopened unchanged."""

    number: int
    """The public number, counted from 1."""
    question: str
    """The question that is put."""
    language: str
    """BCP-47 tag of the question and of the options."""
    options: tuple[str, ...]
    """The answers to choose from, two to eight."""
    t: int
    """When it was opened, media ms."""
    quiet: bool = False
    """Whether pages and walls hide the counts while it is open. The events have the counts all the same."""


class PollCounted(PollEvent, frozen=True, kw_only=True, tag="poll.counted"):
    """The present counts of each option, at most once a second. The ballots are kept elsewhere, and are destroyed."""

    remote: tuple[int, ...]
    """Counts of those who chose on their page, in the order of the options."""
    room: tuple[int, ...]
    """Counts of hands in the room by a person, in the order of the options."""


class PollClosed(PollEvent, frozen=True, kw_only=True, tag="poll.closed"):
    """A show of hands was closed. Ballots that arrived before are still counted, up to a second later."""

    t: int
    """When it was closed, media ms."""
    void: bool = False
    """Whether it was opened by mistake, and is no longer shown."""


class VotingSwitched(QueueEvent, frozen=True, kw_only=True, tag="voting.switched"):
    """Whether people can vote on comments from here on."""

    on: bool
    """Whether they can."""


class CommentsPutToVote(QueueEvent, frozen=True, kw_only=True, tag="voting.put"):
    """The comments on which people vote from here on."""

    comments: tuple[InterventionId, ...]
    """All of them, in the order in which they were put to the vote."""


class OpinionsCounted(QueueEvent, frozen=True, kw_only=True, tag="voting.counted"):
    """Sums of the votes on comments, each of at least five people. They are told anew when the votes of five people
    have changed. The ballots are kept elsewhere, and are destroyed.
    """

    voters: int
    """How many people have voted."""
    sums: dict[InterventionId, OpinionSums]
    """The votes on each comment on which five people have voted."""
    groups: tuple[OpinionGroup, ...]
    """The groups of opinion, the largest first; empty where none can be told apart."""


class WallCleared(Event, frozen=True, kw_only=True, tag="wall.cleared"):
    """Walls and overlays are empty from here on. The record is unchanged."""

    t: int | None
    """Lines that began before this (media ms) are on no wall; null: walls show all lines again, since the clearing was
    undone.
    """
    withdrawn: InterventionId | None = None
    """The called question that was withdrawn from the walls, and is being checked again; null when none was called."""


class TurnLimited(QueueEvent, frozen=True, kw_only=True, tag="turn.limited"):
    """The time limit of a turn from here on, also of the turn under way. A typed turn may take three times as long."""

    ms: int
    """The limit in ms; 0: no limit."""


class TurnTyped(InterventionEvent, frozen=True, kw_only=True, tag="turn.typed"):
    """The called author began to type: this turn may take three times as long."""

    t: int
    """When the author began, media ms."""


class TurnHeld(InterventionEvent, frozen=True, kw_only=True, tag="turn.held"):
    """The called author asked for more time to begin. The turn is held for them; the next may be called in the
    meantime.
    """

    t: int
    """When the author asked for more time, media ms."""


class HubPresenceChanged(Event, frozen=True, kw_only=True, tag="hub.presence-changed"):
    """The presence of a hub in the session changed. The event has everything that is known of it from here on."""

    hub: str
    """The hub's name. The name of a hub below another begins with that of the other: `north.kisumu`."""
    title: str
    """The hub's title, for people."""
    people: int | None
    """The last head count; null: nobody has counted; 0: the hub has left."""
    counted: int | None = None
    """Unix ms of the head count, by the centre's clock."""
    here: bool
    """Whether the hub follows the session now."""
    since: int
    """Unix ms since when it follows, or does not."""
    t: int
    """When the presence changed, media ms; 0 before the session began."""


class AttendanceCounted(Event, frozen=True, kw_only=True, tag="attendance.counted"):
    """The people in the room were counted."""

    people: int
    """How many there are; of badges, how many different ones."""
    source: CountSource
    """How they were counted."""
    at: int
    """Unix ms of the count."""
    corrects: bool = False
    """Whether the count before this one was wrong, so that this one takes its place."""


class RollArranged(Event, frozen=True, kw_only=True, tag="roll.arranged"):
    """The attendance list of the session was opened or closed: the list on which people sign in themselves."""

    open: bool
    """Whether people may sign in from here on."""


class RollSigned(StaffEvent, frozen=True, kw_only=True, tag="roll.signed"):
    """Somebody signed in on the attendance list, or an entry was corrected."""

    entry: RollEntryId
    """The entry's id, which only its author and the staff know. A later event of the same entry replaces it."""
    name: str
    """The person's name, as they wrote it."""
    representing: str = ""
    """Whom they represent, as they wrote it; empty for nobody."""
    group: str = ""
    """Their stakeholder group, for sums only; empty where they have not said."""
    region: str = ""
    """Their region, for sums only; empty where they have not said."""


class RollStruck(StaffEvent, frozen=True, kw_only=True, tag="roll.struck"):
    """An entry was taken off the attendance list, and its words are erased."""

    entry: RollEntryId
    """The entry."""


class RollNamed(Event, frozen=True, kw_only=True, tag="roll.named"):
    """An entry of the attendance list that became final. There is one event for each, so that each can be removed."""

    entry: RollEntryId
    """A public id of the entry, which is not the one in `roll.signed`."""
    name: str
    """The person's name."""
    representing: str
    """Whom they represent; empty for nobody."""


class RollFinalised(Event, frozen=True, kw_only=True, tag="roll.finalised"):
    """The attendance list is final: nobody signs in any more, and no entry is corrected."""

    people: int
    """How many had signed in."""
    groups: dict[str, dict[str, int | None]] = msgspec.field(default_factory=dict)
    """Sums by `group` and `region`, each with how many people of each value; null where a sum would concern too few."""


class AttendanceReleased(Event, frozen=True, kw_only=True, tag="attendance.released"):
    """The secretariat released the attendance report of the session, or took that back."""

    released: bool = True
    """Whether everybody who may read the session may read the report from here on."""


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
NoteOrTag = NoteLeft | NoteRead | HubNoteLeft | HubNoteRead | PolicyQuestionsListed | SegmentTagged
ImportFact = TextImported | OriginalKept | GroundStated
PollFact = PollOpened | PollCounted | PollClosed
VotingFact = VotingSwitched | CommentsPutToVote | OpinionsCounted
TurnFact = TurnLimited | TurnTyped | TurnHeld
InterventionFact = (
    HubDeclined
    | InterventionReceived
    | InterventionReworded
    | InterventionFlagged
    | InterventionTagged
    | InterventionDeclined
    | InterventionRemoved
    | InterventionPublished
    | InterventionStatusChanged
    | InterventionWritten
)
AttendanceFact = (
    AttendanceCounted | RollArranged | RollSigned | RollStruck | RollNamed | RollFinalised | AttendanceReleased
)
QuestionFact = (
    InterventionFact | QueueArranged | QueueOrdered | AskingLimited | SupportCounted | PollFact | VotingFact | TurnFact
)
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
