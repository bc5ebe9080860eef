"""How much room on the disk the spools may take: one source, and all of them together.

A spool holds little while its words come: 90 s behind the last of them. It grows where nobody hears it, for hours. Over
the quota no sample is taken: the source is held, and keeps what it has, until words come or somebody ends a session.
"""

from __future__ import annotations

import threading
from pathlib import Path

from moothall.core.kernel.errors import SpoolFull

EACH, OF_ALL = 2_000_000_000, 10_000_000_000
"""Bytes: 17 hours of one source, and 87 of all."""


class SpoolQuota:
    """Counts what spools take by their folders. Threads tell it; the loop asks."""

    def __init__(self, each: int = EACH, of_all: int = OF_ALL) -> None:
        """Bytes of one source's spool, and of all."""
        self._each = each
        self._of_all = of_all
        self._lock = threading.Lock()
        # Bound: the folders that there are.
        self._taken: dict[Path, int] = {}
        self._sum = 0

    def takes(self, folder: Path, count: int) -> None:
        """A spool takes so many bytes now; 0 once it is gone."""
        with self._lock:
            self._sum += count - self._taken.pop(folder, 0)
            if count:
                self._taken[folder] = count

    def require_room(self, folder: Path, count: int) -> None:
        """Raises SpoolFull when there is none for so many bytes more."""
        own = self._taken.get(folder, 0)
        if own + count > self._each:
            raise SpoolFull(f"The sound that waits for its words takes {own >> 20} MB, as much as one source may have.")
        if self._sum + count > self._of_all:
            raise SpoolFull(f"The sound that waits for its words takes {self._sum >> 20} MB, as much as all may have.")
