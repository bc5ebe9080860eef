"""Who may send which command and read which lane: the only permission check, for every door.

It answers two questions: may this role send this command, and may this role follow this lane of a session with this
access.
"""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events.outcome_parts import Confirmer
from moothall.core.events.question_parts import HUB
from moothall.core.events.types import Access, ChannelKind
from moothall.core.hubs.presence import is_or_is_below
from moothall.core.kernel.actors import Role
from moothall.core.kernel.command import Command
from moothall.core.kernel.ids import Lane
from moothall.core.kernel.lanes import STAFF, is_public, of_hub
from moothall.core.outcomes import commands as outcome

_Commands = frozenset[type[Command]]


def _of(*kinds: type[Command]) -> _Commands:
    return frozenset(kinds)


_LIFE = _of(do.OpenSession, do.PauseSession, do.ResumeSession, do.CloseSession, do.ReopenSession)
_MAKE = _of(do.CreateSession, do.DescribeSession, do.SetLanguages, do.AddChannel, do.SealRecord)
_PLAN = _of(do.ArrangeSession, do.CancelSession, do.ReinstateSession)
_IMPORT = _of(
    do.BeginImport,
    do.KeepOriginal,
    do.ImportLines,
    do.ImportQuestions,
    do.ImportChapters,
    do.EndImport,
    do.StateGround,
)
_CONSENT = _of(do.BeginNotRecorded, do.EndNotRecorded)
_AUDIO = _of(do.AttachSource, do.EndSource, do.MapClock, do.NoteWriter, do.AttachEngine, do.NoteGap)
_SPEAKERS = _of(do.IntroduceSpeaker, do.AssignSpeaker, do.SetSpeaker, do.AgreeVoice)
_CORRECT = _of(do.CorrectSegment)
_SPLIT = _of(do.SplitSegment)
_AIR = _of(do.PutOnAir)
_TEXT = (
    _CORRECT
    | _SPLIT
    | _of(do.JoinSegments, do.TypeSegment, do.SetLanguages, do.ForceLanguage, do.RewindChannel, do.RestoreSegments)
    | _AIR
)
_MOVE = _of(do.MoveSegmentsAway, do.MoveSegmentsHere, do.BringSegmentsBack)
_NOTES = _of(do.LeaveNote, do.ReadNote, do.LeaveHubNote, do.ReadHubNote)
_REPORT = _of(do.TagSegment, do.TagIntervention, do.ListPolicyQuestions)
_TERMS = _of(do.ChooseTerm)
_HANDS = _of(do.OpenPoll, do.ClosePoll, do.CountRoom)
_QUEUE = (
    _of(do.Ask, do.Reword, do.Flag, do.SetStatus, do.WriteAnswer, do.ArrangeQueue, do.OrderQueue)
    | _HANDS
    | _of(do.LimitTurns, do.LimitAsking, do.SwitchVoting, do.PutToVote)
)
_COUNTED = _of(do.CountSupport, do.CountPoll, do.CountOpinions)
_TOPICS = _of(do.TakeUp, do.TakeTopicBack)
_COUNT = _of(do.CountPeople)
_ROLL = _of(do.ArrangeRoll)
_ATTENDANCE = _COUNT | _ROLL | _of(do.SignRoll, do.FinaliseRoll, do.ReleaseAttendance)
_WALL = _of(do.ClearWall, do.RestoreWall)
_REGISTER = _of(
    outcome.StateCall,
    outcome.SelectSubmission,
    outcome.StateQuestion,
    outcome.CloseQuestion,
    outcome.PrepareSession,
    outcome.FilePaper,
    outcome.RegisterRecipient,
    outcome.AddressRecipient,
    outcome.NoteReply,
    outcome.StateDocument,
)
_DRAFT = _of(
    outcome.WriteSection,
    outcome.WriteMessage,
    outcome.DropMessage,
    outcome.OrderMessages,
    outcome.CheckCitation,
    outcome.SubmitReport,
)
_RETURN = _of(outcome.AssignReport, outcome.MoveReport, outcome.EnterTranslation)
_SAID_OF_MESSAGES = _of(outcome.ConfirmMessage, outcome.ObjectToMessage)
_BY_THE_SERVER = _of(
    outcome.PublishReport, outcome.PublishDocument, outcome.NoteSending, outcome.PlaceComment, outcome.AssignReport
)

