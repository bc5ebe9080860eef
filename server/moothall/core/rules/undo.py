"""Computes the commands that undo an act. Nothing is taken back in a log: an act is undone by another act.

Afterwards the session and the texts, speakers and order of its lines are as before; revisions and offsets keep growing.
Lines that were said or typed in the meantime stay, but lose a speaker whom they got only because the act had given that
speaker the floor.

What an act did is read from its events, so that it can be undone as long as the log exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.captioning.control_tokens import MACHINE
from moothall.core.desks.notes_and_tags import NotesAndTags
from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.questions.interventions import speaker_of
from moothall.core.questions.undoing import brought_by, question_step, rearranged, still_stands
from moothall.core.removal.moves import is_returned, returned
from moothall.core.rules.decide import decide
from moothall.core.sessions.state import State, Status, evolve
from moothall.core.terms.terms import key_of

_SOMEBODY = Actor(Role.TECHNICIAN, "undo")
"""The actor for trying out commands. Whether a command fits depends on the state, and on the role only for engines."""

Undoing = tuple[do.AnyCommand, ...]
Commands = tuple[do.AnyCommand, ...]
_Fact = ev.AnyEvent | UnknownEvent | None
"""An event of a log; None when its body was removed."""


class UndoReading(msgspec.Struct, frozen=True):
    """The commands that the events of an act amount to, and those that undo them."""

    commands: Commands
    undoing: Undoing
    """The commands of the act that undoes it; empty when it can't be undone."""


def read_act(before: State, events: Sequence[_Fact]) -> UndoReading:
    """Return what an act did, read from its events, and what undoes it. `before` is the state before the act.

    An act is undone whole or not at all: if a part of it can't be undone, `undoing` is empty. A name that the act
    introduced stays in the list of names, which harms nobody.
    """
    state, commands, undoing, whole = before, Commands(), Undoing(), True
    for n, event in enumerate(events):
        step = _step(state, events[n - 1] if n else None, event, events[n + 1] if n + 1 < len(events) else None)
        state = evolve(state, event)
        if step is not None:
            command, undone = step
            commands = commands if command is None else (*commands, command)
            whole = whole and undone is not None
            undoing = (*(undone or ()), *undoing)
    back = carried_out(state, undoing) if whole else None
    if whole and back is None:  # A question with which others are joined has to be back before them.
        undoing = tuple(sorted(undoing, key=_joins))
        back = carried_out(state, undoing)
    if back is not None and back.questions.arranged != before.questions.arranged:
        # Questions that left the queue and come back get the positions that the chair had given them.
        undoing = (*undoing, do.ArrangeQueue(first=before.questions.arranged))
        back = carried_out(back, undoing[-1:])
    return UndoReading(commands, () if back is None else undoing)


def _joins(command: do.AnyCommand) -> bool:
    return isinstance(command, do.SetStatus) and command.status is InterventionStatus.JOINED


def still_fits(now: State, act: Sequence[do.AnyCommand], undoing: Sequence[do.AnyCommand]) -> Undoing:
    """The part of an act's undoing that still fits the state `now`.

    - The floor is left to another speaker who got it in the meantime.
    - Lines that are no longer in the log are skipped; lines that were struck and restored are addressed by their new
      ids.
    - A line that somebody has changed since can be corrected back once it reads again as the act left it, since that
      change was undone. A line and its second part become one line with the texts that they have now.
    - Of many lines that were accepted at once, those that somebody has changed since are left alone. If all were
      changed, everything is returned, so that the caller can refuse it.
    - Of many questions, those that somebody has given another status since are left alone. `moved_on` says when that
      applies to all of them.
    - Whoever came on air and is off air again, because they went silent or stopped, needs no command to be taken off.
    """
    took, brought = _speakers(act), brought_by(act)
    due: list[do.AnyCommand] = []
    for command in undoing:
        match command:
            case do.SetSpeaker() if command.channel in took:
                if now.channels[command.channel].speaker == took[command.channel]:
                    due.append(command)
            case do.AssignSpeaker():
                lines = tuple(_standing_as(now, name) for name in command.segments if name in now.segments)
                due += [msgspec.structs.replace(command, segments=lines)] if lines else []
            case do.CorrectSegment():
                due.append(_corrected_back(now, act, command))
            case do.JoinSegments() if (line := now.segments.get(command.segment)) is not None:
                due.append(msgspec.structs.replace(command, revision=line.revision))
            case do.SetStatus() | do.WriteAnswer() if not still_stands(now.questions, command, brought):
                pass
            case do.PutOnAir() if now.channels[command.channel].air.machine and command.channel in _put_on_air(act):
                pass
            case do.ArrangeQueue():
                due += rearranged(now.questions, command, due, anew=not brought)
            case _:
                due.append(command)
    return tuple(command for command in due if _fits(now, command)) or tuple(due)


