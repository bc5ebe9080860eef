"""The state of a session and its fold: `evolve(state, event)` returns the state after an event.

The events come from `moothall.core.rules.decide`. Only the session writer stores what `decide` returns.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.desks.notes_and_tags import NotesAndTags, evolve_notes_and_tags
from moothall.core.events import attendance as ae
from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.events.outcomes import OutcomeFact
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.hubs.presence import HubsPresent, with_hub
from moothall.core.kernel.decoding import made_of, shared
from moothall.core.kernel.errors import ChannelNow
from moothall.core.kernel.ids import ChannelId, InterventionId, SegmentId, SessionId, SourceId, SpeakerId
from moothall.core.kernel.persistent import PersistentMap
from moothall.core.outcomes.outcomes import Outcomes, evolve_outcomes
from moothall.core.questions.interventions import Questions, evolve_questions
from moothall.core.sessions.air import air_after, air_without
from moothall.core.sessions.keeping import RecordKeeping, keeping_after
from moothall.core.sessions.parts import Channel, MediaClock, Segment, SessionSource, made_from
from moothall.core.sessions.roll import AttendanceState, evolve_attendance
from moothall.core.sessions.roughness import until_checked, vouched_for, vouches
from moothall.core.sessions.topics import Topics, topics_after
from moothall.core.terms.terms import ChosenTerms, with_term

LAST_WORDS = 20
"""How many of its last committed words a channel keeps, so that an engine can find the seam to them."""
EARLY_WORDS = 200
"""How much before the end of the last committed word a new word may begin, in ms: recognised times are not exact
(docs/why/speech.md, "The seam").
"""


class Status(StrEnum):
    """The stage of a session's life."""

    ABSENT = "absent"
    CREATED = "created"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


ON = (Status.OPEN, Status.PAUSED)
"""The statuses between opening and close."""


class State(RecordKeeping, frozen=True, kw_only=True):
    """The state of a session, folded from its log.

    `RecordKeeping`, the spans that are not kept, is a base class and not a field: so the fold replaces its fields
    (`keeping_after`) and other fields in one copy. The rules of spans are in `keeping.py`, and can be used without a
    session.
    """

    id: SessionId
    status: Status = Status.ABSENT
    title: str = ""
    languages: tuple[str, ...] = ()
    access: ev.Access = ev.Access.STAFF
    """Only the staff may read the session until the log says otherwise."""
    young_people: bool = False
    sound: ev.SoundKept = ev.SoundKept.NONE
    sound_from: int = 0
    """Media ms from which on sound is kept, where some is: when it was allowed while the session was on."""
    rehearsal: bool = False
    kind: ev.LogKind = ev.LogKind.SESSION
    """What the log is about."""
    outcomes: Outcomes = Outcomes()
    """What a log holds that isn't about a session."""
    listed: bool = True
    """Whether public lists may name the session."""
    ground: str = ""
    """On what ground an imported session may be read by others than the staff; empty where none was stated."""
    cancelled: str | None = None
    """Why the session will not be held, empty where no reason was given; None when it is not cancelled."""
    clock: MediaClock = MediaClock(0, 0)
    """The newest mapping of media time to wall time."""
    writer: str = ""
    """The node that writes the log; empty where none was noted."""
    channels: dict[ChannelId, Channel] = msgspec.field(default_factory=dict)
    sources: dict[SourceId, SessionSource] = msgspec.field(default_factory=dict)
    speakers: dict[SpeakerId, str] = msgspec.field(default_factory=dict)
    voice_use: ev.VoiceUse = ev.VoiceUse.ALLOWED
    """What may be measured of voices, within what the house allows; nothing with young people, whatever was chosen."""
    voices: frozenset[SpeakerId] = frozenset()
    """Speakers who agreed to have their voices recognised in this session."""
    terms: ChosenTerms = msgspec.field(default_factory=dict)
    segments: PersistentMap[SegmentId, Segment] = msgspec.field(default_factory=PersistentMap)
    offered: PersistentMap[SegmentId, Segment] = msgspec.field(default_factory=PersistentMap)
    """Lines that somebody who was not on air offered, including those that have been taken."""
    seals: int = 0
    closed_at: int | None = None
    """Media ms of the last close; None when the session was never closed, or is open again."""
    questions: Questions = msgspec.field(default_factory=Questions)
    wall_cleared: int | None = None
    """Lines that began before this (media ms) are on no wall; None when the walls show all lines."""
    wall_withdrew: frozenset[InterventionId] = frozenset()
    """Interventions that were called when the walls were cleared, and have been being checked since."""
    off_wall_before: bool = False
    """Whether the walls already hid the next question before the newest clearing; undoing that clearing
    restores this.
    """
    turn_lines: tuple[SegmentId, ...] = ()
    """Lines of the floor that were opened in the newest turn, oldest first."""
    notes_and_tags: NotesAndTags = msgspec.field(default_factory=NotesAndTags)
    topics: Topics = ()
    """What was taken up, one after the other."""
    attendance: AttendanceState = msgspec.field(default_factory=AttendanceState)
    hubs: HubsPresent = msgspec.field(default_factory=dict)
    closing: ev.CloseRequested | None = None
    """The request to close the session once its last words are in the log; None when there is none, and after the
    close.
    """
    goes_on: ev.CloseRequested | None = None
    """The request that closed the session in order to continue with another one; None once that one was opened."""

    def media_now(self, wall: int) -> int:
        """Media time at the wall time `wall` (Unix ms); it doesn't run before the session is opened."""
        return self.clock.t if self.status is Status.CREATED else self.clock.at(wall)

    def channel_now(self, channel: ChannelId) -> ChannelNow:
        """The state of a channel, for an engine; raises KeyError for an unknown channel."""
        now = self.channels[channel]
        segment = self.segments.get(now.open_segment) if now.open_segment is not None else None
        return ChannelNow(
            channel=channel,
            generation=now.generation,
            committed_through=now.committed_through,
            segment=now.open_segment,
            words=len(segment.words) if segment is not None else 0,
        )


