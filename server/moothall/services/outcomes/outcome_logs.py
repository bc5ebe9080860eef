"""Finds and makes the logs about outcomes: the register of policy questions, calls, reports of sessions, documents."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass

from moothall.core.commands import CreateSession
from moothall.core.events.types import Access, LogKind, SoundKept
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.sessions.state import Status
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

REGISTER = SessionId("policy-questions")
"""The log of the register: one in a house."""
FLOOR = ChannelId("floor")
"""The text of a call or a document, which visitors' doors ask for. It has no lines."""
_REPORT = "report."
_LONGEST = 64
"""Characters of a log's name."""


def report_of(session: SessionId) -> SessionId:
    """The log of a session's report. A long name of a session is shortened, with a digest of the whole."""
    whole = f"{_REPORT}{session}"
    if len(whole) <= _LONGEST:
        return SessionId(whole)
    digest = hashlib.sha256(session.encode()).hexdigest()[:16]
    return SessionId(f"{whole[: _LONGEST - 17]}-{digest}")


def listed_reports(entries: Sequence[Entry]) -> dict[SessionId, SessionId]:
    """The logs of the reports of sessions that public lists name now, by session: a report's own log has the access
    that its session had when it was begun.
    """
    reports = {entry.session for entry in entries if entry.kind is LogKind.REPORT}
    found = {entry.session: report_of(entry.session) for entry in entries if entry.listed}
    return {session: log for session, log in found.items() if log in reports}


def is_open(log: SessionId, known: Callable[[SessionId], Entry | None]) -> bool:
    """Whether anyone may read a log, and public lists name what it is about: of a report its session, unless that has
    so long a name that the log's doesn't tell it.
    """
    entry = known(log)
    if entry is not None and entry.kind is LogKind.REPORT:
        entry = known(SessionId(log.removeprefix(_REPORT)))
        return entry is not None and entry.listed
    return entry is not None and (entry.listed or (entry.kind is not LogKind.SESSION and entry.public))


@dataclass(eq=False, repr=False)
class OutcomeLogs:
    """The logs about outcomes. `entries` lists all logs of the house (`SessionCatalogue.all`)."""

    sessions: Sessions
    _: KW_ONLY
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    language: str = "en"
    """BCP-47 tag of the house's own texts."""

    async def find(self, log: SessionId, kind: LogKind) -> LiveSession | None:
        """The log of this name if it is of this kind; None where there is none. Raises StorageUnavailable."""
        live = await self.sessions.find(log)
        return live if live is not None and live.state.kind is kind and live.state.status is not Status.ABSENT else None

    async def register(self) -> LiveSession | Refusal:
        """The register, made where it is missing. Raises StorageUnavailable."""
        return await self.make(REGISTER, LogKind.REGISTER, "Policy questions", access=Access.PUBLIC)

    async def report(self, session: SessionId, title: str, access: Access) -> LiveSession | Refusal:
        """The log of a session's report, made where it is missing; `title` and `access` are those of the session.

        Raises StorageUnavailable.
        """
        return await self.make(report_of(session), LogKind.REPORT, title, access=access)

    async def make(
        self, log: SessionId, kind: LogKind, title: str, *, access: Access, young_people: bool = False
    ) -> LiveSession | Refusal:
        """The log of this name and kind, made where it is missing. Raises StorageUnavailable.

        It is refused where a log of another kind has the name.
        """
        live = await self.sessions.open(log)
        if live.state.status is Status.ABSENT:
            made = CreateSession(
                title=title,
                languages=(self.language,),
                access=access,
                young_people=young_people,
                sound=SoundKept.NONE,
                kind=kind,
            )
            answer = await live.writer.send(SYSTEM, CommandId(f"make:{kind}"), made)
            if isinstance(answer, Refusal) and answer.code is not RefusalCode.CONFLICT:
                return answer
        if live.state.kind is not kind:
            return refuse(RefusalCode.CONFLICT, f"The name '{log}' belongs to a {live.state.kind}. Choose another.")
        return live

    async def of_kind(self, kind: LogKind) -> Sequence[Entry]:
        """The entries of all logs of a kind, sorted by name. Raises StorageUnavailable."""
        return [entry for entry in await self.entries() if entry.kind is kind and entry.status is not Status.ABSENT]