def other_on_air(now: State, act: Iterable[do.AnyCommand]) -> bool:
    """Whether somebody else came on air after an act that changed who is on air. Then the air is left as it is."""
    put = {command.channel: command.holder for command in act if isinstance(command, do.PutOnAir)}
    return any(now.channels[channel].air.holder not in (holder, MACHINE) for channel, holder in put.items())


def _put_on_air(act: Iterable[do.AnyCommand]) -> frozenset[ChannelId]:
    """The channels in which the act put a person or a tool on air."""
    put = (command for command in act if isinstance(command, do.PutOnAir))
    return frozenset(command.channel for command in put if command.source is not le.AirSource.MACHINE)


def _fits(now: State, command: do.AnyCommand) -> bool:
    """Whether a line still has the text that was accepted; True for any command that does not undo an accepted
    correction.
    """
    if not isinstance(command, do.CorrectSegment) or not command.accepted:
        return True
    line = now.segments.get(command.segment)
    return line is not None and not line.gone and line.revision == command.base_revision


def _standing_as(now: State, name: SegmentId) -> SegmentId:
    """The present id of a line, which changes each time when it is struck and restored."""
    while (line := now.segments.get(name)) is not None and line.gone and returned(name) in now.segments:
        name = returned(name)
    return name


def _corrected_back(now: State, act: Iterable[do.AnyCommand], back: do.CorrectSegment) -> do.CorrectSegment:
    """The command that undoes a correction, or empties a typed line, with the line's revision now where the line reads
    as `act` left it.
    """
    replace, line = msgspec.structs.replace, now.segments.get(_standing_as(now, back.segment))
    if line is None:
        return back
    for command in act:
        if isinstance(command, do.CorrectSegment | do.TypeSegment) and command.segment == back.segment:
            words = command.base_words if isinstance(command, do.CorrectSegment) else 0
            if line.whole == command.text + line.tail(words):
                # A split that was undone has left all its words corrected.
                base = max(line.base, back.base_words)
                text = back.text + "".join(word.text for word in line.words[back.base_words : base])
                return replace(back, segment=line.id, base_revision=line.revision, base_words=base, text=text)
    return replace(back, segment=line.id)


def lines_meanwhile(
    now: State, act: Sequence[do.AnyCommand], undoing: Sequence[do.AnyCommand], since: Iterable[ev.AnyEvent]
) -> Undoing:
    """Commands that give lines back to the speaker who had the floor before an act gave it to another one.

    `since`: the events after the act, in order, without the events of lines that were said again. Lines count until the
    floor is next given to somebody. Lines that somebody has given to a speaker by hand don't count.
    """
    took, had = _speakers(act), _speakers(undoing)
    wrong = {channel: speaker for channel, speaker in took.items() if channel in had and had[channel] != speaker}
    opened: dict[SegmentId, ChannelId] = {}
    by_hand: set[SegmentId] = set()
    for event in since:
        match event:
            case ev.SpeakerChanged():
                wrong.pop(event.channel, None)
            case ev.SpeakerAssigned() | le.SegmentsMovedHere():
                by_hand.update(event.segments)
            case le.SegmentOpened() if event.channel in wrong and event.speaker == wrong[event.channel]:
                if _is_new(event.segment, opened.keys() - by_hand):
                    opened[event.segment] = event.channel
            case _:
                pass
    back: dict[SpeakerId | None, list[SegmentId]] = {}
    for name, channel in opened.items():
        if name in now.segments and name not in by_hand:
            back.setdefault(had[channel], []).append(name)
    return tuple(do.AssignSpeaker(segments=tuple(lines), speaker=speaker) for speaker, lines in back.items())