def evolve(state: State, event: ev.AnyEvent | UnknownEvent | None, at: int = 0) -> State:
    """Return the state after `event`, which was logged at Unix ms `at`. A removed body is None, and changes nothing."""
    replace = msgspec.structs.replace
    match event:
        case ev.SessionCreated():
            return _created(state, event)
        case ev.SessionDescribed():
            return _described(state, event)
        case ev.SessionArranged():
            return _arranged(state, event, at)
        case ev.SessionCancelled():
            return replace(state, cancelled=event.reason)
        case ev.SessionReinstated():
            return replace(state, cancelled=None)
        case ev.NotRecordedBegan() | ev.NotRecordedEnded():
            return replace(state, **keeping_after(state, event))
        case ev.SessionOpened():
            return replace(state, status=Status.OPEN, clock=MediaClock(0, event.wall))
        case ev.SessionPaused():
            return replace(state, status=Status.PAUSED, **keeping_after(state, event))
        case ev.SessionResumed():
            return replace(state, status=Status.OPEN, **keeping_after(state, event))
        case ev.SessionReopened():
            return replace(state, status=Status.OPEN, goes_on=None, closed_at=None, **keeping_after(state, event))
        case ev.SessionClosed():
            asked = state.closing
            goes_on = None if asked is None or asked.then is None else asked
            state = replace(state, status=Status.CLOSED, closing=None, goes_on=goes_on, closed_at=event.t)
            return replace(state, **keeping_after(state, event))
        case ev.CloseRequested():
            return replace(state, closing=None if event.act is None else event, goes_on=None)
        case ev.WallCleared():
            return _wall_cleared(state, event)
        case he.HubPresenceChanged():
            return replace(state, hubs=with_hub(state.hubs, event))
        case ev.RecordSealed():
            return _sealed(state, event)
        case ev.ClockMapped():
            return replace(state, clock=state.clock.mapped(event.t, event.wall))
        case ev.WriterChanged():
            return replace(state, writer=event.node)
        case ev.ChannelAdded():
            channel = Channel(id=event.channel, kind=event.kind, languages=event.languages, of_record=event.of_record)
            return replace(state, channels={**state.channels, event.channel: channel})
        case ev.TextImported():
            return _with_channel(state, event.channel, imported=event)
        case ev.OriginalKept():
            return _with_channel(state, event.channel, original=True)
        case ev.GroundStated():
            return replace(state, ground=event.ground)
        case ev.SourceAttached():
            source = SessionSource(channel=event.channel, t=event.t, rate=event.rate)
            return replace(state, sources={**state.sources, event.source: source})
        case ev.SourceEnded():
            source = replace(state.sources[event.source], ended=True)
            return replace(state, sources={**state.sources, event.source: source})
        case ev.SpeakerIntroduced() | ev.VoiceAgreed():
            return _of_speaker(state, event)
        case ev.TermChosen():
            return replace(state, terms=with_term(state.terms, event))
        case ev.SpeakerChanged():
            return _with_channel(state, event.channel, speaker=event.speaker)
        case ev.LanguageForced():
            return _with_channel(state, event.channel, forced=event.language)
        case le.AirChanged() | le.AirHeld() | le.LineOffered():
            return _on_air(state, event)
        case ev.SpeakerAssigned():
            return _with_segments(state, event.segments, speaker=event.speaker)
        case le.ChannelRewound():
            return _rewound(state, event)
        case le.SegmentsMovedAway():
            return _with_segments(state, event.segments, gone=True, moved=True)
        case ev.BodyRemoved():
            for channel_id, t in event.through.items():
                state = _removed(_heard(state, channel_id, t), channel_id, t)
            return state
        case ev.EngineAttached():
            return _with_channel(state, event.channel, generation=event.generation, rough=event.rough or ())
        case ev.GapNoted():
            return _heard(state, event.channel, event.t1)
        case _ if isinstance(event, le.SegmentFact):
            return _evolve_segment(state, event, at)
        case _ if isinstance(event, qe.QuestionFact):
            return _with_questions(state, event)
        case _ if isinstance(event, OutcomeFact | ae.AttendanceFact):
            return _beside(state, event, at)
        case _ if isinstance(event, ne.NoteOrTag | ev.TopicTaken):
            return _noted(state, event, at)
        case _:
            return state


