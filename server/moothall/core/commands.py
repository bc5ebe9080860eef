"""Every command of a session, and the union of all commands. The sender gives each command an id, so that it can be
sent twice without harm.

This module has fields and no logic, so that one page shows the whole vocabulary; commands about outcomes are in
`moothall.core.outcomes.commands`.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.attendance import CountSource
from moothall.core.events.lines import AirSource, EndReason, MadeFrom, Origin, SourceSegment, Word
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.events.question_parts import (
    REMOTE,
    InterventionKind,
    InterventionStatus,
    OpinionGroup,
    OpinionSums,
    QueueOrder,
)
from moothall.core.events.types import (
    Access,
    ChannelKind,
    GapReason,
    LogKind,
    SealVersion,
    SoundKept,
    Topic,
    VoicesTold,
    VoiceUse,
)
from moothall.core.kernel.actors import Role
from moothall.core.kernel.command import Command
from moothall.core.kernel.ids import (
    ChannelId,
    CommandId,
    InterventionId,
    NoteId,
    PolicyQuestionId,
    PollId,
    RollEntryId,
    SegmentId,
    SessionId,
    SourceId,
    SpeakerId,
)
from moothall.core.outcomes.commands import OutcomeCommand


class CreateSession(Command, frozen=True, kw_only=True, tag="create"):
    """Create the session. It is the first command of every log."""

    title: str
    languages: tuple[str, ...]
    access: Access = Access.PUBLIC
    young_people: bool = False
    sound: SoundKept = SoundKept.UNTIL_CHECKED
    rehearsal: bool = False
    kind: LogKind = LogKind.SESSION
    voice_use: VoiceUse | msgspec.UnsetType = msgspec.UNSET
    """Missing: all that the house allows."""


class DescribeSession(Command, frozen=True, kw_only=True, tag="describe"):
    """Change the title and, while the session has not begun, the languages that will be spoken."""

    title: str
    languages: tuple[str, ...] = ()
    """BCP-47 tags, the expected one first; empty: unchanged."""


class SetLanguages(Command, frozen=True, kw_only=True, tag="set-languages"):
    """Set the languages that are spoken in the session and its floor channels from here on, whether or not it has
    begun.
    """

    languages: tuple[str, ...]
    """BCP-47 tags, the expected one first."""


class ArrangeSession(Command, frozen=True, kw_only=True, tag="arrange"):
    """Set who may read the session, what is kept of its sound, whether lists name it, and what may be measured of
    voices.

    Until the session is closed all can be changed, and then only whether lists name it.
    """

    access: Access
    sound: SoundKept
    listed: bool = True
    voice_use: VoiceUse | msgspec.UnsetType = msgspec.UNSET
    """Missing: unchanged, so that a sender who doesn't know of it has nothing measured that wasn't."""


class CancelSession(Command, frozen=True, kw_only=True, tag="cancel"):
    """Cancel the session. This is possible only before it begins."""

    reason: str = ""
    """The reason, public; may be empty."""


class ReinstateSession(Command, frozen=True, kw_only=True, tag="reinstate"):
    """Take a cancellation back."""


class AddChannel(Command, frozen=True, kw_only=True, tag="add-channel"):
    """Add a channel to the session: the text of one language."""

    channel: ChannelId
    kind: ChannelKind
    languages: tuple[str, ...]
    of_record: bool = False
    """Whether a translation is made of the whole session and belongs to the record; otherwise it is made on demand."""


class BeginImport(Command, frozen=True, kw_only=True, tag="begin-import"):
    """Say that the text of a channel comes from a file about a past meeting. Fields as in `TextImported`."""

    channel: ChannelId
    form: str
    producer: str = ""
    digest: str
    estimated: bool = False
    names: str = ""


class KeepOriginal(Command, frozen=True, kw_only=True, tag="keep-original"):
    """Keep the next part of an imported file, as it came. Fields as in `OriginalKept`."""

    channel: ChannelId
    name: str
    part: int
    parts: int
    content: bytes


class ImportedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an imported file. Fields as in `SegmentOpened`, `SegmentEnded` and `SegmentCorrected`."""

    segment: SegmentId
    t0: int
    t1: int
    language: str
    text: str
    origin: Origin = Origin.PERSON
    speaker: SpeakerId | None = None
    tool: str | msgspec.UnsetType = msgspec.UNSET
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    rough: bool | msgspec.UnsetType = msgspec.UNSET
    made_from: MadeFrom | msgspec.UnsetType = msgspec.UNSET
    words: tuple[Word, ...] = ()
    """The captions of the file, one word for each; joined they are the text. None where the line is one caption."""
    revision: int = 0
    """How many corrections the line had had where the file was made."""
    mended: bool = False
    """Whether a person had corrected it there."""
    accepted: bool = False
    """Whether the only such corrections were proposals of a machine, accepted unchanged."""


