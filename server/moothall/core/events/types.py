"""Every fact that a session's log can hold.

An event declares its lane by type. Fields are only ever added; a changed meaning is a new type or a higher
`v` with an upcast (`moothall.core.events.codec`). Times are media time in integer milliseconds unless the
field says *wall* (Unix milliseconds). `docs/reference/events.md` is generated from this file.

All events are in this module, so that what a log can hold is read on one page: fields, and no code.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import msgspec

from moothall.core.events.question_parts import InterventionStatus, Kind, QueueOrder
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
    SegmentId,
    SessionId,
    SourceId,
    SpeakerId,
)


class Access(StrEnum):
    """Who may read a session and its record."""

    PUBLIC = "public"
    LINK = "link"
    STAFF = "staff"


class SoundKept(StrEnum):
    """What becomes of the sound of a session."""

    NONE = "none"
    """Nothing is recorded."""
    UNTIL_CHECKED = "until-checked"
    """For those who check the text, 30 days at most."""
    PUBLISHED = "published"
    """Anybody may hear it with the text."""


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
    TRANSLATED = "translated"
    """By a machine, from a line in another language."""


class AirSource(StrEnum):
    """Whose text a channel shows."""

    MACHINE = "machine"
    """The recogniser's, and lines that desks add."""
    PERSON = "person"
    """A captioner's, or an interpreter's."""
    TOOL = "tool"
    """An outside tool's."""
    RESPEAKER = "respeaker"
    """The recogniser's, which hears a person who says again what is said, and not the channel's own sound."""


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
    """The recogniser had no answer to its sound."""


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


class SourceSegment(msgspec.Struct, frozen=True, array_like=True):
    """A line as it stood when it was translated: an array of two."""

    segment: SegmentId
    """The line."""
    revision: int
    """How many corrections it had."""


class MadeFrom(msgspec.Struct, frozen=True, kw_only=True):
    """What a translated line was made of, and how."""

    sources: tuple[SourceSegment, ...]
    """The lines, one as yet."""
    route: str
    """The engines with their versions and directions, in order: `bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es`.
    Empty where the line was said in this language, and stands here as it was said."""
    rough: bool = False
    """Whether such a way gives the gist only."""


class LaneHead(msgspec.Struct, frozen=True):
    """Where a lane stands: its last event."""

    offset: int
    """Offset of the lane's last event; 0 when it has none."""
    digest: str
    """The chain's digest there, hexadecimal SHA-256."""


class Tag(StrEnum):
    """The tag of a line for the report."""

    AGREED = "agreed"
    """All who spoke of it agree."""
    DIVERGING = "diverging"
    """A view that others don't share."""
    OPTION = "option"
    """Something that could be done."""


class PolicyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question that the meeting is to shed light on."""

    id: PolicyQuestionId
    """Unique in the session; it stays when the wording is mended."""
    text: str
    """What it asks."""


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


class StaffEvent(Event, frozen=True, kw_only=True):
    """An event for desks only."""

    def lane(self) -> Lane:
        """The staff's own."""
        return lanes.STAFF


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
    sound: SoundKept = SoundKept.NONE
    """What becomes of the sound. Logs of releases that recorded none don't say."""
    rehearsal: bool = False
    """Whether it is only a test: never listed, and removed by itself."""


class SessionDescribed(Event, frozen=True, kw_only=True, tag="session.described"):
    """Its title was mended, or the languages that are spoken."""

    title: str
    """The title from here on."""
    languages: tuple[str, ...] = ()
    """BCP-47 tags of what may be spoken in the session and its floor channels from here on; empty: as before."""


class SessionArranged(Event, frozen=True, kw_only=True, tag="session.arranged"):
    """Who may read it, what becomes of its sound, and whether lists name it was changed; all three, as they are now."""

    access: Access
    """Who may read it from here on; it changes only before the session begins."""
    sound: SoundKept
    """What becomes of the sound; it changes only before the session begins."""
    listed: bool = True
    """Whether lists for everybody name it, where everybody may read it."""


