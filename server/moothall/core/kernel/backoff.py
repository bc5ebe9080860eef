"""Exponential back-off: how long to wait before something that failed is tried again.

It is a module of its own because programs and layers that share nothing else use it.
"""

from __future__ import annotations

import msgspec

_MOST_DOUBLINGS = 32
"""Upper bound of the exponent, so that the number stays small after any number of failures. No ratio of `last_ms` to
`first_ms` exceeds it.
"""


class Backoff(msgspec.Struct, frozen=True):
    """Delays that double from `first_ms` up to `last_ms`, without jitter. The caller adds jitter where several clients
    retry at once.
    """

    first_ms: int
    last_ms: int

    def wait_ms(self, failures: int) -> int:
        """The delay in ms after the last of several failures in a row; `failures` counts those before it, so that 0
        gives `first_ms`.
        """
        return min(self.last_ms, self.first_ms << min(failures, _MOST_DOUBLINGS))
