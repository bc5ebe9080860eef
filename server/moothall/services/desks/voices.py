"""Proposes who spoke, by voices that were confirmed at a desk in the same meeting.

A voice is known by a number, and what it is known by stays in the engine. This keeps in memory alone which number is
whose, until the close. Nothing is said of anybody without a person's act: what stands here is shown to desks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import takewhile

from moothall.core.commands import AssignSpeaker
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.rules.authority import COMMANDS
from moothall.core.sessions.state import State
from moothall.core.sessions.who_speaks import (
    LEAST_VOICE_MS,
    MOST_VOICES,
    VoicesMeasured,
    measured,
    proposed_for,
    same_turn,
)
from moothall.services.desks.requests import DeskRequest, Extra
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.engines.assignment import VoiceMessage
from moothall.services.engines.recognising import Recognising
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.wire import engine as wire

MOST_PROPOSED = 200
"""Lines of a meeting for which a voice is kept in mind. Overflow: the oldest is forgotten, and nobody is proposed."""
MOST_LINES = 50
"""Newest lines of a text, or of a question's turn, looked at for proposals. Overflow: the oldest are dropped."""

_TOLD = ev.VoiceAgreed | ev.SpeakerAssigned | ev.BodyRemoved
"""Events after which desks are shown at once what follows."""


class _Known:
    """What is known in one meeting."""

    def __init__(self) -> None:
        self.numbers: dict[SpeakerId, int] = {}
        """Bound: MOST_VOICES. A number is given once."""
        self.given = 0
        self.learnt: dict[SpeakerId, int] = {}
        """By how many ms of speech each voice is known."""
        self.taught: dict[SegmentId, SpeakerId] = {}
        """The lines by which voices were to be learnt, and of whom. Bound: MOST_PROPOSED."""
        self.heard: dict[SegmentId, tuple[SpeakerId, int]] = {}
        """Whose voice was heard in a line, and for how many ms. Bound: MOST_PROPOSED."""
        self.refused: dict[SegmentId, None] = {}
        """Lines for which a person refused what was proposed. Bound: MOST_PROPOSED."""
        self.lines: dict[ChannelId, list[SegmentId]] = {}
        """The newest lines of each text since its engine was attached, in order. Bound: MOST_LINES each."""
        self.pressed: dict[ChannelId, SpeakerId] = {}
        """Whose turn a desk confirmed, until the voice changes."""
        self.begun: set[ChannelId] = set()
        """The texts in which a line began since."""
        self.mixed: dict[ChannelId, SegmentId] = {}
        """The texts in which a desk split a line since another person speaks, until their engine hears a change: it
        takes the speech of both for that of one person, and nobody's voice is learnt by it. With the line."""

    def turn(self, state: State, split: le.SegmentSplit) -> tuple[list[SegmentId], bool]:
        """The lines of the turn in which a line was split, as far as its engine has heard changes, and whether that
        turn lasts.
        """
        lines = self.lines.get(split.channel, [])
        at = lines.index(split.segment) if split.segment in lines else None
        if at is None or _changes_after(state, split.into):
            return [split.segment], False
        before = takewhile(lambda name: not _changes_after(state, name), reversed(lines[:at]))
        turn, lasts = [split.segment, *before], True
        for name in lines[at + 1 :]:
            turn.append(name)
            if _changes_after(state, name):
                lasts = False
                break
        return turn, lasts

    def unknown_in(self, state: State, channel: ChannelId) -> None:
        """Take in that the engine of a text knows no voice and no turn. Those of other texts know theirs."""
        self.lines.pop(channel, None)
        self.mixed.pop(channel, None)
        for name in tuple(self.taught):
            if (line := state.segments.get(name)) is None or line.channel == channel:
                self.learnt.pop(self.taught.pop(name), None)