class ImportLines(Command, frozen=True, kw_only=True, tag="import-lines"):
    """Add lines of the file from which the text of a channel comes."""

    channel: ChannelId
    lines: tuple[ImportedLine, ...]


class ImportedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question or comment of an imported file, with what became of it."""

    intervention: InterventionId
    number: int
    kind: InterventionKind
    text: str
    language: str
    name: str
    origin: str
    t: int
    """When it was asked, media ms."""
    status: InterventionStatus
    since: int | None = None
    """When it got its status, media ms; None where that isn't known."""
    into: InterventionId | None = None
    """The question with which it was joined."""
    segment: SegmentId | None = None
    """The line in which it was answered."""
    answer: str = ""
    """The answer in writing; empty when there is none."""
    answer_language: str = ""
    support: int = 0
    removed: bool = False
    """Whether its words were removed where the file was made."""


class ImportQuestions(Command, frozen=True, kw_only=True, tag="import-questions"):
    """Add the questions of an imported file, in the order of their numbers."""

    questions: tuple[ImportedQuestion, ...]


class ImportedChapter(msgspec.Struct, frozen=True, kw_only=True):
    """What an imported file says was taken up, or which question from the queue had its turn."""

    t: int
    """When, media ms."""
    intervention: InterventionId | None = None
    """The question that had its turn; None for a topic."""
    number: int = 0
    """A policy question's number in the list; 0 for another topic."""
    title: str = ""
    """The wording of the topic."""


class ImportChapters(Command, frozen=True, kw_only=True, tag="import-chapters"):
    """Add the chapters of an imported file, in the order of their times, after its questions."""

    chapters: tuple[ImportedChapter, ...]


class ImportedSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A span of an imported file without text."""

    t0: int
    t1: int
    gap: GapReason | None = None
    """What had failed; None where nothing had."""
    pause: bool = False
    """Whether it was a break; otherwise, where nothing had failed, it was not recorded."""


class EndImport(Command, frozen=True, kw_only=True, tag="end-import"):
    """Close the session of an imported file, whose lines are complete. `spans` are those without text, in order."""

    channel: ChannelId
    wall: int
    """Unix ms of media time 0: the stated beginning of the meeting."""
    t: int
    """Media ms of the meeting's end."""
    spans: tuple[ImportedSpan, ...] = ()


class StateGround(Command, frozen=True, kw_only=True, tag="state-ground"):
    """State on what ground an imported session may be read by others than the staff, and let them; with
    `access` staff, take that back.
    """

    access: Access
    ground: str
    listed: bool = True


class OpenSession(Command, frozen=True, kw_only=True, tag="open"):
    """Open the session, which starts media time."""

    age: int = 0
    """How long ago the session began, ms: a microphone's first sound was heard before it could reach the server."""


class PauseSession(Command, frozen=True, kw_only=True, tag="pause"):
    """Begin a break: keep nothing of what is said from now on, and of the last `back` ms (at most 30,000)."""

    back: int = 0


class ResumeSession(Command, frozen=True, kw_only=True, tag="resume"):
    """End the break as of `back` ms ago (at most 30,000), but not before the moment at which it was declared."""

    back: int = 0


class CloseSession(Command, frozen=True, kw_only=True, tag="close"):
    """Close the session: there will be no more audio."""


class RequestClose(Command, frozen=True, kw_only=True, tag="request-close"):
    """Have the session closed as soon as its last words are in the log.

    Without `act` the request is withdrawn; or, when the session is closed already, the session that was to follow was
    opened.
    """

    act: CommandId | None = None
    """Id of the act that will close the session."""
    by: str = ""
    """Pseudonym of the person who wants the session closed."""
    then: SessionId | None = None
    """The session that is to be opened after the close."""