class SessionCancelled(Event, frozen=True, kw_only=True, tag="session.cancelled"):
    """It will not be held. Lists go on naming it, as cancelled."""

    reason: str = ""
    """For everybody to read; empty where none was given."""


class SessionReinstated(Event, frozen=True, kw_only=True, tag="session.reinstated"):
    """It will be held after all."""


class SessionOpened(Event, frozen=True, kw_only=True, tag="session.opened"):
    """The session began, now or shortly before: with the first sound of the microphone that opened it."""

    wall: int
    """Unix ms of media time 0."""


class SessionPaused(Event, frozen=True, kw_only=True, tag="session.paused"):
    """A break. Media time runs on."""

    t: int
    """When somebody said so, media ms."""
    t0: int | None = None
    """Since when nothing is kept, media ms; up to 30 s before, and what the log held of that is removed.

    None in logs of releases in which the text went on through a break.
    """


class SessionResumed(Event, frozen=True, kw_only=True, tag="session.resumed"):
    """The break is over."""

    t: int
    """When somebody said so, media ms."""
    t1: int | None = None
    """Since when all is kept again, media ms; up to 30 s before `t`. None as in `session.paused`."""


class SessionClosed(Event, frozen=True, kw_only=True, tag="session.closed"):
    """No more audio. Corrections, written answers and translations may follow."""

    t: int
    """When, media ms."""


class CloseRequested(StaffEvent, frozen=True, kw_only=True, tag="close.requested"):
    """The session is to be closed once its last words are in the log, also by the next life of a server that is killed.

    What closes it is `session.closed` alone.
    """

    act: CommandId | None = None
    """Id of the act that will close it; none: it stays open after all, or it is closed and what was to follow has."""
    by: str = ""
    """Pseudonym of the person who wants it closed."""
    then: SessionId | None = None
    """The session of the same room that is to be opened after that, once."""


class SessionReopened(Event, frozen=True, kw_only=True, tag="session.reopened"):
    """The close was undone."""

    t: int
    """When, media ms."""


class NotRecordedBegan(Event, frozen=True, kw_only=True, tag="not-recorded.began"):
    """What is said from here on is kept nowhere."""

    t0: int
    """Since when, media ms. It may lie up to 30 s before the act; what the log held of that span is removed."""


class NotRecordedEnded(Event, frozen=True, kw_only=True, tag="not-recorded.ended"):
    """What is said from here on is kept again."""

    t1: int
    """Since when, media ms."""


class ChannelAdded(Event, frozen=True, kw_only=True, tag="channel.added"):
    """The session has a lane of text in one language."""

    channel: ChannelId
    """The channel's id, part of its lanes' names."""
    kind: ChannelKind
    """What it carries."""
    languages: tuple[str, ...]
    """BCP-47 tags that its segments may have."""
    of_record: bool = False
    """Of a translation: whether it is made whole, and belongs to the record."""
    requested: int | None = None
    """Of a translation that isn't of record: Unix ms at which somebody first asked for it."""


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


class WriterChanged(Event, frozen=True, kw_only=True, tag="writer.changed"):
    """One server of several of the same house writes from here on, in place of another or of none that was noted."""

    node: str
    """Its name."""


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
    made_from: MadeFrom | msgspec.UnsetType = msgspec.UNSET
    """What a translated line was made of; not there with any other line."""
    tool: str | msgspec.UnsetType = msgspec.UNSET
    """The public name of the outside tool that sent the line, or the one that a machine translated; not there with any
    other line. The origin of a line that was sent is `person`: 0.2.0 can't read one that it doesn't know."""
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    """True where a machine heard a respeaker; not there with any other line."""


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
    machine: bool = False
    """Whether a recogniser corrected itself in a better pass, or an outside tool its own line; else a person did."""
    accepted: bool = False
    """Whether that person took what a machine had proposed, as it was, in a line that no person had written in."""
    made_from: MadeFrom | msgspec.UnsetType = msgspec.UNSET
    """What a line was translated from anew, since its source was corrected; not there with any other correction."""


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


