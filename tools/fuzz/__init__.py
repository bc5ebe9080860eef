"""Fuzzing of all code that reads input from the network or from a stranger's file.

`make fuzz` guides it by coverage (`__main__.py`, `guided.py`); `tests/property/tools/test_fuzz_targets.py` tries the
same targets with hypothesis in `make test`. `target.py` defines what a target is. Each other module holds the targets
of one family.
"""

from __future__ import annotations

FAMILIES = (
    "readers", "engines", "hub_links", "nodes", "people", "files", "languages", "captioning", "sound_streams", "doors"
)  # fmt: skip
"""The modules with targets. `doors` starts a whole server, and a hub that copies from it."""
