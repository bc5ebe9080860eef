"""No picture of the memory on a disk: it would hold what was said while nothing was recorded."""

from __future__ import annotations

import resource
from contextlib import suppress


def refuse_core_dumps() -> None:
    """Have the system write none when this process or one that it starts breaks down."""
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
