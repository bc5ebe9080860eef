"""Fuzzing of everything that reads what comes over the network or from a stranger's file.

`make fuzz` guides it by coverage (`__main__.py`, `guided.py`); `tests/property/tools/test_fuzz_targets.py` tries the
same targets with hypothesis in `make test`. What a target is: `target.py`. A module holds the targets of one family.
"""

from __future__ import annotations

FAMILIES = (
    "readers", "engines", "hub_links", "nodes", "people", "files", "captioning", "sound_streams", "doors"
)  # fmt: skip
"""The modules with targets. `doors` starts a whole server, and a hub below it."""
