"""Whether a server is ready for visitors: what of it isn't, a sentence each.

A load balancer sends visitors elsewhere while there is any. That the process runs at all is another question, which
only its loop can answer.
"""

from __future__ import annotations

from collections.abc import Callable

Lack = Callable[[], str | None]
"""Why a part isn't ready, as a sentence that begins with its name; None when it is. It must not wait."""

DISK_FLOOR = 64 << 20
"""Bytes that have to be free where the data lie: below, an append may be refused at any moment."""
REFUSED_MS = 30_000
"""For how long the last append counts that was refused. Then it is tried again, for without visitors nothing is
appended, and nobody would notice that the disk takes it."""
DRAINING = "server: it is stopping, and takes no new visitors"


class Readiness:
    """The parts of a server, and what keeps it from being ready."""

    def __init__(self, *parts: str) -> None:
        """`parts`: those that have to open first, by name."""
        self._closed = dict.fromkeys(parts)
        # Bound: what the composition root adds.
        self._lacks: list[Lack] = []
        self._draining = False

    def opened(self, part: str) -> None:
        """A part is open. May be repeated."""
        self._closed.pop(part, None)

    def closed(self, part: str) -> None:
        """A part isn't open any more."""
        self._closed[part] = None

    def ask(self, *lacks: Lack) -> None:
        """Ask these too, each time."""
        self._lacks += lacks

    def drain(self) -> None:
        """The server is about to stop: from now on it isn't ready, whatever its parts are."""
        self._draining = True

    @property
    def lacking(self) -> tuple[str, ...]:
        """Why it isn't ready, a sentence for each part; empty when it is."""
        found = [DRAINING] if self._draining else []
        found += [f"{part}: not open" for part in self._closed]
        found += [why for lack in self._lacks if (why := lack()) is not None]
        return tuple(found)


def disk_lacks(free: Callable[[], int | None]) -> Lack:
    """Asks for room; `free`: bytes where the data lie, None when they can't be asked."""

    def lack() -> str | None:
        left = free()
        if left is None:
            return "disk: the data folder can't be reached"
        return f"disk: only {left >> 20} MiB are free" if left < DISK_FLOOR else None

    return lack


def log_lacks(refused_for: Callable[[], int | None]) -> Lack:
    """Asks whether the log stores; `refused_for`: since when appends are refused, ms ago, None while they aren't."""

    def lack() -> str | None:
        age = refused_for()
        if age is None or age >= REFUSED_MS:
            return None
        return f"log: an append was refused {age // 1000} s ago"

    return lack
