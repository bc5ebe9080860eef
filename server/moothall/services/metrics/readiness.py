"""Decides whether a server is ready for visitors, with a sentence for each part that isn't.

A load balancer sends visitors elsewhere while a part isn't ready. Whether the process runs at all is another question,
which only its event loop can answer.
"""

from __future__ import annotations

from collections.abc import Callable

Lack = Callable[[], str | None]
"""Returns why a part isn't ready, as a sentence that begins with the part's name; None when it is ready. It must not
wait."""

DISK_FLOOR = 64 << 20
"""Free bytes that the disk of the data must have: below that, an append may fail at any moment."""
REFUSED_MS = 30_000
"""How long a failed append counts, in ms. Without visitors nothing is appended, so after this time visitors are let in
again: else nobody would notice that the disk has recovered."""
DRAINING = "server: it is stopping, and takes no new visitors"


class Readiness:
    """The parts of a server, and the reasons why it isn't ready."""

    def __init__(self, *parts: str) -> None:
        """`parts`: names of the parts that have to open first."""
        self._closed = dict.fromkeys(parts)
        # Bound: what the composition root adds.
        self._lacks: list[Lack] = []
        self._draining = False

    def opened(self, part: str) -> None:
        """Note that a part is open. May be repeated."""
        self._closed.pop(part, None)

    def closed(self, part: str) -> None:
        """Note that a part is closed again."""
        self._closed[part] = None

    def ask(self, *lacks: Lack) -> None:
        """Register further checks."""
        self._lacks += lacks

    def drain(self) -> None:
        """Make the server unready from now on, whatever the state of its parts, since it is about to stop."""
        self._draining = True

    @property
    def lacking(self) -> tuple[str, ...]:
        """Why the server isn't ready, a sentence for each reason; empty when it is."""
        found = [DRAINING] if self._draining else []
        found += [f"{part}: not open" for part in self._closed]
        found += [why for lack in self._lacks if (why := lack()) is not None]
        return tuple(found)


def disk_lacks(free: Callable[[], int | None]) -> Lack:
    """A check of the free disk space. `free`: returns the free bytes on the disk of the data, or None where the disk
    can't be reached.
    """

    def lack() -> str | None:
        left = free()
        if left is None:
            return "disk: the data folder can't be reached"
        return f"disk: only {left >> 20} MiB are free" if left < DISK_FLOOR else None

    return lack


def log_lacks(refused_for: Callable[[], int | None]) -> Lack:
    """A check that appends succeed. `refused_for`: returns how many ms ago the last append failed, or None where it
    succeeded.
    """

    def lack() -> str | None:
        age = refused_for()
        if age is None or age >= REFUSED_MS:
            return None
        return f"log: an append was refused {age // 1000} s ago"

    return lack