class SpeakerChanged(Event, frozen=True, kw_only=True, tag="speaker.changed"):
    """Who speaks in a channel from here on: its next lines are given to that speaker as they open."""

    channel: ChannelId
    """The channel."""
    speaker: SpeakerId | None
    """Who speaks; null when nobody is named."""
    t: int
    """When, media ms."""


class LanguageForced(Event, frozen=True, kw_only=True, tag="language.forced"):
    """Somebody said which language a channel is in; nothing is detected until it is taken back."""

    channel: ChannelId
    """The channel."""
    language: str | None
    """BCP-47 tag; null lets it be detected again."""


class AirChanged(ChannelEvent, frozen=True, kw_only=True, tag="air.changed"):
    """Whose text the channel shows from here on. Before the first, it is the machine's."""

    source: AirSource
    """The machine, a person, an outside tool, or a respeaker, whom the machine hears."""
    t: int
    """When, media ms."""
    t0: int
    """From which media ms on that source is to say what is said: a person, from the machine's last word on; the
    machine, from where it hears the channel's own sound again, some seconds before the end of what the person wrote or
    the respeaker said."""
    tool: str = ""
    """The public name of the outside tool; empty unless it is one."""


class AirHeld(StaffEvent, frozen=True, kw_only=True, tag="air.held"):
    """Who is on air in a channel from here on, and by which control token."""

    channel: ChannelId
    """The channel."""
    holder: str
    """Pseudonym of the person, the respeaker or the tool; empty: the machine."""
    token: int
    """The control token: whoever asks with a higher one is on air next."""


class LineOffered(StaffEvent, frozen=True, kw_only=True, tag="line.offered"):
    """Somebody who is not on air wrote a line: whoever is may take it, by writing a line of this id."""

    channel: ChannelId
    """The channel."""
    segment: SegmentId
    """The line that it would be."""
    text: str
    """What it says."""
    language: str
    """BCP-47 tag."""
    speaker: SpeakerId | None = None
    """Who said it, where it is known."""
    t: int
    """When, media ms."""
    by: str
    """Pseudonym of who wrote it."""
    tool: str = ""
    """The public name of the outside tool that sent it; empty unless it was one."""


class ChannelRewound(ChannelEvent, frozen=True, kw_only=True, tag="channel.rewound"):
    """Lines were struck, because their sound is recognised once more, or because what was heard before stands again.

    In a translation: because the lines that they were made from were.
    """

    t: int
    """Media ms from which it is recognised once more; the end of what is recognised when none of it is."""
    segments: tuple[SegmentId, ...]
    """The lines that are gone."""


class SegmentsMovedAway(ChannelEvent, frozen=True, kw_only=True, tag="segments.moved-away"):
    """Lines were said in another session and stand there now."""

    segments: tuple[SegmentId, ...]
    """The lines that are gone."""
    session: SessionId | None
    """The session that they belong to; null when readers of this one may not know of it."""


class SegmentsMovedHere(ChannelEvent, frozen=True, kw_only=True, tag="segments.moved-here"):
    """The lines that follow were logged in another session by mistake."""

    segments: tuple[SegmentId, ...]
    """What they are called here."""
    session: SessionId | None
    """Where they were logged; null when readers of this one may not know of it."""


class NoteLeft(StaffEvent, frozen=True, kw_only=True, tag="note.left"):
    """A note among the staff."""

    text: str
    """What it says."""
    note: NoteId = NoteId("")
    """Unique in the session; empty where nobody can say that they have read it."""
    to: Role | None = None
    """For whom it is; null for all. Others are not kept from it."""


class NoteRead(StaffEvent, frozen=True, kw_only=True, tag="note.read"):
    """Somebody says that they have read a note; who, the header says."""

    note: NoteId
    """Which."""


class HubEvent(Event, frozen=True, kw_only=True):
    """An event between the centre and one hub."""

    hub: str
    """The hub's name, part of its lane's."""

    def lane(self) -> Lane:
        """The hub's own."""
        return lanes.hub_lane(self.hub)