def _is_new(name: SegmentId, counted: Iterable[SegmentId]) -> bool:
    """Whether a line is counted as new: it has an id of its own, or it restores a line in `counted`."""
    return not is_returned(name) or any(returned(line) == name for line in counted)


def _speakers(commands: Iterable[do.AnyCommand]) -> dict[ChannelId, SpeakerId | None]:
    """The speaker to whom these commands give the floor of each channel."""
    return {command.channel: command.speaker for command in commands if isinstance(command, do.SetSpeaker)}


def _records_anew(before: ev.SoundKept, after: ev.SoundKept) -> bool:
    """Whether the recording begins or is erased."""
    return (before is ev.SoundKept.NONE) is not (after is ev.SoundKept.NONE)


def carried_out(state: State, commands: Iterable[do.AnyCommand]) -> State | None:
    """The state after these commands; None when one of them is refused."""
    for command in commands:
        decision = decide(state, command, _SOMEBODY, state.clock[1])
        if isinstance(decision, Refusal):
            return None
        for event in decision:
            state = evolve(state, event)
    return state


def _step(
    state: State, last: _Fact, event: _Fact, following: _Fact
) -> tuple[do.AnyCommand | None, Undoing | None] | None:
    """The command behind an event, and the commands that undo it; None when the event goes with another event of the
    act.

    `state` is the state before the event; `last` and `following` are the events of the same act around it. The second
    value is None when nothing undoes the command.
    """
    match event:
        case ev.WallCleared():
            return _wall_step(state, event)
        case _ if goes_with_wall(state, last, event):
            return None
        case le.SegmentEnded() | le.WordsCommitted() | ev.RecordCheckpoint() | le.AirHeld():
            return None
        case le.SegmentCorrected() if isinstance(last, le.SegmentSplit | le.SegmentEnded):
            return None  # The texts of the two parts of a line.
        case le.SegmentOpened() if event.part_of and isinstance(following, le.WordsCommitted):
            return None  # It goes with the split of a line.
        case le.ChannelRewound() | le.SegmentSplit() if (
            state.channels[event.channel].kind is ev.ChannelKind.TRANSLATION
        ):
            # It goes with the lines that its own lines were made from. Translations of restored lines are made anew.
            return None
        case ev.NotRecordedEnded() if isinstance(following, ev.SessionClosed):
            return None
        case ev.SessionClosed():
            return do.CloseSession(), _of_close(state, recorded=not isinstance(last, ev.NotRecordedEnded))
        case ev.SessionPaused():
            return do.PauseSession(), (do.ResumeSession(),)
        case ev.SessionResumed():
            return do.ResumeSession(), (do.PauseSession(),)
        case ev.SessionReopened():
            return do.ReopenSession(), (do.CloseSession(),)
        case ev.SessionDescribed() if event.languages and event.title == state.title:
            return do.SetLanguages(languages=event.languages), _as_spoken(state, event.languages)
        case ev.SessionDescribed():
            described = do.DescribeSession(title=event.title, languages=event.languages)
            return described, (do.DescribeSession(title=state.title),)
        case ev.SessionArranged() if state.status is not Status.CREATED and _records_anew(state.sound, event.sound):
            # What was recorded is erased, or was not recorded: no command brings it back.
            return made_of(do.ArrangeSession, event), None
        case ev.SessionArranged():
            use = msgspec.UNSET if event.voice_use is msgspec.UNSET else state.voice_use
            return made_of(do.ArrangeSession, event), (made_of(do.ArrangeSession, state, voice_use=use),)
        case ev.SessionCancelled():
            back: do.AnyCommand = do.ReinstateSession()
            if state.cancelled is not None:
                back = do.CancelSession(reason=state.cancelled)
            return do.CancelSession(reason=event.reason), (back,)
        case ev.SessionReinstated():
            return do.ReinstateSession(), (do.CancelSession(reason=state.cancelled or ""),)
        case ev.SpeakerIntroduced():
            name = state.speakers.get(event.speaker)
            introduced = do.IntroduceSpeaker(speaker=event.speaker, name=event.name)
            return introduced, () if name is None else (do.IntroduceSpeaker(speaker=event.speaker, name=name),)
        case ev.SpeakerAssigned():
            return do.AssignSpeaker(segments=event.segments, speaker=event.speaker), _as_assigned(state, event.segments)
        case ev.SpeakerChanged():
            had = state.channels[event.channel].speaker
            took = do.SetSpeaker(channel=event.channel, speaker=event.speaker)
            return took, (do.SetSpeaker(channel=event.channel, speaker=had),)
        case ev.TermChosen():
            chosen = state.terms.get(key_of(event.term))
            none = do.ChooseTerm(term=event.term, wanted=None)
            return made_of(do.ChooseTerm, event), (none if chosen is None else made_of(do.ChooseTerm, chosen),)
        case _ if isinstance(event, qe.QuestionFact):
            return question_step(state.questions, event)
        case ev.TopicTaken():
            title = event.title if event.question is None else ""
            displaced = tuple(topic for topic in state.topics if topic.t >= event.t)
            back = do.TakeTopicBack(t=event.t, before=displaced)
            return do.TakeUp(question=event.question, title=title), (back,)
        case _ if isinstance(event, ne.NoteOrTag):
            return _note_or_tag_step(state.notes_and_tags, event)
        case le.AirChanged():
            holder = following.holder if isinstance(following, le.AirHeld) else ""
            air = state.channels[event.channel].air
            put = do.PutOnAir(channel=event.channel, source=event.source, holder=holder)
            if air.respoken:
                return put, None  # Only respeakers themselves can go on air, by their microphone.
            return put, (do.PutOnAir(channel=event.channel, source=air.source, holder=air.holder),)
        case _:
            return _line_step(state, event, following) or (_without_undoing(event), None)


