"""What undoes an act. Nothing is taken back in a log: an act is undone by another one.

Afterwards lines read, are named and stand as before, and so does the session; revisions and positions don't run back.
What was said or typed meanwhile is left alone, but for the name: lines that were given to a speaker only because that
speaker was said to have the floor go with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from moothall.core import commands as do
from moothall.core import events as ev
from moothall.core.actors import Actor, Role
from moothall.core.decide import decide
from moothall.core.errors import Refusal
from moothall.core.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.session import State, Status, evolve

_SOMEBODY = Actor(Role.TECHNICIAN, "undo")
"""Whether an act fits a state depends on the state, and on the role only for engines."""

Undoing = tuple[do.AnyCommand, ...]


def inverse(before: State, commands: Sequence[do.AnyCommand]) -> Undoing:
    """The act that undoes `commands`, as carried out in the state `before`; empty when nothing does.

    An act is undone whole or not at all: one that holds a command which can't be undone has no inverse. A name that
    was introduced stays in the list of names, since nobody is harmed by it.
    """
    state, undoing = before, Undoing()
    for command in commands:
        undone = _inverse(state, command)
        after = carried_out(state, [command])
        if undone is None or after is None:
            return ()
        state, undoing = after, (*undone, *undoing)
    return undoing if carried_out(state, undoing) is not None else ()


def standing(now: State, act: Sequence[do.AnyCommand], undoing: Sequence[do.AnyCommand]) -> Undoing:
    """What of an act's undoing still fits: the floor is left to whoever else was given it meanwhile."""
    took = _floors(act)

    def held(command: do.AnyCommand) -> bool:
        if not isinstance(command, do.TakeFloor) or command.channel not in took:
            return True
        return now.channels[command.channel].speaker == took[command.channel]

    return tuple(command for command in undoing if held(command))


def lines_meanwhile(
    now: State, act: Sequence[do.AnyCommand], undoing: Sequence[do.AnyCommand], since: Iterable[ev.AnyEvent]
) -> Undoing:
    """Gives lines that opened under the speaker to whom an act gave the floor back to the one who had it before.

    `since`: the events after the act, in order, without those of lines that were said again. Lines count until the
    floor is given to somebody, and not those that somebody has given to a speaker by hand.
    """
    took, had = _floors(act), _floors(undoing)
    wrong = {channel: speaker for channel, speaker in took.items() if channel in had and had[channel] != speaker}
    opened: dict[SegmentId, ChannelId] = {}
    by_hand: set[SegmentId] = set()
    for event in since:
        match event:
            case ev.SpeakerTookFloor():
                wrong.pop(event.channel, None)
            case ev.SpeakerAssigned() | ev.LinesMovedHere():
                by_hand.update(event.segments)
            case ev.SegmentOpened() if event.channel in wrong and event.speaker == wrong[event.channel]:
                opened[event.segment] = event.channel
            case _:
                pass
    back: dict[SpeakerId | None, list[SegmentId]] = {}
    for name, channel in opened.items():
        if name in now.segments and name not in by_hand:
            back.setdefault(had[channel], []).append(name)
    return tuple(do.AssignSpeaker(segments=tuple(lines), speaker=speaker) for speaker, lines in back.items())


def _floors(commands: Iterable[do.AnyCommand]) -> dict[ChannelId, SpeakerId | None]:
    """Who has the floor of which channel after these commands."""
    return {command.channel: command.speaker for command in commands if isinstance(command, do.TakeFloor)}


def carried_out(state: State, commands: Iterable[do.AnyCommand]) -> State | None:
    """The state after an act; None when it is refused."""
    for command in commands:
        decision = decide(state, command, _SOMEBODY, state.clock[1])
        if isinstance(decision, Refusal):
            return None
        for event in decision:
            state = evolve(state, event)
    return state


def _inverse(before: State, command: do.AnyCommand) -> Undoing | None:
    """What undoes one command, which may be nothing at all; None when it can't be undone."""
    match command:
        case do.PauseSession():
            return (do.ResumeSession(),)
        case do.ResumeSession():
            return (do.PauseSession(),)
        case do.ReopenSession():
            return (do.CloseSession(),)
        case do.CloseSession():
            return _of_close(before)
        case do.DescribeSession():
            return (do.DescribeSession(title=before.title),)
        case do.IntroduceSpeaker():
            name = before.speakers.get(command.speaker)
            return () if name is None else (do.IntroduceSpeaker(speaker=command.speaker, name=name),)
        case do.AssignSpeaker():
            return _as_assigned(before, command.segments)
        case do.TakeFloor():
            return _of_taken_floor(before, command)
        case do.ForceLanguage() if command.channel in before.channels:
            forced = before.channels[command.channel].forced
            return (do.ForceLanguage(channel=command.channel, language=forced),)
        case do.CorrectSegment():
            return _of_correction(before, command)
        case do.TypeLine():
            # A finished line without text is not shown.
            emptied = do.CorrectSegment(
                channel=command.channel, segment=command.segment, base_revision=0, base_words=0, text=""
            )
            return (emptied,)
        case _:
            return None


def _of_close(before: State) -> Undoing:
    undoing: list[do.AnyCommand] = [do.ReopenSession()]
    if not before.recorded:
        undoing.append(do.BeginNotRecorded())  # It was not, so it isn't again until somebody says so.
    if before.status is Status.PAUSED:
        undoing.append(do.PauseSession())
    return tuple(undoing)


def _of_taken_floor(before: State, command: do.TakeFloor) -> Undoing | None:
    channel = before.channels.get(command.channel)
    if channel is None:
        return None
    back = do.TakeFloor(channel=command.channel, speaker=channel.speaker)
    first = None if command.since is None else before.segments.get(command.since)
    if first is None:
        return (back,)
    since = (line for _, line in before.segments.items() if line.channel == channel.id and line.t0 >= first.t0)
    return (back, *_as_assigned(before, (line.id for line in since)))


def _as_assigned(before: State, segments: Iterable[SegmentId]) -> Undoing:
    """Gives the lines to those who had them, one command each of these."""
    had: dict[SpeakerId | None, list[SegmentId]] = {}
    for name in segments:
        line = before.segments.get(name)
        if line is not None:
            had.setdefault(line.speaker, []).append(name)
    return tuple(do.AssignSpeaker(segments=tuple(lines), speaker=speaker) for speaker, lines in had.items())


def _of_correction(before: State, command: do.CorrectSegment) -> Undoing | None:
    line = before.segments.get(command.segment)
    if line is None:
        return None
    # The words that it replaced, as they read before; those behind it were left alone.
    read = line.text + "".join(word.text for word in line.words[line.base : command.base_words])
    back = do.CorrectSegment(
        channel=command.channel,
        segment=command.segment,
        base_revision=command.base_revision + 1,
        base_words=command.base_words,
        text=read,
    )
    return (back,)
