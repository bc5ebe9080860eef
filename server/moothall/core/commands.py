"""What may be asked of a session. Each command carries an id of its sender, so that it can be sent twice without harm.

All commands are in this module, so that the vocabulary can be read on one page: fields, and no code.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.question_parts import REMOTE, InterventionStatus, Kind, QueueOrder
from moothall.core.events.types import (
    Access,
    AirSource,
    ChannelKind,
    EndReason,
    GapReason,
    Origin,
    PolicyQuestion,
    SealVersion,
    SoundKept,
    SourceSegment,
    Tag,
    Word,
)
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import (
    ChannelId,
    CommandId,
    InterventionId,
    NoteId,
    PolicyQuestionId,
    PollId,
    SegmentId,
    SessionId,
    SourceId,
    SpeakerId,
)


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """Something that somebody wants to happen."""


class CreateSession(Command, frozen=True, kw_only=True, tag="create"):
    """Make the session exist. The first command of every log."""

    title: str
    languages: tuple[str, ...]
    access: Access = Access.PUBLIC
    young_people: bool = False
    sound: SoundKept = SoundKept.UNTIL_CHECKED
    rehearsal: bool = False


class DescribeSession(Command, frozen=True, kw_only=True, tag="describe"):
    """Mend the title and, while the session has not begun, say which languages will be spoken."""

    title: str
    languages: tuple[str, ...] = ()
    """BCP-47 tags, the most expected first; empty: no change."""


class SetLanguages(Command, frozen=True, kw_only=True, tag="set-languages"):
    """Say which languages are spoken in the session and its floor channels from here on, begun or not."""

    languages: tuple[str, ...]
    """BCP-47 tags, the most expected first."""


class ArrangeSession(Command, frozen=True, kw_only=True, tag="arrange"):
    """Say who may read the session, what becomes of its sound, and whether lists name it.

    The first two change only before it begins.
    """

    access: Access
    sound: SoundKept
    listed: bool = True


class CancelSession(Command, frozen=True, kw_only=True, tag="cancel"):
    """Say that the session will not be held. Only before it begins."""

    reason: str = ""
    """For everybody to read."""


class ReinstateSession(Command, frozen=True, kw_only=True, tag="reinstate"):
    """Say that a cancelled session will be held after all."""


class AddChannel(Command, frozen=True, kw_only=True, tag="add-channel"):
    """Give the session a lane of text."""

    channel: ChannelId
    kind: ChannelKind
    languages: tuple[str, ...]
    of_record: bool = False
    """Whether a translation is made whole and belongs to the record; else it is made on demand."""


class OpenSession(Command, frozen=True, kw_only=True, tag="open"):
    """Start media time."""

    age: int = 0
    """How long ago it began, ms: a microphone's first sound was heard before it could reach the server."""


class PauseSession(Command, frozen=True, kw_only=True, tag="pause"):
    """A break: keep nothing of what is said from now on, and of the last `back` ms (at most 30,000)."""

    back: int = 0


class ResumeSession(Command, frozen=True, kw_only=True, tag="resume"):
    """The break is over, since `back` ms ago (at most 30,000), but not before somebody had said that it began."""

    back: int = 0


class CloseSession(Command, frozen=True, kw_only=True, tag="close"):
    """No more audio."""


class RequestClose(Command, frozen=True, kw_only=True, tag="request-close"):
    """The session is to be closed once its last words are in the log.

    Without `act` it stays open after all; or, once it is closed, what was to follow has.
    """

    act: CommandId | None = None
    """Id of the act that will close it."""
    by: str = ""
    """Pseudonym of the person who wants it closed."""
    then: SessionId | None = None
    """The session that is to be opened after that."""


class ReopenSession(Command, frozen=True, kw_only=True, tag="reopen"):
    """Undo the close."""


class BeginNotRecorded(Command, frozen=True, kw_only=True, tag="not-recorded"):
    """Keep nothing of what is said from now on, and of the last `back` ms (at most 30,000)."""

    back: int = 0


class EndNotRecorded(Command, frozen=True, kw_only=True, tag="recorded"):
    """Keep again what is said from now on."""


class SealRecord(Command, frozen=True, kw_only=True, tag="seal"):
    """Say what state the text has reached."""

    version: SealVersion