def _line_step(state: State, event: _Fact, following: _Fact) -> tuple[do.AnyCommand, Undoing | None] | None:
    """The command behind an event about lines, and the commands that undo it; see `_step`."""
    match event:
        case ev.LanguageForced():
            forced = do.ForceLanguage(channel=event.channel, language=event.language)
            had = state.channels[event.channel].forced
            return forced, (do.ForceLanguage(channel=event.channel, language=had),)
        case le.SegmentCorrected():
            return _of_correction(state, event)
        case le.SegmentSplit():
            # The line has a correction more once a part is split off.
            joined = made_of(
                do.JoinSegments, event, revision=event.revision + (event.into is not None), part=event.into
            )
            return made_of(do.SplitSegment, event), (joined,)
        case le.SegmentOpened() if isinstance(following, le.SegmentEnded):
            # A finished line without text is not shown.
            emptied = made_of(do.CorrectSegment, event, base_revision=0, base_words=0, text="")
            return made_of(do.TypeSegment, event, text=following.text), (emptied,)
        case le.ChannelRewound():
            channel = state.channels[event.channel]
            rewinding, through = channel.rewound + 1, channel.committed_through
            restored = made_of(do.RestoreSegments, event, rewinding=rewinding, through=through)
            # Then this act is itself the undoing of another act.
            again = isinstance(following, le.SegmentOpened | le.WordsCommitted)
            return do.RewindChannel(channel=event.channel, t=event.t), None if again else (restored,)
        case _:
            return None


def _as_spoken(state: State, languages: Sequence[str]) -> Undoing:
    """Commands that restore the languages spoken before, and a forced language that isn't among `languages`."""
    forced = (
        do.ForceLanguage(channel=each.id, language=each.forced)
        for each in state.channels.values()
        if each.kind is ev.ChannelKind.FLOOR and each.forced is not None and each.forced not in languages
    )
    return do.SetLanguages(languages=state.languages), *forced


_FINAL: dict[type, type[do.AnyCommand]] = {
    ev.SessionOpened: do.OpenSession,
    ev.NotRecordedBegan: do.BeginNotRecorded,
    ev.NotRecordedEnded: do.EndNotRecorded,
    ev.RecordSealed: do.SealRecord,
    le.SegmentsMovedAway: do.MoveSegmentsAway,
    ev.VoiceAgreed: do.AgreeVoice,
}


