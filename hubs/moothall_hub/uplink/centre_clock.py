"""The centre's time at a hub, independent of the hub's own clock: an estimate from round trips, and a clock made of it.

Each answer to a pulse says what the centre's clock showed, at some moment between sending and hearing: the middle is
taken, and half of the round trip is how wrong that can be. Of the last eight the one with the shortest round trip
counts, as in NTP's clock filter (RFC 5905 §10). One that doesn't fit the others within what both can be wrong means
that a clock was set or the machine slept: then only the new one counts.

Time is told from the monotonic clock, so that nothing here happens when somebody sets the hub's clock. Between starts
only what the own clock lacks to the centre's can be kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.ports import Clock

KEPT_SAMPLES = 8
TOLERANCE_MS = 1_000
"""How far two samples may be apart beyond their round trips: clocks drift, and a process may have waited."""
WRONG_FROM_MS = 60_000
"""From here on a difference is named to people; less hurts nobody."""


class ClockSample(msgspec.Struct, frozen=True):
    """What one answer says."""

    ahead: int
    """The centre's Unix ms less the hub's monotonic ms."""
    round_trip: int
    """ms."""


def sample(sent: int, heard: int, wall: int) -> ClockSample:
    """Of an answer that was asked for at `sent` and came at `heard` (monotonic ms), and says `wall` (Unix ms)."""
    return ClockSample(ahead=wall - (sent + heard) // 2, round_trip=heard - sent)


def with_sample(samples: Sequence[ClockSample], new: ClockSample) -> tuple[ClockSample, ...]:
    """The samples that count from here on."""
    known = best(samples)
    if known is not None:
        apart = (known.round_trip + new.round_trip) // 2 + TOLERANCE_MS
        if abs(known.ahead - new.ahead) > apart:
            return (new,)
    return (*samples, new)[-KEPT_SAMPLES:]


def best(samples: Sequence[ClockSample]) -> ClockSample | None:
    """The one that can be least wrong, of several the newest; None of none."""
    return min(reversed(samples), key=lambda each: each.round_trip, default=None)


class WrongClock(msgspec.Struct, frozen=True):
    """What both clocks say, Unix ms, where they differ by so much that people should know."""

    own: int
    centre: int


class CentreClock:
    """A `Clock` that shows the centre's time; until it is known, the own one's with what was kept of it."""

    def __init__(self, own: Clock, kept: int = 0) -> None:
        """`kept`: what the centre's clock was ahead of the own one when that was last known, ms."""
        self._own = own
        self._kept = kept
        self._samples: tuple[ClockSample, ...] = ()

    def heard(self, new: ClockSample) -> None:
        """Take in what an answer says."""
        self._samples = with_sample(self._samples, new)

    def wall(self) -> int:
        """Unix ms by the centre's clock."""
        known = best(self._samples)
        return self._own.wall() + self._kept if known is None else self._own.monotonic() + known.ahead

    def wall_at(self, monotonic: int) -> int:
        """Unix ms by the centre's clock at a moment of this process, as of `Link.since`."""
        return self.wall() - (self._own.monotonic() - monotonic)

    def monotonic(self) -> int:
        """The own clock's."""
        return self._own.monotonic()

    async def sleep(self, ms: int) -> None:
        """As the own clock does."""
        await self._own.sleep(ms)

    @property
    def own_wall(self) -> int:
        """What the own clock says: only to be named."""
        return self._own.wall()

    @property
    def ahead(self) -> int:
        """What the centre's clock is ahead of the own one, ms: to be kept on disk."""
        return self.wall() - self._own.wall()

    @property
    def wrong(self) -> WrongClock | None:
        """Both times, when the own one is wrong by `WRONG_FROM_MS` or more."""
        centre, own = self.wall(), self._own.wall()
        return WrongClock(own=own, centre=centre) if abs(centre - own) >= WRONG_FROM_MS else None
