"""Python's garbage collector in a process that serves for days.

A module of its own: the server and the hub calm it once they have started, and no part of them knows of it.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from moothall.core.ports import Clock

logger = logging.getLogger(__name__)

THRESHOLDS = (50_000, 20, 100)
"""A server holds some 100,000 long-lived objects; walking them at each of CPython's default 700 allocations costs
two thirds of a fan-out."""
COLLECT_MS = 300_000
"""How often all is walked by the clock. By its thresholds alone the collector would come to what has grown old after
some days, such as a session that was unloaded: 420 KB for each hundred lines, held together by tracebacks of tasks."""


@contextmanager
def calm_collector() -> Iterator[None]:
    """Spare the collector the objects that are there, most of which live as long as the server, while inside.

    A process that has these thresholds already has seen to it. It may run hundreds of servers after each other, as
    tests do, and a full collection takes longer than the start of a server.
    """
    before = gc.get_threshold()
    if before == THRESHOLDS:
        yield
        return
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def collect(clock: Clock) -> None:
    """Collect garbage of every age each `COLLECT_MS`, until cancelled; what is left is spared until the next time.

    What was there when the server started isn't spared for good: it loads the sessions of its programme, and those are
    unloaded like all others. The loop stands still meanwhile: for some 75 ns for each object (measured with a million).
    """
    while True:
        await clock.sleep(COLLECT_MS)
        began = clock.monotonic()
        gc.unfreeze()
        found = gc.collect()
        gc.freeze()
        logger.debug("collector: %d objects were garbage, found in %d ms", found, clock.monotonic() - began)