def _sealed(state: State, event: ev.RecordSealed) -> State:
    segments = state.segments
    if vouches(event):
        for name, line in state.segments.items():
            if until_checked(line):
                segments = segments.set(name, vouched_for(line))
    return msgspec.structs.replace(state, seals=event.n, segments=segments)


def _beside(state: State, event: OutcomeFact | ae.AttendanceFact, at: int) -> State:
    """The state after an event about something that no rule of the text depends on."""
    if isinstance(event, ae.AttendanceFact):
        return msgspec.structs.replace(state, attendance=evolve_attendance(state.attendance, event))
    return msgspec.structs.replace(state, outcomes=evolve_outcomes(state.outcomes, event, at))


def _noted(state: State, event: ne.NoteOrTag | ev.TopicTaken, at: int) -> State:
    replace = msgspec.structs.replace
    if isinstance(event, ev.TopicTaken | ne.PolicyQuestionsListed):
        state = replace(state, topics=topics_after(state.topics, event))
    if isinstance(event, ev.TopicTaken):
        return state
    notes_and_tags = evolve_notes_and_tags(state.notes_and_tags, event, at)
    return state if notes_and_tags is state.notes_and_tags else replace(state, notes_and_tags=notes_and_tags)


def _of_speaker(state: State, event: ev.SpeakerIntroduced | ev.VoiceAgreed) -> State:
    if isinstance(event, ev.SpeakerIntroduced):
        return msgspec.structs.replace(state, speakers={**state.speakers, event.speaker: event.name})
    others = state.voices - {event.speaker}
    return msgspec.structs.replace(state, voices=others | {event.speaker} if event.agreed else others)


def _created(state: State, event: ev.SessionCreated) -> State:
    use = state.voice_use if event.voice_use is msgspec.UNSET else event.voice_use
    fields = shared(state, event) | {"voice_use": ev.VoiceUse.NONE if event.young_people else use}
    return msgspec.structs.replace(state, status=Status.CREATED, **fields)