class HubNoteLeft(HubEvent, frozen=True, kw_only=True, tag="hub.note-left"):
    """A note to a hub, or from it."""

    note: NoteId
    """Unique in the session."""
    text: str
    """What it says."""
    by: Role
    """Who says so: `hub`, or somebody of the centre's staff."""


class HubNoteRead(HubEvent, frozen=True, kw_only=True, tag="hub.note-read"):
    """Somebody at the other end says that they have read it."""

    note: NoteId
    """Which."""
    by: Role
    """Who."""


class HubDeclined(HubEvent, frozen=True, kw_only=True, tag="hub.declined"):
    """Why something that was asked at a hub was not taken, for its author there."""

    intervention: InterventionId
    """Which."""
    reason: str
    """As in `intervention.declined`."""


class PolicyQuestionsListed(Event, frozen=True, kw_only=True, tag="policy-questions.listed"):
    """What the meeting is to shed light on."""

    questions: tuple[PolicyQuestion, ...]
    """All of them, in their order."""


class SegmentTagged(StaffEvent, frozen=True, kw_only=True, tag="segment.tagged"):
    """The tag of a line for the report."""

    segment: SegmentId
    """The line."""
    tag: Tag | None
    """`agreed`, `diverging` or `option`; null takes the tag away."""
    question: PolicyQuestionId | None = None
    """The policy question under which it is; null for none. A line has one tag under each."""


class TermChosen(StaffEvent, frozen=True, kw_only=True, tag="term.chosen"):
    """A name or term is to be preferred where it may have been said, or not to be."""

    term: str
    """As it is to be written."""
    wanted: bool | None
    """Whether it is preferred in this session; null leaves it to the programme and the glossary files again."""
    language: str | None = None
    """BCP-47 tag of the language in which it is said so; null for any."""
    keep: bool | None = None
    """Whether translations have it as it is; null leaves that to the glossary files."""
    written: dict[str, str] = {}
    """How translations have it, by BCP-47 tag; goes before `keep`."""


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


class InterventionReceived(StaffEvent, frozen=True, kw_only=True, tag="intervention.received"):
    """Somebody wants to say something. Until it is published only the staff knows more than its number."""

    intervention: InterventionId
    """Unique in the session."""
    number: int
    """What it is called by, counted from 1."""
    kind: Kind
    """A question, a comment, or the wish to speak."""
    text: str
    """As it was written; empty where somebody only wants to speak."""
    language: str
    """BCP-47 tag of the text."""
    name: str
    """The name or pseudonym that was chosen; empty for none."""
    origin: str
    """`room`, `remote`, or `hub:` with the hub's name."""
    asker: str
    """Tells whether two come from the same person; a keyed hash that leads to nobody."""
    t: int
    """The moment at which it was asked, media ms."""
    after_close: bool = False
    """Whether it arrived after the close because its author was cut off."""


class InterventionReworded(StaffEvent, frozen=True, kw_only=True, tag="intervention.reworded"):
    """Its spelling was mended, or the name that stands with it. What was received stays beside it."""

    intervention: InterventionId
    """Which."""
    text: str
    """As it reads now."""
    name: str | None = None
    """The name as it is now, empty for none; null where that was left as it was."""


class InterventionFlagged(StaffEvent, frozen=True, kw_only=True, tag="intervention.flagged"):
    """Something about it wants a person's eye. It is held and never deleted."""

    intervention: InterventionId
    """Which."""
    flags: tuple[str, ...]
    """Why: `blocked-word`, `reported` by readers, `abuse`. Empty: a person has looked, and nothing is wrong."""


class InterventionDeclined(StaffEvent, frozen=True, kw_only=True, tag="intervention.declined"):
    """Why a question was not taken: for the staff, and for its author on their own page. Follows that event."""

    intervention: InterventionId
    """Which."""
    reason: str
    """As somebody wrote it."""


