"""Who is told of what happens to hubs: those who lead their links, write of them into sessions, or count."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import SessionId

Counted = Callable[[SessionId, str, str, int, int], Awaitable[Refusal | None]]
"""Is told of a head count: session, dotted path, title, people, Unix ms. Says why it isn't taken; None where it is."""


class HubListeners:
    """Those who were named; whoever knows what happens tells them. None of them waits, but who is told of counts."""

    def __init__(self) -> None:
        self._fenced: list[Callable[[str, int], None]] = []
        self._seen: list[Callable[[str, str, bool, int], None]] = []
        self._counted: list[Counted] = []
        self._removed: list[Callable[[str], None]] = []
        self._retitled: list[Callable[[str, str], None]] = []

    def when_fenced(self, tell: Callable[[str, int], None]) -> None:
        """From now on call `tell` with a hub's name and the generation before which no machine speaks for it any more.

        For a hub that was removed it is one that no machine has.
        """
        self._fenced.append(tell)

    def when_seen(self, tell: Callable[[str, str, bool, int], None]) -> None:
        """From now on call `tell` with name, title, whether it is there, and Unix ms, whenever a hub comes or goes."""
        self._seen.append(tell)

    def when_counted(self, tell: Counted) -> None:
        """From now on tell of each head count that holds."""
        self._counted.append(tell)

    def when_removed(self, tell: Callable[[str], None]) -> None:
        """From now on tell of the name of each hub that is taken out."""
        self._removed.append(tell)

    def when_retitled(self, tell: Callable[[str, str], None]) -> None:
        """From now on tell of the name and title of each hub that is called otherwise."""
        self._retitled.append(tell)