class AttachSource(Command, frozen=True, kw_only=True, tag="attach-source"):
    """Bind a source of audio to a channel, its first sample at media time `t`.

    The session's clock goes on as it did, and nothing was heard in its future: a later `t` counts as now.
    """

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


class NoteWriter(Command, frozen=True, kw_only=True, tag="note-writer"):
    """Say that this node of the house writes from now on."""

    node: str
    t: int | None = None
    """Media ms by now, where this node's wall clock would have it otherwise (`core.rules.keeping.taken_over`)."""


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
    accepted: bool = False
    """Whether it is what a machine proposed, as it was proposed."""


class ReviseSegment(Command, frozen=True, kw_only=True, tag="revise"):
    """What an engine's better pass heard of a line that it has just ended, in place of all its words."""

    channel: ChannelId
    generation: int
    segment: SegmentId
    base_words: int
    """How many committed words the line has."""
    text: str
    """How all of it should read; without a space in front, as the line's first word."""


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


class SetSpeaker(Command, frozen=True, kw_only=True, tag="set-speaker"):
    """Say who speaks in a channel from now on; with `since`, from the beginning of that line on."""

    channel: ChannelId
    speaker: SpeakerId | None
    since: SegmentId | None = None


class ForceLanguage(Command, frozen=True, kw_only=True, tag="force-language"):
    """Say which language a channel is in, or let it be detected again."""

    channel: ChannelId
    language: str | None


class RewindChannel(Command, frozen=True, kw_only=True, tag="rewind"):
    """Strike the lines of machines from media time `t` on: their sound is about to be recognised once more."""

    channel: ChannelId
    t: int


class RestoreSegments(Command, frozen=True, kw_only=True, tag="restore"):
    """Lines that were struck by a rewinding stand again, and what was recognised in their place is struck."""

    channel: ChannelId
    rewinding: int
    """Which one of the channel, counted from 1."""
    t: int
    """Media ms from which it was."""
    through: int
    """Media ms up to which the channel's words had been committed before."""
    segments: tuple[SegmentId, ...]
    """The lines that were struck."""


class TypeSegment(Command, frozen=True, kw_only=True, tag="type"):
    """A line that a person wrote, whole. How it was written follows from the sender's role."""

    channel: ChannelId
    segment: SegmentId
    text: str
    language: str
    speaker: SpeakerId | None = None


class PutOnAir(Command, frozen=True, kw_only=True, tag="put-on-air"):
    """Say whose text a channel is to show: it is so if the control token is higher than that of whoever is on air.

    Whoever is on air may give themselves any token, and lower theirs after taking over.
    """

    channel: ChannelId
    source: AirSource
    holder: str = ""
    """Pseudonym of the person or the tool; empty: the sender, or the machine."""
    token: int | None = None
    """The control token, from 0; None: one more than that of whoever is on air."""


class SetTranslation(Command, frozen=True, kw_only=True, tag="translate"):
    """What a line reads in a translation's language, as the line or in place of what stood there."""

    channel: ChannelId
    """The translation."""
    source: SourceSegment
    """The line that it was made from, as it stood."""
    text: str
    route: str
    """As in `MadeFrom`."""
    rough: bool = False


class MoveSegmentsAway(Command, frozen=True, kw_only=True, tag="move-away"):
    """Finished lines of this channel belong to another session."""

    channel: ChannelId
    segments: tuple[SegmentId, ...]
    session: SessionId | None


class MovedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A line from another session."""

    segment: SegmentId
    t0: int
    t1: int
    language: str
    origin: Origin
    text: str
    speaker: SpeakerId | None = None
    tool: str | msgspec.UnsetType = msgspec.UNSET
    """The outside tool that sent it, where one did."""
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    """True where a machine heard a respeaker."""
    mended: bool = False
    """Whether a person had corrected it."""
    accepted: bool = False
    """Whether that was no more than to accept what a machine had proposed."""


class MoveSegmentsHere(Command, frozen=True, kw_only=True, tag="move-here"):
    """Take in lines that were logged in another session."""

    channel: ChannelId
    session: SessionId | None
    lines: tuple[MovedSegment, ...]


class BringSegmentsBack(Command, frozen=True, kw_only=True, tag="bring-back"):
    """Lines that were moved away by mistake stand here again, with their words, under names of their own."""

    channel: ChannelId
    segments: tuple[SegmentId, ...]
    """What they were called before."""
    session: SessionId | None
    """Where they stood meanwhile."""


class LeaveNote(Command, frozen=True, kw_only=True, tag="note"):
    """Tell the staff something."""

    text: str
    note: NoteId = NoteId("")
    """Its name, by which others say that they have read it; empty: they can't."""
    to: Role | None = None
    """For whom it is; None for all."""


