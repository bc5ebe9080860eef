"""Build the doors of `/admin` and `/staff`, and the door for commands on this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from moothall.adapters.admin.added_languages import AddedLanguages
from moothall.adapters.admin.import_door import ImportDoor
from moothall.adapters.admin.link_sheets import LinkSheets
from moothall.adapters.admin.links_door import LinksDoor
from moothall.adapters.admin.local_door import HOST, LocalDoor, Operations, leave_card, take_card
from moothall.adapters.admin.look_door import LookDoor
from moothall.adapters.admin.meeting_door import MeetingDoor
from moothall.adapters.admin.my_sessions_door import WorkDoor
from moothall.adapters.admin.pages_door import AdminDoor, first_steps
from moothall.adapters.admin.past_record_door import PastRecordDoor
from moothall.adapters.desks.stream_door import StreamDoor
from moothall.adapters.http.limits import runner_options
from moothall.adapters.pages.qr import qr_svg
from moothall.adapters.programme import read_icalendar
from moothall.adapters.streams.stream_texts import said_of
from moothall.adapters.system.accepting import stop_accepting
from moothall.adapters.system.time_zones import find_zone
from moothall.app.parts import Entrance, Nodes, Services
from moothall.core.ports import Randomness
from moothall.services.programme.office import Office


def admin_doors(services: Services, entrance: Entrance, nodes: Nodes | None = None) -> Sequence[web.RouteDef]:
    """The routes of the admin and staff doors."""
    backend, shared = services.backend, entrance.forms
    sheets = LinkSheets(
        pages=shared,
        programme=backend.programme,
        links=backend.links,
        public=entrance.address.public,
        qr_svg=qr_svg,
        key=backend.signer.key_id,
    )
    admin = AdminDoor(
        pages=shared,
        programme=backend.programme,
        sheets=sheets,
        first_steps=lambda entries: first_steps(backend.look, backend.programme, backend.links, entries),
        entries=entrance.catalogue.meetings,
        reach=services.translation.reach,
        recognition=lambda: services.recognising.errors,
        voices=backend.settings.voices.allowed,
        balance=backend.balance,
        needs=backend.access_needs.open,
        draining=lambda: services.draining.on,
        one_copy=services.one_copy,
        adds_languages=lambda: services.translation.adding is not None,
        unconfirmed=tuple if nodes is None else nodes.unconfirmed,
    )
    links = LinksDoor(
        pages=shared,
        programme=backend.programme,
        links=backend.links,
        sheets=sheets,
        entries=entrance.catalogue.meetings,
    )
    streams = services.streams
    meeting = MeetingDoor(
        pages=shared,
        programme=backend.programme,
        links=backend.links,
        recognition=lambda: services.recognising.errors,
        voices=backend.settings.voices.allowed,
        streams=lambda session, ui: [said_of(each, ui) for each in streams.of(session)],
    )
    stream = StreamDoor(pages=shared, streams=streams, find=backend.sessions.find, programme=backend.programme)
    imports = ImportDoor(pages=shared, programme=backend.programme, zones=find_zone, calendar=read_icalendar)
    past = PastRecordDoor(pages=shared, programme=backend.programme, log=backend.log)
    work = WorkDoor(pages=shared, programme=backend.programme, entries=entrance.catalogue.meetings)
    translation = backend.settings.translation
    languages = AddedLanguages(
        pages=shared,
        adding=lambda: services.translation.adding,
        registry=translation.registry,
        reach=services.translation.reach,
        route=services.translation.route,
    )
    look = LookDoor(pages=shared, look=backend.look, programme=backend.programme)
    return [
        route
        for door in (admin, links, languages, look, meeting, stream, imports, past, work)
        for route in door.routes()
    ]


async def open_local_door(
    stack: AsyncExitStack, data: Path, office: Callable[[], Office], randomness: Randomness, operations: Operations
) -> None:
    """Let the operator's commands reach the server that holds the folder `data`, until the stack unwinds."""
    door = LocalDoor(office, randomness, operations)
    runner = web.AppRunner(door.application(), **runner_options())
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    listener = socket.create_server((HOST, 0))
    await web.SockSite(runner, listener).start()
    stack.push_async_callback(stop_accepting, [listener])
    port: int = runner.addresses[0][1]
    leave_card(data, door.card(port))
    stack.callback(take_card, data)
