"""Which of the lines that a translation lacks comes next, and how much of a line that still grows can be shown."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable

from moothall.core.kernel.ids import SegmentId
from moothall.core.translating.lines import Due

ON_SCREEN = 30
"""Lines that a reader may have before them: for somebody who comes late these are translated first."""
FEWEST_WORDS = 4
"""Shorter pieces of a sentence become inventions (docs/why/translation.md)."""
FEWEST_SIGNS = 8
"""... where words have no spaces between them."""


class Pending:
    """Lines to be translated, each once, by its newest text. Bound: the lines of the session."""

    def __init__(self) -> None:
        self._order: list[tuple[int, SegmentId]] = []
        self._due: dict[SegmentId, Due] = {}
        self._screen: tuple[int, SegmentId] = (0, SegmentId(""))
        """The earliest line of those that come first."""

    def __len__(self) -> int:
        return len(self._order)

    def add(self, due: Due) -> None:
        """Take a line in, or its newer text."""
        name = due.source.segment
        if name not in self._due:
            insort(self._order, (due.t0, name))
        self._due[name] = due
        if len(self._order) == 1:
            self._screen = self._order[0]

    def fill(self, lines: Iterable[Due]) -> None:
        """These lines in place of all others, as somebody begins to read."""
        self._order.clear()
        self._due.clear()
        for line in lines:
            self.add(line)
        if self._order:
            self._screen = self._order[max(0, len(self._order) - ON_SCREEN)]

    def newest(self, most: int) -> tuple[SegmentId, ...]:
        """The last lines that wait, in order of time."""
        return tuple(name for _, name in self._order[-most:])

    def pop(self) -> Due:
        """The next: of what is on the screen and what came later, the oldest; then the oldest of all.

        Raises IndexError when there is none.
        """
        at = bisect_left(self._order, self._screen)
        _, name = self._order.pop(at if at < len(self._order) else 0)
        return self._due.pop(name)


def clause(text: str) -> str:
    """The beginning of a line that grows, up to where a clause ends; empty where that is too little to translate."""
    ends = [match.end(1) for match in _CLAUSE.finditer(text)]
    if not ends:
        return ""
    begun = text[: ends[-1]].strip()
    spaced = len(begun.split()) >= FEWEST_WORDS
    return begun if spaced or (_UNSPACED.search(begun) and len(begun) >= FEWEST_SIGNS) else ""


_CLAUSE = re.compile(r"([,;:.?!…،؛؟][\"'”’»)\]]*(?=\s|\Z)|[、。，；：？！])")  # noqa: RUF001  # as they are written
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
