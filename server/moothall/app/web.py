"""The doors of a server: which there are, and what each is given."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

import msgspec
from aiohttp import web

from moothall.adapters.admin.staff_door import StaffDoor
from moothall.adapters.displays.asked_now import wall_questions
from moothall.adapters.displays.display_door import OnWall, ShownDoor
from moothall.adapters.http.bodies import whole_bodies
from moothall.adapters.http.connections import serve
from moothall.adapters.http.forwarded import came_by_https, is_proxy, trusted_networks, visitor_address
from moothall.adapters.http.limits import MAX_BODY_BYTES, AddressGate, runner_options, secure
from moothall.adapters.http.open_files import Room
from moothall.adapters.http.places import Places, share
from moothall.adapters.http.tls import hsts_seconds, insist_on_https, tls_context
from moothall.adapters.pages.error_pages import error_pages
from moothall.adapters.pages.own_pages import own_pages_only
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_forms import VisitorContext
from moothall.adapters.questions.abuse_door import AbuseDoor
from moothall.adapters.questions.hands_door import HandsDoor
from moothall.adapters.questions.questions_door import QuestionsDoor
from moothall.adapters.reading.front_page import FrontPage
from moothall.adapters.reading.languages_door import LanguagesDoor
from moothall.adapters.reading.low_data_door import LowDataDoor
from moothall.adapters.reading.page_door import PageDoor, QualityOf
from moothall.adapters.reading.plain_door import PlainDoor
from moothall.adapters.reading.poll_door import PollDoor
from moothall.adapters.reading.reader_routes import Readers
from moothall.adapters.reading.reports_door import ReportsDoor
from moothall.adapters.reading.sse import EventsDoor
from moothall.adapters.reading.websocket import WebSocketDoor
from moothall.adapters.record.record_door import KeysDoor, RecordDoor
from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.app.admin import admin_doors
from moothall.app.backend import House
from moothall.app.desks import open_desks
from moothall.app.hubs import hub_doors, open_hub_link
from moothall.app.questions import asking_doors, open_question_translations, your_turn
from moothall.app.sound import microphone_doors, sound_address, sound_door
from moothall.app.translation import Translation
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.programme.plan import RoomId
from moothall.core.programme.reading import MOST_BYTES
from moothall.core.views.quality import Quality
from moothall.services.capture.live_ingest import LiveIngest
from moothall.services.engines.recognising import Recognising
from moothall.services.hubs.acts import HubActs
from moothall.services.hubs.presence import HubPresence
from moothall.services.programme.programme import Programme
from moothall.services.questions.abuse_reports import AbuseReports, tell_desks
from moothall.services.sessions.catalogue import Catalogue
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.services.sessions.records import Records
from moothall.services.sessions.reports import Reports
from moothall.services.sessions.sessions import Sessions
from moothall.services.sound.recording import Recordings
from moothall.services.supervision.carrying_on import carry_on
from moothall.services.translation.glossaries import Glossaries
from moothall.settings.sections import Settings
from moothall.wire.token_bucket import Allowance

LINK_TRIES = Allowance(per_second=5, burst=300)
"""Links that one address may open: a hall of 300 readers may come at once, and nobody guesses 160 bits at this rate."""
LARGER_BODIES = {"/admin/programme": MOST_BYTES + MAX_BODY_BYTES}
"""Which routes take bodies over `MAX_BODY_BYTES`, and up to which size."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server is reached."""

    own: str
    """Where it listens, such as `http://127.0.0.1:8080`."""
    public: str
    """What links and codes say."""
    origins: frozenset[str]
    """Whose pages may send anything, exactly as browsers write them."""
    routes: tuple[str, ...] = ()
    """What is served there, such as `GET /s/{session}`."""

    @classmethod
    def of(cls, listener: socket.socket, settings: Settings) -> Address:
        """From where a server listens, and what its settings say."""
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if settings.server.tls_certificate else "http"
        own = f"{scheme}://{shown}:{port}"
        public = settings.server.public_address.rstrip("/") or own
        origins = frozenset(settings.server.origins) or frozenset({own, f"{scheme}://localhost:{port}", public})
        return cls(own=own, public=public, origins=origins)