def _without_undoing(event: _Fact) -> do.AnyCommand | None:
    """The command behind an event that can't be undone from here; None when the event is not shown as an act."""
    command = _FINAL.get(type(event))
    return None if command is None or event is None else made_of(command, event)


def _of_close(before: State, *, recorded: bool) -> Undoing:
    undoing: list[do.AnyCommand] = [do.ReopenSession()]
    if not recorded:
        # Recording was off at the close, so it stays off until somebody turns it on.
        undoing.append(do.BeginNotRecorded())
    if before.status is Status.PAUSED:
        undoing.append(do.PauseSession())
    return tuple(undoing)


def _as_assigned(before: State, segments: Iterable[SegmentId]) -> Undoing:
    """Commands that give the lines back to their previous speakers, one command for each speaker."""
    had: dict[SpeakerId | None, list[SegmentId]] = {}
    for name in segments:
        line = before.segments.get(name)
        if line is not None:
            had.setdefault(line.speaker, []).append(name)
    return tuple(do.AssignSpeaker(segments=tuple(lines), speaker=speaker) for speaker, lines in had.items())


def _of_correction(before: State, event: le.SegmentCorrected) -> tuple[do.AnyCommand, Undoing] | None:
    line = before.segments.get(event.segment)
    if line is None:
        return None
    corrected = made_of(do.CorrectSegment, event, proposed=event.proposed is True, unmended=event.unmended is True)
    # The words that the correction replaced, with the text that they had; words after these were left alone.
    read = line.text + "".join(word.text for word in line.words[line.base : event.base_words])
    undone = {"text": read, "proposed": False, "unmended": not line.mended}
    back = msgspec.structs.replace(corrected, base_revision=event.base_revision + 1, **undone)
    return corrected, (back,)


def _note_or_tag_step(notes_and_tags: NotesAndTags, event: ne.NoteOrTag) -> tuple[do.AnyCommand | None, Undoing | None]:
    """The command behind an event of policy questions, tags and notes, and the commands that undo it; see `_step`.

    Nothing undoes a note, since somebody has read it by then. The confirmation that a note was read is not an act.
    """
    match event:
        case ne.NoteLeft():
            return do.LeaveNote(text=event.text, note=event.note, to=event.to), None
        case he.HubNoteLeft():
            return do.LeaveHubNote(hub=event.hub, note=event.note, text=event.text), None
        case ne.PolicyQuestionsListed():
            listed = do.ListPolicyQuestions(questions=event.questions)
            return listed, (do.ListPolicyQuestions(questions=notes_and_tags.questions),)
        case ne.SegmentTagged():
            before = notes_and_tags.tag(event.segment, event.question)
            tagged = do.TagSegment(segment=event.segment, tag=event.tag, question=event.question)
            return tagged, (do.TagSegment(segment=event.segment, tag=before, question=event.question),)
        case _:
            return None, None


def _wall_step(state: State, event: ev.WallCleared) -> tuple[do.AnyCommand, Undoing]:
    """The command behind an event that clears or restores the walls, and the command that undoes it; see `_step`.

    Undoing a restoration clears the walls as of now, which empties them in any case.
    """
    before = state.wall_cleared
    if event.t is None or (before is not None and event.t < before):
        return do.RestoreWall(t=event.t), (do.ClearWall(),)
    return do.ClearWall(), (do.RestoreWall(t=before, intervention=event.withdrawn),)


def goes_with_wall(state: State, last: _Fact, event: _Fact) -> bool:
    """Whether `event` is a consequence of a clearing of the walls; `last` is the event before it in the same act."""
    match last, event:
        case ev.WallCleared(), qe.InterventionStatusChanged():
            return last.withdrawn == event.intervention
        case qe.InterventionStatusChanged(), ev.SpeakerChanged():
            named = state.channels[event.channel].speaker
            return event.speaker is None and last.status is InterventionStatus.CHECKED and named == speaker_of(last)
        case _:
            return False