class ReadNote(Command, frozen=True, kw_only=True, tag="read-note"):
    """Say that one has read a note."""

    note: NoteId


class LeaveHubNote(Command, frozen=True, kw_only=True, tag="hub-note"):
    """Tell a hub something, or have a hub tell the centre."""

    hub: str
    note: NoteId
    text: str


class ReadHubNote(Command, frozen=True, kw_only=True, tag="read-hub-note"):
    """Say that one has read a note to or from a hub."""

    hub: str
    note: NoteId


class ListPolicyQuestions(Command, frozen=True, kw_only=True, tag="list-policy-questions"):
    """Say what the meeting is to shed light on: all of it, in its order."""

    questions: tuple[PolicyQuestion, ...]


class TagSegment(Command, frozen=True, kw_only=True, tag="tag-segment"):
    """Tag a line for the report; no tag takes it away."""

    segment: SegmentId
    tag: Tag | None
    question: PolicyQuestionId | None = None


class ChooseTerm(Command, frozen=True, kw_only=True, tag="term"):
    """Have a name or term preferred in the session, or not, or as programme and files have it: see `TermChosen`."""

    term: str
    wanted: bool | None
    language: str | None = None
    keep: bool | None = None
    written: dict[str, str] = {}


class Ask(Command, frozen=True, kw_only=True, tag="ask"):
    """Want to say something."""

    intervention: InterventionId
    kind: Kind
    text: str
    language: str
    asker: str
    """Who, as a keyed hash: one open request a person."""
    name: str = ""
    origin: str = REMOTE
    age: int = 0
    """How long ago it was asked, ms: it may have been kept while there was no line."""
    flags: tuple[str, ...] = ()
    """What wants a person's eye, such as `blocked-word`."""


class Reword(Command, frozen=True, kw_only=True, tag="reword"):
    """Mend the spelling of an intervention, and the name that stands with it."""

    intervention: InterventionId
    text: str
    name: str | None = None
    """The name as it is to stand there, empty for none; None leaves it as it is."""


class Flag(Command, frozen=True, kw_only=True, tag="flag"):
    """Say what wants a person's eye; nothing takes that away."""

    intervention: InterventionId
    flags: tuple[str, ...]


class ReportAbuse(Command, frozen=True, kw_only=True, tag="report-abuse"):
    """Tell the staff that a published intervention is rude. It hides nothing."""

    intervention: InterventionId


class SetStatus(Command, frozen=True, kw_only=True, tag="set-status"):
    """Bring interventions to another status: approve, hold, not take, join, call, answer, later, restore, ..."""

    interventions: tuple[InterventionId, ...]
    status: InterventionStatus
    reason: str = ""
    into: InterventionId | None = None
    segment: SegmentId | None = None
    own: bool = False
    """Whether its author had brought it there before: what the staff did since is undone."""


class WriteAnswer(Command, frozen=True, kw_only=True, tag="write-answer"):
    """Answer an intervention in writing."""

    intervention: InterventionId
    text: str
    language: str


class ArrangeQueue(Command, frozen=True, kw_only=True, tag="arrange-queue"):
    """Take these first, in this order, before the rule; none: by the rule again."""

    first: tuple[InterventionId, ...]


class OrderQueue(Command, frozen=True, kw_only=True, tag="order-queue"):
    """Order the queue by another rule."""

    order: QueueOrder


class CountSupport(Command, frozen=True, kw_only=True, tag="count-support"):
    """Say how many would ask these too."""

    counts: dict[InterventionId, int]


class OpenPoll(Command, frozen=True, kw_only=True, tag="open-poll"):
    """Ask for a show of hands, or open one again that was closed."""

    poll: PollId
    question: str
    language: str
    """BCP-47 tag of the question and of the options."""
    options: tuple[str, ...]
    quiet: bool = False
    """Whether pages and walls show no numbers while it is open; a poll that is reopened keeps its setting."""


