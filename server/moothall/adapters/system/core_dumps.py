"""No pictures of the memory are left on the disk.

A module by itself: it is where a person looks who asks what becomes of the words in memory when a process breaks down.
"""

from __future__ import annotations

import resource
from contextlib import suppress


def refuse_core_dumps() -> None:
    """Forbid core dumps of this process and of the processes that it starts.

    One would hold what was said while nothing was recorded.
    """
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