async def open_doors(
    stack: AsyncExitStack,
    house: House,
    settings: Settings,
    *,
    listener: socket.socket,
    room: Room,
    pages: Pages,
    recognising: Recognising,
    glossaries: Glossaries,
    live: LiveIngest,
    recordings: Recordings,
    folder: SoundFolder,
    translation: Translation,
    presence: HubPresence,
    hub_acts: HubActs,
) -> Address:
    """Serve readers and staff until the stack unwinds; returns where."""
    address = Address.of(listener, settings)
    trusted = trusted_networks(settings.server.trusted_proxies)
    address_of = visitor_address(trusted)
    tls = tls_context(settings.server.tls_certificate, settings.server.tls_key)
    clock, programme = house.clock, house.programme
    catalogue = Catalogue(house.log)
    house.sessions.observe(lambda _, publication: catalogue.take(publication))
    # No session is called so: to find a log takes longer than to find none.
    access = ReaderAccess(
        house.sessions, programme.room_of, lambda _: house.log.head(SessionId("")), hidden=catalogue.hidden
    )
    readers = Readers(
        find=access.find,
        may_read=access.may_read,
        clock=clock,
        randomness=house.randomness,
        origins=address.origins,
        most=room.readers,
        each=share(room.readers, settings.server.address_share),
        address_of=address_of,
    )
    events, sockets = EventsDoor(readers), WebSocketDoor(readers)
    polls, low, plain = PollDoor(readers), LowDataDoor(readers), PlainDoor(readers, pages)
    reports = Reports(clock=clock, randomness=house.randomness, readers=_reader_count(house.sessions))
    context = VisitorContext(
        pages=pages,
        visitors=house.visitors,
        clock=clock,
        randomness=house.randomness,
        snapshot_of=access.snapshot,
        address_of=address_of,
        secure=address.public.startswith("https://"),
    )
    reporting = ReportsDoor(context, reports)
    asking = asking_doors(house, context, access)
    translated, translate_for_hubs = open_question_translations(
        stack, house, translation, context=context, access=access
    )
    abuse_reports = AbuseReports(access.floor, tell_desks(house.sessions), randomness=house.randomness)
    questions = QuestionsDoor(
        context,
        house.ballots,
        house.ballots,
        floor_of=access.floor,
        channel_of=access.channel_of,
        own_of=house.asking.own_of,
        reported=abuse_reports.reported,
        translated=translated,
    )
    house.sessions.observe(questions.observe)
    abuse = AbuseDoor(context, abuse_reports)
    hands = HandsDoor(context, house.ballots)
    shown = ShownDoor(
        pages,
        clock=clock,
        snapshot_of=access.snapshot,
        public=address.public,
        framers=settings.server.embed,
        room=lambda name: _on_wall(programme, RoomId(name)),
        last_awaited=house.closing.last_words,
        questions=wall_questions(access.floor, translated),
    )
    page = PageDoor(
        pages,
        clock=clock,
        snapshot_of=access.snapshot,
        page_of=access.page,
        number_of=access.number,
        public=address.public,
        sound_of=sound_address,
        last_awaited=house.closing.last_words,
        quality_of=_quality_of(house.sessions),
        offered=translation.offered,
        lacking_of=translation.lacking,
        floor_of=access.floor,
        instead=access.instead,
        your_turn=(turn := your_turn(house, pages, access)),
    )
    languages = LanguagesDoor(context, offered=translation.languages, want=translation.want)
    staff = StaffDoor(
        links=house.links,
        pages=pages,
        gate=AddressGate(clock, house.randomness, LINK_TRIES),
        room_of=programme.room_of,
        secure=address.public.startswith("https://"),
        address_of=address_of,
    )
    house.links.when_gone(lambda _: readers.recheck(staff.asker))
    app = _application(house, settings, room, pages=pages, staff=staff, address=address)
    records = RecordDoor(Records(access, house.log), pages)
    house.sessions.observe(records.observe)
    keys, front = KeysDoor(house.signer.public_document()), _front_page(house, pages, catalogue)
    reading = (front, page, turn, events, sockets, polls, plain, low, records, shown)
    for door in (*reading, reporting, languages, *asking, questions, translated, hands, abuse, keys, staff):
        app.add_routes(door.routes())
    linking, links = open_hub_link(
        stack,
        house,
        presence=presence,
        acts=hub_acts,
        translating=translation.translating,
        translate=translate_for_hubs,
        catalogue=catalogue,
        public=address.public,
        address_of=address_of,
    )
    app.add_routes(
        [
            *linking.routes(),
            *sound_door(house, recordings, folder, staff, access).routes(),
            *hub_doors(
                house,
                public=address.public,
                pages=pages,
                staff=staff,
                catalogue=catalogue,
                address_of=address_of,
                linked=lambda: links.connected,
            ),
        ]
    )
    app.add_routes(
        admin_doors(
            house,
            public=address.public,
            pages=pages,
            staff=staff,
            catalogue=catalogue,
            translation=translation,
        )
    )
    desks, staff_socket = open_desks(
        stack,
        house,
        origins=address.origins,
        pages=pages,
        staff=staff,
        reports=reports,
        recognising=recognising,
        recordings=recordings,
        glossaries=glossaries,
        translation=translation,
        sound=live,
    )
    microphones, audio = microphone_doors(house, address.origins, pages, staff, live)
    app.add_routes([*desks, *microphones])
    runner = web.AppRunner(app, **runner_options())
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    stack.push_async_callback(audio.close)
    for closing in (sockets, events, polls, plain, low, reporting, staff_socket, linking):
        stack.push_async_callback(closing.close)
    for running in (events, polls, plain, low, reports, house.ballots, house.balance, house.hubs, house.hub_removals):
        stack.callback(house.tasks.create_task(carry_on(running.run, clock)).cancel)
    connections = _connections(house, settings, room)
    await serve(stack, runner, listener, places=connections, proxies=is_proxy(trusted), tls=tls)
    served = (f"{route.method} {route.resource.canonical}" for route in app.router.routes() if route.resource)
    return msgspec.structs.replace(address, routes=tuple(served))


