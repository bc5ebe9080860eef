"""A channel whose audio wants to be recognised, from one attachment to the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from moothall.core.glossary.merging import NOTHING, Preferred
from moothall.core.kernel.backoff import Backoff
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.session.state import State
from moothall.core.signals import ChannelState
from moothall.services.engines.acts import UnkeptActs
from moothall.services.engines.stretches import Stretch, next_stretch
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sound.live_audio import LiveAudio
from moothall.services.supervision.pulses import Fate
from moothall.wire import engine as wire

if TYPE_CHECKING:
    from moothall.services.engines.streams import Stream

BACKOFF = Backoff(first_ms=1_000, last_ms=30_000)
"""Before the next attachment where the last one was lost with nothing accepted."""


GlossaryOf = Callable[[State, ChannelId], Preferred]
"""Which names and terms are to be preferred in a text (`glossaries.py`)."""
Again = Callable[[SessionId, tuple[SegmentId, ...], bool], None]
"""Called with True before finished segments that will be recognised again are announced, and with False when the new
recognition left them unchanged."""
DEATHS = 2
"""Engines that broke down or hung at one position, after which its sound is stepped over."""
KILLS = 5
"""And engines that were killed there: an operator may do so, or the system when its memory is full."""
AT_LEAST_MS = 1_000
"""What is stepped over, at least: an engine may have ended before it said how far it had heard."""


def no_glossary(_: State, __: ChannelId) -> Preferred:
    """The glossary of a channel without preferred terms."""
    return NOTHING


class Job:
    """A channel whose audio wants to be recognised."""

    def __init__(
        self, writer: SessionWriter, channel: ChannelId, audio: LiveAudio, glossary: GlossaryOf = no_glossary
    ) -> None:
        self._glossary = glossary
        self.writer = writer
        self.channel = channel
        self.audio = audio
        self.done = asyncio.Event()
        self.stream: Stream | None = None
        self.through = audio.t
        """Media ms up to which all that may be recorded has been recognised, beside what the log says."""
        self.unkept = UnkeptActs(writer, channel)
        self.holding = asyncio.Lock()
        self.again: Again = lambda *_: None
        self.held = False
        """No engine is to take it at the moment."""
        self.heard = 0
        """Media ms up to which an engine has heard it."""
        self.languages: tuple[str, ...] = ()
        """Those in which it was attached last."""
        self.sounds_like: str | None = None
        """The language that its engine says it sounds like, when that isn't an expected one."""
        self.heard_at = 0
        """When it last said so, on the monotonic clock."""
        self.failures = 0
        """Attachments in a row that were lost before anything of them was accepted."""
        self.not_before = 0
        """When it may be attached again, on the monotonic clock."""
        self.deaths = Deaths()
        self.floor = 0
        """Media ms where sound ends that is stepped over: no engine hears what lies before."""

    def tell(self, heard: ChannelState, wall: int) -> None:
        """Say at the wall time `wall` (Unix ms) how the channel is doing."""
        state = self.writer.state
        delay = state.delay(heard.lag, state.media_now(wall))
        self.writer.signal(msgspec.structs.replace(heard, lag=delay))

    def heard_again(self, lines: tuple[SegmentId, ...], *, still: bool) -> None:
        """Report segments that are `still` to be recognised again, or whose new recognition left them unchanged."""
        if lines:
            self.again(self.writer.session, lines, still)

    def begins_in(self, languages: tuple[str, ...]) -> None:
        """Note that the engine is attached in these languages, and forget the language that it heard before."""
        self.languages, self.sounds_like = languages, None

    def told(self, message: wire.Stands | wire.SoundsLike) -> None:
        """Its engine says something of it that is no text."""
        if isinstance(message, wire.Stands):
            self.heard_again((message.segment,), still=False)
        else:
            self.sounds_like = message.language

    def failed(self, now: int) -> None:
        """An attachment was lost without anything accepted: the next one waits, longer each time."""
        self.not_before = now + BACKOFF.wait_ms(self.failures)
        self.failures += 1

    def engine_ended(self, life: str) -> None:
        """Its engine ended with a pass of it under way."""
        missing = self.audio.unheard(self.writer.state, self.channel)
        if missing is not None:
            self.deaths.note(life, missing[0], self.heard)

    @property
    def preferred(self) -> Preferred:
        """The names and terms that its engine is to prefer."""
        return self._glossary(self.writer.state, self.channel)

    @property
    def stretch(self) -> Stretch | None:
        """What an engine is to hear next; None in a break, when all that came before it was heard."""
        return next_stretch(self.writer.state, self.writer.state.channels[self.channel], self.through)

    @property
    def behind(self) -> int:
        """Ms of sound that is to be heard and that no text stands for."""
        told = self.writer.state.channels[self.channel].committed_through
        told = told if self.failures else max(told, self.heard)  # After a restart no engine has said how far it is.
        stretch, end = self.stretch, self.audio.end_ms
        if stretch is None:
            return 0
        end = end if stretch.stop is None else min(end, stretch.stop)
        return max(0, end - max(told, self.audio.t, stretch.floor))


class Deaths:
    """Which sound of a channel ends the engines that hear it, so that the text goes on behind it.

    Of the newest position only.
    """

    def __init__(self) -> None:
        self._position = -1
        self._heard: int | None = None
        # Overflow: the position's deaths are forgotten when its sound is stepped over, after KILLS at the latest.
        self._lives: list[str] = []

    def note(self, life: str, position: int, heard: int) -> None:
        """An engine ended with a pass of the channel under way.

        `position`: media ms up to which all had been said; `heard`: up to which that engine had heard.
        """
        if position != self._position:
            self._position, self._heard, self._lives = position, None, []
        self._lives.append(life)
        if heard > position:
            self._heard = heard if self._heard is None else min(self._heard, heard)

    def deadly(self, position: int, fate: Callable[[str], Fate | None]) -> tuple[int, int] | None:
        """From where to where (media ms) sound at `position` is to be stepped over; None when it isn't."""
        if position != self._position:
            return None
        fates = [fate(life) for life in self._lives]
        own = sum(each in (Fate.GIVEN_UP, Fate.CRASHED) for each in fates)
        if own < DEATHS and own + fates.count(Fate.KILLED) < KILLS:
            return None
        return position, max(self._heard or 0, position + AT_LEAST_MS)

    def forget(self) -> None:
        """Begin anew: the sound was stepped over."""
        self._position, self._heard, self._lives = -1, None, []