class Voices:
    """The voices of all meetings. `run` passes on to engines which to learn and which to forget."""

    def __init__(self, sessions: Sessions, recognising: Recognising, *, allowed: VoicesMeasured) -> None:
        """`allowed`: the most that engines may measure in any session."""
        self._sessions, self._recognising, self.allowed = sessions, recognising, allowed
        self._known: dict[SessionId, _Known] = {}
        # Bound: MOST_VOICES for each loaded session; the newest order for a voice counts.
        self._due: dict[tuple[SessionId, int], tuple[ChannelId, SegmentId] | None] = {}
        self._more = asyncio.Event()
        self.changed: Callable[[SessionId], None] = lambda _: None
        """Called when desks of a session are to be shown something else."""
        sessions.observe(self._seen)
        recognising.hear_voices(self.measured, self._heard)

    def measured(self, state: State) -> VoicesMeasured:
        """What engines may measure of the voices of a session."""
        return measured(state, self.allowed)

    async def run(self) -> None:
        """Pass orders on to engines until cancelled."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._due:
                (session, voice), line = self._due.popitem()
                if line is None:
                    await self._recognising.forget_voice(session, voice)
                else:
                    await self._recognising.learn_voice(session, *line, voice)

    def shown(self, session: SessionId) -> object:
        """What desks are shown of a session, of plain values for JSON; None where no voice is recognised."""
        live = self._sessions.loaded(session)
        if live is None or not self.measured(live.state).learnt:
            return None
        state, known = live.state, self._known.get(session) or _Known()
        recent = dict.fromkeys([*known.heard, *state.turn_lines[-MOST_LINES:]])
        proposals = []
        for name in recent:
            line = state.segments.get(name)
            if line is None or line.gone or name in known.refused:
                continue
            found = proposed_for(state, line, known.heard.get(name))
            if found is not None:
                proposals.append({"segment": name, "speaker": found.speaker, "by": found.by.value})
        return {
            "agreed": sorted(state.voices),
            "learnt": sorted(name for name, ms in known.learnt.items() if ms >= LEAST_VOICE_MS),
            "full": known.given >= MOST_VOICES,
            "proposals": proposals,
        }

    def all(self) -> dict[str, Extra]:
        """Handlers of desk messages, by name."""
        return {"not-theirs": self._refuse}

    async def _refuse(self, desk: DeskConnection, request: DeskRequest) -> dict[str, object] | Refusal:
        """Take back what is proposed for lines; the log holds nothing of it."""
        if AssignSpeaker not in COMMANDS[desk.staff.role]:
            return refuse(RefusalCode.FORBIDDEN, "Your link may not say who speaks.")
        known = self._known.setdefault(desk.live.id, _Known())
        for name in request.segments:
            if name in desk.live.state.segments:
                known.heard.pop(name, None)
                known.refused[name] = None
        _forget_oldest(known.refused)
        self.changed(desk.live.id)
        return {}

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        if not self.measured(live.state).learnt:
            self._forgotten(live.id)
            return
        known = self._known.setdefault(live.id, _Known())
        self._follow(live, known, publication)
        if any(isinstance(event, _TOLD) for event in publication.events):
            self.changed(live.id)

    def _follow(self, live: LiveSession, known: _Known, publication: Publication) -> None:
        # Where lines are struck in the same act, a split or a recognition was taken back: its lines ended before.
        again = any(isinstance(event, le.ChannelRewound) for event in publication.events)
        for record, event in zip(publication.records, publication.events, strict=True):
            match event:
                case le.SegmentOpened() if not event.made_from:
                    _place(live.state, known.lines.setdefault(event.channel, []), event)
                    known.begun.add(event.channel)
                case le.SegmentEnded() if again:
                    if known.mixed.get(event.channel) == event.segment:
                        del known.mixed[event.channel]  # The split was undone.
                case le.SegmentEnded():
                    if event.reason is le.EndReason.SPEAKER and record.header.role is Role.ENGINE:
                        known.mixed.pop(event.channel, None)
                    self._ended(live, known, event)
                case le.SegmentSplit():
                    known.pressed.pop(event.channel, None)
                    # An engine that finds the change itself has learnt no more than the voice before it.
                    if record.header.role is Role.ENGINE:
                        known.mixed.pop(event.channel, None)
                    else:
                        turn, lasts = known.turn(live.state, event)
                        if lasts and self.measured(live.state).changes:
                            known.mixed[event.channel] = event.segment
                        self._unlearnt(live.id, known, turn)
                case le.ChannelRewound():
                    self._unlearnt(live.id, known, event.segments)
                case ev.SpeakerChanged():
                    known.pressed.pop(event.channel, None)
                    known.begun.discard(event.channel)
                    if event.speaker is not None:
                        known.pressed[event.channel] = event.speaker
                case ev.SpeakerAssigned():
                    others = [name for name in event.segments if known.taught.get(name) != event.speaker]
                    self._unlearnt(live.id, known, others)
                    line = live.state.segments.get(event.segments[-1])
                    if event.speaker is not None and line is not None:
                        self._learn(live, known, event.speaker, line.channel, line.id)
                case ev.EngineAttached():
                    # Another engine, or the same after a gap, knows no voice and no turn: each is confirmed again.
                    known.unknown_in(live.state, event.channel)
                    if event.channel in known.begun:
                        known.pressed.pop(event.channel, None)
                case ev.VoiceAgreed() if not event.agreed:
                    self._withdrawn(live.id, known, event.speaker)
                case ev.SessionClosed():
                    self._forgotten(live.id)
                    return
                case ev.BodyRemoved():
                    known.heard = {name: each for name, each in known.heard.items() if name in live.state.segments}
                    # With somebody's name it is gone that they agreed.
                    for speaker in known.numbers.keys() - live.state.voices:
                        self._withdrawn(live.id, known, speaker)
                case _:
                    pass

    def _ended(self, live: LiveSession, known: _Known, event: le.SegmentEnded) -> None:
        """Have a voice learnt by a line of the turn in which a desk pressed the name."""
        speaker = known.pressed.get(event.channel)
        if event.reason is le.EndReason.SPEAKER:
            known.pressed.pop(event.channel, None)  # No voice is kept beyond its turn, so this line teaches none.
            return
        line = live.state.segments.get(event.segment)
        if speaker is not None and line is not None and line.speaker == speaker:
            self._learn(live, known, speaker, event.channel, event.segment)

    def _learn(
        self, live: LiveSession, known: _Known, speaker: SpeakerId, channel: ChannelId, segment: SegmentId
    ) -> None:
        if speaker not in live.state.voices or known.learnt.get(speaker, 0) >= LEAST_VOICE_MS:
            return
        if channel in known.mixed:
            return
        if speaker not in known.numbers:
            if known.given >= MOST_VOICES:
                return
            known.given += 1
            known.numbers[speaker] = known.given
        known.taught[segment] = speaker
        _forget_oldest(known.taught)
        self._order(live.id, known.numbers[speaker], (channel, segment))

    def _forgotten(self, session: SessionId) -> None:
        """Forget all voices of a session, which closed or has none recognised any more."""
        known = self._known.pop(session, None)
        if known is not None:
            for speaker in tuple(known.numbers):
                self._withdrawn(session, known, speaker)
            self.changed(session)

    def _unlearnt(self, session: SessionId, known: _Known, lines: Iterable[SegmentId]) -> None:
        """Forget the voices that were learnt by lines which somebody else said, as is known by now."""
        for speaker in {known.taught[name]: None for name in lines if name in known.taught}:
            self._withdrawn(session, known, speaker)

    def _withdrawn(self, session: SessionId, known: _Known, speaker: SpeakerId) -> None:
        number = known.numbers.pop(speaker, None)
        known.learnt.pop(speaker, None)
        known.taught = {name: each for name, each in known.taught.items() if each != speaker}
        known.heard = {name: each for name, each in known.heard.items() if each[0] != speaker}
        if number is not None:
            self._order(session, number, None)

    def _order(self, session: SessionId, voice: int, line: tuple[ChannelId, SegmentId] | None) -> None:
        self._due[session, voice] = line
        self._more.set()

    def _heard(self, session: SessionId, channel: ChannelId, message: VoiceMessage) -> None:
        live, known = self._sessions.loaded(session), self._known.get(session)
        if live is None or known is None:
            return
        speaker = next((name for name, number in known.numbers.items() if number == message.voice), None)
        if speaker is None:
            return  # It was forgotten while the message was in transit.
        if isinstance(message, wire.VoiceLearnt):
            known.learnt[speaker] = message.ms
        elif message.ms >= LEAST_VOICE_MS and (line := live.state.segments.get(message.segment)) is not None:
            found, lines = (speaker, message.ms), known.lines.get(channel, [])
            known.heard[line.id] = found
            # Where nobody hears changes, the lines before may be anybody's.
            looks_back = self.measured(live.state).changes and line.id in lines
            for name in same_turn(live.state, lines, line) if looks_back else ():
                known.heard.setdefault(name, found)
            _forget_oldest(known.heard)
        self.changed(session)


def _changes_after(state: State, name: SegmentId | None) -> bool:
    line = None if name is None else state.segments.get(name)
    return line is not None and line.reason is le.EndReason.SPEAKER


def _place(state: State, lines: list[SegmentId], event: le.SegmentOpened) -> None:
    """Put a line where it was said: one that is typed, restored or moved here may be older than others."""
    known = (state.segments.get(name) for name in lines)
    later = (n for n, line in enumerate(known) if line is not None and line.t0 > event.t0)
    at = lines.index(event.part_of) + 1 if event.part_of in lines else next(later, len(lines))
    lines.insert(at, event.segment)
    del lines[:-MOST_LINES]


def _forget_oldest(
    kept: dict[SegmentId, None] | dict[SegmentId, SpeakerId] | dict[SegmentId, tuple[SpeakerId, int]],
) -> None:
    while len(kept) > MOST_PROPOSED:
        del kept[next(iter(kept))]
