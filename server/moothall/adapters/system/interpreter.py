"""Settings of the Python interpreter, for a process whose event loop runs for days beside threads that compute.

They have a module of their own: the server and the hub apply them once they have started, and no other module of either
program depends on it.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from moothall.core.ports import Clock

logger = logging.getLogger(__name__)

THRESHOLDS = (50_000, 20, 100)
"""A server holds some 100,000 long-lived objects; traversing them at each of CPython's default 700 allocations costs
two thirds of a fan-out.
"""
COLLECT_MS = 300_000
"""How many ms pass between full collections by the clock. By its thresholds alone the collector would reach old garbage
after some days, such as an unloaded session: 420 KB for each hundred lines, held together by tracebacks of tasks.
"""
SWITCH_S = 0.001
"""How long a thread that computes may keep the event loop waiting for the interpreter, s. CPython's default is 5 ms,
and the loop waits several times in one turn. Figures: `bench/README.md`, *documents.py*.
"""


@contextmanager
def prepared_interpreter() -> Iterator[None]:
    """Let threads switch often while inside, and exempt the existing objects from collection.

    Most of these live as long as the server.

    Does nothing when the process already has these thresholds. A process may run hundreds of servers one after another,
    as tests do, and a full collection takes longer than the start of a server.
    """
    before, interval = gc.get_threshold(), sys.getswitchinterval()
    if before == THRESHOLDS:
        yield
        return
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*before)
        gc.unfreeze()


async def collect(clock: Clock) -> None:
    """Collect garbage of every age each `COLLECT_MS`, until cancelled; the objects that remain are exempt until the
    next time.

    Objects of the server's start aren't exempt for good: it loads the sessions of its programme, and those are unloaded
    like all others. The event loop is blocked meanwhile, for some 75 ns for each object (measured with a million).
    """
    while True:
        await clock.sleep(COLLECT_MS)
        began = clock.monotonic()
        gc.unfreeze()
        found = gc.collect()
        gc.freeze()
        logger.debug("collector: %d objects were garbage, found in %d ms", found, clock.monotonic() - began)