class ClosePoll(Command, frozen=True, kw_only=True, tag="close-poll"):
    """End a show of hands."""

    poll: PollId
    void: bool = False
    """Whether it was opened by mistake."""


class CountRoom(Command, frozen=True, kw_only=True, tag="count-room"):
    """Say how many hands are raised in the room for each option."""

    poll: PollId
    room: tuple[int, ...]


class CountPoll(Command, frozen=True, kw_only=True, tag="count-poll"):
    """Say how many have chosen each option on their page."""

    poll: PollId
    remote: tuple[int, ...]


class ClearWall(Command, frozen=True, kw_only=True, tag="clear-wall"):
    """Empty every wall and overlay, and have the intervention that is called checked again."""


class RestoreWall(Command, frozen=True, kw_only=True, tag="restore-wall"):
    """Take a clearing back."""

    t: int | None = None
    """What was cleared before it stays so: media ms as in `WallCleared`."""
    intervention: InterventionId | None = None
    """The question that was called; it is called again unless its status has changed since."""


class LimitTurns(Command, frozen=True, kw_only=True, tag="limit-turns"):
    """Say how long a turn may take, ms; 0: as long as it likes."""

    ms: int


class LimitAsking(Command, frozen=True, kw_only=True, tag="limit-asking"):
    """Take questions and comments of all, or of those alone whose browser keeps a cookie."""

    known: bool
    """Whether of those alone."""


class TypedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that the called author has typed."""

    segment: SegmentId
    text: str


class TypeTurn(Command, frozen=True, kw_only=True, tag="type-turn"):
    """Type in one's turn. Without lines: what is typed becomes lines later."""

    intervention: InterventionId
    """What was called; its author alone types."""
    lines: tuple[TypedLine, ...] = ()


class HoldTurn(Command, frozen=True, kw_only=True, tag="hold-turn"):
    """Say that one needs longer to begin one's turn."""

    intervention: InterventionId
    """What was called; its author alone says so."""


class SetHubPresence(Command, frozen=True, kw_only=True, tag="set-hub-presence"):
    """Say how a hub stands: see `HubPresenceChanged`."""

    hub: str
    title: str
    people: int | None
    counted: int | None = None
    """Unix ms."""
    here: bool
    since: int
    """Unix ms."""


LifeCommand = OpenSession | PauseSession | ResumeSession | CloseSession | ReopenSession | SealRecord
KeepingCommand = BeginNotRecorded | EndNotRecorded
PlanCommand = ArrangeSession | CancelSession | ReinstateSession
SessionCommand = (
    CreateSession
    | DescribeSession
    | PlanCommand
    | SetLanguages
    | AddChannel
    | RequestClose
    | LifeCommand
    | KeepingCommand
)
SourceCommand = AttachSource | EndSource | MapClock | NoteWriter
EngineCommand = AttachEngine | CommitWords | EndSegment | NoteGap
SpeakerCommand = IntroduceSpeaker | AssignSpeaker | SetSpeaker
MoveCommand = MoveSegmentsAway | MoveSegmentsHere | BringSegmentsBack
LineCommand = ForceLanguage | RewindChannel | RestoreSegments | TypeSegment | MoveCommand
BackstageCommand = LeaveNote | ReadNote | LeaveHubNote | ReadHubNote | ListPolicyQuestions | TagSegment
WordCommand = Reword | Flag | ReportAbuse | WriteAnswer
QuestionCommand = Ask | WordCommand | SetStatus | ArrangeQueue | OrderQueue | LimitAsking | CountSupport
PollCommand = OpenPoll | ClosePoll | CountRoom | CountPoll
WallCommand = ClearWall | RestoreWall
TurnCommand = LimitTurns | TypeTurn | HoldTurn
"""Commands of a kind: for most kinds `moothall.core.rules` has a function that decides it."""

AnyCommand = (
    SessionCommand
    | SourceCommand
    | EngineCommand
    | CorrectSegment
    | ReviseSegment
    | SetTranslation
    | SpeakerCommand
    | LineCommand
    | PutOnAir
    | BackstageCommand
    | ChooseTerm
    | QuestionCommand
    | PollCommand
    | WallCommand
    | TurnCommand
    | SetHubPresence
)
"""Every command of this release, told apart by `do`."""