class ReopenSession(Command, frozen=True, kw_only=True, tag="reopen"):
    """Reopen the closed session."""


class BeginNotRecorded(Command, frozen=True, kw_only=True, tag="not-recorded"):
    """Keep nothing of what is said from now on, and of the last `back` ms (at most 30,000)."""

    back: int = 0


class EndNotRecorded(Command, frozen=True, kw_only=True, tag="recorded"):
    """Keep what is said again, from now on."""


class SealRecord(Command, frozen=True, kw_only=True, tag="seal"):
    """Declare which state the text has reached."""

    version: SealVersion


class AttachSource(Command, frozen=True, kw_only=True, tag="attach-source"):
    """Bind a source of audio to a channel; its first sample is at media time `t` (ms).

    The session's clock continues unchanged, and no sound can come from its future: a later `t` counts as now.
    """

    source: SourceId
    channel: ChannelId
    t: int
    rate: int


class EndSource(Command, frozen=True, kw_only=True, tag="end-source"):
    """End a source; `t` is the media time (ms) of its last sample."""

    source: SourceId
    t: int


class MapClock(Command, frozen=True, kw_only=True, tag="map-clock"):
    """Map media time `t` (ms) to the wall time `at`."""

    t: int
    at: int | None = None
    """The wall time (Unix ms) at which it was `t`; None: now. The command may wait long until it can be stored."""


class NoteWriter(Command, frozen=True, kw_only=True, tag="note-writer"):
    """Record that this node of the house writes the log from now on."""

    node: str
    t: int | None = None
    """The media time (ms) at the wall time `at`, where this node's wall clock would give another one
    (`core.rules.keeping.taken_over`).
    """
    at: int | None = None
    """As in `MapClock`."""


class AttachEngine(Command, frozen=True, kw_only=True, tag="attach-engine"):
    """Let an engine take over a channel, in a new generation."""

    channel: ChannelId
    model: str
    rough: tuple[str, ...] = ()
    """The languages in which the model's text is rough, as in `EngineAttached`."""
    voices: VoicesTold | msgspec.UnsetType = msgspec.UNSET


