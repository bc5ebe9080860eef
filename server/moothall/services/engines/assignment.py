"""The assignment of a channel's sound to engines: which span is heard next, and the state that passes from one engine
to the next.

An engine may die, hang, or be relieved: the assignment lasts until all of the sound has been heard and its words are in
the log, and each engine that works on it has an attachment of its own (`attachment.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from moothall.core.commands import EndSegment, NoteGap
from moothall.core.events.lines import EndReason
from moothall.core.events.types import GapReason
from moothall.core.glossary.merging import NOTHING, Preferred
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.sessions.keeping import Span, merged, without
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State
from moothall.core.sessions.who_speaks import NO_VOICES, VoicesMeasured
from moothall.core.signals import ChannelState, Sound
from moothall.services.engines.words import ShownWords
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sound.live_audio import LiveAudio
from moothall.services.supervision.pulses import ProcessFate
from moothall.wire import engine as wire

logger = logging.getLogger(__name__)

BACKOFF = Backoff(first_ms=1_000, last_ms=30_000)
"""Back-off before the next attachment, where the last one was lost before an act of it was accepted."""
DEATHS = 2
"""Number of engines that crashed or hung at one position of the sound, after which that sound is skipped."""
KILLS = 5
"""Number of engines that ended at one position, killed ones included, after which that sound is skipped. The limit is
higher because an operator may kill engines, or the system when its memory is full."""
CATCH_UP_MS = 10_000
"""Most sound of an off-record span, in ms, that is sent to an engine that is attached late. Its words are only shown
and are stored nowhere, so older sound isn't worth catching up on."""
PLACE_MS = 600_000
"""How long a channel that no engine is to hear for a while, as in a break, keeps its place, in ms: its text goes on at
once then, though others wait. After a longer time those that wait have waited too long."""
AT_LEAST_MS = 1_000
"""Least length of sound that is skipped, in ms: an engine may have ended before it reported how far it had heard."""

GlossaryOf = Callable[[State, ChannelId], Preferred]
"""Returns the preferred names and terms of a channel (`glossaries.py`)."""
ReadingsHeard = Callable[[SessionId, ChannelId, Sequence[wire.OtherReadings]], None]
"""Called with the other readings of words that were just stored."""
VoiceMessage = wire.VoiceLearnt | wire.VoiceHeard
VoicesHeard = Callable[[SessionId, ChannelId, VoiceMessage], None]
"""Called with what an engine says of a voice."""


VoicesMeasuredIn = Callable[[State], VoicesMeasured]
FateOf = Callable[[str], ProcessFate | None]
"""Returns how the process of an engine ended, by the id of that life of the process; None where that isn't known."""


def no_voices(_: State) -> VoicesMeasured:
    """Measure no voices."""
    return NO_VOICES


def no_glossary(_: State, __: ChannelId) -> Preferred:
    """The glossary of a channel without preferred terms."""
    return NOTHING


