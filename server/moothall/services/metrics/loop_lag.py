"""How late the event loop does what is due: everything waits for it, so its lag is the first sign of too much work.

A task of its own that sleeps and looks how much longer that took; it costs nothing that could be measured.
"""

from __future__ import annotations

from moothall.core.ports import Clock
from moothall.services.metrics.durations import Durations

LOOK_MS = 500


async def watch_loop(clock: Clock, lag: Durations) -> None:
    """Note it twice a second, until cancelled."""
    while True:
        due = clock.monotonic() + LOOK_MS
        await clock.sleep(LOOK_MS)
        lag.note(clock.monotonic() - due)
