"""Search: what finds moments for visitors, and its page. The index is opened with the log (`backend.py`)."""

from __future__ import annotations

from contextlib import AsyncExitStack

from aiohttp import web

from moothall.adapters.http.limits import AddressGate
from moothall.adapters.search.people_desk_door import PeopleDeskDoor
from moothall.adapters.search.people_door import PeopleDoor
from moothall.adapters.search.search_door import SearchDoor
from moothall.app.backend import Backend
from moothall.app.parts import Entrance, Services
from moothall.core.kernel.times import Zone
from moothall.services.search.searching import Searching
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.wire.token_bucket import Allowance

SEARCHES = Allowance(per_second=5, burst=300)
"""The rate of one address: 300 people of one hall may search at once."""


def searching_all(backend: Backend, *, own: bool) -> tuple[Searching, Zone]:
    """What finds moments for the operator, who has the data folder: in public records, or with `own` in all. With the
    zone of the conference.
    """
    catalogue = SessionCatalogue(backend.log)
    zone = backend.programme.zone()
    searching = Searching(
        backend.search_index,
        backend.log,
        backend.search_index.folding,
        clock=backend.clock,
        searchable=backend.indexing.searchable,
        fill=catalogue.fill,
        known=catalogue.known,
        opens=lambda _session, _access: own,
        room_of=backend.programme.room_of,
        day_of=lambda ms: zone.at(ms).date(),
    )
    return searching, zone


def search_doors(stack: AsyncExitStack, services: Services, entrance: Entrance) -> list[web.RouteDef]:
    """Feed the index until the stack unwinds. Return the routes of the search."""
    backend, catalogue = services.backend, entrance.catalogue
    index = backend.search_index
    backend.sessions.observe(lambda _, publication: backend.indexing.observe(publication))
    backend.keep(stack, backend.indexing.run, backend.indexing.run_beside)
    backend.people.young = lambda session: (entry := catalogue.known(session)) is not None and entry.young_people
    searching = Searching(
        index,
        backend.log,
        index.folding,
        clock=backend.clock,
        searchable=backend.indexing.searchable,
        fill=catalogue.fill,
        known=catalogue.known,
        opens=entrance.access.opens,
        room_of=backend.programme.room_of,
        day_of=lambda ms: services.pages.zone().at(ms).date(),
        similar=backend.similar,
        person_of=backend.people.person_of,
    )

    def person(value: str) -> str:
        if (joined := backend.people.shown(value)) is not None:
            return joined.name
        return index.speaker_name(value)

    door = SearchDoor(
        services.pages,
        searching,
        gate=AddressGate(backend.clock, backend.randomness, SEARCHES),
        address_of=entrance.address_of,
        place=backend.place,
        title_of=catalogue.title_of,
        person=person,
        now=backend.clock.wall,
        has_links=lambda request: bool(entrance.staff.staff(request)),
    )
    people = PeopleDoor(
        pages=services.pages,
        people=backend.people,
        known=backend.indexing.searchable,
        entry=catalogue.known,
        fill=catalogue.fill,
        gate=AddressGate(backend.clock, backend.randomness, SEARCHES),
        address_of=entrance.address_of,
        now=backend.clock.wall,
    )
    desk = PeopleDeskDoor(
        pages=entrance.forms,
        people=backend.people,
        plan_of=backend.programme.plan_of,
        public=entrance.address.public,
        fill=catalogue.fill,
    )
    return [route for each in (door, people, desk) for route in each.routes()]