class AudioSpan(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a channel's sound that one attachment hears. Times are media ms.

    Recorded and off-record sound are never in one span, and no span has sound of a break.
    """

    kept: bool
    """Whether its words go into the log."""
    start: int
    """Sound before this time was heard already, or is for another attachment."""
    stop: int | None
    """Time at which the next off-record span or break begins; None while there is none."""
    barrier: int
    """End of the off-record span or break before this span; 0 where there is none. No sound before this time may be
    heard, not even as context."""


@dataclass(eq=False, repr=False)
class Assignment:
    """A channel whose sound is to be recognised."""

    writer: SessionWriter
    channel: ChannelId
    audio: LiveAudio
    glossary: GlossaryOf = no_glossary
    readings: ReadingsHeard = lambda *_: None
    measured: VoicesMeasuredIn = no_voices
    voices: VoicesHeard = lambda *_: None
    later: Callable[[], int] = lambda: 0
    """Returns how much sound of the channel, in ms, waits behind `audio`: that of sources that have replaced it."""

    def __post_init__(self) -> None:
        self.done = asyncio.Event()
        self.through = self.audio.t
        """Media ms up to which all sound that may be recorded has been recognised, where that is later than the log
        shows."""
        self.shown = ShownWords(self.writer, self.channel)
        """Words of engines while nothing is recorded."""
        self.holding = asyncio.Lock()
        self.held = False
        """Whether engines are kept off the channel at the moment (`Recognising.held`)."""
        self.claimed_at: int | None = None
        """When it last was off an engine that is still there, or last kept a place, in ms of the monotonic clock; None
        where others may go before it."""
        self.heard = 0
        """Media ms up to which an engine has heard the channel."""
        self.recognised = 0
        """Media ms up to which it had recognised the channel when it last reported; it may hear far ahead of that."""
        self.heard_at = 0
        """When an engine last reported `heard`, in ms of the monotonic clock."""
        self.languages: tuple[str, ...] = ()
        """Languages for which an engine was last attached."""
        self.by_level = Sound.NONE
        """What the channel's sound is, judged by its level, while no engine hears it."""
        self.sounds_like: str | None = None
        """The language that the sound resembles by the engine's report, where that isn't an expected one; else None."""
        self.failures = 0
        """Number of attachments in a row that were lost before an act of them was accepted."""
        self.not_before = 0
        """When an engine may be attached again at the earliest, in ms of the monotonic clock."""
        self._deaths = EngineDeaths()
        self._stepped_over = 0
        """Media ms at which the skipped sound ends: no engine hears what lies before it."""

    @property
    def now(self) -> Channel:
        """The channel's present state by the log."""
        return self.writer.state.channels[self.channel]

    @property
    def on_air(self) -> bool:
        """Whether engines are to hear the channel's sound now."""
        return self.audio.hears(self.now.air)

    @property
    def away(self) -> Sequence[Span]:
        """Spans in which engines were not to hear the sound, since somebody else was on air."""
        return self.audio.away(self.now.air)

    @property
    def preferred(self) -> Preferred:
        """The names and terms that the channel's engine is to prefer."""
        return self.glossary(self.writer.state, self.channel)

    @property
    def span(self) -> AudioSpan | None:
        """The span that an engine is to hear next; None in a break, when all sound before it was heard, and while
        somebody else is on air.
        """
        return next_span(self.writer.state, self.now, self.through, self.away) if self.on_air else None

    @property
    def unheard_since(self) -> int | None:
        """Media ms since when no engine is to hear the channel, as in a break; None while one is. Where a respeaker is
        on air, it is the respeaker's sound that engines hear, and not the channel's own.
        """
        state, air = self.writer.state, self.now.air
        if self.span is not None or self.audio.respoken is not air.respoken:
            return None
        since = [t0 for t0, t1 in state.breaks if t1 is None]
        return min(since if air.unheard is None else (*since, air.unheard), default=None)

    def kept_until(self, wall: int) -> int | None:
        """Until when (Unix ms) a place at an engine is kept for the channel, since it is to be heard again after a
        break, or after a person who is on air; None where none is kept. `wall`: the present time in Unix ms.
        """
        since = self.unheard_since
        if since is None or self.audio.ended or not self.now.generation:
            return None
        left = since + PLACE_MS - self.writer.state.media_now(wall)
        return wall + left if left > 0 else None

    @property
    def behind(self) -> int:
        """Milliseconds of sound that is to be recognised and has no text yet."""
        told = self.now.committed_through
        # After a restart no engine has reported how far it is.
        told = told if self.failures else max(told, self.recognised)
        span = self.span
        if span is None:
            return 0
        late = self.after(max(told, self.audio.t, span.barrier), kept=span.kept)
        return late if span.kept or self.shown.began else min(late, CATCH_UP_MS)

    def after(self, t: int, *, kept: bool) -> int:
        """Milliseconds of sound after media ms `t` that is to be recognised: what is recorded if `kept`, in this span
        and in all later ones; otherwise what comes in the present span.
        """
        if not kept:
            return max(0, self.audio.end_ms - t)
        return self.audio.awaited(self.writer.state, self.channel, t) + self.later()

    def tell(self, heard: ChannelState, wall: int) -> None:
        """Send a signal with the channel's condition. `wall`: the present time in Unix ms."""
        state = self.writer.state
        self.writer.signal(msgspec.structs.replace(heard, lag=state.delay(heard.lag, state.media_now(wall))))

    def heard_otherwise(self, readings: Sequence[wire.OtherReadings]) -> None:
        """Report the other readings of words that were stored."""
        if readings:
            self.readings(self.writer.session, self.channel, readings)

    def failed(self, now: int) -> None:
        """Delay the next attachment, after one was lost before an act of it was accepted; the delay grows with each
        loss.
        """
        self.not_before = now + BACKOFF.wait_ms(self.failures)
        self.failures += 1

    def engine_ended(self, life: str) -> None:
        """Record that an engine ended during a pass over the channel's sound."""
        missing = self.audio.unheard(self.writer.state, self.channel)
        if missing is not None:
            self._deaths.note(life, missing[0], self.heard)

    async def begin_span(self, fate: FateOf, model: str) -> AudioSpan | None:
        """The span that the next engine, with `model`, is to hear, once the log is ready for it; None where there is
        none, as in a break.

        Sound at which several engines in turn ended becomes a gap before that.
        """
        await self._step_over_deadly_sound(fate, model)
        span = self.span
        if span is not None and span.start >= self._stepped_over:  # Otherwise the channel was rewound.
            span = msgspec.structs.replace(span, barrier=max(span.barrier, self._stepped_over))
        if span is not None:
            await self.end_segment_before(span, model)
        return span

    async def _step_over_deadly_sound(self, fate: FateOf, model: str) -> None:
        span = self.span
        missing = self.audio.unheard(self.writer.state, self.channel) if span is not None and span.kept else None
        deadly = None if missing is None else self._deaths.deadly(missing[0], fate)
        if span is None or missing is None or deadly is None:
            return
        t0, t1 = deadly[0], min(deadly[1], missing[1], missing[1] if span.stop is None else span.stop)
        self._deaths = EngineDeaths()
        self._stepped_over = t1
        await self.end_segment_before(msgspec.structs.replace(span, start=t1, barrier=t1), model)
        gap = NoteGap(channel=self.channel, t0=t0, t1=t1, reason=GapReason.UNHEARD)
        await self.writer.insist(SYSTEM, CommandId(f"deadly:{self.channel}:{self.now.generation}"), gap)
        logger.error(
            "session %s channel %s: engines crashed at the sound from %d to %d ms; it is skipped",
            self.writer.session,
            self.channel,
            t0,
            t1,
        )

    async def end_segment_before(self, span: AudioSpan, model: str) -> None:
        """End the open segment where it would reach over sound that is not recorded. Its engine has ended it already,
        unless it died.
        """
        now = self.now
        if now.open_segment is None or (span.kept and span.barrier <= now.committed_through):
            return
        ended = EndSegment(
            channel=self.channel,
            generation=now.generation,
            segment=now.open_segment,
            t1=now.committed_through,
            reason=EndReason.PAUSE,
        )
        await self.writer.insist(Actor(Role.ENGINE, model), CommandId(f"end:{self.channel}:{now.generation}"), ended)


class EngineDeaths:
    """Finds sound of a channel that makes the engines crash which hear it, so that it can be skipped.

    Remembers only the newest position.
    """

    def __init__(self) -> None:
        self._position = -1
        self._heard: int | None = None
        # Overflow: the deaths at a position are forgotten when its sound is skipped, after KILLS of them at the latest.
        self._lives: list[str] = []

    def note(self, life: str, position: int, heard: int) -> None:
        """Record that an engine ended during a pass over the channel's sound.

        `life`: the id of the engine's process; `position`: media ms up to which all words are known; `heard`: media ms
        up to which the engine had heard.
        """
        if position != self._position:
            self._position, self._heard, self._lives = position, None, []
        self._lives.append(life)
        if heard > position:
            self._heard = heard if self._heard is None else min(self._heard, heard)

    def deadly(self, position: int, fate: FateOf) -> tuple[int, int] | None:
        """Beginning and end, in media ms, of the sound at `position` that is to be skipped; None where it isn't."""
        if position != self._position:
            return None
        fates = [fate(life) for life in self._lives]
        own = sum(each in (ProcessFate.GIVEN_UP, ProcessFate.CRASHED) for each in fates)
        if own < DEATHS and own + fates.count(ProcessFate.KILLED) < KILLS:
            return None
        return position, max(self._heard or 0, position + AT_LEAST_MS)


class _OffRecord(msgspec.Struct, frozen=True):
    """A span that is not recorded, or a break. Such spans may touch but don't overlap: where both hold, it is a
    break.
    """

    t0: int
    t1: int | None
    pause: bool
    """Whether it is a break."""


def _off_record(state: State, away: Sequence[Span] = ()) -> Iterator[_OffRecord]:
    """Breaks and spans that are not recorded, in order.

    `away`: spans in which a person or a tool was on air, whose sound the machine doesn't hear; they are treated as
    breaks.
    """
    unheard = merged((*state.breaks, *away)) if away else state.breaks
    # After a jump of the wall clock a span may begin before the end of the one before it.
    unrecorded = merged(state.not_recorded, touching=False)
    off = [_OffRecord(t0, t1, pause=False) for t0, t1 in without(unrecorded, unheard)]
    return iter(sorted([*off, *(_OffRecord(t0, t1, pause=True) for t0, t1 in unheard)], key=lambda each: each.t0))


def next_span(state: State, channel: Channel, through: int, away: Sequence[Span] = ()) -> AudioSpan | None:
    """The span after the channel's committed words and after `through`, the media ms up to which engines have heard the
    sound.

    None in a break, once the sound before it was heard. `away`: spans that are passed over as breaks are.
    """
    at, barrier = max(channel.committed_through, through), 0
    for off in _off_record(state, away):
        if at < off.t0:
            return AudioSpan(kept=True, start=at, stop=off.t0, barrier=barrier)
        if off.t1 is None:
            return None if off.pause else AudioSpan(kept=False, start=at, stop=None, barrier=max(barrier, off.t0))
        at, barrier = max(at, off.t1), off.t1
    return AudioSpan(kept=True, start=at, stop=None, barrier=barrier)


def cut_short(state: State, span: AudioSpan, away: Sequence[Span] = ()) -> int | None:
    """Media ms at which a span that is being heard has to end by what is known now; None where no end is known.

    A recorded span ends where the next off-record one begins, possibly before its own start. An off-record one ends
    where its off-record span does, or where a break begins in it.
    """
    spans = list(_off_record(state, away))
    if span.kept:
        return next((off.t0 for off in spans if off.t1 is None or off.t1 > span.start), None)
    own = next((off for off in reversed(spans) if not off.pause and off.t0 == span.barrier), None)
    return span.barrier if own is None else own.t1