class SegmentStart(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a commit that opens its segment."""

    t0: int
    language: str
    origin: Origin = Origin.MACHINE


class CommitWords(Command, frozen=True, kw_only=True, tag="words"):
    """Commit words, which will not change any more. `start`: the commit opens the segment; `rest`: the unconfirmed text
    after the words.
    """

    channel: ChannelId
    generation: int
    segment: SegmentId
    first: int
    words: tuple[Word, ...]
    start: SegmentStart | None = None
    rest: str = ""


class EndSegment(Command, frozen=True, kw_only=True, tag="end"):
    """End a segment."""

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
    """Whether the text is a machine's proposal, accepted unchanged."""
    proposed: bool = False
    """Whether the speaker had proposed the text."""
    unmended: bool = False
    """Whether it undoes the first correction by a person, so that nobody vouches for the text any more."""


class PublishDeclined(Command, frozen=True, kw_only=True, tag="publish-declined"):
    """Make public, as the speaker wishes, that their proposal for a line was declined."""

    channel: ChannelId
    segment: SegmentId
    text: str
    reason: str
    by: Role
    at: int


class ReviseSegment(Command, frozen=True, kw_only=True, tag="revise"):
    """Replace all words of a line that the engine has just ended by the text of its second pass."""

    channel: ChannelId
    generation: int
    segment: SegmentId
    base_words: int
    """How many committed words the line has."""
    text: str
    """The whole text of the line, without a leading space."""


class SplitSegment(Command, frozen=True, kw_only=True, tag="split"):
    """End a finished line before one of its words, where another voice begins: that word and those after it become a
    line of their own. Or say that another voice begins after the line, which keeps all its words.
    """

    channel: ChannelId
    segment: SegmentId
    revision: int
    """How many corrections the line has had. An engine splits only a line that nobody has corrected."""
    word: int
    """The first word of the second part, counted from 0 in the line as it reads now (`corrections.shown_words`); the
    number of its words where it keeps all."""
    into: SegmentId | None
    """The id that the second part gets; None where there is none."""
    generation: int | None = None
    """Number of the engine's turn at the channel; None from a person."""


class NoteGap(Command, frozen=True, kw_only=True, tag="gap"):
    """Record that a span of a channel has no text."""

    channel: ChannelId
    t0: int
    t1: int
    reason: GapReason


class IntroduceSpeaker(Command, frozen=True, kw_only=True, tag="introduce"):
    """Name a person who may speak, or change the spelling of the name."""

    speaker: SpeakerId
    name: str


class AssignSpeaker(Command, frozen=True, kw_only=True, tag="assign"):
    """Assign lines to a speaker, or to nobody."""

    segments: tuple[SegmentId, ...]
    speaker: SpeakerId | None


class SetSpeaker(Command, frozen=True, kw_only=True, tag="set-speaker"):
    """Set who speaks in a channel from now on; with `since`, from the beginning of that line on."""

    channel: ChannelId
    speaker: SpeakerId | None
    since: SegmentId | None = None


class JoinSegments(Command, frozen=True, kw_only=True, tag="join"):
    """Take back that a line was split: its words and those of its second part are one line again. Or take back that
    another voice begins after a line.
    """

    channel: ChannelId
    segment: SegmentId
    revision: int
    """How many corrections the line has had."""
    part: SegmentId | None
    """The second part, whose words go back into the line as they read now; None where another voice was said to
    follow."""


class AgreeVoice(Command, frozen=True, kw_only=True, tag="agree-voice"):
    """Note that a speaker agrees to have their voice recognised in this session, or doesn't any more."""

    speaker: SpeakerId
    agreed: bool


class ForceLanguage(Command, frozen=True, kw_only=True, tag="force-language"):
    """Set the language of a channel, or let it be detected again (None)."""

    channel: ChannelId
    language: str | None


class RewindChannel(Command, frozen=True, kw_only=True, tag="rewind"):
    """Strike the machine's lines from media time `t` (ms) on, since their sound is about to be recognised again."""

    channel: ChannelId
    t: int


class RestoreSegments(Command, frozen=True, kw_only=True, tag="restore"):
    """Restore lines that a rewinding struck, and strike the lines that were recognised in their place."""

    channel: ChannelId
    rewinding: int
    """The number of that rewinding within the channel, from 1."""
    t: int
    """Media ms from which that rewinding had the sound recognised again."""
    through: int
    """Media ms up to which the channel's words had been committed before that rewinding."""
    segments: tuple[SegmentId, ...]
    """The lines to restore."""


class TypeSegment(Command, frozen=True, kw_only=True, tag="type"):
    """Add a line that a person or an outside tool wrote, as a whole. Its origin follows from the sender's role."""

    channel: ChannelId
    segment: SegmentId
    text: str
    language: str
    speaker: SpeakerId | None = None


class PutOnAir(Command, frozen=True, kw_only=True, tag="put-on-air"):
    """Set whose text a channel shows. The command succeeds if its control token is higher than that of whoever is on
    air.

    Whoever is on air may give themselves any token, and lower theirs after taking over.
    """

    channel: ChannelId
    source: AirSource
    holder: str = ""
    """Pseudonym of the person or the tool; empty: the sender, or the machine."""
    token: int | None = None
    """The control token, from 0; None: one more than the token of whoever is on air."""


class SetTranslation(Command, frozen=True, kw_only=True, tag="translate"):
    """Set the text of a line in the language of a translation, as a new line or in place of the earlier text."""

    channel: ChannelId
    """The channel of the translation."""
    source: SourceSegment
    """The line from which it was made, with its revision at that time."""
    text: str
    route: str
    """The translators in order, as in `MadeFrom`."""
    rough: bool = False


class MoveSegmentsAway(Command, frozen=True, kw_only=True, tag="move-away"):
    """Move finished lines of this channel to another session."""

    channel: ChannelId
    segments: tuple[SegmentId, ...]
    session: SessionId | None


class MovedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A line that comes from another session."""

    segment: SegmentId
    t0: int
    t1: int
    language: str
    origin: Origin
    text: str
    speaker: SpeakerId | None = None
    tool: str | msgspec.UnsetType = msgspec.UNSET
    """The public name of the outside tool that sent the line; UNSET when none did."""
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    """True when a machine recognised a respeaker; UNSET otherwise."""
    rough: bool | msgspec.UnsetType = msgspec.UNSET
    """True when a recogniser wrote it roughly; UNSET otherwise."""
    mended: bool = False
    """Whether a person had corrected the line."""
    accepted: bool = False
    """Whether the only such corrections were proposals of a machine, accepted unchanged."""
    voice_changes: bool = False
    """Whether another voice began after the line."""


class MoveSegmentsHere(Command, frozen=True, kw_only=True, tag="move-here"):
    """Add lines that were logged in another session by mistake."""

    channel: ChannelId
    session: SessionId | None
    lines: tuple[MovedSegment, ...]


class BringSegmentsBack(Command, frozen=True, kw_only=True, tag="bring-back"):
    """Restore lines that were moved away by mistake, with their words and under new ids."""

    channel: ChannelId
    segments: tuple[SegmentId, ...]
    """The ids of the lines before they were moved."""
    session: SessionId | None
    """The session to which they had been moved."""


class LeaveNote(Command, frozen=True, kw_only=True, tag="note"):
    """Leave a note for the staff."""

    text: str
    note: NoteId = NoteId("")
    """The note's id, with which others confirm that they have read it; empty for a note that can't be confirmed."""
    to: Role | None = None
    """The role to which the note is addressed; None for all."""


class ReadNote(Command, frozen=True, kw_only=True, tag="read-note"):
    """Confirm that one has read a note."""

    note: NoteId


class LeaveHubNote(Command, frozen=True, kw_only=True, tag="hub-note"):
    """Leave a note for a hub, or a hub's note for the centre's staff."""

    hub: str
    note: NoteId
    text: str


class ReadHubNote(Command, frozen=True, kw_only=True, tag="read-hub-note"):
    """Confirm that one has read a note to or from a hub."""

    hub: str
    note: NoteId


class ListPolicyQuestions(Command, frozen=True, kw_only=True, tag="list-policy-questions"):
    """Set the policy questions of the session: all of them, in their order."""

    questions: tuple[PolicyQuestion, ...]


class TagSegment(Command, frozen=True, kw_only=True, tag="tag-segment"):
    """Tag a line for the report; None removes the tag."""

    segment: SegmentId
    tag: Tag | None
    question: PolicyQuestionId | None = None


class TakeUp(Command, frozen=True, kw_only=True, tag="take-up"):
    """Take up a policy question, or another topic such as an agenda item, from now on, or since `back` ms ago (at most
    30,000). Without a question and a title nothing is taken up any more.
    """

    question: PolicyQuestionId | None = None
    title: str = ""
    back: int = 0


class TakeTopicBack(Command, frozen=True, kw_only=True, tag="take-topic-back"):
    """Undo that a topic was taken up."""

    t: int
    """Since when it was taken up, media ms."""
    before: tuple[Topic, ...] = ()
    """The topics of which it took the place."""


class ChooseTerm(Command, frozen=True, kw_only=True, tag="term"):
    """Set whether a name or term is preferred in the session, and how translations write it; fields as in
    `TermChosen`.
    """

    term: str
    wanted: bool | None
    language: str | None = None
    keep: bool | None = None
    written: dict[str, str] = msgspec.field(default_factory=dict)
    forms: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)


class Ask(Command, frozen=True, kw_only=True, tag="ask"):
    """Ask a question, comment, or ask to speak."""

    intervention: InterventionId
    kind: InterventionKind
    text: str
    language: str
    asker: str
    """The author's keyed hash; an author may have only one open request to speak."""
    name: str = ""
    origin: str = REMOTE
    age: int = 0
    """How long ago it was asked, ms: it may have waited for a connection."""
    flags: tuple[str, ...] = ()
    """What a person should look at, such as `blocked-word`."""


class Reword(Command, frozen=True, kw_only=True, tag="reword"):
    """Edit the wording of an intervention and the name that is shown with it."""

    intervention: InterventionId
    text: str
    name: str | None = None
    """The new name, empty for none; None leaves the name unchanged."""


class Flag(Command, frozen=True, kw_only=True, tag="flag"):
    """Set what a person should look at in an intervention; no flags: nothing is wrong."""

    intervention: InterventionId
    flags: tuple[str, ...]


class TagIntervention(Command, frozen=True, kw_only=True, tag="tag-intervention"):
    """Put an intervention under a policy question for the report; None takes it from under one."""

    intervention: InterventionId
    question: PolicyQuestionId | None


class ReportAbuse(Command, frozen=True, kw_only=True, tag="report-abuse"):
    """Report to the staff that a published intervention is rude. The report hides nothing."""

    intervention: InterventionId


class SetStatus(Command, frozen=True, kw_only=True, tag="set-status"):
    """Change the status of interventions: approve, hold, not take, join, call, answer, later, restore, ..."""

    interventions: tuple[InterventionId, ...]
    status: InterventionStatus
    reason: str = ""
    into: InterventionId | None = None
    segment: SegmentId | None = None
    own: bool = False
    """Whether the author had given it that status before; this command undoes what the staff did since."""


class WriteAnswer(Command, frozen=True, kw_only=True, tag="write-answer"):
    """Answer an intervention in writing."""

    intervention: InterventionId
    text: str
    language: str


class ArrangeQueue(Command, frozen=True, kw_only=True, tag="arrange-queue"):
    """Put these interventions first in the queue, in this order; empty: the whole queue follows the rule again."""

    first: tuple[InterventionId, ...]


class OrderQueue(Command, frozen=True, kw_only=True, tag="order-queue"):
    """Set the rule by which the queue is ordered."""

    order: QueueOrder


class CountSupport(Command, frozen=True, kw_only=True, tag="count-support"):
    """Set how many people would ask the same, for each of these interventions."""

    counts: dict[InterventionId, int]


class OpenPoll(Command, frozen=True, kw_only=True, tag="open-poll"):
    """Open a show of hands, or reopen one that was closed."""

    poll: PollId
    question: str
    language: str
    """BCP-47 tag of the question and of the options."""
    options: tuple[str, ...]
    quiet: bool = False
    """Whether pages and walls hide the counts while it is open; a reopened show of hands keeps its setting."""


class ClosePoll(Command, frozen=True, kw_only=True, tag="close-poll"):
    """Close a show of hands."""

    poll: PollId
    void: bool = False
    """Whether it was opened by mistake."""


class CountRoom(Command, frozen=True, kw_only=True, tag="count-room"):
    """Set how many hands are raised in the room for each option."""

    poll: PollId
    room: tuple[int, ...]


class CountPoll(Command, frozen=True, kw_only=True, tag="count-poll"):
    """Set how many people have chosen each option on their page."""

    poll: PollId
    remote: tuple[int, ...]


class SwitchVoting(Command, frozen=True, kw_only=True, tag="switch-voting"):
    """Set whether people can vote on comments."""

    on: bool


class PutToVote(Command, frozen=True, kw_only=True, tag="put-to-vote"):
    """Set the comments on which people vote, in this order."""

    comments: tuple[InterventionId, ...]


class CountOpinions(Command, frozen=True, kw_only=True, tag="count-opinions"):
    """Tell sums of the votes on comments; fields as in `OpinionsCounted`."""

    voters: int
    sums: dict[InterventionId, OpinionSums]
    groups: tuple[OpinionGroup, ...]


class ClearWall(Command, frozen=True, kw_only=True, tag="clear-wall"):
    """Clear every wall and overlay, and have the called intervention checked again."""


class RestoreWall(Command, frozen=True, kw_only=True, tag="restore-wall"):
    """Undo a clearing of the walls."""

    t: int | None = None
    """The earlier clearing that holds again: media ms as in `WallCleared`; None for none."""
    intervention: InterventionId | None = None
    """The question that was called at the clearing; it is called again unless its status has changed since."""


class LimitTurns(Command, frozen=True, kw_only=True, tag="limit-turns"):
    """Set how long a turn may take, in ms; 0: no limit."""

    ms: int


class LimitAsking(Command, frozen=True, kw_only=True, tag="limit-asking"):
    """Set whether questions and comments are accepted from everybody, or only from browsers that keep a cookie."""

    known: bool
    """Whether only from browsers that keep a cookie."""


class TypedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that the called author has typed."""

    segment: SegmentId
    text: str


class TypeTurn(Command, frozen=True, kw_only=True, tag="type-turn"):
    """Type lines in one's turn. Without lines the command says only that the author is typing."""

    intervention: InterventionId
    """The called intervention; only its author may type."""
    lines: tuple[TypedLine, ...] = ()


class HoldTurn(Command, frozen=True, kw_only=True, tag="hold-turn"):
    """Ask for more time to begin one's turn."""

    intervention: InterventionId
    """The called intervention; only its author may ask for time."""


class SetHubPresence(Command, frozen=True, kw_only=True, tag="set-hub-presence"):
    """Set the presence of a hub; fields as in `HubPresenceChanged`."""

    hub: str
    title: str
    people: int | None
    counted: int | None = None
    """Unix ms of the head count; None when nobody has counted."""
    here: bool
    since: int
    """Unix ms since when the hub follows the session, or does not."""


class CountPeople(Command, frozen=True, kw_only=True, tag="count-people"):
    """Say how many people are in the room; fields as in `AttendanceCounted`."""

    people: int
    source: CountSource
    corrects: bool = False


class ArrangeRoll(Command, frozen=True, kw_only=True, tag="arrange-roll"):
    """Open or close the session's attendance list."""

    open: bool


class SignRoll(Command, frozen=True, kw_only=True, tag="sign-roll"):
    """Sign in on the attendance list, or correct an entry."""

    entry: RollEntryId
    name: str
    representing: str = ""
    group: str = ""
    region: str = ""


class FinaliseRoll(Command, frozen=True, kw_only=True, tag="finalise-roll"):
    """Make the attendance list final: name everybody on it, and change it no more."""


class ReleaseAttendance(Command, frozen=True, kw_only=True, tag="release-attendance"):
    """Release the attendance report of a closed session, or take that back."""

    released: bool = True


LifeCommand = OpenSession | PauseSession | ResumeSession | CloseSession | ReopenSession | SealRecord
KeepingCommand = BeginNotRecorded | EndNotRecorded
ImportCommand = BeginImport | KeepOriginal | ImportLines | ImportQuestions | ImportChapters | EndImport | StateGround
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
    | ImportCommand
)
SourceCommand = AttachSource | EndSource | MapClock | NoteWriter
EngineCommand = AttachEngine | CommitWords | EndSegment | NoteGap
SpeakerCommand = IntroduceSpeaker | AssignSpeaker | SetSpeaker | AgreeVoice
MoveCommand = MoveSegmentsAway | MoveSegmentsHere | BringSegmentsBack
LineCommand = ForceLanguage | RewindChannel | RestoreSegments | TypeSegment | MoveCommand
AttendanceCommand = CountPeople | ArrangeRoll | SignRoll | FinaliseRoll | ReleaseAttendance
StaffCommand = LeaveNote | ReadNote | LeaveHubNote | ReadHubNote | ListPolicyQuestions | TagSegment
WordCommand = Reword | Flag | TagIntervention | ReportAbuse | WriteAnswer
QuestionCommand = Ask | WordCommand | SetStatus | ArrangeQueue | OrderQueue | LimitAsking | CountSupport
PollCommand = OpenPoll | ClosePoll | CountRoom | CountPoll
VotingCommand = SwitchVoting | PutToVote | CountOpinions
WallCommand = ClearWall | RestoreWall
TopicCommand = TakeUp | TakeTopicBack
TurnCommand = LimitTurns | TypeTurn | HoldTurn
"""Unions of commands; for most of them `moothall.core.rules` has one function that decides."""

AnyCommand = (
    SessionCommand
    | SourceCommand
    | EngineCommand
    | CorrectSegment
    | PublishDeclined
    | ReviseSegment
    | SplitSegment
    | JoinSegments
    | SetTranslation
    | SpeakerCommand
    | LineCommand
    | PutOnAir
    | StaffCommand
    | TopicCommand
    | ChooseTerm
    | QuestionCommand
    | PollCommand
    | VotingCommand
    | WallCommand
    | TurnCommand
    | SetHubPresence
    | AttendanceCommand
    | OutcomeCommand
)
"""Every command of this release. `do` says which class a message has."""
