"""The rules of what people do with the lines of a channel: write, strike and move them, and say which language they are
in.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.captioning.control_tokens import heard_behind, joined_from
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import is_name
from moothall.core.removal.moves import returned
from moothall.core.removal.selection import again
from moothall.core.rules.authority import writes_into
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import ON, State, Status

MAX_TEXT = 10_000
"""Characters of a line."""
MAX_LINES = 1_000
"""Lines that one command may move."""
MOST_BACK = 30_000
"""How far back the beginning of "not recorded" may be set, in ms: it covers what was said before somebody could say so.
Lines younger than this are not moved to or from another session, since they may still have to be removed here."""
MOST_OFFERED = 5_000
"""Offered lines that may wait in a channel since the machine was last on air. Overflow: the next one is refused."""


def decide_lines(state: State, command: do.LineCommand, actor: Actor, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a command about a channel's lines, or a refusal."""
    channel = state.channels.get(command.channel)
    if channel is None:
        return refuse(RefusalCode.UNKNOWN, "The session has no such channel.")
    match command:
        case do.ForceLanguage():
            if command.language is not None and command.language not in channel.languages:
                return refuse(RefusalCode.INVALID, f"This channel accepts only {', '.join(channel.languages)}.")
            return [ev.LanguageForced(channel=channel.id, language=command.language)]
        case do.RewindChannel():
            return _rewind(state, channel, command)
        case do.RestoreSegments():
            return _restore(state, channel, command)
        case do.TypeSegment():
            return _type(state, channel, command, actor, wall)
        case do.MoveSegmentsAway():
            return _move_away(state, channel, command, wall)
        case do.MoveSegmentsHere():
            return _move_here(state, channel, command, wall)
        case _:
            return _bring_back(state, channel, command)


DROPPED = "Nothing of this is kept: there is a break, or it is not recorded."
"""The note to a sender whose text was accepted but not kept. After a refusal it would send the text again when the
break is over.
"""
MAY_NOT_WRITE = refuse(RefusalCode.FORBIDDEN, "Your link may not write lines here.")
"""The refusal of a line by a link whose role writes none, or none into this channel."""


def unkept_now(state: State) -> Refusal | None:
    """Why no line is written now in a session that is on: there is a break, which somebody may end first, or this time
    is not recorded. None when lines are written, and in a session that isn't on.
    """
    if state.status is Status.PAUSED:
        return refuse(RefusalCode.BREAK, "There is a break: end it, and send this again.")
    kept = state.keeps or state.status is not Status.OPEN
    return None if kept else refuse(RefusalCode.CONFLICT, "This time is not recorded.")


def not_taken(state: State, channel: Channel, role: Role) -> Refusal | None:
    """Why a new line from this role is refused now in a channel, whatever its text; None when it would be taken."""
    if not writes_into(role, channel.kind):
        return MAY_NOT_WRITE
    if state.status not in ON:
        return refuse(RefusalCode.CONFLICT, f"The session is {state.status} and takes no lines now.")
    return unkept_now(state)


def last_unkept(state: State) -> int:
    """The earliest time of a new line, in media ms: the end of the newest ended span of which nothing is kept, or 0."""
    return max((t1 for _, t1 in state.unkept if t1 is not None), default=0)


