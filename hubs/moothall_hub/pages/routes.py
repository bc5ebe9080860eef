"""Build the doors of a hub: the readers' doors over the copies, and those of room, coordinator and uplink."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from msgspec.structs import replace

from moothall.adapters.admin.request import StaffPages
from moothall.adapters.admin.staff_door import StaffDoor
from moothall.adapters.displays.asked_now import wall_questions
from moothall.adapters.displays.display_door import DisplayDoor
from moothall.adapters.http.bodies import whole_bodies
from moothall.adapters.http.clear_requests import clear_requests
from moothall.adapters.http.connections import unshared_connections
from moothall.adapters.http.entity_tags import tag_answers
from moothall.adapters.http.form_guard import FormGuard
from moothall.adapters.http.forwarded import remote_address
from moothall.adapters.http.limits import MAX_BODY_BYTES, AddressGate, runner_options
from moothall.adapters.http.open_files import ConnectionCapacity
from moothall.adapters.http.security_headers import secure
from moothall.adapters.http.taking import serve
from moothall.adapters.http.visitor_cookie import Visitors
from moothall.adapters.metrics.health_door import HealthDoor
from moothall.adapters.pages.error_pages import error_pages
from moothall.adapters.pages.own_pages import own_pages_only
from moothall.adapters.pages.request_context import SnapshotOf
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.programme.help_door import HelpDoor
from moothall.adapters.questions.translations_door import QuestionTranslationsDoor
from moothall.adapters.questions.your_turn import YourTurn
from moothall.adapters.reading.front_page import FrontPage
from moothall.adapters.reading.page_door import PageDoor
from moothall.adapters.reading.reader_doors import reader_doors
from moothall.adapters.reading.reader_routes import Readers, visitor_gate
from moothall.adapters.reading.reports_door import ReportsDoor
from moothall.adapters.record.citing_door import CitingDoor
from moothall.adapters.record.record_door import RecordDoor
from moothall.adapters.search.search_door import PATH as SEARCH
from moothall.adapters.system.time_zones import chosen_zone
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.lanes import Feed, channel_lane
from moothall.core.ports import Book, Clock, Randomness
from moothall.core.signals import Summary
from moothall.core.views.captions import Snapshot
from moothall.services.metrics.readiness import Readiness
from moothall.services.questions.translations import QuestionTranslations
from moothall.services.reading.mirrored import MirroredSessions
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.records import Records
from moothall.services.sessions.reports import Reports
from moothall.services.sessions.role_links import RoleLinks
from moothall.wire.hubs.messages import Offered
from moothall.wire.token_bucket import Allowance
from moothall_hub.mirror.copied import SessionCopy
from moothall_hub.mirror.indexed import IndexedMirror
from moothall_hub.mirror.mirror import Mirror
from moothall_hub.mirror.offers import Offers
from moothall_hub.node.below_door import Below
from moothall_hub.node.meetings import NodeMeetings
from moothall_hub.node.uplink import NodeUplink
from moothall_hub.outbox.outbox import HubOutbox
from moothall_hub.pages.desk_door import CoordinatorDeskDoor
from moothall_hub.pages.local_wall import LocalWall
from moothall_hub.pages.missed_door import MissedDoor
from moothall_hub.pages.questions_door import room_doors
from moothall_hub.pages.search import search_door
from moothall_hub.pages.setup_door import Pair, SetupDoor, coordinates
from moothall_hub.pages.status_bar_door import StatusBarDoor
from moothall_hub.pages.wall_door import WallDoor
from moothall_hub.pairing.pairing import Pairings
from moothall_hub.room.hands import RoomHands
from moothall_hub.room.opinions import RoomOpinions
from moothall_hub.room.ports import HubFacts
from moothall_hub.room.presence import RoomPresence
from moothall_hub.room.questions import RoomQuestions
from moothall_hub.settings import HubSettings
from moothall_hub.uplink.addresses import Origins, origins_of

COOKIE = "moothall_hub"
"""The cookie of the coordinator's browser. It differs from that of a server above on the same machine, as with `make
demo-hub`."""
LINK_TRIES = Allowance(per_second=1, burst=30)
"""Links that one address may open: 160 bits cannot be guessed at this rate, and a hub has one coordinator."""
HTTP = 80
DOORS = "doors"
"""The part of readiness that says whether the doors are open."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a hub that its doors use."""

    data: Path
    book: Book
    mirror: Mirror
    indexed: IndexedMirror
    outbox: HubOutbox
    sessions: MirroredSessions
    catalogue: SessionCatalogue
    meetings: NodeMeetings
    offers: Offers
    pairings: Pairings
    links: RoleLinks
    local: RoomQuestions
    presence: RoomPresence
    hands: RoomHands
    opinions: RoomOpinions
    translations: QuestionTranslations
    uplink: NodeUplink
    doing: Callable[[SessionId], Sequence[Summary]]
    pair: Pair
    """Pairs this hub, and dials the new uplink at once."""
    below: Below
    readiness: Readiness
    clock: Clock
    randomness: Randomness


class HubAddress(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses and routes of a hub."""

    own: str
    """The address on this machine."""
    told: Callable[[], tuple[str, ...]]
    """Gives the addresses to tell people, the best one first."""
    routes: tuple[str, ...]


async def open_hub_doors(
    stack: AsyncExitStack,
    parts: Parts,
    settings: HubSettings,
    *,
    listener: socket.socket,
    room: ConnectionCapacity,
    pages: Pages,
    keep_running: Callable[[Callable[[], Awaitable[None]]], None],
) -> HubAddress:
    """Serve the room until the stack unwinds. `keep_running` runs a coroutine function as a supervised task."""
    clock, randomness, copies = parts.clock, parts.randomness, parts.uplink.replication
    port = listener.getsockname()[1]

    def told() -> tuple[str, ...]:
        return origins_of(settings.host, port, settings.public_name)

    origins = Origins(told())
    access = ReaderAccess(parts.sessions)
    readers = Readers(
        find=access.find,
        may_read=access.may_read,
        clock=clock,
        randomness=randomness,
        origins=origins,
        most=room.readers,
    )
    followed = reader_doors(readers, pages)
    staff = StaffDoor(
        links=parts.links,
        pages=pages,
        gate=AddressGate(clock, randomness, LINK_TRIES),
        room_of=lambda _: None,
        secure=False,
        cookie=COOKIE,
    )
    parts.links.when_gone(lambda _: readers.recheck(staff.asker))
    shared = StaffPages(
        pages=pages,
        guard=FormGuard(randomness),
        staff=staff.staff,
        key_of=staff.key_of,
    )

    def is_coordinator(request: web.Request) -> bool:
        return any(map(coordinates, staff.staff(request)))

    def facts() -> HubFacts:
        about = parts.offers.about
        zone = parts.offers.zone if about.zone else None
        return HubFacts(name=about.hub, title=about.title, zone=zone, address=about.address)

    context = VisitorContext(
        pages=pages,
        visitors=Visitors(parts.local.cookie_key, clock, randomness),
        clock=clock,
        randomness=randomness,
        snapshot_of=access.snapshot,
    )
    translated = QuestionTranslationsDoor(context, parts.translations, questions_of=access.questions)
    snapshot_here = only_here(access.snapshot, copies.copy)
    status_bar = StatusBarDoor(pages, uplink=parts.uplink.now, copy=copies.now)
    wall = LocalWall(
        pages,
        parts.local,
        meetings=parts.meetings,
        clock=clock,
        snapshot_for_all=snapshot_here,
        questions_for_all=wall_questions(access.questions, translated),
    )
    shown = DisplayDoor(
        pages,
        clock=clock,
        snapshot_of=wall.snapshot_of,
        public=lambda: told()[0],
        questions=wall.questions,
        local_questions=wall.local_questions,
        policy=_policy_of(parts.sessions),
        begins=partial(_begins, parts.offers),
    )
    page = PageDoor(
        pages,
        clock=clock,
        snapshot_of=snapshot_here,
        page_of=access.page,
        number_of=access.number,
        words_of=lambda session, lines: access.words(session, lines) if parts.offers.get().words else None,
        begins=partial(_begins, parts.offers),
        public=told()[0],
        questions_of=access.questions,
        instead=access.instead,
        your_turn=(turn := YourTurn(pages, parts.local, snapshot_here, context.visitors, supports=parts.local)),
    )
    asking = room_doors(
        context,
        parts.local,
        parts.hands,
        parts.opinions,
        facts=facts,
        channel_of=access.channel_of,
        translated=translated,
    )
    reports = Reports(clock=clock, randomness=randomness, readers=_readers_of(parts.sessions))
    reporting = ReportsDoor(context, reports)
    desk = CoordinatorDeskDoor(
        shared,
        parts.local,
        parts.presence,
        meetings=parts.meetings,
        wanted=parts.offers,
        uplink=parts.uplink,
        wall=wall,
        facts=facts,
        clock=clock,
        zone=lambda: chosen_zone("", os.environ),
        free_bytes=lambda: shutil.disk_usage(parts.data).free,
        told=told,
        doing=parts.doing,
        snapshot_of=snapshot_here,
        reports=reports,
    )
    made = Records(access, parts.mirror, lambda session, channel: comes(copies.copy(session), channel))
    records = RecordDoor(made, pages, public=lambda: parts.offers.about.address or told()[0])
    parts.sessions.observe(records.observe)
    front = FrontPage(
        pages,
        clock=clock,
        listed=parts.catalogue.listed,
        planned=parts.offers.planned,
        place=str,
        known=parts.catalogue.known,
        snapshot_of=access.snapshot,
        readable=lambda session, spoken: readable(parts.offers.of(session), copies.copy(session), spoken),
        agenda=partial(_agenda, parts.offers),
        search=SEARCH,
    )
    setup = SetupDoor(
        shared, paired=lambda: parts.pairings.now, pair=parts.pair, below=parts.below, uplink=parts.uplink.now
    )
    last_wall = await WallDoor.load(parts.book, is_coordinator, parts.catalogue.listed)
    health = HealthDoor(lambda: parts.readiness.lacking)
    # Everybody in the room may share one address: that of its access point.
    connections = unshared_connections(randomness, room.connections)
    app = web.Application(
        client_max_size=MAX_BODY_BYTES,
        middlewares=[
            health.first(),
            visitor_gate(clock, randomness, pages),
            connections.middleware(remote_address),
            error_pages(pages),
            clear_requests(),
            whole_bodies(),
            _learning(origins),
            own_pages_only(pages, origins),
            staff.middleware(),
            setup.first(),
            last_wall.middleware(),
            tag_answers(),
        ],
    )
    secure(app)
    reading = (
        front,
        HelpDoor(pages, agenda=partial(_agenda, parts.offers)),
        page,
        turn,
        *followed,
        records,
        CitingDoor(made, pages, public=lambda: parts.offers.about.address),
        search_door(
            pages, parts.indexed, parts.mirror, parts.catalogue, offers=parts.offers, clock=clock, randomness=randomness
        ),
        shown,
        reporting,
    )
    missed = MissedDoor(pages, snapshot_of=access.snapshot, page_of=access.page)
    for door in (*reading, missed, status_bar, wall, last_wall, *asking, setup, staff, health):
        app.add_routes(door.routes())
    app.add_routes(parts.below.routes())  # Before the desk's routes, which take all addresses below /hub.
    app.add_routes(desk.routes())
    runner = web.AppRunner(app, **runner_options())
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    for closing in (*followed, reporting):
        stack.push_async_callback(closing.close)
    for running in (*followed, reports):
        keep_running(running.run)
    await serve(stack, runner, listener, connections=connections)
    parts.readiness.opened(DOORS)
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104  # only compared with
    served = (f"{route.method} {route.resource.canonical}" for route in app.router.routes() if route.resource)
    return HubAddress(
        own=f"http://{f'[{host}]' if ':' in host else host}:{port}".removesuffix(f":{HTTP}"),
        told=told,
        routes=tuple(served),
    )


def _policy_of(sessions: MirroredSessions) -> Callable[[SessionId], Sequence[PolicyQuestion]]:
    """Return a function that gives what a session is to answer."""

    def policy(session: SessionId) -> Sequence[PolicyQuestion]:
        live = sessions.loaded(session)
        return () if live is None else live.state.notes_and_tags.questions

    return policy


def _readers_of(sessions: MirroredSessions) -> Callable[[SessionId], int]:
    """Return a function that counts a session's present readers at this hub."""

    def readers(session: SessionId) -> int:
        live = sessions.loaded(session)
        return 0 if live is None else sum(live.fanout.readers.values())

    return readers


def _learning(origins: Origins) -> Middleware:
    """Return a middleware that learns this machine's addresses from those by which people reach it."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = None if request.transport is None else request.transport.get_extra_info("sockname")
        if name is not None:
            origins.learn(str(name[0]), int(name[1]))
        return await handler(request)

    return middleware


def _begins(offers: Offers, session: SessionId) -> int | None:
    """When a session is planned to begin, in Unix ms; None where it is not known."""
    offered = offers.of(session)
    return None if offered is None else offered.begins


def _agenda(offers: Offers) -> str:
    """The address of the agenda, which only the server above has; empty without a server above."""
    return f"{offers.about.address}/agenda" if offers.about.address else ""


def readable(offered: Offered | None, copy: SessionCopy | None, spoken: Sequence[str]) -> Sequence[str]:
    """The languages in which a session can be read here: those that are spoken, and those of the copied texts.

    A text is copied only where the coordinator has chosen it; readers here cannot ask for others.
    """
    coming = () if copy is None else copy.followed or copy.channels
    texts = () if offered is None else offered.texts
    return [*spoken, *(tag for each in texts if each.channel in coming for tag in each.languages)]


def here(snapshot: Snapshot, copy: SessionCopy | None, channel: ChannelId) -> Snapshot:
    """Return a snapshot with only the channels that are or were copied here, and `channel`, which is read."""
    if copy is None or not copy.followed:
        return snapshot  # It is not known yet which channels are sent.
    kept = {
        name: each
        for name, each in snapshot.session.channels.items()
        if name == channel or name in copy.followed or channel_lane(name) in copy.left
    }
    return replace(snapshot, session=replace(snapshot.session, channels=kept))


def comes(copy: SessionCopy | None, channel: ChannelId) -> bool:
    """Whether a channel is copied, as far as is known. A copy that was given up is incomplete, so no file is made of
    it.
    """
    return copy is None or not copy.followed or channel in copy.followed


def only_here(snapshot_of: SnapshotOf, copy_of: Callable[[SessionId], SessionCopy | None]) -> SnapshotOf:
    """Wrap `snapshot_of` so that its snapshots contain only the channels that are copied here."""

    async def found(session: SessionId, feed: Feed) -> Snapshot | None:
        snapshot = await snapshot_of(session, feed)
        return None if snapshot is None else here(snapshot, copy_of(session), feed.channel)

    return found