COMMANDS: dict[Role, _Commands] = {
    Role.SYSTEM: _MAKE
    | _PLAN
    | _IMPORT
    | _LIFE
    | _AUDIO
    | _SPEAKERS
    | _CONSENT
    | _AIR
    | _REGISTER
    | _DRAFT
    | _BY_THE_SERVER
    | _COUNTED
    | _of(do.RewindChannel, do.RequestClose, do.ListPolicyQuestions, do.SetHubPresence),
    Role.ENGINE: _of(do.CommitWords, do.EndSegment, do.ReviseSegment, do.NoteGap) | _CORRECT | _SPLIT,
    Role.TECHNICIAN: _LIFE
    | _SPEAKERS
    | _TEXT
    | _CONSENT
    | _MOVE
    | _NOTES
    | _TERMS
    | _QUEUE
    | _TOPICS
    | _WALL
    | _REPORT
    | _COUNT
    | _ROLL,
    Role.CHAIR: _LIFE | _CONSENT | _NOTES | _QUEUE | _TOPICS | _WALL | _REPORT | _COUNT | _of(outcome.ConfirmMessage),
    Role.MODERATOR: _SPEAKERS | _CONSENT | _NOTES | _TERMS | _QUEUE | _TOPICS | _WALL | _REPORT | _COUNT,
    Role.CAPTIONER: _SPEAKERS | _TEXT | _NOTES | _TERMS | _WALL,
    Role.RAPPORTEUR: _of(do.SealRecord) | _NOTES | _REPORT | _DRAFT,
    Role.SECRETARIAT: _MAKE
    | _LIFE
    | _SPEAKERS
    | _TEXT
    | _CONSENT
    | _MOVE
    | _NOTES
    | _TERMS
    | _QUEUE
    | _TOPICS
    | _WALL
    | _REPORT
    | _ATTENDANCE
    | _REGISTER
    | _DRAFT
    | _RETURN
    | _SAID_OF_MESSAGES,
    Role.TRANSLATOR: _of(do.SetTranslation),
    Role.INTERPRETER: _of(do.TypeSegment) | _AIR | _NOTES,
    Role.TOOL: _of(do.TypeSegment) | _CORRECT | _AIR,
    Role.HUB: _of(do.Ask, do.LeaveHubNote, do.ReadHubNote),
    Role.PARTICIPANT: _of(
        do.Ask, do.SetStatus, do.TypeTurn, do.HoldTurn, do.ReportAbuse, do.PublishDeclined, do.SignRoll
    )
    | _SAID_OF_MESSAGES,
    Role.READER: _of(),
}
"""The commands that each role may send; any other command is forbidden."""

REMOVERS = frozenset({Role.TECHNICIAN, Role.SECRETARIAT})
"""Who may have words erased from a record."""

STAFF_ROLES = frozenset(
    {Role.TECHNICIAN, Role.CHAIR, Role.MODERATOR, Role.CAPTIONER, Role.INTERPRETER, Role.RAPPORTEUR, Role.SECRETARIAT}
)
"""Roles with a desk."""

SENDS_EVERY_SOUND = frozenset({Role.TECHNICIAN, Role.CHAIR, Role.MODERATOR, Role.SECRETARIAT})
"""Roles that may send sound for any text that is spoken."""

SENDS_SOUND = SENDS_EVERY_SOUND | {Role.INTERPRETER}
"""Roles that may open the page that sends sound; an interpreter may send sound for interpretations only."""

RESPEAKS = frozenset({Role.TECHNICIAN, Role.CAPTIONER, Role.INTERPRETER, Role.SECRETARIAT})
"""Roles that may respeak, so that engines hear them in place of a channel's own sound; an interpreter only in
interpretations.
"""


def may_send(role: Role, command: do.AnyCommand, *, hub: str = "") -> bool:
    """Whether `role` may send this command. `hub` is the hub for which the role acts: itself, or a hub below it."""
    if type(command) not in COMMANDS[role]:
        return False
    if isinstance(command, outcome.ConfirmMessage):
        # Who gave a commitment confirms it, behind a private link; nobody of the staff does so for them.
        return (command.by is Confirmer.GIVER) is (role is Role.PARTICIPANT)
    if role is not Role.HUB:
        return True
    if isinstance(command, do.Ask):
        return command.origin.startswith(HUB) and is_or_is_below(command.origin.removeprefix(HUB), hub)
    return isinstance(command, do.LeaveHubNote | do.ReadHubNote) and is_or_is_below(command.hub, hub)


def writes_into(role: Role, kind: ChannelKind) -> bool:
    """Whether a role that writes lines may write into channels of this kind. Nobody writes into translations, which are
    made from lines.
    """
    return kind is ChannelKind.INTERPRETATION or (kind is ChannelKind.FLOOR and role is not Role.INTERPRETER)


def may_read(role: Role, access: Access, *, has_link: bool = False) -> bool:
    """Whether `role` may read a session of this access; `has_link`: the visitor came with the session's own link."""
    if role in STAFF_ROLES or role in (Role.SYSTEM, Role.TRANSLATOR):
        return True
    if role is Role.ENGINE:
        return False  # The message `Attach` gives an engine all that it needs.
    return access is Access.PUBLIC or (access is Access.LINK and has_link)


def may_follow(role: Role, lane: Lane, *, hub: str | None = None) -> bool:
    """Whether `role` may see events of `lane` in a session that it may read; `hub` is the hub it acts for."""
    if role is Role.ENGINE:
        return False
    if is_public(lane):
        return True
    if lane == STAFF:
        return role in STAFF_ROLES or role is Role.SYSTEM
    return role is Role.SYSTEM or (role is Role.HUB and hub is not None and of_hub(lane, hub))
