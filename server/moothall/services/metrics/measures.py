"""What a server counts, times and traces while it runs, for its metrics, its readiness and its traces.

One object for the whole server: sessions come and go, and what they did stays counted. Each is a number that exists
already or one addition where something happens; nothing is counted for a single reader's frame.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from moothall.core.ports import Clock
from moothall.services.metrics.tracing import NotTraced, Tracing

SPOKEN = (250, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000, 120_000)
"""Edges (ms) of how late words come."""
STORED = (1, 2, 5, 10, 20, 50, 100, 250, 500, 1_000, 5_000)
"""Edges (ms) of what a disk takes."""
HANDED = (1, 2, 5, 10, 20, 30, 50, 100, 250, 1_000)
"""Edges (ms) of what a walk over the readers takes."""

FEWEST_READERS = 5
"""Fewer readers of a session aren't told: who knows who was there could know who reads."""

LOOK_MS = 500
"""How often it is looked how late the loop is."""


class Durations:
    """How long something takes, again and again: counts by class, as histograms have them. All in ms.

    To note one costs a search among a dozen edges and two additions, and nothing grows.
    """

    __slots__ = ("counts", "edges", "total")

    def __init__(self, edges: Sequence[int]) -> None:
        """`edges`: the upper end of each class but the last, which has none, in order."""
        self.edges = tuple(edges)
        self.counts = [0] * (len(self.edges) + 1)
        """How many fell into each class, up to its edge and above the one before."""
        self.total = 0
        """The sum of all durations, ms."""

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def note(self, ms: int) -> None:
        """One more. What is below 0, as clocks that were set make it, counts as 0."""
        ms = max(0, ms)
        self.counts[bisect_left(self.edges, ms)] += 1
        self.total += ms

    def cumulative(self) -> list[tuple[int, int]]:
        """For each edge how many lasted that long at most."""
        found, so_far = [], 0
        for edge, count in zip(self.edges, self.counts, strict=False):
            so_far += count
            found.append((edge, so_far))
        return found


async def watch_loop(clock: Clock, lag: Durations) -> None:
    """Note how late the event loop does what is due, until cancelled: everything waits for it, so its lag is the first
    sign of too much work.
    """
    while True:
        due = clock.monotonic() + LOOK_MS
        await clock.sleep(LOOK_MS)
        lag.note(clock.monotonic() - due)


class Measures:
    """The counts and durations of a running server, and what writes its traces."""

    def __init__(self, clock: Clock, tracing: Tracing | None = None) -> None:
        self._clock = clock
        self.tracing = tracing or NotTraced()
        self.appends = Durations(STORED)
        """From the moment when the log is asked to store to its answer."""
        self.events = 0
        """That were appended."""
        self.append_failures = 0
        self.heard = Durations(SPOKEN)
        """From the end of a word, as it was spoken, until an engine's act brings it."""
        self.stored = Durations(STORED)
        """From such an act's coming until its words are durable."""
        self.written = Durations(HANDED)
        """From the moment when events are durable until each reader was given them, or has them in its outbox."""
        self.loop_lag = Durations(HANDED)
        """How much later than it should the loop did what was due."""
        # Bounds: the codes, reasons and doors that there are; languages as `Readers` has them.
        self.refusals = Counter[str]()
        """Acts that were refused, by code."""
        self.joined = Counter[str]()
        """Readers that were brought up to now, by how: `resumed`, `snapshot` for one whose position was of no use,
        `new` for one without."""
        self.cut = Counter[str]()
        """Readers that were sent away, by reason."""
        self.readers_refused = Counter[str]()
        """By reason."""
        self.requests_refused = Counter[str]()
        """Requests, before any door was asked, by reason."""
        self.connections_refused = Counter[str]()
        """By reason."""
        self.readers = Counter[tuple[str, str]]()
        """Readers that are connected, by door and language."""
        self.conflated = 0
        """Signals for slow readers that a newer one replaced before they were sent."""
        self._refused_at: int | None = None
        """When the last append was refused; None once one was stored again."""

    @property
    def append_refused_for(self) -> int | None:
        """How long ago (ms) the last append was refused; None when it was stored, or there was none."""
        return None if self._refused_at is None else self._clock.monotonic() - self._refused_at

    def appended(self, began: int, events: int) -> None:
        """So many events are durable; `began`: when that was asked for, monotonic ms."""
        self.appends.note(self._clock.monotonic() - began)
        self.events += events
        self._refused_at = None

    def append_refused(self) -> None:
        """An append could not be stored."""
        self.append_failures += 1
        self._refused_at = self._clock.monotonic()
