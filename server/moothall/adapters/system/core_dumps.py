"""Keeps memory contents from being written to the disk as core dumps.

It has a module of its own, where a person looks who asks what becomes of the words in memory when a process crashes.
"""

from __future__ import annotations

import resource
from contextlib import suppress


def refuse_core_dumps() -> None:
    """Forbid core dumps of this process and of the processes that it starts.

    A core dump would hold what was said while nothing was recorded.
    """
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
