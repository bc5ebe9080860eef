"""Counts, times and traces what a server does, for its metrics, its readiness and its traces.

One object serves the whole server: sessions come and go, and their counts stay. Each measure is a number that exists
already, or costs one addition per occurrence; nothing is counted for a single reader's frame.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from moothall.core.ports import Clock
from moothall.services.metrics.tracing import NotTraced, SpanWriter

SPOKEN = (250, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000, 120_000)
"""Upper edges, in ms, of the classes for the delay of words."""
STORED = (1, 2, 5, 10, 20, 50, 100, 250, 500, 1_000, 5_000)
"""Upper edges, in ms, of the classes for writes to a disk."""
HANDED = (1, 2, 5, 10, 20, 30, 50, 100, 250, 1_000)
"""Upper edges, in ms, of the classes for a walk over all readers."""

FEWEST_READERS = 5
"""A smaller number of readers is not reported: whoever knows who was there could know who reads."""

MOST_KINDS = 300
"""The most pairs of door and language by which readers are told. Overflow: readers of further pairs are told by their
door, as language `und`.
"""

LOOK_MS = 500
"""Interval at which the event loop's lag is measured, in ms."""


class Durations:
    """A histogram of durations, in ms.

    To note a duration costs a search among a dozen edges and two additions, and takes no further memory.
    """

    __slots__ = ("counts", "edges", "total")

    def __init__(self, edges: Sequence[int]) -> None:
        """`edges`: the upper end of each class in ascending order, without the last class, which has none."""
        self.edges = tuple(edges)
        self.counts = [0] * (len(self.edges) + 1)
        """Number of durations in each class, up to its edge and above the previous one."""
        self.total = 0
        """The sum of all durations, in ms."""

    @property
    def count(self) -> int:
        """Number of durations."""
        return sum(self.counts)

    def note(self, ms: int) -> None:
        """Add a duration. A negative one, which clocks that were set can cause, counts as 0."""
        ms = max(0, ms)
        self.counts[bisect_left(self.edges, ms)] += 1
        self.total += ms

    def cumulative(self) -> list[tuple[int, int]]:
        """For each edge, the number of durations up to it."""
        found, so_far = [], 0
        for edge, count in zip(self.edges, self.counts, strict=False):
            so_far += count
            found.append((edge, so_far))
        return found


async def watch_loop(clock: Clock, lag: Durations) -> None:
    """Measure the lag of the event loop, until cancelled. Everything waits for the loop, so its lag is the first sign
    of too much work.
    """
    while True:
        due = clock.monotonic() + LOOK_MS
        await clock.sleep(LOOK_MS)
        lag.note(clock.monotonic() - due)


class Measures:
    """The counts and durations of a running server, and what writes its traces."""

    def __init__(self, clock: Clock, tracing: SpanWriter | None = None) -> None:
        self._clock = clock
        self.tracing = tracing or NotTraced()
        self.appends = Durations(STORED)
        """Time from the call of an append to its end."""
        self.events = 0
        """Number of events that were appended."""
        self.append_failures = 0
        self.heard = Durations(SPOKEN)
        """Time from the end of a word, as it was spoken, to the arrival of the engine's act that holds it."""
        self.stored = Durations(STORED)
        """Time from the arrival of such an act until its words are durable."""
        self.written = Durations(HANDED)
        """Time from when events are durable until every reader was sent them, or has them in its outbox."""
        self.loop_lag = Durations(HANDED)
        """Delay of the event loop's timers."""
        # Bounds: the codes and reasons that there are.
        self.refusals = Counter[str]()
        """Number of refused acts, by code."""
        self.joined = Counter[str]()
        """Number of readers that were brought up to date, by kind: `resumed`, `snapshot` for a reader whose position
        was unusable, `new` for one without a position."""
        self.cut = Counter[str]()
        """Number of readers that were disconnected, by reason."""
        self.readers_refused = Counter[str]()
        """Number of readers that were refused, by reason."""
        self.requests_refused = Counter[str]()
        """Number of requests that were refused before any door handled them, by reason."""
        self.connections_refused = Counter[str]()
        """Number of connections that were refused, by reason."""
        self.readers = Counter[tuple[str, str, str]]()
        """Number of connected readers, by session, door and language. Entries of 0 are dropped."""
        self.conflated = 0
        """Number of signals for slow readers that a newer one replaced before they were sent."""
        self._refused_at: int | None = None
        """When the last append failed, in ms of the monotonic clock; None once another one succeeded."""

    @property
    def append_refused_for(self) -> int | None:
        """How long ago the last append failed, in ms; None when it succeeded, or there was none."""
        return None if self._refused_at is None else self._clock.monotonic() - self._refused_at

    @property
    def told_readers(self) -> Counter[tuple[str, str]]:
        """Number of connected readers, by door and language, without those of sessions that fewer than `FEWEST_READERS`
        read: otherwise a total less the sessions that are told would tell such a number.
        """
        sessions, told = Counter[str](), Counter[tuple[str, str]]()
        for (session, _, _), count in self.readers.items():
            sessions[session] += count
        for (session, door, language), count in self.readers.items():
            if sessions[session] >= FEWEST_READERS:
                kind = (door, language if (door, language) in told or len(told) < MOST_KINDS else "und")
                told[kind] += count
        return told

    def appended(self, began: int, events: int) -> None:
        """Note that `events` events are durable. `began`: when their append began, in ms of the monotonic clock."""
        self.appends.note(self._clock.monotonic() - began)
        self.events += events
        self._refused_at = None

    def append_refused(self) -> None:
        """Note that an append failed."""
        self.append_failures += 1
        self._refused_at = self._clock.monotonic()
