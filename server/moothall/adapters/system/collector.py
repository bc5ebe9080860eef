"""Python's garbage collector in a process that serves for days.

A module of its own: the server and the hub calm it once they have started, and no part of them knows of it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (50_000, 20, 100)
"""A server holds some 100,000 long-lived objects; walking them at each of CPython's default 700 allocations costs
two thirds of a fan-out."""


@contextmanager
def calm_collector() -> Iterator[None]:
    """Spare the collector the objects that live as long as the server, while inside.

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
