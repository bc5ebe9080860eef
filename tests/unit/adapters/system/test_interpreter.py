from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest

from moothall.adapters.system.interpreter import COLLECT_MS, collect
from moothall.testing.clock import ManualClock

# In a process of its own: that of the tests is prepared.
PROGRAM = """
import gc, sys
from moothall.adapters.system.interpreter import SWITCH_S, THRESHOLDS, prepared_interpreter
usual, interval = gc.get_threshold(), sys.getswitchinterval()
for before in (usual, THRESHOLDS):
    gc.set_threshold(*before)
    gc.unfreeze()
    with prepared_interpreter():
        print(gc.get_threshold() == THRESHOLDS, gc.get_freeze_count() > 0, sys.getswitchinterval() == SWITCH_S)
    print(gc.get_threshold() == before, gc.get_freeze_count() > 0, sys.getswitchinterval() == interval)
"""


def test_it_is_prepared_while_inside_and_left_alone_where_it_was_prepared_before() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True True True", "True False True", "True False False", "True False True"]


class Old:
    """Held by itself alone, as what tracebacks of tasks hold."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def calm() -> Iterator[None]:
    """As it was is as it is again: objects of other tests stay with the collector."""
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("calm")
async def test_what_was_there_at_the_start_is_collected_once_it_is_garbage() -> None:
    clock, old = ManualClock(), Old()
    gone = weakref.ref(old)
    gc.freeze()  # As a server does once it has loaded its programme.
    running = asyncio.ensure_future(collect(clock))
    await asyncio.sleep(0)
    del old
    gc.collect()
    assert gone() is not None
    await clock.advance(COLLECT_MS)
    assert gone() is None
    assert gc.get_freeze_count()  # What is left is spared again.
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.usefixtures("calm")
async def test_what_has_grown_old_is_collected_by_the_clock() -> None:
    clock, old = ManualClock(), Old()
    gone = weakref.ref(old)
    gc.collect()  # It is of the oldest from now on.
    del old
    running = asyncio.ensure_future(collect(clock))
    await asyncio.sleep(0)
    gc.collect(1)
    assert gone() is not None
    await clock.advance(COLLECT_MS)
    assert gone() is None
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
