"""The centre's time at a hub, independent of the hub's own clock: estimated from round trips, and shown as a `Clock`.

Each answer to a pulse carries the time of the centre's clock at some moment between sending and receiving. The middle
is assumed, so the error is at most half of the round trip. Of the last eight samples the one with the shortest round
trip is used, as in NTP's clock filter (RFC 5905 §10). A sample that differs from it by more than both errors allow
means that a clock was set or that the machine slept: then only the new one is used.

The time is derived from the monotonic clock, so that setting the hub's clock changes nothing. Across restarts only the
difference between the centre's clock and the own one can be stored.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.ports import Clock

KEPT_SAMPLES = 8
TOLERANCE_MS = 1_000
"""How many ms two samples may differ beyond their round trips: clocks drift, and a process may have waited."""


class ClockSample(msgspec.Struct, frozen=True):
    """One measurement of the centre's clock."""

    ahead: int
    """The centre's Unix ms minus the hub's monotonic ms."""
    round_trip: int
    """The round trip, in ms."""


def sample(sent: int, heard: int, wall: int) -> ClockSample:
    """Make a sample of a pulse of `sent`, whose answer was received at `heard` (monotonic ms) with the time `wall`
    (Unix ms).
    """
    return ClockSample(ahead=wall - (sent + heard) // 2, round_trip=heard - sent)


def with_sample(samples: Sequence[ClockSample], new: ClockSample) -> tuple[ClockSample, ...]:
    """Return the samples with a new one added, or only the new one where a clock was set."""
    known = best(samples)
    if known is not None:
        apart = (known.round_trip + new.round_trip) // 2 + TOLERANCE_MS
        if abs(known.ahead - new.ahead) > apart:
            return (new,)
    return (*samples, new)[-KEPT_SAMPLES:]


def best(samples: Sequence[ClockSample]) -> ClockSample | None:
    """The sample with the smallest possible error, the newest of equals; None without samples."""
    return min(reversed(samples), key=lambda each: each.round_trip, default=None)


class CentreClock:
    """A `Clock` that shows the centre's time; until that is measured, the own clock's time plus the stored
    difference.
    """

    def __init__(self, own: Clock, kept: int = 0) -> None:
        """`kept` is by how many ms the centre's clock was ahead of the own one when that was last stored."""
        self._own = own
        self._kept = kept
        self._samples: tuple[ClockSample, ...] = ()

    def heard(self, new: ClockSample) -> None:
        """Add a measurement."""
        self._samples = with_sample(self._samples, new)

    def wall(self) -> int:
        """The time of the centre's clock, in Unix ms."""
        known = best(self._samples)
        return self._own.wall() + self._kept if known is None else self._own.monotonic() + known.ahead

    def wall_at(self, monotonic: int) -> int:
        """The time of the centre's clock at a monotonic moment of this process, in Unix ms."""
        return self.wall() - (self._own.monotonic() - monotonic)

    def monotonic(self) -> int:
        """The own clock's monotonic ms."""
        return self._own.monotonic()

    async def sleep(self, ms: int) -> None:
        """Sleep by the own clock."""
        await self._own.sleep(ms)

    @property
    def own_wall(self) -> int:
        """The own clock's time in Unix ms, only for display and logs."""
        return self._own.wall()

    @property
    def ahead(self) -> int:
        """How far the centre's clock is ahead of the own one, in ms; to be stored on disk."""
        return self.wall() - self._own.wall()