class InterventionRemoved(StaffEvent, frozen=True, kw_only=True, tag="intervention.removed"):
    """Its words were removed on request, its name with them. This is what stays of what was received."""

    intervention: InterventionId
    """Which."""
    number: int
    """Its number."""
    kind: Kind
    """As received."""
    language: str
    """As received."""
    origin: str
    """As received."""
    asker: str
    """As received."""
    t: int
    """As received."""
    after_close: bool = False
    """As received."""


class InterventionEvent(Event, frozen=True, kw_only=True):
    """A public fact about an intervention."""

    intervention: InterventionId
    """Which."""
    number: int
    """Its number."""

    def lane(self) -> Lane:
        """Everybody's."""
        return lanes.QUESTIONS


class InterventionPublished(InterventionEvent, frozen=True, kw_only=True, tag="intervention.published"):
    """What it says and who says so, as everybody may read it; again when that was mended later."""

    kind: Kind
    """As received."""
    text: str
    """Its text, as the person who checked it left it."""
    language: str
    """BCP-47 tag of the text."""
    name: str
    """The chosen name, or as somebody mended it; empty for none."""
    origin: str
    """As received."""
    t: int
    """The moment at which it was asked, media ms."""
    removed: bool = False
    """Whether its words were removed on request: text and name are empty, and there is no answer in writing."""


class InterventionStatusChanged(InterventionEvent, frozen=True, kw_only=True, tag="intervention.status-changed"):
    """Where it stands from here on."""

    status: InterventionStatus
    """Being checked, in the queue, ..."""
    t: int
    """When, media ms."""
    reason: str = ""
    """Empty. Logs of earlier releases may have here why it was not taken; no reader is told."""
    into: InterventionId | None = None
    """The question that it was joined with."""
    segment: SegmentId | None = None
    """The line of the record at which it was answered."""
    own: bool = False
    """Whether its author brought it there: put it off, came back into the queue with it, or took it back."""


class InterventionWritten(InterventionEvent, frozen=True, kw_only=True, tag="intervention.written"):
    """Its answer in writing."""

    text: str
    """The answer."""
    language: str
    """BCP-47 tag of the answer."""


class QueueEvent(Event, frozen=True, kw_only=True):
    """A public fact about the queue."""

    def lane(self) -> Lane:
        """Everybody's."""
        return lanes.QUESTIONS


class QueueArranged(QueueEvent, frozen=True, kw_only=True, tag="queue.arranged"):
    """The chair put what is in the queue in another order than the rule has: these first, in this order."""

    first: tuple[InterventionId, ...]
    """Empty: by the rule again."""


class QueueOrdered(QueueEvent, frozen=True, kw_only=True, tag="queue.ordered"):
    """By which rule the queue is ordered from here on."""

    order: QueueOrder
    """The rule."""


class AskingLimited(QueueEvent, frozen=True, kw_only=True, tag="asking.limited"):
    """Of whom questions and comments are taken from here on."""

    known: bool
    """Whether only of browsers that keep a cookie; hubs' are taken in any case."""


class SupportCounted(QueueEvent, frozen=True, kw_only=True, tag="support.counted"):
    """How many would ask this too. The ballots are kept elsewhere, and destroyed."""

    counts: dict[InterventionId, int]
    """Of those whose number has changed, how many there are now."""


class PollEvent(Event, frozen=True, kw_only=True):
    """A public fact about a show of hands."""

    poll: PollId
    """Which; unique in the session."""

    def lane(self) -> Lane:
        """Everybody's."""
        return lanes.QUESTIONS


class PollOpened(PollEvent, frozen=True, kw_only=True, tag="poll.opened"):
    """A show of hands is opened, with answers to choose from; or a closed one is reopened unchanged."""

    number: int
    """What it is called by, counted from 1."""
    question: str
    """What is asked."""
    language: str
    """BCP-47 tag of the question and of the options."""
    options: tuple[str, ...]
    """Two to eight."""
    t: int
    """When, media ms."""
    quiet: bool = False
    """Whether pages and walls show no numbers while it is open. Events tell them all the same."""