def _arranged(state: State, event: ev.SessionArranged, at: int) -> State:
    since = state.sound_from
    if event.sound is ev.SoundKept.NONE:
        since = 0
    elif state.sound is ev.SoundKept.NONE:
        since = max(0, state.media_now(at))
    use = state.voice_use if event.voice_use is msgspec.UNSET or state.young_people else event.voice_use
    return msgspec.structs.replace(state, sound_from=since, **shared(state, event) | {"voice_use": use})


def _wall_cleared(state: State, event: ev.WallCleared) -> State:
    replace, before = msgspec.structs.replace, state.questions.off_wall
    if event.t is None or (state.wall_cleared is not None and event.t < state.wall_cleared):  # The clearing is undone.
        off_wall = event.t is not None and state.off_wall_before
        return replace(state, wall_cleared=event.t, questions=replace(state.questions, off_wall=off_wall))
    withdrew = state.wall_withdrew if event.withdrawn is None else state.wall_withdrew | {event.withdrawn}
    questions = replace(state.questions, off_wall=True)
    return replace(state, wall_cleared=event.t, questions=questions, wall_withdrew=withdrew, off_wall_before=before)


def _with_questions(state: State, event: qe.QuestionFact) -> State:
    turns, questions = len(state.questions.turns), evolve_questions(state.questions, event)
    if isinstance(event, qe.InterventionStatusChanged) and state.status is Status.CLOSED:
        known = state.questions.get(event.intervention)
        # The event of its arrival is for the staff; for a fold of public events, this change of status is the first
        # one.
        if known is None or not known.number:
            questions = questions.with_(event.intervention, after_close=True)
    # Something called or opened since the earlier clearing is shown on the walls, so that clearing hides nothing any
    # more.
    before = state.off_wall_before and questions.off_wall
    state = msgspec.structs.replace(state, questions=questions, off_wall_before=before)
    if len(questions.turns) > turns:
        state = msgspec.structs.replace(state, turn_lines=())
    if not isinstance(event, qe.InterventionStatusChanged) or event.status is InterventionStatus.CHECKED:
        return state
    return msgspec.structs.replace(state, wall_withdrew=state.wall_withdrew - {event.intervention})


def _evolve_segment(state: State, event: le.SegmentFact, at: int) -> State:
    replace = msgspec.structs.replace
    if isinstance(event, le.SegmentOpened):
        since = state.channels[event.channel].rewound
        segment = made_of(Segment, event, id=event.segment, since=since, made_from=made_from(event, None))
        if event.part_of is not msgspec.UNSET and (whole := state.segments.get(event.part_of)) is not None:
            segment = replace(segment, split_at=whole.revision - 1)
        in_turn = event.part_of is msgspec.UNSET or event.part_of in state.turn_lines
        floor = state.channels[event.channel].kind is ev.ChannelKind.FLOOR
        if state.questions.called is not None and floor and in_turn:
            state = replace(state, turn_lines=(*state.turn_lines, event.segment))
        if (offered := state.offered.get(event.segment)) is not None:
            air = state.channels[offered.channel].air
            state = _with_channel(state, offered.channel, air=air_without(air, event.segment))
        return replace(state, segments=state.segments.set(event.segment, segment))
    known = state.segments.get(event.segment)
    if known is None:
        return state  # The event that opened the line was removed from the record; there is nothing left to change.
    match event:
        case le.WordsCommitted():
            state = _committed(state, event)
            segment = replace(known, words=known.words + event.words)
        case le.SegmentEnded():
            if state.channels[event.channel].open_segment == event.segment:
                state = _with_channel(state, event.channel, open_segment=None)
            # A person's line has its text in this event, and no words.
            text = known.text if known.words else event.text
            segment = replace(known, ended=True, t1=event.t1, reason=event.reason, ended_at=at, text=text)
        case le.SegmentSplit():
            # The correction that follows cuts its text.
            kept = known.words[: event.word]
            segment = replace(known, words=kept, t1=event.t1, reason=le.EndReason.SPEAKER)
        case _:
            segment = replace(
                known,
                text=event.text,
                base=event.base_words,
                revision=event.base_revision + 1,
                mended=not event.unmended and (known.mended or not event.machine),
                accepted=event.accepted or (known.accepted and event.machine),
                made_from=made_from(event, known.made_from),
            )
    return replace(state, segments=state.segments.set(event.segment, segment))


