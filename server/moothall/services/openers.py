"""Who opened each meeting last, for those who run meetings: by the name at their desk, else by their link's label.

It is kept in memory alone: of what was opened before a restart nobody is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from moothall.core.events import SessionOpened, SessionReopened
from moothall.core.ids import CommandId, SessionId
from moothall.services.publication import Publication
from moothall.services.sessions import LiveSession, Sessions


class _Opened(msgspec.Struct, frozen=True):
    """Who opened a meeting."""

    link: str
    name: str
    """At their desk; empty where they have given none."""


class Openers:
    """See the module."""

    def __init__(self, sessions: Sessions, *, label: Callable[[str], str]) -> None:
        """`label`: what the link of that id is called, empty when it is gone."""
        self._label = label
        self._doing: dict[CommandId, str] = {}
        # Bound: the sessions that were opened.
        self._opened: dict[SessionId, _Opened] = {}
        """In the order in which they were opened last."""
        sessions.observe(self._seen)

    @contextmanager
    def named(self, act: CommandId, name: str) -> Iterator[None]:
        """While inside, what the act of this id opens is opened by somebody of that name."""
        self._doing[act] = name
        try:
            yield
        finally:
            self._doing.pop(act, None)

    def of(self, session: SessionId) -> str:
        """Who opened it last; empty where nobody knows."""
        opened = self._opened.get(session)
        return "" if opened is None else opened.name or self._label(opened.link)

    def beside(self, first: SessionId, second: SessionId) -> str:
        """Who opened the second after the first was opened; empty where that was before, or nobody knows."""
        order = list(self._opened)
        later = second in order and (first not in order or order.index(first) < order.index(second))
        return self.of(second) if later else ""

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        for record, event in zip(publication.records, publication.events, strict=True):
            if isinstance(event, SessionOpened | SessionReopened):
                header = record.header
                self._opened.pop(live.id, None)
                self._opened[live.id] = _Opened(header.actor, self._doing.get(header.cause, ""))
