"""Watches whoever is on air. Where they go silent the control room and the desks are notified, and the machine may be
put on air, by a person's key or automatically. Speech that nobody wrote and the machine can't hear any more then
becomes a gap.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from functools import partial
from itertools import islice

import msgspec

from moothall.core.captioning.silence import HolderSigns, Silence, SoundSince
from moothall.core.commands import NoteGap, PutOnAir
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import PASSING, Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.ports import Clock
from moothall.core.rules.air import unwritten
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import ON, State, Status
from moothall.core.signals import ChannelState, Partial, Sound, Typing
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.waiting import UnderWay

logger = logging.getLogger(__name__)

LOOK_MS = 500
OFFERED = 50
"""Most offered lines of a channel that are sent to desks. Overflow: the older ones are sent once newer ones are taken.
"""

_Key = tuple[SessionId, ChannelId]


class _Watched(msgspec.Struct, kw_only=True):
    holder: str
    signs: HolderSigns
    silence: Silence | None = None
    sound: SoundSince
    """Speech without text, by media time."""
    refused: bool = False
    """Whether it was logged in this silence that the machine can't be put on air."""


@dataclass(eq=False, repr=False)
class OnAir:
    """Watches the channels of all sessions in which somebody else than the machine is on air. `run` must be running."""

    sessions: Sessions
    _: KW_ONLY
    clock: Clock
    here: Callable[[SessionId, str], bool]
    """Whether a desk of this pseudonym is open in the session."""
    by_level: Callable[[SessionId], Mapping[ChannelId, Sound]] = lambda _: {}
    """Returns what the own sound of each channel is, judged by its level, while a respeaker is heard in its place."""
    label: Callable[[str], str] = lambda _: ""
    """Returns the label of the link with this pseudonym."""
    machine_by_itself: bool = False
    """Whether the machine is put on air automatically where the holder goes silent."""

    def __post_init__(self) -> None:
        # Bound: the channels of loaded sessions.
        self._watched: dict[_Key, _Watched] = {}
        self._tools: Counter[tuple[SessionId, str]] = Counter()
        self._linked: set[tuple[SessionId, str]] = set()
        """Tools that have had a connection; others send a request for each line. An entry is dropped with its session.
        """
        # Bound: the channels of loaded sessions. Overflow: the gaps of a later change replace those of an earlier one.
        self._gaps: dict[_Key, tuple[CommandId, Sequence[NoteGap]]] = {}
        """Gaps that are still to be noted, with the id of their act."""
        # Bound of both: the channels of loaded sessions.
        self._partials: dict[_Key, Partial] = {}
        """The newest words that engines have heard and not committed."""
        self._heard: dict[_Key, Partial] = {}
        """Such words from the moment when a person took over, until a line is written."""
        self._under_way = UnderWay()
        self.sessions.observe(self._seen)

    async def run(self) -> None:
        """Check all channels every `LOOK_MS` until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self.clock.sleep(LOOK_MS)
                self._look(group)

    @contextmanager
    def linked(self, session: SessionId, tool: str) -> Iterator[None]:
        """Context in which a tool, or a captioner's software, of this pseudonym has a connection to a session."""
        self._linked.add((session, tool))
        self._tools[session, tool] += 1
        try:
            yield
        finally:
            self._tools[session, tool] -= 1
            if not self._tools[session, tool]:
                del self._tools[session, tool]

    def wrote(self, session: SessionId, channel: ChannelId, holder: str) -> None:
        """Record that a holder writes, even if nobody else sees the text yet."""
        watched = self._watched.get((session, channel))
        if watched is not None and watched.holder == holder:
            watched.signs = watched.signs.wrote(self.clock.monotonic())

    def silent(self, session: SessionId) -> dict[ChannelId, Silence]:
        """The channels of a session whose holder has gone silent, with the kind of silence."""
        return {key[1]: each.silence for key, each in self._watched.items() if key[0] == session and each.silence}

    def called(self, session: SessionId) -> str:
        """The name of whoever is on air in the first channel of a session; empty for the machine."""
        live = self.sessions.loaded(session)
        air = None if live is None else next((each.air for each in _channels(live.state)), None)
        return "" if air is None or air.machine else air.tool or self.label(air.holder) or air.holder

    def shown(self, session: SessionId) -> object:
        """Who is on air in each channel of a session, and the offered lines, as sent to desks, of plain values for
        JSON; None where the session isn't loaded.
        """
        live = self.sessions.loaded(session)
        if live is None:
            return None
        silent = self.silent(session)
        return {each.id: self._shown(live, each, silent.get(each.id)) for each in _channels(live.state)}

    def _shown(self, live: LiveSession, channel: Channel, silence: Silence | None) -> dict[str, object]:
        state, air, heard = live.state, channel.air, self._heard.get((live.id, channel.id))
        there = (line for name in reversed(air.offered) if (line := state.offered.get(name)) is not None)
        offered = [
            {
                "segment": line.id,
                "text": line.text,
                "language": line.language,
                "speaker": line.speaker,
                "t": line.t0,
                "tool": line.tool or "",
            }
            for line in islice(there, OFFERED)
        ]
        return {
            "source": air.source.value,
            "holder": air.holder,
            "name": air.tool or self.label(air.holder),
            "token": air.token,
            "silent": silence.value if silence is not None else "",
            "offered": offered[::-1],
            "heard": None if heard is None else {"text": heard.text.strip(), "language": heard.language},
        }

    def _look(self, group: asyncio.TaskGroup) -> None:
        """Find holders who have gone silent, and note gaps for what nobody wrote."""
        for named, (act, gaps) in self._gaps.items():
            self._under_way.begin(group, (named, act), partial(self._note_gaps, named, act, gaps))
        now = self.clock.monotonic()
        held = {(live.id, each.id): (live, each) for live in self.sessions.all_loaded for each in _held(live.state)}
        for gone in self._watched.keys() - held.keys():
            del self._watched[gone]
        on = {live.id for live in self.sessions.all_loaded}
        self._linked = {each for each in self._linked if each[0] in on}
        for kept in (self._partials, self._heard):
            for key in [each for each in kept if each[0] not in on]:
                del kept[key]
        for key, (live, channel) in held.items():
            watched = self._watch(key, channel, now)
            watched.signs = watched.signs.seen(now, here=self._here(live.id, channel))
            t = live.state.media_now(self.clock.wall())
            if not _asks_for_text(live.state):
                watched.sound = watched.sound.passed(t)
            if channel.air.respoken:
                _hear(live, watched, self.by_level(live.id).get(channel.id, Sound.NONE), now, t)
            silence = watched.signs.silence(now) if _asks_for_text(live.state) else None
            if silence is not None and watched.silence is None:
                logger.info("session %s channel %s: the person or tool on air is silent (%s)", *key, silence)
            watched.silence = silence
            watched.refused = watched.refused and silence is not None
            if silence is not None and self.machine_by_itself:
                put = partial(self._put_machine_on_air, live, channel, watched)
                self._under_way.begin(group, (key, channel.air.since), put)

    def _watch(self, key: _Key, channel: Channel, now: int) -> _Watched:
        watched = self._watched.get(key)
        if watched is None or watched.holder != channel.air.holder:
            sound = SoundSince(known=channel.air.since) if watched is None else watched.sound
            watched = _Watched(holder=channel.air.holder, signs=HolderSigns.at(now), sound=sound)
            self._watched[key] = watched
        return watched

    def _here(self, session: SessionId, channel: Channel) -> bool | None:
        holder = channel.air.holder
        if channel.air.respoken:
            return None  # `respeaking.py` watches their microphone.
        if channel.air.source is le.AirSource.PERSON:
            return self.here(session, holder) or (session, holder) in self._tools
        return (session, holder) in self._tools if (session, holder) in self._linked else None

    async def _put_machine_on_air(self, live: LiveSession, channel: Channel, watched: _Watched) -> None:
        command = PutOnAir(channel=channel.id, source=le.AirSource.MACHINE)
        act = CommandId(f"air:{channel.id}:{channel.air.since}:{channel.air.token}")
        answer = await live.writer.send(SYSTEM, act, command)
        if isinstance(answer, Refusal) and not watched.refused:
            watched.refused = True
            logger.warning(
                "session %s channel %s: the machine can't be put on air (%s)", live.id, channel.id, answer.code
            )

    async def _note_gaps(self, key: _Key, act: CommandId, gaps: Sequence[NoteGap]) -> None:
        live = self.sessions.loaded(key[0])
        answer = None if live is None else await live.writer.send(SYSTEM, act, gaps)
        if not (isinstance(answer, Refusal) and answer.code in PASSING) and self._gaps.get(key) == (act, gaps):
            del self._gaps[key]

    def _unwritten(self, live: LiveSession, channel: Channel) -> None:
        """Find the speech that nobody wrote, after the machine was put on air."""
        watched = self._watched.get((live.id, channel.id))
        now = live.state.media_now(self.clock.wall())
        spoke = 0 if watched is None else watched.sound.through(now, speech=False).spoke
        if gaps := unwritten(live.state, channel, spoke):
            self._gaps[live.id, channel.id] = CommandId(f"air-gap:{channel.id}:{channel.air.since}"), gaps

    def _follow_heard(self, live: LiveSession, publication: Publication) -> None:
        """Keep words that engines heard and didn't commit, for the person who takes over: they would be lost
        otherwise.
        """
        taken = {event.channel for event in publication.events if isinstance(event, le.AirChanged)}
        for event in publication.events:
            if isinstance(event, le.AirChanged) and event.source is le.AirSource.PERSON:
                if partial := self._partials.get((live.id, event.channel)):
                    self._heard[live.id, event.channel] = partial
            elif isinstance(event, le.AirChanged | le.SegmentOpened):
                self._heard.pop((live.id, event.channel), None)
        for signal in publication.signals:
            if isinstance(signal, Partial):
                key = live.id, signal.channel
                if signal.text.strip():
                    self._partials[key] = signal
                    continue
                self._partials.pop(key, None)
                if signal.channel not in taken:  # It was removed, or is not to be recorded.
                    self._heard.pop(key, None)

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        self._follow_heard(live, publication)
        now, t = self.clock.monotonic(), live.state.media_now(self.clock.wall())
        for event in publication.events:
            if isinstance(event, le.AirChanged) and event.source is le.AirSource.MACHINE:
                self._unwritten(live, live.state.channels[event.channel])
            elif isinstance(event, le.SegmentOpened | le.WordsCommitted) and (
                watched := self._watched.get((live.id, event.channel))
            ):
                watched.signs = watched.signs.wrote(now)
                said = event.t0 if isinstance(event, le.SegmentOpened) else event.words[-1].t1
                # Otherwise it was said long ago, and was restored or came from elsewhere.
                if said >= watched.sound.known:
                    watched.sound = SoundSince(known=said)
        for signal in publication.signals:
            watched = self._watched.get((live.id, signal.channel))
            if watched is None:
                continue
            if isinstance(signal, ChannelState) and not live.state.channels[signal.channel].air.respoken:
                _hear(live, watched, signal.sound, now, t)
            elif isinstance(signal, Typing) and signal.text:
                watched.signs = watched.signs.wrote(now)


def _hear(live: LiveSession, watched: _Watched, sound: Sound, now: int, t: int) -> None:
    """Note what the channel's own sound is at `now` (monotonic ms) and `t` (media ms)."""
    watched.signs = watched.signs.heard(now, speech=sound is Sound.SPEECH)
    if sound is not Sound.NONE and _asks_for_text(live.state):
        watched.sound = watched.sound.through(t, speech=sound is Sound.SPEECH)


def _channels(state: State) -> Iterator[Channel]:
    """The channels in which a person, a tool or the machine can be on air."""
    return (each for each in state.channels.values() if each.kind is not ev.ChannelKind.TRANSLATION)


def _held(state: State) -> Iterator[Channel]:
    """The channels in which somebody else than the machine is on air, where the session is on."""
    return (each for each in _channels(state) if state.status in ON and not each.air.machine)


def _asks_for_text(state: State) -> bool:
    """Whether what is said now is to become text."""
    return state.status is Status.OPEN and state.keeps