def _rewind(state: State, channel: Channel, command: do.RewindChannel) -> Sequence[ev.AnyEvent] | Refusal:
    if state.status not in (Status.OPEN, Status.PAUSED):
        return refuse(RefusalCode.CONFLICT, f"The session is {state.status} and its sound is no longer there.")
    if (unkept := unkept_now(state)) is not None:
        return unkept
    if not channel.air.machine:
        return refuse(RefusalCode.CONFLICT, "A person or a tool is on air: put the machine on air first.")
    if command.t < 0:
        return refuse(RefusalCode.INVALID, "Media time can't be negative.")
    heard = [line for line in _lines(state, channel) if line.origin is le.Origin.MACHINE and line.words]
    # Lines that a person has corrected or respoken stay, so their sound is not recognised again. Nor is sound that was
    # not kept.
    stays = [_end(line, channel) for line in heard if line.mended and not line.respoken]
    stays += [heard_behind(channel, line) for line in heard if line.respoken]
    t = max([command.t, *stays, joined_from(channel), last_unkept(state)])
    lines = [line for line in heard if not (line.mended or line.respoken) and _end(line, channel) > t]
    t = min([t, channel.committed_through, *(line.t0 for line in lines)])
    rewound = le.ChannelRewound(channel=channel.id, t=t, segments=tuple(line.id for line in lines))
    return [*_end_open(state, channel, lines), rewound]


def _end_open(state: State, channel: Channel, struck: Collection[Segment]) -> Sequence[ev.AnyEvent]:
    """The event that ends the channel's open line; none when no line is open, or when the open line is struck."""
    still_open = None if channel.open_segment is None else state.segments.get(channel.open_segment)
    if still_open is None or still_open in struck:
        return []
    ended = le.SegmentEnded(
        channel=channel.id,
        segment=still_open.id,
        t1=channel.committed_through,
        reason=le.EndReason.LANGUAGE,
        text=still_open.whole,
    )
    return [ended]


def _restore(state: State, channel: Channel, command: do.RestoreSegments) -> Sequence[ev.AnyEvent] | Refusal:
    if (unkept := unkept_now(state)) is not None:
        return unkept
    meant = 0 <= command.t <= command.through and command.rewinding > 0
    if not meant or len(set(command.segments)) < len(command.segments):
        return refuse(
            RefusalCode.INVALID,
            "Name the lines, each of them once, and the time from which they were recognised again.",
        )
    named = [line for name in command.segments if (line := state.segments.get(name)) is not None]
    if len(named) < len(command.segments):
        return refuse(RefusalCode.STALE, "Words of these lines have been removed since.")
    if any(line.channel != channel.id or line.moved or line.struck != command.rewinding for line in named):
        return refuse(RefusalCode.UNKNOWN, "These lines were not removed from this channel by a new recognition.")
    if any(returned(line.id) in state.segments for line in named):
        return refuse(RefusalCode.CONFLICT, "These lines are already back.")
    instead = _instead(state, channel, command)
    if any(line.mended or struck < command.rewinding for line, struck in instead.items()):
        return refuse(RefusalCode.STALE, "The lines in their place have been changed since.")
    rewound = le.ChannelRewound(
        channel=channel.id, t=channel.committed_through, segments=tuple(line.id for line in instead)
    )
    events: list[ev.AnyEvent] = [*_end_open(state, channel, instead), rewound]
    for line in sorted(named, key=lambda line: (line.t0, line.id)):
        events += _with_words(channel, line)
    for line in instead:
        # What was said after the restored lines stays.
        later = next((n for n, word in enumerate(line.words) if word.t0 + word.t1 >= 2 * command.through), None)
        if later is not None:
            events += again(line, (later, len(line.words)), returned(line.id))
    return events


def _instead(state: State, channel: Channel, command: do.RestoreSegments) -> dict[Segment, int]:
    """The lines that were recognised in place of the lines to restore, each with the number of the rewinding that
    struck it.

    A line that had been struck and restored has the number of the rewinding that struck it first; any other line has
    that of the next rewinding, which the caller is about to add.
    """
    t, through = command.t, command.through
    heard = [line for line in _lines(state, channel) if line.origin is le.Origin.MACHINE and line.words]
    # The rest of an older line after a removal is a new segment too, but it ends before the time from which sound was
    # heard again.
    new = [line for line in heard if line.since >= command.rewinding and max(word.t1 for word in line.words) > t]
    there = [line for line in new if line.t0 < through]
    was = {returned(name): line for name, line in state.segments.items() if line.gone} if there else {}
    found = {}
    for line in there:
        before = was.get(line.id)
        # A line that came back from another session was not recognised in place of these.
        if before is None or not before.moved:
            found[line] = channel.rewound + 1 if before is None else before.struck
    return found


