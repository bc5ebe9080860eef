"""In which order lines stand, and under whose name: the same rules for pages, plain text and files.

`web/js/lib/reading_order.js` holds them for scripts; `tests/support/files/reading_order.json` has the cases
that both are held to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import msgspec

L = TypeVar("L")
S = TypeVar("S", bound="Span")
EARLY = 200
"""Ms by which a line may begin before the one above it and still stand behind it: recognisers' times tremble."""


class Span(Protocol):
    """A span without text."""

    @property
    def t0(self) -> int:
        """Where it begins, media ms."""
        ...


def goes_before(t0: int, above: int) -> bool:
    """Whether a new line that begins at `t0` goes before a known line that begins at `above`, media ms.

    A new line goes behind the last line that it doesn't go before.
    """
    return t0 + EARLY < above


def with_spans(lines: Iterable[L], spans: Iterable[S], began: Callable[[L], int]) -> Iterator[L | S]:
    """The lines as they stand, and each span without text before the first that began at its beginning or later.

    `spans` are in order of time; `began` gives a line's `t0`.
    """
    waiting = deque(spans)
    for line in lines:
        while waiting and waiting[0].t0 <= began(line):
            yield waiting.popleft()
        yield line
    yield from waiting


class Turn(msgspec.Struct, frozen=True):
    """Whose words the line above is, as far as the reader was told."""

    name: str = ""
    """How its speaker is shown; empty where nobody is named."""
    named: bool = False
    """Whether anybody has been named so far: until then there is no name under which a line could wrongly stand."""
    apart: bool = True
    """Whether something else stands between, or nothing above."""

    def broken(self) -> Turn:
        """After a span without text the speaker is named again."""
        return msgspec.structs.replace(self, apart=True)

    def then(self, name: str) -> Heading:
        """What stands over the next line, whose speaker is shown as `name` or not named."""
        named = self.named or bool(name)
        begins = self.apart or name != self.name
        return Heading(begins=begins, name=name if begins and named else None, turn=Turn(name, named, apart=False))


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What stands over a line."""

    begins: bool
    """Whether a block of lines begins with it."""
    name: str | None
    """The name above the line; empty: the page says that the speaker isn't named; None: no name is shown."""
    turn: Turn
    """For the next line."""
