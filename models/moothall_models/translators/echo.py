"""A translator for tests: it returns the text with the tag of the target language before it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence

from moothall.core.translation.routes import Direction
from moothall_models.translators.pieces import readable
from moothall_models.translators.port import UnusableTranslation

DIRECTIONS = tuple(
    Direction(engine="echo", version="1", source=source, target=target, cost=cost)
    for source, target, cost in (("en", "pt", 40.0), ("pt", "en", 40.0), ("pt", "es", 4.0), ("es", "pt", 1.0))
)


class EchoTranslator:
    """A translator that returns `[pt] text` for every text.

    Calls are counted from 1, over all threads. Calls whose numbers are in `fails` fail at once. A call in `hangs`
    blocks until its event is set or `close` is called, and then fails, like a stuck engine that is killed.
    """

    def __init__(
        self,
        directions: Sequence[Direction] = DIRECTIONS,
        *,
        fails: Collection[int] = (),
        hangs: Mapping[int, threading.Event] | None = None,
    ) -> None:
        self.directions = tuple(directions)
        self.calls = 0
        self._fails = frozenset(fails)
        self._hangs = dict(hangs or {})
        self._counting = threading.Lock()
        self._closed = False

    @property
    def missing(self) -> str | None:
        """None: there is nothing to install."""
        return None

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """Return each text with the target's tag before it; blank texts become empty."""
        if direction not in self.directions:
            raise ValueError(f"The echo doesn't translate from {direction.source} to {direction.target}.")
        with self._counting:
            self.calls += 1
            number = self.calls
        if number in self._hangs:
            self._hangs[number].wait()
        if number in self._hangs or number in self._fails or self._closed:
            raise UnusableTranslation(f"The echo was to fail at call {number}.")
        return [f"[{direction.target}] {text}" if text else "" for text in map(readable, texts)]

    def check(self) -> None:
        """Do nothing: there is nothing to load."""

    def rest(self, direction: Direction) -> None:
        """Do nothing: nothing is loaded."""

    def close(self) -> None:
        """Make hanging and later calls fail."""
        self._closed = True
        for event in self._hangs.values():
            event.set()
