"""What is new of the public sessions: the one source of feeds and webhooks.

It is a fold over the list of public sessions and the changes of the programme, so that nothing has to be stored for it,
and nothing of other sessions can be in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from urllib.parse import urlsplit

import msgspec

from moothall.core.kernel.ids import SessionId
from moothall.core.programme.changes import AgendaChange
from moothall.services.sessions.catalogue import Entry, Sealing


class NewsKind(StrEnum):
    """What has happened, for programs: a category of an entry."""

    PLAN = "plan"
    """A meeting is new on the agenda, or its plan has changed."""
    BEGUN = "begun"
    CLOSED = "closed"
    SEALED = "sealed"
    """A version of the text is complete."""
    MENDED = "mended"
    """The text was corrected after the meeting."""
    WITHDRAWN = "withdrawn"
    """Words were removed for good."""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has happened in a public session."""

    session: SessionId
    kind: NewsKind
    name: str = ""
    """What tells it from others of its kind in the session."""
    at: int
    """Unix ms."""
    seal: Sealing | None = None
    """The version, of SEALED."""
    change: AgendaChange | None = None
    """The change, of PLAN."""

    @property
    def key(self) -> str:
        """What tells it from all other news of the session; it never changes."""
        return f"{self.kind}/{self.name}" if self.name else self.kind.value


def tag_of(public: str) -> str:
    """The beginning of all ids of news (RFC 4151); `public`: the server's public address."""
    return f"tag:{urlsplit(public).hostname or 'moothall'},2026"


def happened(entry: Entry) -> Iterator[Happened]:
    """What has happened in a session, but for changes of its plan."""
    session = entry.session
    if entry.opened is not None and not entry.imported:  # Nobody could read it live.
        yield Happened(session=session, kind=NewsKind.BEGUN, at=entry.opened)
    if entry.closed is not None:
        yield Happened(session=session, kind=NewsKind.CLOSED, name=f"{entry.closed}", at=entry.closed)
    for seal in entry.seals:
        yield Happened(session=session, kind=NewsKind.SEALED, name=f"{seal.n}", at=seal.at, seal=seal)
    if entry.mended is not None:
        yield Happened(session=session, kind=NewsKind.MENDED, name=f"{entry.mended}", at=entry.mended)
    for gone in entry.withdrawals:
        yield Happened(session=session, kind=NewsKind.WITHDRAWN, name=f"{gone.offset}", at=gone.at)


def planned(changes: Iterable[AgendaChange]) -> Iterator[Happened]:
    """Changes of the programme as news. The caller leaves out those of sessions that aren't public."""
    for change in changes:
        name = f"{change.at}-{change.kind}"
        yield Happened(session=change.session, kind=NewsKind.PLAN, name=name, at=change.at, change=change)
