"""All rules of a session in one function: `decide` turns a state and a command into events or a `Refusal`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.glossary.fixed_wording import WHAT_CAN_BE_WRITTEN, cleaned_written, forms_of
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_SESSION, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import is_name
from moothall.core.opinions.voting_rules import decide_voting
from moothall.core.outcomes.commands import (
    CallCommand,
    EnterTranslation,
    OutcomeCommand,
    PlaceComment,
    RegisterCommand,
    ReportCommand,
    StateCall,
)
from moothall.core.outcomes.document import DocumentVersion
from moothall.core.outcomes.document_rules import decide_document
from moothall.core.outcomes.register_rules import decide_call, decide_register
from moothall.core.outcomes.report import ReportVersion
from moothall.core.outcomes.report_rules import decide_report
from moothall.core.outcomes.translations import decide_translation
from moothall.core.rules.air import put_on_air
from moothall.core.rules.attendance import decide_attendance
from moothall.core.rules.corrections import correct, join, publish_declined, revise, split
from moothall.core.rules.displays import decide_wall
from moothall.core.rules.fitting import fits
from moothall.core.rules.imports import decide_import, is_imported
from moothall.core.rules.keeping import end_open, ended, mapped, not_recorded, paused, resumed
from moothall.core.rules.lines import MOST_BACK, decide_lines
from moothall.core.rules.making import MAX_TEXT, add_channel, create, describe, plan, set_languages, state_hub
from moothall.core.rules.notes_and_tags import decide_staff
from moothall.core.rules.polls import decide_poll
from moothall.core.rules.questions import decide_questions
from moothall.core.rules.topics import decide_topic
from moothall.core.rules.translations import translate, with_translations
from moothall.core.rules.turns import decide_turn
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.roughness import is_rough, unquotable_languages
from moothall.core.sessions.state import EARLY_WORDS, ON, State, Status
from moothall.core.terms.terms import WHAT_FITS, cleaned, key_of
from moothall.core.translation.lines import original

MAX_WORD = 200
"""Characters of a word."""
MAX_WORDS = 200
"""Words of one commit."""
MOST_BEFORE = 600_000
"""How far back the beginning of a session may be set when it is opened, in ms: as much sound as a microphone's page
keeps.
"""

Decision = Sequence[ev.AnyEvent] | Refusal
MOST_CHOSEN = 300
"""The most terms for which the desks of one session may choose a wording."""


def decide(state: State, command: do.AnyCommand, actor: Actor, wall: int) -> Decision:
    """The events that `command` causes in `state`, or a refusal; `wall` is the time of its arrival (Unix ms).

    The caller has already checked that the actor's role may send the command (`moothall.core.rules.authority`).
    """
    decision = _decide(state, command, actor, wall)
    return decision if isinstance(decision, Refusal) else with_translations(state, decision)


def _decide(state: State, command: do.AnyCommand, actor: Actor, wall: int) -> Decision:
    if isinstance(command, do.CreateSession):
        return create(state, command)
    if state.status is Status.ABSENT:
        return NO_SESSION
    if not fits(state.kind, type(command)):
        return refuse(RefusalCode.CONFLICT, f"This can't be done with a {state.kind}.")
    if isinstance(command, OutcomeCommand):
        return _outcome(state, command, wall)
    if isinstance(command, do.EngineCommand):
        return _channel(state, command)
    if isinstance(command, do.SourceCommand):
        return _source(state, command, wall)
    if isinstance(command, do.SpeakerCommand):
        return _speaker(state, command, wall)
    if isinstance(command, do.LineCommand):
        return decide_lines(state, command, actor, wall)
    if isinstance(command, do.QuestionCommand):
        return decide_questions(state, command, actor, wall)
    if isinstance(command, do.PollCommand):
        return decide_poll(state, command, wall)
    if isinstance(command, do.VotingCommand):
        return decide_voting(state, command)
    if isinstance(command, do.TurnCommand):
        return decide_turn(state, command, actor, wall)
    if isinstance(command, do.WallCommand):
        return decide_wall(state, command, actor, wall)
    if isinstance(command, do.TopicCommand):
        return decide_topic(state, command, wall)
    if isinstance(command, do.StaffCommand):
        return decide_staff(state, command, actor)
    if isinstance(command, do.AttendanceCommand):
        return decide_attendance(state, command, actor, wall)
    if isinstance(command, do.KeepingCommand):
        return not_recorded(state, command, wall)
    if isinstance(command, do.PlanCommand):
        return plan(state, command)
    if isinstance(command, do.ImportCommand):
        return decide_import(state, command, wall)
    match command:
        case do.PutOnAir():
            return put_on_air(state, command, actor, wall)
        case do.AddChannel():
            return add_channel(state, command, wall)
        case do.SetTranslation():
            return translate(state, command)
        case do.CorrectSegment():
            return correct(state, command, actor, wall)
        case do.PublishDeclined():
            return publish_declined(state, command)
        case do.ReviseSegment():
            return revise(state, command, wall)
        case do.SplitSegment():
            return split(state, command, actor, wall)
        case do.JoinSegments():
            return join(state, command)
        case do.DescribeSession():
            return describe(state, command)
        case do.SetLanguages():
            return set_languages(state, command)
        case do.ChooseTerm():
            return decide_term(state, command)
        case do.SetHubPresence():
            return state_hub(state, command, wall)
        case do.RequestClose():
            return _ask_close(state, command)
        case _:
            return _life(state, command, wall)


def _outcome(state: State, command: OutcomeCommand, wall: int) -> Decision:
    outcomes = state.outcomes
    if isinstance(command, CallCommand):
        asked = None if isinstance(command, StateCall) else state.questions.get(command.intervention)
        return decide_call(
            outcomes.call, command, published=asked is not None and asked.published and not asked.removed
        )
    if isinstance(command, RegisterCommand):
        return decide_register(outcomes.register, command)
    if isinstance(command, EnterTranslation):
        versions: list[ReportVersion | DocumentVersion] = [*outcomes.report.versions, *outcomes.document.versions]
        return decide_translation(outcomes.translations, versions, command)
    if isinstance(command, ReportCommand):
        return decide_report(outcomes.report, command)
    received = isinstance(command, PlaceComment) and command.intervention in state.questions.interventions
    return decide_document(outcomes.document, command, wall, received=received)


def _life(state: State, command: do.LifeCommand, wall: int) -> Decision:
    status, t = state.status, state.media_now(wall)
    if isinstance(command, do.PauseSession | do.ResumeSession) and not 0 <= command.back <= MOST_BACK:
        return refuse(RefusalCode.INVALID, f"The beginning can be set back by 0 to {MOST_BACK // 1000} seconds.")
    if isinstance(command, do.OpenSession | do.ReopenSession) and is_imported(state):
        return refuse(RefusalCode.CONFLICT, "This meeting was held elsewhere, and imported: it can't be opened.")
    match command:
        case do.OpenSession() if state.cancelled is not None:
            return refuse(RefusalCode.CONFLICT, "The session is cancelled. Take that back before you open it.")
        case do.OpenSession() if status is Status.CREATED:
            return _open(command, wall)
        case do.PauseSession() if status is Status.OPEN:
            return paused(state, t, command.back)
        case do.ResumeSession() if status is Status.PAUSED:
            return [resumed(state, t, command.back)]
        case do.CloseSession() if status in (Status.OPEN, Status.PAUSED):
            return _close(state, t)
        case do.ReopenSession() if status is Status.CLOSED:
            return [ev.SessionReopened(t=t)]
        case do.SealRecord() if status is Status.CLOSED:
            return _seal(state, command)
        case _:
            act = command.__struct_config__.tag
            return refuse(RefusalCode.CONFLICT, f"'{act}' is not possible while the session is {status}.")


def _seal(state: State, command: do.SealRecord) -> Decision:
    lines = (line for _, line in state.segments.items() if not line.gone)
    if command.version is ev.SealVersion.FINAL and (rough := unquotable_languages(lines)):
        return refuse(
            RefusalCode.CONFLICT,
            f"A machine wrote lines in {', '.join(rough)} with many wrong words, and nobody has checked them: seal the "
            "text as checked once somebody has, then as final.",
        )
    return [ev.RecordSealed(version=command.version, n=state.seals + 1)]


def _open(command: do.OpenSession, wall: int) -> Decision:
    if not 0 <= command.age <= MOST_BEFORE:
        return refuse(
            RefusalCode.INVALID, f"The beginning of a session can be at most {MOST_BEFORE // 60_000} minutes ago."
        )
    return [ev.SessionOpened(wall=wall - command.age)]


def _ask_close(state: State, command: do.RequestClose) -> Decision:
    if command.act is None and state.goes_on is not None:
        return [ev.CloseRequested()]
    if state.status not in (Status.OPEN, Status.PAUSED):
        return refuse(RefusalCode.CONFLICT, f"The session is {state.status} and can't be closed now.")
    if command.act is None and state.closing is None:
        return refuse(RefusalCode.CONFLICT, "This session is not being closed.")
    return [ev.CloseRequested(act=command.act, by=command.by, then=command.then)]


def _close(state: State, t: int) -> Decision:
    events = end_open(state)
    if not state.recorded:
        events.append(ev.NotRecordedEnded(t1=max(t, state.not_recorded[-1][0])))
    t = max([t, *(channel.committed_through for channel in state.channels.values())])
    return [*events, ev.SessionClosed(t=t)]


def _source(state: State, command: do.SourceCommand, wall: int) -> Decision:
    if state.status not in (Status.OPEN, Status.PAUSED):
        return refuse(RefusalCode.CONFLICT, f"The session is {state.status} and takes no sound now.")
    match command:
        case do.AttachSource():
            if not is_name(command.source) or command.rate <= 0 or command.t < 0:
                return refuse(RefusalCode.INVALID, "A source needs an id, a sample rate and a time of 0 or more.")
            if command.channel not in state.channels:
                return refuse(RefusalCode.UNKNOWN, "The session has no such channel.")
            if command.source in state.sources:
                return refuse(RefusalCode.CONFLICT, "A source with this id was already attached.")
            now = state.media_now(wall)
            return [made_of(ev.SourceAttached, command, t=min(command.t, now)), ev.ClockMapped(t=now, wall=wall)]
        case do.EndSource():
            source = state.sources.get(command.source)
            if source is None or source.ended:
                return refuse(RefusalCode.UNKNOWN, "No source with this id is attached.")
            return [ev.SourceEnded(source=command.source, t=command.t)]
        case do.NoteWriter():
            if state.status not in ON or command.node == state.writer:
                return refuse(RefusalCode.CONFLICT, "The session isn't on, or this server is already its writer.")
            changed = ev.WriterChanged(node=command.node)
            if command.t is None:
                return [changed]
            return [changed, *mapped(state, max(_since(command.t, command.at, wall), state.clock.t), wall)]
        case _:
            t = _since(command.t, command.at, wall)
            if t < state.clock[0]:
                return refuse(RefusalCode.INVALID, "Media time can't run backwards.")
            return mapped(state, t, wall)


def _since(t: int, at: int | None, wall: int) -> int:
    """The media time (ms) at the wall time `wall`, where it was `t` at the wall time `at`; None: now."""
    return t if at is None else t + max(0, wall - at)


def _channel(state: State, command: do.EngineCommand) -> Decision:
    channel = state.channels.get(command.channel)
    if channel is None:
        return refuse(RefusalCode.UNKNOWN, "The session has no such channel.")
    if isinstance(command, do.NoteGap):
        if not 0 <= command.t0 < command.t1:
            return refuse(RefusalCode.INVALID, "The end of a gap must be after its beginning.")
        return [ev.GapNoted(channel=command.channel, t0=command.t0, t1=command.t1, reason=command.reason)]
    if state.status not in (Status.OPEN, Status.PAUSED):
        return refuse(RefusalCode.CONFLICT, f"The session is {state.status} and takes no words of an engine now.")
    if isinstance(command, do.AttachEngine):
        return [
            ev.EngineAttached(
                channel=command.channel,
                generation=channel.generation + 1,
                model=command.model,
                rough=command.rough or msgspec.UNSET,
                voices=command.voices,
            )
        ]
    if not channel.air.recognised:
        return _stale(state, channel, "A person or a tool is on air in this channel.")
    if command.generation <= channel.air.behind:
        return _stale(state, channel, "Somebody else is on air in this channel since: another sound is heard.")
    if command.generation != channel.generation:
        return _stale(state, channel, "Another engine has taken over the channel.")
    if isinstance(command, do.EndSegment):
        segment = state.segments.get(command.segment)
        if segment is None or channel.open_segment != command.segment:
            return _stale(state, channel, "That segment is not the open one.")
        return [ended(segment, max(command.t1, channel.committed_through), command.reason)]
    return _commit(state, channel, command)


def _commit(state: State, channel: Channel, command: do.CommitWords) -> Decision:
    if not command.words or len(command.words) > MAX_WORDS:
        return refuse(RefusalCode.INVALID, f"A commit holds 1 to {MAX_WORDS} words.")
    if any(not 0 < len(word.text) <= MAX_WORD or not 0 <= word.t0 <= word.t1 for word in command.words):
        return refuse(RefusalCode.INVALID, f"A word has 1 to {MAX_WORD} characters and ends after it begins.")
    if min(word.t0 for word in command.words) < channel.committed_through - EARLY_WORDS:
        return _stale(state, channel, "Words of this time are already committed.")
    if any(not state.kept(word.t0) for word in command.words):
        return refuse(RefusalCode.CONFLICT, "These words are from a break, or from a time that is not recorded.")
    events: list[ev.AnyEvent] = []
    if command.start is not None:
        if channel.open_segment is not None or command.segment in state.segments:
            return _stale(state, channel, "The segment before this one is still open, or its name is already in use.")
        if not is_name(command.segment) or command.start.language not in channel.languages:
            return refuse(RefusalCode.INVALID, "A segment needs an id and one of its channel's languages.")
        opened = made_of(
            le.SegmentOpened,
            command.start,
            channel=command.channel,
            segment=command.segment,
            origin=le.Origin.MACHINE,
            speaker=channel.speaker,
            respoken=channel.air.respoken or msgspec.UNSET,
            rough=is_rough(command.start.language, channel.rough) or msgspec.UNSET,
        )
        events.append(opened)
        have = 0
    else:
        segment = state.segments.get(command.segment)
        if segment is None or channel.open_segment != command.segment:
            return _stale(state, channel, "That segment is not the open one.")
        have = len(segment.words)
    if command.first != have:
        return _stale(state, channel, f"The segment has {have} words, not {command.first}.")
    return [*events, made_of(le.WordsCommitted, command)]


def _speaker(state: State, command: do.SpeakerCommand, wall: int) -> Decision:
    if isinstance(command, do.IntroduceSpeaker):
        if not is_name(command.speaker) or not 0 < len(command.name) <= MAX_TEXT:
            return refuse(RefusalCode.INVALID, "A speaker needs an id and a name.")
        return [ev.SpeakerIntroduced(speaker=command.speaker, name=command.name)]
    if command.speaker is not None and command.speaker not in state.speakers:
        return refuse(RefusalCode.UNKNOWN, "The session has no speaker with this id.")
    if isinstance(command, do.SetSpeaker):
        return _set_speaker(state, command, wall)
    if isinstance(command, do.AgreeVoice):
        return _agree_voice(state, command)
    if not command.segments or any(segment not in state.segments for segment in command.segments):
        return refuse(RefusalCode.UNKNOWN, "These lines are not in this session.")
    lines = tuple(dict.fromkeys(original(state, segment) for segment in command.segments))
    return [ev.SpeakerAssigned(segments=lines, speaker=command.speaker)]


def _set_speaker(state: State, command: do.SetSpeaker, wall: int) -> Decision:
    channel = state.channels.get(command.channel)
    if channel is None:
        return refuse(RefusalCode.UNKNOWN, "The session has no such channel.")
    took = ev.SpeakerChanged(channel=channel.id, speaker=command.speaker, t=state.media_now(wall))
    if command.since is None:
        return [took]
    if (first := state.segments.get(command.since)) is None or first.channel != channel.id:
        return refuse(RefusalCode.UNKNOWN, "The channel has no such line.")
    lines = [line for _, line in state.segments.items() if line.channel == channel.id and line.t0 >= first.t0]
    since = tuple(line.id for line in sorted(lines, key=lambda line: line.t0))
    return [took, ev.SpeakerAssigned(segments=since, speaker=command.speaker)]


def _agree_voice(state: State, command: do.AgreeVoice) -> Decision:
    if command.agreed and state.young_people:
        return refuse(RefusalCode.FORBIDDEN, "Young people take part: no voice is recognised.")
    if command.agreed and state.voice_use is not ev.VoiceUse.ALLOWED:
        return refuse(RefusalCode.FORBIDDEN, "In this session no voice is recognised.")
    if command.agreed is (command.speaker in state.voices):
        return refuse(RefusalCode.CONFLICT, "That is noted already.")
    return [ev.VoiceAgreed(speaker=command.speaker, agreed=command.agreed)]


def _stale(state: State, channel: Channel, message: str) -> Refusal:
    return Refusal(code=RefusalCode.STALE, message=message, channel=state.channel_now(channel.id))


def decide_term(state: State, command: do.ChooseTerm) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a choice of wording for a term, or a refusal. The session must exist."""
    term = cleaned(command.term)
    if term is None:
        return refuse(RefusalCode.INVALID, WHAT_FITS)
    if command.language is not None and not any(command.language in each.languages for each in state.channels.values()):
        return refuse(
            RefusalCode.INVALID, "The language of a term must be a language of the session, or be left empty."
        )
    written = cleaned_written(command.written)
    forms = None if written is None else forms_of(written, command.forms)
    if written is None or forms is None:
        return refuse(RefusalCode.INVALID, WHAT_CAN_BE_WRITTEN)
    if not command.wanted and (written or command.keep is not None):
        return refuse(RefusalCode.INVALID, "Translations can be given only for a preferred term.")
    known = key_of(term) in state.terms
    if command.wanted is None and not known:
        return refuse(RefusalCode.UNKNOWN, "No wording of this term was chosen in this session.")
    if not known and len(state.terms) >= MOST_CHOSEN:
        message = f"The session has {MOST_CHOSEN} terms of its own already; put lasting ones in a glossary file."
        return refuse(RefusalCode.CONFLICT, message)
    return [
        ev.TermChosen(
            term=term,
            wanted=command.wanted,
            language=command.language,
            keep=command.keep,
            written=written,
            forms={tag: beside for tag, each in forms.items() if (beside := each.beside)},
        )
    ]
