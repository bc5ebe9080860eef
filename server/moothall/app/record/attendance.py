"""Reports of who was there, the attendance list, and the table of the recommendations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from moothall.adapters.attendance.recommendations_door import RecommendationsDoor
from moothall.adapters.attendance.report_door import AttendanceDoor
from moothall.adapters.attendance.roll_door import RollDoor
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.store.files import read_text, shipped
from moothall.app.backend import Backend
from moothall.app.parts import Entrance, Services
from moothall.core.attendance.recommendations import Recommendation, read_recommendations
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.services.attendance.acts import AttendanceActs
from moothall.services.attendance.ledger import FactsLedger
from moothall.services.attendance.reports import AttendanceReports, CountPublished
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.settings.sections import Conference

FILE = "config/recommendations.toml"


def attendance_doors(
    services: Services, entrance: Entrance, context: VisitorContext, published: CountPublished
) -> Sequence[web.RouteDef]:
    """The routes of the pages about attendance. `published`: what was published and sent, by year. Raises
    ConfigurationError for a wrong table of recommendations.
    """
    backend, access = services.backend, entrance.access
    reports, acts = entrance.attendance, AttendanceActs(backend.sessions, backend.randomness)

    async def readable(session: SessionId) -> bool:
        return await access.find(session) is not None and access.may_read(session) is None

    doors = (
        AttendanceDoor(
            pages=entrance.forms, reports=reports, acts=acts, may_act=entrance.staff.may_act, readable=readable
        ),
        RollDoor(context, acts),
        RecommendationsDoor(
            pages=services.pages,
            reports=reports,
            table=recommendations(backend.settings.conference),
            published=published,
        ),
    )
    return [route for door in doors for route in door.routes()]


def attendance_reports(backend: Backend, catalogue: SessionCatalogue) -> AttendanceReports:
    """What makes the reports, from the logs, from the counts of readers and from the final sums of who asked."""
    ledger = FactsLedger(backend.log)
    backend.sessions.observe(lambda _, publication: ledger.take(publication))
    backend.sessions.tell_forgotten(ledger.drop)
    return AttendanceReports(
        ledger,
        backend.online,
        entries=catalogue.all,
        sums=backend.balance.sums,
        unlisted=backend.hubs.unlisted,
        zone=backend.programme.zone,
        clock=backend.clock,
    )


def recommendations(conference: Conference) -> tuple[Recommendation, ...]:
    """Read the table of the recommendations. Raises ConfigurationError with a sentence that names file, entry and
    field.
    """
    file = Path(conference.recommendations) if conference.recommendations else shipped(FILE)
    if file is None:
        msg = f"{FILE} is missing: neither the checkout nor the installed package has it. Install it again."
        raise ConfigurationError(msg)
    return read_recommendations(read_text(file), str(file))
