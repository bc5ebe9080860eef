"""The queue of lines that a translation still lacks, and the part of a growing line that can be translated already."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable

from moothall.core.kernel.ids import SegmentId
from moothall.core.translation.lines import Due

ON_SCREEN = 30
"""Lines that a reader may have on the screen. For a reader who joins late these are translated first."""
FEWEST_WORDS = 4
"""A shorter part of a sentence is not translated: engines invent the rest (docs/why/translation.md)."""
FEWEST_SIGNS = 8
"""The same limit in characters, for scripts without spaces between words."""


class Pending:
    """Lines to be translated, each once, with its newest text. Bound: the number of lines in the session."""

    def __init__(self) -> None:
        self._order: list[tuple[int, SegmentId]] = []
        self._due: dict[SegmentId, Due] = {}
        self._screen: tuple[int, SegmentId] = (0, SegmentId(""))
        """Sort key of the earliest line that is translated first."""

    def __len__(self) -> int:
        return len(self._order)

    def add(self, due: Due) -> None:
        """Add a line, or replace its text by a newer one."""
        name = due.source.segment
        if name not in self._due:
            insort(self._order, (due.t0, name))
        self._due[name] = due
        if len(self._order) == 1:
            self._screen = self._order[0]

    def fill(self, lines: Iterable[Due]) -> None:
        """Replace all lines by these, when somebody begins to read: the last `ON_SCREEN` of them come first."""
        self._order.clear()
        self._due.clear()
        for line in lines:
            self.add(line)
        if self._order:
            self._screen = self._order[max(0, len(self._order) - ON_SCREEN)]

    def newest(self, most: int) -> tuple[SegmentId, ...]:
        """The last `most` waiting lines, by time."""
        return tuple(name for _, name in self._order[-most:])

    def pop(self) -> Due:
        """Remove and return the next line: the oldest of those on the screen and after it, or else the oldest of all.

        Raises IndexError when the queue is empty.
        """
        at = bisect_left(self._order, self._screen)
        _, name = self._order.pop(at if at < len(self._order) else 0)
        return self._due.pop(name)


def clause(text: str) -> str:
    """The beginning of a growing line up to the end of its last complete clause; empty when that is too short to
    translate.
    """
    ends = [match.end(1) for match in _CLAUSE.finditer(text)]
    if not ends:
        return ""
    begun = text[: ends[-1]].strip()
    spaced = len(begun.split()) >= FEWEST_WORDS
    return begun if spaced or (_UNSPACED.search(begun) and len(begun) >= FEWEST_SIGNS) else ""


_CLAUSE = re.compile(r"([,;:.?!…،؛؟][\"'”’»)\]]*(?=\s|\Z)|[、。，；：？！])")  # noqa: RUF001  # as they are written
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
