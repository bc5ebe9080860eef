"""What is due is removed, and one person's words from all sessions, with the pages about both."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from moothall.adapters.retention.removed_door import RemovedDoor
from moothall.adapters.retention.retention_door import RetentionDoor
from moothall.app.backend import removal_list
from moothall.app.outcomes.reports import redacting
from moothall.app.parts import Entrance, Services
from moothall.core.backup.removed import AnyLine
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.services.desks.copies import OtherLogs
from moothall.services.desks.removal import Spoken
from moothall.services.log.session_writer import SessionWriter
from moothall.services.retention.people import PersonRemovals


async def retention_doors(stack: AsyncExitStack, services: Services, entrance: Entrance) -> list[web.RouteDef]:
    """Remove what is due and what was ordered until the stack unwinds; return the routes of the pages. Raises
    StorageUnavailable.
    """
    backend = services.backend

    async def find(session: SessionId) -> SessionWriter | None:
        live = await backend.sessions.find(session)
        return None if live is None else live.writer

    async def silence(session: SessionId, spoken: Sequence[Spoken]) -> None:
        await backend.proposals.forget_spoken(session, spoken)
        await services.recordings.silence(session, spoken)

    def listed() -> Sequence[AnyLine]:
        try:
            return removal_list(backend.settings).lines()
        except ConfigurationError as error:
            raise StorageUnavailable(str(error)) from error

    removals = PersonRemovals(
        backend.sessions,
        book=backend.book,
        clock=backend.clock,
        randomness=backend.randomness,
        people=backend.people,
        copies=OtherLogs(backend.log, find),
        silence=silence,
        forget=backend.own_words.forget_lines,
        redact=redacting(backend, entrance.catalogue, services.pages).remove_with,
        busy=backend.moving,
        asked=backend.asking.author_of,
    )
    await removals.load()
    backend.keep(stack, removals.run, backend.retention.run)

    def language_of(session: SessionId) -> str:
        known = entrance.catalogue.known(session)
        return "" if known is None else next(iter(known.languages), "")

    door = RetentionDoor(
        pages=entrance.forms,
        retention=backend.retention,
        removals=removals,
        label=backend.links.label,
        language_of=language_of,
    )
    removed = RemovedDoor(pages=entrance.forms, entries=entrance.catalogue.all, removals=listed)
    return [*door.routes(), *removed.routes()]
