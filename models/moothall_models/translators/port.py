"""What translating asks of an engine.

Calls block: they come from a worker thread, never from a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from moothall.core.kernel.errors import MoothallError
from moothall.core.translating.routes import Direction

LONGEST = 20_000
"""Characters of a text; a longer one is refused. A line holds a few hundred."""


class TranslationFailed(MoothallError):
    """An engine gave no usable translation of this text; the next text may be translated all the same.

    The sentence never holds the text.
    """


class Translator(Protocol):
    """An engine with one or more directions.

    It may be called by several threads at a time. For any text, a text comes back or TranslationFailed is
    raised, and the next call is as good as any. Control characters may become spaces; blank text becomes empty.
    """

    @property
    def directions(self) -> tuple[Direction, ...]:
        """What it can do here. Found out once, when it is made; loading may wait until the first call."""
        ...

    @property
    def missing(self) -> str | None:
        """A line for the operator: what to install for more directions; None when all are there."""
        ...

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """As many texts as came, in their order. Blocks.

        Raises:
            TranslationFailed: one of them could not be translated, so none is given.
            ValueError: `direction` is none of `directions`.
        """
        ...

    def check(self) -> None:
        """Load everything and translate a known sentence in each direction, before anybody waits for one.

        Raises:
            TranslationFailed: an answer isn't sane; the sentence says in which direction.
        """
        ...

    def close(self) -> None:
        """Stop. Calls that are under way and later ones raise TranslationFailed. May be called more than once."""
        ...