def _end(line: Segment, channel: Channel) -> int:
    return line.t1 if line.ended else channel.committed_through


def _lines(state: State, channel: Channel) -> list[Segment]:
    lines = (line for _, line in state.segments.items() if line.channel == channel.id and not line.gone)
    return sorted(lines, key=lambda line: (line.t0, line.id))


def _type(
    state: State, channel: Channel, command: do.TypeSegment, actor: Actor, wall: int
) -> Sequence[ev.AnyEvent] | Refusal:
    if (refused := not_taken(state, channel, actor.role)) is not None:
        return refused
    if not is_name(command.segment) or command.language not in channel.languages:
        return refuse(RefusalCode.INVALID, "A line needs an id and one of its channel's languages.")
    if not 0 < len(command.text.strip()) <= MAX_TEXT:
        return refuse(RefusalCode.INVALID, f"A line has 1 to {MAX_TEXT} characters.")
    if command.segment in state.segments:
        return refuse(RefusalCode.CONFLICT, "A line with this id already exists.")
    speaker = command.speaker if command.speaker is not None else channel.speaker
    if speaker is not None and speaker not in state.speakers:
        return refuse(RefusalCode.UNKNOWN, "The session has no speaker with this id.")
    # A source that was attached in the meantime may have set the clock back a little.
    t = max(state.media_now(wall), last_unkept(state))
    line = do.MovedSegment(
        segment=command.segment,
        t0=t,
        t1=t,
        language=command.language,
        origin=le.Origin.INTERPRETER if actor.role is Role.INTERPRETER else le.Origin.PERSON,
        text=command.text.strip(),
        speaker=speaker,
        tool=actor.tool or msgspec.UNSET,
    )
    if not channel.air.writes(actor.id):
        return _offered(state, channel, line, actor)
    return _whole(channel, line)


def _offered(state: State, channel: Channel, line: do.MovedSegment, actor: Actor) -> Sequence[ev.AnyEvent] | Refusal:
    """The event of an offered line, whose writer is not on air, or a refusal. Desks see it, and whoever is on air may
    take it.
    """
    if line.segment in state.offered:
        return refuse(RefusalCode.CONFLICT, "A line with this id already exists.")
    if len(channel.air.offered) >= MOST_OFFERED:
        return refuse(RefusalCode.CONFLICT, f"{MOST_OFFERED} lines wait to be taken; one more can't be offered.")
    return [
        le.LineOffered(
            channel=channel.id,
            segment=line.segment,
            text=line.text,
            language=line.language,
            speaker=line.speaker,
            t=line.t0,
            by=actor.id,
            tool=actor.tool,
        )
    ]


def _whole(channel: Channel, line: do.MovedSegment) -> Sequence[ev.AnyEvent]:
    opened = made_of(le.SegmentOpened, line, channel=channel.id)
    reason = le.EndReason.SPEAKER if line.voice_changes else le.EndReason.SENTENCE
    ended = made_of(le.SegmentEnded, line, channel=channel.id, reason=reason)
    if not line.mended:
        return [opened, ended]
    mended = made_of(le.SegmentCorrected, line, channel=channel.id, base_revision=0, base_words=0, tail="")
    return [opened, ended, mended]


