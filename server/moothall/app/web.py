"""Build the doors of a server, connect each with its services, and serve them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial

from aiohttp import web

from moothall.adapters.admin.request import StaffPages
from moothall.adapters.admin.staff_door import StaffDoor
from moothall.adapters.cached.cached_door import CachedDoor
from moothall.adapters.cluster.copies_door import NodeSoundDoor
from moothall.adapters.cluster.node_link_door import NodeLinkDoor
from moothall.adapters.displays.asked_now import wall_questions
from moothall.adapters.displays.display_door import DisplayDoor, WallContent
from moothall.adapters.http.bodies import whole_bodies
from moothall.adapters.http.clear_requests import clear_requests
from moothall.adapters.http.connections import Connections
from moothall.adapters.http.entity_tags import tag_answers
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.http.forwarded import AddressOf, came_by_https, is_proxy, trusted_networks, visitor_address
from moothall.adapters.http.limits import MAX_BODY_BYTES, AddressGate, runner_options
from moothall.adapters.http.open_files import ConnectionCapacity
from moothall.adapters.http.security_headers import secure
from moothall.adapters.http.slots import Slots, share
from moothall.adapters.http.taking import serve
from moothall.adapters.http.tls import hsts_seconds, insist_on_https, tls_context
from moothall.adapters.metrics.health_door import HealthDoor
from moothall.adapters.operation.probe_door import ProbeDoor
from moothall.adapters.pages.error_pages import error_pages
from moothall.adapters.pages.own_pages import own_pages_only
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.pages.visitor_request import COOKIE
from moothall.adapters.policy.log_pages import log_pages
from moothall.adapters.programme.agenda_door import AgendaDoor
from moothall.adapters.programme.desk_door import MOST_BYTES as AGENDA_BYTES
from moothall.adapters.programme.desk_door import AgendaDeskDoor
from moothall.adapters.programme.help_door import HelpDoor
from moothall.adapters.programme.needs_door import NeedsDoor
from moothall.adapters.programme.rows import AgendaRows
from moothall.adapters.questions.hands_door import HandsDoor
from moothall.adapters.questions.questions_door import AbuseDoor, QuestionsDoor
from moothall.adapters.reading.front_page import FrontPage
from moothall.adapters.reading.languages_door import LanguagesDoor
from moothall.adapters.reading.page_door import PageDoor
from moothall.adapters.reading.reader_doors import reader_doors
from moothall.adapters.reading.reader_routes import Readers, visitor_gate
from moothall.adapters.reading.reports_door import ReportsDoor
from moothall.adapters.record.record_door import KeysDoor
from moothall.adapters.search.search_door import PATH as SEARCH
from moothall.adapters.sign_in.sign_in_door import PATH as SIGN_IN
from moothall.adapters.styles.staff_styles import StaffStyleDoor
from moothall.adapters.styles.style_lists import StyleListsDoor
from moothall.adapters.styles.style_page import StyleDoor
from moothall.adapters.styles.style_proposals import StyleProposalsDoor
from moothall.adapters.styles.style_records import StyleRecordsDoor
from moothall.adapters.styles.style_views import StyleViewsDoor
from moothall.adapters.tokens.gate import TokenGate
from moothall.adapters.tokens.programme_acts_door import IMPORT
from moothall.app.admin import admin_doors
from moothall.app.backend import Backend
from moothall.app.captioning import open_captioning
from moothall.app.desks import open_desks
from moothall.app.hubs import hub_doors, hub_map, open_hub_link
from moothall.app.outcomes.documents import document_doors, reports_by_year
from moothall.app.outcomes.policy import became, open_policy, policy_doors
from moothall.app.outcomes.reports import open_reports
from moothall.app.parts import Entrance, Nodes, OpenDoors, ServerAddress, Services
from moothall.app.questions import asking_doors, open_question_translations, opinion_doors, your_turn
from moothall.app.record.attendance import attendance_doors, attendance_reports
from moothall.app.record.proof import record_doors, witness_doors
from moothall.app.record.retention import retention_doors
from moothall.app.record.search import search_doors
from moothall.app.record.taking import taking_doors
from moothall.app.sign_in import open_sign_in
from moothall.app.sound import microphone_doors, sound_address, sound_door
from moothall.app.tokens import token_doors, token_gate
from moothall.app.webhooks import open_webhooks
from moothall.core.attendance.badges import MOST_BYTES as MOST_BADGES
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.look import MOST_LOGO_BYTES
from moothall.core.programme.plan import RoomId
from moothall.core.programme.table_writing import MOST_BYTES
from moothall.record.imports.past import MOST_BYTES as MOST_PAST_BYTES
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.capture.pulling import is_pulled
from moothall.services.cluster.sound_copies import OfferedSound
from moothall.services.desks.typed_ahead import TypedAhead
from moothall.services.programme.programme import Programme
from moothall.services.questions.abuse_reports import AbuseReports, tell_desks
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.reports import Reports
from moothall.wire.token_bucket import Allowance

LINK_TRIES = Allowance(per_second=5, burst=300)
"""Links that one address may open: 300 readers of one hall may come at once, and 160 bits cannot be guessed at this
rate."""
LARGER_BODIES = {
    "/admin/programme": MOST_BYTES + MAX_BODY_BYTES,
    "/admin/past-records": MOST_PAST_BYTES + MAX_BODY_BYTES,
    "/attendance/{session}/badges": MOST_BADGES + MAX_BODY_BYTES,
    "/admin/look": MOST_LOGO_BYTES + MAX_BODY_BYTES,
    "/admin/agenda": AGENDA_BYTES + MAX_BODY_BYTES,
    IMPORT.path: MOST_BYTES,
}
"""The routes that accept bodies larger than `MAX_BODY_BYTES`, with their largest size in bytes."""


async def open_doors(
    stack: AsyncExitStack,
    services: Services,
    listener: socket.socket,
    room: ConnectionCapacity,
    nodes: Nodes | None = None,
) -> OpenDoors:
    """Serve readers and staff until the stack unwinds. Return the addresses, and what the doors know.

    `nodes` lets in the requests that other nodes carry here; None where there are no other nodes.
    """
    backend, pages, translation = services.backend, services.pages, services.translation
    settings = backend.settings
    address = ServerAddress.of(listener, settings)
    trusted = trusted_networks(settings.server.trusted_proxies)
    address_of = visitor_address(trusted)
    tls = tls_context(settings.server.tls_certificate, settings.server.tls_key)
    clock, programme = backend.clock, backend.programme
    policy = open_policy(stack, backend, catalogue := _catalogue(backend))
    # Finding no log takes as long as this look at a session that cannot exist. It is also done for hidden sessions, so
    # that the time of an answer does not tell whether there is one.
    access = ReaderAccess(
        backend.sessions, programme.room_of, lambda _: backend.log.head(SessionId("")), hidden=catalogue.hidden
    )
    readers = Readers(
        find=access.find,
        may_read=access.may_read,
        clock=clock,
        randomness=backend.randomness,
        origins=address.origins,
        most=room.readers,
        each=share(room.readers, settings.server.address_share),
        address_of=address_of,
        measures=backend.measures,
        online=backend.online,
        token_of=lambda request, session: backend.visitors.token(request, COOKIE, session),
        others_ahead=nodes is not None,
    )
    followed, cached = reader_doors(readers, pages), CachedDoor(readers)
    reports = Reports(
        clock=clock,
        randomness=backend.randomness,
        readers=lambda session: backend.loaded(session, lambda live: sum(live.fanout.readers.values()), 0),
    )
    context = VisitorContext(
        pages=pages,
        visitors=backend.visitors,
        clock=clock,
        randomness=backend.randomness,
        snapshot_of=access.snapshot,
        address_of=address_of,
        secure=address.public.startswith("https://"),
    )
    reporting = ReportsDoor(context, reports)
    asking = asking_doors(backend, context, access, became=became(policy, backend))
    translated, translate_for_hubs = open_question_translations(stack, services, context, access)
    abuse_reports = AbuseReports(access.questions, tell_desks(backend.sessions), randomness=backend.randomness)
    questions = QuestionsDoor(
        context,
        backend.ballots,
        backend.ballots,
        questions_of=access.questions,
        channel_of=access.channel_of,
        own_of=backend.asking.own_of,
        reported=abuse_reports.reported,
        translated=translated,
    )
    backend.sessions.observe(questions.observe)
    shown = DisplayDoor(
        pages,
        clock=clock,
        snapshot_of=access.snapshot,
        public=address.public,
        framers=settings.server.embed,
        room=lambda name: _on_wall(programme, RoomId(name)),
        begins=partial(_begins, programme),
        last_awaited=backend.closing.last_words,
        questions=wall_questions(access.questions, translated),
        policy=lambda session: backend.loaded(session, lambda live: live.state.notes_and_tags.questions, ()),
    )
    page = PageDoor(
        pages,
        clock=clock,
        snapshot_of=access.snapshot,
        page_of=access.page,
        number_of=access.number,
        words_of=access.words,
        begins=partial(_begins, programme),
        public=address.public,
        sound_of=sound_address,
        last_awaited=backend.closing.last_words,
        quality_of=lambda session, channel: backend.loaded(
            session, lambda live: live.writer.quality.quality(channel), None
        ),
        offered=translation.offered,
        lacking_of=translation.lacking,
        questions_of=access.questions,
        instead=access.instead,
        your_turn=(turn := your_turn(backend, pages, access)),
        prepared_of=policy.prepared.of,
    )
    languages = LanguagesDoor(context, offered=translation.languages, want=translation.want)
    entrance = await _entrance(services, address, address_of, catalogue, access)
    staff = entrance.staff
    backend.links.when_gone(lambda _: readers.recheck(staff.asker))
    programme.moved(lambda _: readers.recheck(staff.asker))  # Links of a room are for the sessions there.
    slots = _slots(backend, room)
    connections, gate = Connections(*slots, proxies=is_proxy(trusted)), token_gate(backend, entrance)
    app = _application(services, entrance, gate, connections, nodes)
    proof, records = record_doors(
        stack, backend, pages, access=access, catalogue=catalogue, address_of=address_of, public=address.public
    )
    front = FrontPage(
        pages,
        clock=clock,
        listed=catalogue.listed,
        planned=programme.planned,
        place=backend.place,
        known=catalogue.known,
        groups=backend.hubs.there_are,
        snapshot_of=access.snapshot,
        readable=translation.readable,
        agenda=lambda: "/agenda",
        search=SEARCH,
    )
    reading = (
        front,
        HelpDoor(pages, agenda=lambda: "/agenda"),
        page,
        turn,
        *followed,
        cached,
        *records,
        shown,
    )
    asked = (*asking, questions, translated, HandsDoor(context, backend.ballots), AbuseDoor(context, abuse_reports))
    for door in (
        *reading,
        reporting,
        languages,
        *asked,
        KeysDoor(backend.signer.public_document()),
        staff,
        StyleDoor(pages, served=settings.server.style_page),
        StaffStyleDoor(
            pages,
            served=settings.server.style_page,
            map_of=None if (world := hub_map(settings.conference, pages)) is None else world.svg,
        ),
        StyleViewsDoor(pages, served=settings.server.style_page),
        StyleListsDoor(pages, served=settings.server.style_page),
        StyleRecordsDoor(pages, served=settings.server.style_page),
        StyleProposalsDoor(pages, served=settings.server.style_page),
    ):
        app.add_routes(door.routes())
    app.add_routes(await open_sign_in(stack, services, entrance))
    linking, links = open_hub_link(stack, services, entrance, translate_for_hubs, proof.witnesses)
    desks, staff_socket, control, on_air = open_desks(
        stack, services, entrance, reports, ahead := TypedAhead(backend.sessions), prepared_of=policy.prepared.of
    )
    await open_captioning(stack, services, entrance, ahead=ahead, on_air=on_air, readers=readers, app=app, tls=tls)
    microphones, audio = microphone_doors(stack, services, entrance, nodes)
    probe = ProbeDoor(clock, backend.randomness, address.origins, is_proxy(trusted), came_by_https(trusted))
    app.add_routes([*linking.routes(), *sound_door(services, entrance).routes(), *desks, *microphones])
    app.add_routes(
        [
            *hub_doors(services, entrance, lambda: links.connected),
            *admin_doors(services, entrance, nodes),
            *token_doors(services, entrance, gate),
            *_agenda_doors(services, entrance, context, policy.there_are),
            *attendance_doors(services, entrance, context, reports_by_year(backend, entrance.catalogue)),
            *policy_doors(policy, backend, entrance, context),
            *opinion_doors(backend, entrance, context),
            *search_doors(stack, services, entrance),
            *(reported := open_reports(stack, services, entrance, context, access)).routes,
            *document_doors(stack, services, entrance, context, reported.translations),
            *(route for door in await witness_doors(backend, address.public) for route in door.routes()),
            *taking_doors(stack, services, entrance, reported.bundled, proof.quoting),
            *await open_webhooks(stack, services, entrance, control),
            *await retention_doors(stack, services, entrance),
            *probe.routes(),
        ]
    )
    runner = await _set_up(stack, app)
    stack.push_async_callback(audio.close)
    for closing in (*followed, reporting, staff_socket, linking):
        stack.push_async_callback(closing.close)
    backend.keep(stack, *(door.run for door in followed), cached.run, reports.run)
    backend.keep(
        stack,
        backend.links.run,
        backend.access_needs.run,
        backend.ballots.run,
        backend.opinions.run,
        backend.balance.run,
        backend.online.run,
        entrance.attendance.run,
        backend.hubs.run,
        backend.hub_removals.run,
    )
    await serve(stack, runner, listener, connections=connections, tls=tls)
    served = (f"{route.method} {route.resource.canonical}" for route in app.router.routes() if route.resource)
    return OpenDoors(
        address=address.serving(served),
        control=control,
        hubs=links,
        probe=probe,
        readers=readers,
        connections=slots,
        proof=proof,
        tls=tls,
    )


def _open_node_link(backend: Backend, app: web.Application, nodes: Nodes, live: LiveIngest) -> None:
    """Send nodes that stand by what is read there, count their readers, and let them copy sound."""
    elsewhere = nodes.elsewhere
    elsewhere.loaded = backend.sessions.loaded
    backend.sessions.observe(elsewhere.observe)
    backend.sessions.count_elsewhere(elsewhere.readers)
    backend.sessions.date_by(nodes.source)
    door = NodeLinkDoor(elsewhere, backend.log, backend.clock)
    app.add_routes(door.routes())
    if nodes.node_state is not None:
        app.add_routes(nodes.node_state.routes())
    app.on_shutdown.append(door.close)
    offered = OfferedSound(
        lambda: [(of, take.audio) for of, take in live.takes() if take.finished or is_pulled(take.name)]
    )
    app.add_routes(NodeSoundDoor(offered).routes())


async def _set_up(stack: AsyncExitStack, app: web.Application) -> web.AppRunner:
    runner = web.AppRunner(app, **runner_options())
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    return runner


def _catalogue(backend: Backend) -> SessionCatalogue:
    catalogue = SessionCatalogue(backend.log)
    backend.sessions.observe(lambda _, publication: catalogue.take(publication))
    backend.sessions.tell_forgotten(catalogue.drop)
    return catalogue


async def _entrance(
    services: Services, address: ServerAddress, address_of: AddressOf, catalogue: SessionCatalogue, access: ReaderAccess
) -> Entrance:
    """Build the parts that decide who may enter."""
    backend, pages, settings = services.backend, services.pages, services.backend.settings.sign_in
    staff = StaffDoor(
        links=backend.links,
        pages=pages,
        gate=AddressGate(backend.clock, backend.randomness, LINK_TRIES),
        room_of=backend.programme.room_of,
        secure=address.public.startswith("https://"),
        address_of=address_of,
        sign_in=SIGN_IN if settings.issuer else "",
    )
    backend.links.end_with(catalogue.closed)
    if backend.links.any_with_session():
        with suppress(StorageUnavailable):  # The next request for the list reads it again.
            await catalogue.fill()
    forms = StaffPages(
        pages=pages,
        guard=FormGuard(backend.randomness),
        staff=staff.staff,
        key_of=staff.key_of,
        sign_in=staff.sign_in,
        demanded=settings.required_for_admin,
    )
    return Entrance(
        address=address,
        address_of=address_of,
        staff=staff,
        forms=forms,
        catalogue=catalogue,
        access=access,
        attendance=attendance_reports(backend, catalogue),
    )


def _application(
    services: Services, entrance: Entrance, gate: TokenGate, connections: Connections, nodes: Nodes | None
) -> web.Application:
    """Build the application with the middlewares that every request passes before a door answers it."""
    backend, settings, address_of = services.backend, services.backend.settings.server, entrance.address_of
    health, refused = HealthDoor(lambda: backend.readiness.lacking), backend.measures.requests_refused
    app = web.Application(
        client_max_size=MAX_BODY_BYTES,
        middlewares=[
            health.first(),
            *(() if nodes is None else (nodes.gate.middleware(),)),
            visitor_gate(backend.clock, backend.randomness, services.pages, address_of, refused),
            # Behind a proxy a connection does not say whose it is, but its requests do.
            connections.middleware(address_of),
            error_pages(services.pages),
            clear_requests(),
            whole_bodies(LARGER_BODIES),
            own_pages_only(services.pages, entrance.address.origins),
            entrance.staff.middleware(),
            gate.middleware(),
            tag_answers(),
            log_pages(entrance.catalogue.known),
        ],
    )
    app.add_routes(health.routes())
    if nodes is not None:
        _open_node_link(backend, app, nodes, services.live)
    secure(app)
    hsts = hsts_seconds(settings.hsts_seconds, public=entrance.address.public, certificate=settings.tls_certificate)
    insist_on_https(app, hsts, came_by_https(trusted_networks(settings.trusted_proxies)))
    return app


def _slots(backend: Backend, room: ConnectionCapacity) -> tuple[Slots, Slots]:
    """The slots of connections, and of requests."""
    each, measures = share(room.connections, backend.settings.server.address_share), backend.measures
    connections, requests = (
        Slots(backend.randomness, most=room.connections, each=each, refused=refused)
        for refused in (measures.connections_refused, measures.requests_refused)
    )
    return connections, requests


def _agenda_doors(
    services: Services, entrance: Entrance, context: VisitorContext, policy: Callable[[], bool]
) -> Sequence[web.RouteDef]:
    """The routes of the agenda, of access needs, and of the secretariat's pages for both. `policy`: whether there are
    policy questions.
    """
    backend, listed = services.backend, entrance.catalogue.listed
    rows = AgendaRows(backend.programme, readable=services.translation.readable)
    door = AgendaDoor(
        pages=services.pages,
        rows=rows,
        listed=listed,
        public=entrance.address.public,
        search=SEARCH,
        policy=policy,
    )
    needs = NeedsDoor(context=context, needs=backend.access_needs, rows=rows, listed=listed)
    desk = AgendaDeskDoor(pages=entrance.forms, programme=backend.programme, needs=backend.access_needs)
    return [route for each in (door, needs, desk) for route in each.routes()]


def _begins(programme: Programme, session: SessionId) -> int | None:
    """When a session is planned to begin, in Unix ms; None where it is not known."""
    plan = programme.plan_of(session)
    return None if plan is None else plan.starts


def _on_wall(programme: Programme, name: RoomId) -> WallContent | None:
    room = programme.room(name)
    if room is None:
        return None
    return WallContent(room.title, programme.now_in(room.id) or programme.next_in(room.id))