class PollCounted(PollEvent, frozen=True, kw_only=True, tag="poll.counted"):
    """How many are for each option now, at most once a second. The ballots are kept elsewhere, and destroyed."""

    remote: tuple[int, ...]
    """Those who chose on their page, in the order of the options."""
    room: tuple[int, ...]
    """The hands that a person has counted in the room."""


class PollClosed(PollEvent, frozen=True, kw_only=True, tag="poll.closed"):
    """It takes no more. Ballots that came before are counted still, a second later."""

    t: int
    """When, media ms."""
    void: bool = False
    """Whether it was opened by mistake, and is shown no more."""


class WallCleared(Event, frozen=True, kw_only=True, tag="wall.cleared"):
    """Walls and overlays are empty from here on; the record is as it was."""

    t: int | None
    """Lines that began before this, media ms, are on no wall; null: all are again, since the clearing was undone."""
    withdrawn: InterventionId | None = None
    """The question that was called, and is being checked again."""


class TurnLimited(QueueEvent, frozen=True, kw_only=True, tag="turn.limited"):
    """How long a turn may take from here on, the one under way too. A typed turn may take three times as long."""

    ms: int
    """The limit; 0: there is none."""


class TurnTyped(InterventionEvent, frozen=True, kw_only=True, tag="turn.typed"):
    """The called author has begun to type: the turn may take three times as long."""

    t: int
    """When, media ms."""


class TurnHeld(InterventionEvent, frozen=True, kw_only=True, tag="turn.held"):
    """The called author needs longer to begin: the turn is held for them, or the next may be called meanwhile."""

    t: int
    """When they said so, media ms."""


class HubPresenceChanged(Event, frozen=True, kw_only=True, tag="hub.presence-changed"):
    """A hub takes part, or its line is down: all that is known of it from here on."""

    hub: str
    """Its name; one below another has that one's in front: `north.kisumu`."""
    title: str
    """What people call it."""
    people: int | None
    """How many are there, as they were counted last; null: nobody has counted; 0: it has left."""
    counted: int | None = None
    """Unix ms when they were counted, by the centre's clock."""
    here: bool
    """Whether it follows the session now."""
    since: int
    """Unix ms since when it does, or doesn't."""
    t: int
    """When, media ms; 0 before the session began."""


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
    """Why, in a word: `request`, or `not-recorded` for what a span of "not recorded", or a break, had caught."""
    by: str
    """Pseudonym of who had it done."""
    through: dict[ChannelId, int] = {}
    """Media ms up to which each channel's words had been committed: what was removed is not recognised once more."""


AirFact = AirChanged | AirHeld | LineOffered
SegmentFact = SegmentOpened | WordsCommitted | SegmentEnded | SegmentCorrected
MoveFact = ChannelRewound | SegmentsMovedAway | SegmentsMovedHere
NoteOrTag = NoteLeft | NoteRead | HubNoteLeft | HubNoteRead | PolicyQuestionsListed | SegmentTagged
PollFact = PollOpened | PollCounted | PollClosed
TurnFact = TurnLimited | TurnTyped | TurnHeld
InterventionFact = (
    HubDeclined
    | InterventionReceived
    | InterventionReworded
    | InterventionFlagged
    | InterventionDeclined
    | InterventionRemoved
    | InterventionPublished
    | InterventionStatusChanged
    | InterventionWritten
)
QuestionFact = InterventionFact | QueueArranged | QueueOrdered | AskingLimited | SupportCounted | PollFact | TurnFact
"""Events of a kind: each kind has a fold of its own."""

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
    | SourceAttached
    | SourceEnded
    | ClockMapped
    | WriterChanged
    | EngineAttached
    | SegmentFact
    | SpeakerIntroduced
    | SpeakerAssigned
    | SpeakerChanged
    | LanguageForced
    | AirFact
    | MoveFact
    | NoteOrTag
    | TermChosen
    | GapNoted
    | QuestionFact
    | WallCleared
    | HubPresenceChanged
    | RecordCheckpoint
    | RecordSealed
    | BodyRemoved
)
"""Every event of this release, told apart by `type`."""
