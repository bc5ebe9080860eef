"""Exponential back-off: how long to wait before something that failed is tried again.

A module by itself: programs and layers that share nothing else wait by it.
"""

from __future__ import annotations

import msgspec

_MOST_DOUBLINGS = 32
"""However often it failed, the number stays small; no bound is that far from its first wait."""


class Backoff(msgspec.Struct, frozen=True):
    """Waits that double from `first_ms` up to `last_ms`. The caller adds jitter where several wait at once."""

    first_ms: int
    last_ms: int

    def wait_ms(self, failures: int) -> int:
        """The wait after so many failures in a row before the last one: `first_ms` after 0."""
        return min(self.last_ms, self.first_ms << min(failures, _MOST_DOUBLINGS))
