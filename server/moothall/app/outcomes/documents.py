"""Build the documents that are made of reports, and their pages."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from moothall.adapters.outcomes.documents_desk_door import DocumentsDeskDoor
from moothall.adapters.outcomes.documents_door import DocumentsDoor
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.record.typesetting import typeset_apart
from moothall.app.parts import Entrance, Services
from moothall.core.kernel.ids import SessionId
from moothall.services.outcomes.documents import Documents
from moothall.services.outcomes.outcome_logs import OutcomeLogs
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.services.outcomes.quoted_words import QuotedTexts
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry


def document_doors(services: Services, entrance: Entrance) -> Sequence[web.RouteDef]:
    """The routes of the documents and of the secretariat's page for them."""
    backend, catalogue = services.backend, entrance.catalogue

    async def readable(session: SessionId) -> bool:
        await catalogue.fill()
        known = catalogue.known(session)
        return known is not None and known.public

    documents = Documents(
        OutcomeLogs(backend.sessions, entries=catalogue.all),
        PublishedReports(backend.log),
        QuotedTexts(backend.log, readable),
        entries=catalogue.all,
        day_of=lambda entry: day_of(entry, backend.programme),
        randomness=backend.randomness,
    )
    public = DocumentsDoor(
        pages=services.pages,
        documents=documents,
        public=entrance.address.public,
        typeset=typeset_apart if can_typeset() else None,
    )
    return [*public.routes(), *DocumentsDeskDoor(pages=entrance.forms, documents=documents).routes()]


def day_of(entry: Entry, programme: Programme) -> tuple[str, int] | None:
    """The day of a session in the conference's zone, and when it began or is to begin; None where that isn't known."""
    plan = programme.plan_of(entry.session)
    begins = entry.opened if entry.opened is not None else None if plan is None else plan.starts
    return None if begins is None else (f"{programme.zone().at(begins):%Y-%m-%d}", begins)