def _committed(state: State, event: le.WordsCommitted) -> State:
    """Return the state after committed words, which are new ones, or words of an older line that are said again."""
    channel = state.channels[event.channel]
    last = channel.last_words
    if not last or (event.words[0].t0 >= last[-1].t1 - EARLY_WORDS and event.words[0] not in last):
        last = (*last, *event.words)[-LAST_WORDS:]
    return _with_channel(
        state,
        event.channel,
        # Lines without words are never open, and the rest of an older line must not close the open one.
        open_segment=channel.open_segment or event.segment,
        committed_through=max(channel.committed_through, event.words[-1].t1),
        last_words=last,
    )


def _rewound(state: State, event: le.ChannelRewound) -> State:
    """Return the state without the struck lines. If no sound is recognised again, the last words of other lines stay
    the last.
    """
    channel = state.channels[event.channel]
    gone = {word for name in event.segments if (line := state.segments.get(name)) for word in line.words}
    last = tuple(word for word in channel.last_words if event.t >= channel.committed_through and word not in gone)
    n = channel.rewound + 1
    state = _with_segments(state, event.segments, gone=True, struck=n)
    # Where a split is taken back, the line that grows goes on; in other cases it was ended, or is one of those struck.
    still_open = None if channel.open_segment in event.segments else channel.open_segment
    return _with_channel(
        state, event.channel, committed_through=event.t, open_segment=still_open, last_words=last, rewound=n
    )


def _heard(state: State, channel: ChannelId, t: int) -> State:
    known = state.channels.get(channel)
    if known is None or known.committed_through >= t:
        return state
    return _with_channel(state, channel, committed_through=t)


def _removed(state: State, channel: ChannelId, t: int) -> State:
    known = state.channels.get(channel)
    if known is None or known.air.machine or known.air.removed >= t:
        return state
    return _with_channel(state, channel, air=msgspec.structs.replace(known.air, removed=t))


def _on_air(state: State, event: le.AirFact) -> State:
    replace, channel = msgspec.structs.replace, state.channels[event.channel]
    air = air_after(channel.air, event, channel.generation)
    if isinstance(event, le.AirChanged) and event.source is le.AirSource.MACHINE:
        # A respeaker's words are later than the sound they repeat by some seconds, so they may end after `t0`.
        last = channel.last_words if channel.committed_through <= event.t0 else ()
        state = _with_channel(state, event.channel, committed_through=event.t0, last_words=last)
    elif isinstance(event, le.AirChanged) and event.source is le.AirSource.RESPEAKER:
        # The respeaker's sound doesn't contain the last words.
        state = _with_channel(state, event.channel, last_words=())
    if isinstance(event, le.LineOffered):
        line = made_of(Segment, event, id=event.segment, t0=event.t, t1=event.t, origin=le.Origin.PERSON, ended=True)
        line = replace(line, tool=event.tool or msgspec.UNSET)
        state = replace(state, offered=state.offered.set(event.segment, line))
    return _with_channel(state, event.channel, air=air)


def _with_segments(state: State, names: tuple[SegmentId, ...], **fields: object) -> State:
    segments = state.segments
    for name in names:
        known = segments.get(name)
        if known is not None:
            segments = segments.set(name, msgspec.structs.replace(known, **fields))
    return msgspec.structs.replace(state, segments=segments)


def _described(state: State, event: ev.SessionDescribed) -> State:
    replace, spoken = msgspec.structs.replace, event.languages
    if not spoken:
        return replace(state, title=event.title)
    channels = {
        name: replace(each, languages=spoken, forced=each.forced if each.forced in spoken else None)
        if each.kind is ev.ChannelKind.FLOOR
        else each
        for name, each in state.channels.items()
    }
    return replace(state, title=event.title, languages=spoken, channels=channels)


def _with_channel(state: State, channel: ChannelId, **fields: object) -> State:
    changed = msgspec.structs.replace(state.channels[channel], **fields)
    return msgspec.structs.replace(state, channels={**state.channels, channel: changed})
