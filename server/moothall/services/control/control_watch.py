"""Keeps what the control room has seen in the publications of one session."""

from __future__ import annotations

from collections import deque

from moothall.core.events.lines import ChannelRewound, SegmentEnded, SegmentOpened, WordsCommitted
from moothall.core.events.types import SessionOpened, SessionResumed
from moothall.core.kernel.ids import ChannelId
from moothall.core.sessions.state import State
from moothall.core.signals import ChannelState, Sound, Unsaved
from moothall.services.log.publication import Publication

RATE_MS = 60_000
"""Time over which words are counted, in ms."""
TREND_MS = 10_000
"""Interval between two points of a trend, in ms."""
TREND_POINTS = 60
"""Number of points in a trend: ten minutes."""


class Watched:
    """What was seen of one session. Times are ms of the monotonic clock."""

    def __init__(self, now: int) -> None:
        self.since = now
        """When it was opened, resumed after a break, or first seen."""
        self.sound: int | None = None
        self.own: int | None = None
        """When sound of the room's own microphone last came, or the room last had none; None before its first sound."""
        self.speech: int | None = None
        self.silent_since: int | None = None
        self.dead = 0
        """Length of digital silence at the end of the sound, in ms."""
        self.words: int | None = None
        # Overflow: none; entries older than a minute are dropped at each look.
        self.counts: deque[tuple[int, int]] = deque()
        self.lag: dict[ChannelId, int] = {}
        """Delay of the text by channel, in ms."""
        self.heard: str | None = None
        self.unsaved: dict[ChannelId, bool] = {}
        self.off_since: int | None = None
        # Overflow: the oldest point is dropped. Points are the delay in s, None while no sound arrived; and the words
        # of the minute before.
        self.delays: deque[int | None] = deque(maxlen=TREND_POINTS)
        self.rates: deque[int] = deque(maxlen=TREND_POINTS)
        self._noted = now - TREND_MS

    def note(self, now: int) -> None:
        """Add a point to the trends, if it is time for one."""
        if now - self._noted < TREND_MS:
            return
        self._noted = now
        comes = self.sound is not None and now - self.sound < TREND_MS
        self.delays.append(max(self.lag.values(), default=0) // 1000 if comes else None)
        self.rates.append(self.rate(now))

    def rate(self, now: int) -> int:
        """Number of words in the last minute."""
        while self.counts and now - self.counts[0][0] > RATE_MS:
            self.counts.popleft()
        return sum(count for _, count in self.counts)

    def take(self, publication: Publication, state: State, now: int) -> None:
        """Note what was published at `now`; `state` is the session after it."""
        for signal in publication.signals:
            if isinstance(signal, ChannelState):
                self._hear(signal, now)
            elif isinstance(signal, Unsaved):
                self.unsaved[signal.channel] = bool(signal.text)
        # Where lines are struck in the same act, a split or a recognition was taken back: the words were said before.
        again = any(isinstance(event, ChannelRewound) for event in publication.events)
        for event in publication.events:
            match event:
                case SegmentOpened() if not (event.made_from or event.part_of):
                    self.heard, self.words = event.language, now
                case WordsCommitted() if not again and (
                    (said := state.segments.get(event.segment)) is None or not said.part_of
                ):
                    self.counts.append((now, len(event.words)))
                    self.words = now
                case SegmentEnded() if (line := state.segments.get(event.segment)) and not (
                    line.words or line.made_from
                ):
                    self.counts.append((now, len(event.text.split())))  # written by a person
                case SessionOpened() | SessionResumed():
                    self.since = now
                    self.silent_since = None

    def _hear(self, signal: ChannelState, now: int) -> None:
        self.lag[signal.channel] = signal.lag
        if signal.sound is Sound.NONE:
            return
        self.sound = now
        if signal.sound is Sound.SPEECH:
            self.speech, self.silent_since = now, None
        elif self.silent_since is None:
            self.silent_since = now


def seconds(now: int, then: int | None) -> int | None:
    """Whole seconds since `then`; None where `then` is None."""
    return None if then is None else (now - then) // 1000