def _application(
    house: House, settings: Settings, room: Room, *, pages: Pages, staff: StaffDoor, address: Address
) -> web.Application:
    """What every request passes through before a door answers it."""
    trusted = trusted_networks(settings.server.trusted_proxies)
    address_of = visitor_address(trusted)
    app = web.Application(
        client_max_size=MAX_BODY_BYTES,
        middlewares=[
            AddressGate(house.clock, house.randomness).middleware(address_of),
            # Behind a proxy a connection doesn't say whose it is, but what is asked through it does.
            _connections(house, settings, room).middleware(address_of),
            error_pages(pages),
            whole_bodies(LARGER_BODIES),
            own_pages_only(pages, address.origins),
            staff.middleware(),
        ],
    )
    secure(app)
    hsts = hsts_seconds(
        settings.server.hsts_seconds, public=address.public, certificate=settings.server.tls_certificate
    )
    insist_on_https(app, hsts, came_by_https(trusted))
    return app


def _connections(house: House, settings: Settings, room: Room) -> Places:
    each = share(room.connections, settings.server.address_share)
    return Places(house.randomness, most=room.connections, each=each)


def _on_wall(programme: Programme, name: RoomId) -> OnWall | None:
    room = programme.room(name)
    if room is None:
        return None
    return OnWall(room.title, programme.now_in(room.id) or programme.next_in(room.id))


def _front_page(house: House, pages: Pages, catalogue: Catalogue) -> FrontPage:
    programme = house.programme

    def place(room: RoomId) -> str:
        known = programme.room(room)
        return "" if known is None else known.title

    return FrontPage(
        pages,
        clock=house.clock,
        listed=catalogue.listed,
        planned=programme.planned,
        place=place,
        known=catalogue.known,
        groups=house.hubs.there_are,
    )


def _quality_of(sessions: Sessions) -> QualityOf:
    def quality(session: SessionId, channel: ChannelId) -> Quality | None:
        live = sessions.loaded(session)
        return None if live is None else live.writer.quality.quality(channel)

    return quality


def _reader_count(sessions: Sessions) -> Callable[[SessionId], int]:
    def count(session: SessionId) -> int:
        live = sessions.loaded(session)
        return 0 if live is None else sum(live.fanout.readers.values())

    return count
