"""Samples the number of readers of each channel once a minute, in memory only.

Fewer than five readers of a channel are not stored: so small a number could reveal who reads. After a restart, or where
another node has taken over the house, the samples begin anew; `since` says when.
"""

from __future__ import annotations

from collections import deque

import msgspec

from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.ports import Clock
from moothall.core.sessions.state import ON
from moothall.services.metrics.measures import FEWEST_READERS
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

SAMPLE_MS = 60_000
"""Interval between two samples, in ms."""
MOST = 720
"""Most samples of a session: twelve hours. Overflow: the oldest is dropped."""


class ReaderSample(msgspec.Struct, frozen=True):
    """Numbers of readers at one time."""

    at: int
    """When the sample was taken, Unix ms."""
    readers: dict[ChannelId, int]
    """Number of readers by channel, without channels that fewer than five read."""


class ReaderTrends:
    """The samples of all sessions that are on. They are taken only while `run` is running."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        # Bound: the sessions that are loaded; the samples of a session are dropped when it is unloaded.
        self._samples: dict[SessionId, deque[ReaderSample]] = {}
        self.since = clock.wall()
        """Since when samples are taken, Unix ms."""

    def of(self, session: SessionId) -> tuple[ReaderSample, ...]:
        """The samples of a session, the oldest first."""
        return tuple(self._samples.get(session, ()))

    async def run(self) -> None:
        """Add a sample a minute to each session that is on, until cancelled."""
        while True:
            self.look()
            await self._clock.sleep(SAMPLE_MS)

    def look(self) -> None:
        """Add a sample to each session that is on, and drop those of unloaded sessions."""
        at, loaded = self._clock.wall(), {live.id: live for live in self._sessions.all_loaded}
        for gone in self._samples.keys() - loaded.keys():
            del self._samples[gone]
        for live in loaded.values():
            if live.state.status in ON:
                self._samples.setdefault(live.id, deque(maxlen=MOST)).append(ReaderSample(at, _publishable(live)))


def _publishable(live: LiveSession) -> dict[ChannelId, int]:
    return {channel: count for channel, count in live.fanout.readers.items() if count >= FEWEST_READERS}
