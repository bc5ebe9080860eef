"""What the control room has seen of one session, from what is published of it."""

from __future__ import annotations

from collections import deque

from moothall.core.events.types import SegmentEnded, SegmentOpened, SessionOpened, SessionResumed, WordsCommitted
from moothall.core.kernel.ids import ChannelId
from moothall.core.session.state import State
from moothall.core.signals import ChannelState, Sound, Unsaved
from moothall.services.log.publication import Publication

RATE_MS = 60_000
"""Over what time words a minute are counted."""


class Watched:
    """Times are of the monotonic clock, ms."""

    def __init__(self, now: int) -> None:
        self.since = now
        """When it was opened, went on after a break, or was first seen."""
        self.sound: int | None = None
        self.speech: int | None = None
        self.silent_since: int | None = None
        self.dead = 0
        """How much of what came last is digital silence, ms."""
        self.words: int | None = None
        # Overflow: none; what is older than a minute goes at each look.
        self.counts: deque[tuple[int, int]] = deque()
        self.lag: dict[ChannelId, int] = {}
        """By text, ms."""
        self.heard: str | None = None
        self.unsaved: dict[ChannelId, bool] = {}
        self.off_since: int | None = None

    def rate(self, now: int) -> int:
        """Words in the last minute."""
        while self.counts and now - self.counts[0][0] > RATE_MS:
            self.counts.popleft()
        return sum(count for _, count in self.counts)

    def take(self, publication: Publication, state: State, now: int) -> None:
        """What was published at `now` and made the session what it is."""
        for signal in publication.signals:
            if isinstance(signal, ChannelState):
                self._hear(signal, now)
            elif isinstance(signal, Unsaved):
                self.unsaved[signal.channel] = bool(signal.text)
        for event in publication.events:
            match event:
                case SegmentOpened() if not event.made_from:
                    self.heard, self.words = event.language, now
                case WordsCommitted():
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
    """Whole seconds since `then`; None where it never was."""
    return None if then is None else (now - then) // 1000