def _move_away(
    state: State, channel: Channel, command: do.MoveSegmentsAway, wall: int
) -> Sequence[ev.AnyEvent] | Refusal:
    if channel.kind is ev.ChannelKind.TRANSLATION:
        return refuse(RefusalCode.INVALID, "A translated line can't be moved by itself: move its original.")
    lines = [state.segments.get(segment) for segment in command.segments]
    if not 0 < len(lines) <= MAX_LINES or command.session == state.id:
        return refuse(RefusalCode.INVALID, f"Move 1 to {MAX_LINES} lines at a time, and to another session.")
    if any(line is None or line.channel != channel.id or line.gone or not line.ended for line in lines):
        return refuse(RefusalCode.UNKNOWN, "These lines are not finished lines of this channel.")
    if any(line is not None and _may_be_unsaid(state, line.t1, wall) for line in lines):
        message = f"Lines can be moved {MOST_BACK // 1000} seconds after they were said; try again then."
        return refuse(RefusalCode.CONFLICT, message)
    return [le.SegmentsMovedAway(channel=channel.id, segments=command.segments, session=command.session)]


def _may_be_unsaid(state: State, t1: int, wall: int) -> bool:
    """Whether a line that ended at `t1` (media ms) could still be removed, because "not recorded" may be set back that
    far.
    """
    return t1 >= state.media_now(wall) - MOST_BACK


def _move_here(
    state: State, channel: Channel, command: do.MoveSegmentsHere, wall: int
) -> Sequence[ev.AnyEvent] | Refusal:
    names = [line.segment for line in command.lines]
    if not 0 < len(names) <= MAX_LINES or len(set(names)) < len(names) or not all(map(is_name, names)):
        return refuse(RefusalCode.INVALID, f"Move 1 to {MAX_LINES} lines at a time, each with an id of its own.")
    if any(name in state.segments for name in names):
        return refuse(RefusalCode.CONFLICT, "A line with this id already exists.")
    for line in command.lines:
        if not 0 <= line.t0 <= line.t1 or not 0 < len(line.text) <= MAX_TEXT:
            return refuse(
                RefusalCode.INVALID, f"A line needs 1 to {MAX_TEXT} characters and an end after its beginning."
            )
        if _may_be_unsaid(state, line.t1, wall):
            message = f"Lines can be moved here {MOST_BACK // 1000} seconds after the session began; try again then."
            return refuse(RefusalCode.CONFLICT, message)
        if not state.kept_through(line.t0, line.t1):
            return refuse(RefusalCode.CONFLICT, "The line is from a time of which this session keeps nothing.")
        if line.speaker is not None and line.speaker not in state.speakers:
            return refuse(RefusalCode.UNKNOWN, "The session has no speaker with this id.")
    events: list[ev.AnyEvent] = [
        le.SegmentsMovedHere(channel=channel.id, segments=tuple(names), session=command.session)
    ]
    for line in command.lines:
        events += _whole(channel, line)
    return events


def _bring_back(state: State, channel: Channel, command: do.BringSegmentsBack) -> Sequence[ev.AnyEvent] | Refusal:
    if not 0 < len(command.segments) <= MAX_LINES or command.session == state.id:
        return refuse(RefusalCode.INVALID, f"Bring back 1 to {MAX_LINES} lines at a time, and from another session.")
    lines = {name: state.segments.get(name) for name in command.segments}
    away = [line for line in lines.values() if line is not None and line.channel == channel.id and line.moved]
    if len(away) < len(command.segments):
        return refuse(
            RefusalCode.UNKNOWN, "These lines were not moved away from this channel, or a line is named twice."
        )
    if any(returned(line.id) in state.segments for line in away):
        return refuse(RefusalCode.CONFLICT, "These lines are already back in their session.")
    names = tuple(returned(line.id) for line in away)
    events: list[ev.AnyEvent] = [le.SegmentsMovedHere(channel=channel.id, segments=names, session=command.session)]
    for line in away:
        events += _with_words(channel, line)
    return events


def _with_words(channel: Channel, line: Segment) -> Sequence[ev.AnyEvent]:
    """The events that say a line anew, word by word if it has words: only then can its sound be recognised
    once more.
    """
    if line.words:
        return again(line, (0, len(line.words)), returned(line.id))
    changes = line.reason is le.EndReason.SPEAKER
    moved = made_of(do.MovedSegment, line, segment=returned(line.id), text=line.whole, voice_changes=changes)
    return _whole(channel, moved)
