"""Remembers who opened each meeting last, for those who run meetings: the name at their desk, else their link's label.

Names at desks are kept in memory only. The log has the link's pseudonym, so after a restart the link's label is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from moothall.core.chain import Header
from moothall.core.events.types import SessionOpened, SessionReopened
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.kernel.lanes import SESSION
from moothall.core.ports import LogReading
from moothall.core.sessions.state import ON
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

PAGE = 1_000
_OPENINGS = frozenset(str(kind.__struct_config__.tag) for kind in (SessionOpened, SessionReopened))


class _Opened(msgspec.Struct, frozen=True):
    """The person who opened a meeting."""

    link: str
    name: str
    """Their name at the desk; empty where they have given none."""


class Openers:
    """Remembers in memory who opened each session last."""

    def __init__(self, sessions: Sessions, *, label: Callable[[str], str]) -> None:
        """`label`: returns the label of the link with this id; empty where the link is gone."""
        self._sessions = sessions
        self._label = label
        self._doing: dict[CommandId, str] = {}
        # Bound: the sessions that were opened.
        self._opened: dict[SessionId, _Opened] = {}
        """The openers, in the order in which their sessions were last opened."""
        sessions.observe(self._seen)

    async def load(self, log: LogReading) -> None:
        """Read from the logs who opened the sessions that are loaded and on. Raises StorageUnavailable."""
        on = [live.id for live in self._sessions.all_loaded if live.state.status in ON]
        openings = [header for session in on if (header := await _last_opening(log, session)) is not None]
        for header in sorted(openings, key=lambda header: header.at):
            self._opened.setdefault(header.session, _Opened(header.actor, ""))

    @contextmanager
    def named(self, act: CommandId, name: str) -> Iterator[None]:
        """Context in which the opening of a session by the act with this id is ascribed to this name."""
        self._doing[act] = name
        try:
            yield
        finally:
            self._doing.pop(act, None)

    def of(self, session: SessionId) -> str:
        """Who opened a session last; empty where nobody knows."""
        opened = self._opened.get(session)
        return "" if opened is None else opened.name or self._label(opened.link)

    def opened_later(self, first: SessionId, second: SessionId) -> str:
        """Who opened the second session, if that was after the first was opened; empty where it was before, or nobody
        knows who.
        """
        order = list(self._opened)
        later = second in order and (first not in order or order.index(first) < order.index(second))
        return self.of(second) if later else ""

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        for record, event in zip(publication.records, publication.events, strict=True):
            if isinstance(event, SessionOpened | SessionReopened):
                header = record.header
                self._opened.pop(live.id, None)
                self._opened[live.id] = _Opened(header.actor, self._doing.get(header.cause, ""))


async def _last_opening(log: LogReading, session: SessionId) -> Header | None:
    found, after = None, 0
    while page := await log.read(session, after, PAGE, frozenset({SESSION})):
        found = next((record.header for record in reversed(page) if record.header.type in _OPENINGS), found)
        after = page[-1].header.offset
    return found
