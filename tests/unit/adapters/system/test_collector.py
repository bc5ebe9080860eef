from __future__ import annotations

import subprocess
import sys

# In a process of its own: that of the tests has calmed its collector.
PROGRAM = """
import gc
from moothall.adapters.system.collector import THRESHOLDS, calm_collector
usual = gc.get_threshold()
for before in (usual, THRESHOLDS):
    gc.set_threshold(*before)
    gc.unfreeze()
    with calm_collector():
        print(gc.get_threshold() == THRESHOLDS, gc.get_freeze_count() > 0)
    print(gc.get_threshold() == before, gc.get_freeze_count() > 0)
"""


def test_it_is_calm_while_inside_and_left_alone_where_it_was_calm_before() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True True", "True False", "True False", "True False"]
