"""Notes when each channel last had sound, speech and words, and how late its text is, for metrics. The source is what
is published.

The control room watches the same with the monotonic clock and for people. This module keeps Unix times, which a program
that scrapes them compares with its own clock.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.lines import WordsCommitted
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import Clock
from moothall.core.signals import ChannelState, Sound
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession

MOST = 1_000
"""Most sessions. Overflow: the one whose first publication is oldest is forgotten."""


class TextTimes(msgspec.Struct):
    """The times of one channel. Unix ms; None where there was none."""

    sound: int | None = None
    speech: int | None = None
    words: int | None = None
    lag: int = 0
    """Delay of the text behind the sound, in ms."""
    words_lag: int = 0
    """How long after it was spoken the newest word was stored, in ms."""


class ChannelTimes:
    """The times of all channels. `take` must be called with every publication."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[SessionId, dict[ChannelId, TextTimes]] = {}

    def of(self, session: SessionId) -> dict[ChannelId, TextTimes]:
        """The times of those channels of a session that had sound or words."""
        return self._known.get(session, {})

    def take(self, live: LiveSession, publication: Publication) -> None:
        """Note the times in a publication of a session."""
        for signal in publication.signals:
            if isinstance(signal, ChannelState):
                self._hear(self._text(live.id, signal.channel), signal)
        for record, event in zip(publication.records, publication.events, strict=True):
            if isinstance(event, WordsCommitted) and event.words:
                text, at = self._text(live.id, event.channel), record.header.at
                text.words = at
                text.words_lag = max(0, live.state.media_now(at) - event.words[-1].t1)

    def _hear(self, text: TextTimes, signal: ChannelState) -> None:
        text.lag = signal.lag
        now = self._clock.wall()
        if signal.sound is not Sound.NONE:
            text.sound = now
        if signal.sound is Sound.SPEECH:
            text.speech = now

    def _text(self, session: SessionId, channel: ChannelId) -> TextTimes:
        if session not in self._known and len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        return self._known.setdefault(session, {}).setdefault(channel, TextTimes())
