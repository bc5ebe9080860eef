"""The doors of the agenda, of access needs, and of the secretariat's pages for both: what they are made of.

A module by itself, as each part of the composition has one.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from moothall.adapters.agenda.agenda_door import AgendaDoor
from moothall.adapters.agenda.desk_door import AgendaDeskDoor
from moothall.adapters.agenda.needs_door import NeedsDoor
from moothall.adapters.agenda.rows import AgendaRows
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.app.parts import Entrance, Services


def agenda_doors(services: Services, entrance: Entrance, context: VisitorContext) -> Sequence[web.RouteDef]:
    """Their routes."""
    backend, listed = services.backend, entrance.catalogue.listed
    rows = AgendaRows(backend.programme, readable=services.translation.readable)
    door = AgendaDoor(pages=services.pages, rows=rows, listed=listed, public=entrance.address.public)
    needs = NeedsDoor(context=context, needs=backend.access_needs, rows=rows, listed=listed)
    desk = AgendaDeskDoor(pages=entrance.forms, programme=backend.programme, needs=backend.access_needs)
    return [route for each in (door, needs, desk) for route in each.routes()]
