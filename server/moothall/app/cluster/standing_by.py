"""Serve the doors of a node that stands by: probes, metrics and readers; other requests are carried to the keeper."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn

from aiohttp import web

from moothall import __version__
from moothall.adapters.admin.local_door import Operations
from moothall.adapters.cluster.copies_door import NODES_ALONE, LogDoor
from moothall.adapters.cluster.engine_relay import EngineRelay
from moothall.adapters.cluster.forwarding import MOST_CARRIED, Forwarding
from moothall.adapters.cluster.keeper_connections import KeeperConnections
from moothall.adapters.cluster.node_copies import NodeCopies, SoundAtKeeper
from moothall.adapters.cluster.node_link_client import NodeLinkClient
from moothall.adapters.http.connections import Connections
from moothall.adapters.http.forwarded import came_by_https, is_proxy, trusted_networks, visitor_address
from moothall.adapters.http.limits import keep_addresses_out_of_logs, runner_options
from moothall.adapters.http.open_files import raise_open_files, watch_open_files
from moothall.adapters.http.security_headers import secure
from moothall.adapters.http.slots import Slots, share
from moothall.adapters.http.taking import serve
from moothall.adapters.http.tls import tls_context
from moothall.adapters.metrics.health_door import HealthDoor
from moothall.adapters.metrics.metrics import Scrape
from moothall.adapters.metrics.metrics_door import MetricsDoor, folder_sizes, open_metrics_door
from moothall.adapters.pages.static_door import StaticDoor
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.reading.reader_routes import Readers
from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.adapters.system.clock import SystemRandomness
from moothall.adapters.system.interpreter import collect
from moothall.app.admin import open_local_door
from moothall.app.backend import SPOOL_FOLDER, disk_of, keep_index, open_stores
from moothall.app.cluster.house import House
from moothall.app.cluster.reading import NodeReaders, reader_gate
from moothall.app.cluster.searching import CopiesSearch, zone_of
from moothall.app.metrics import tell_disk, tell_doors, tell_fanouts, tell_measures, tell_stuck
from moothall.app.parts import ServerAddress
from moothall.app.record.beside import keep_meaning, leave_export
from moothall.app.sound import settle_recordings, sound_folder
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Book, Clock
from moothall.services.cluster.following import FOLLOW_MS, LogFollower
from moothall.services.cluster.former_sound import FormerSound
from moothall.services.cluster.own_disk import AnsweredLog
from moothall.services.cluster.reading import NodeReading
from moothall.services.cluster.sound_copies import SoundCopies
from moothall.services.metrics.measures import Measures
from moothall.services.metrics.readiness import Readiness
from moothall.services.operation.status import NodeStatus, ServerStatus
from moothall.services.search.indexing import IndexedCopies, Indexing
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sound.former_recordings import FormerRecordings
from moothall.services.sound.live_audio import to_ms
from moothall.services.sound.recording import Recordings
from moothall.services.sound.sharing import Sharings
from moothall.services.supervision.supervising import supervise

logger = logging.getLogger(__name__)


class _Doors(NamedTuple):
    """The parts that serve visitors."""

    forwarding: Forwarding
    address: ServerAddress
    readers: Readers
    connections: Slots


@asynccontextmanager
async def standing_by(house: House, listener: socket.socket) -> AsyncIterator[None]:
    """Stand by while inside the context: follow the house's logs and book, and carry visitors' requests to the keeper.

    Raises ConfigurationError.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(closing(listener))
        house.log_here, house.book_here = log, book = await open_stores(stack, house.settings)
        index, catalogue = keep_index(stack, Path(house.settings.server.data)), SessionCatalogue(log)
        indexing = Indexing(log, index, house.clock)
        meaning = await keep_meaning(stack, house.settings, indexing, house.clock)
        if meaning is not None:
            meaning.quiet = lambda: True  # No engine listens here.
        await leave_export(house.settings)
        connections = KeeperConnections(None)
        archive = NodeCopies(lambda: house.keeper, connections, house.seal)
        house.following = following = LogFollower(
            house.log,
            IndexedCopies(AnsweredLog(log, house.disk.watch), indexing, catalogue.read_again),
            house.clock,
            archive=archive,
            asides=house.asides,
            singles=house.singles,
            erase_sound=house.erase_sound,
        )
        house.sound = sound = SoundCopies(SoundAtKeeper(archive), house.clock)
        stack.callback(house.stand_by_no_more)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        await house.follow_book(book)
        await house.check_key(book)
        measures = Measures(house.clock)
        reading = NodeReading(
            following, log, house.clock, measures, house.keeping.confirm, lambda: house.removing.applied
        )
        house.former = former = FormerSound(
            DiskSpools(Path(house.settings.server.data) / SPOOL_FOLDER), house.settings.cluster.number
        )
        folder = sound_folder(house.settings)
        house.recordings = recordings = FormerRecordings(folder, house.clock)
        withdrawing = Recordings(
            folder,
            state_of=lambda _: None,
            standing=partial(Sharings(log).of_copy, following.follows),
            clock=house.clock,
            keep_days=house.settings.recording.keep_days,
        )

        def settled(session: SessionId) -> bool:
            return reading.settled(session) and former.settled(session) and recordings.settled(session)

        following.then = partial(house.erased, log, settled)
        found = CopiesSearch(
            *(reading, log, index, indexing, catalogue),
            clock=house.clock,
            zone=zone_of(house.settings),
            similar=meaning,
        )
        doors = await _doors(stack, house, listener, reading, connections, found=found)
        engines = await _engines(stack, house)
        await _open_metrics(stack, house, reading, doors.readers, measures=measures, connections=doors.connections)
        await _open_local_door(stack, house, doors.address, measures)

        def moved() -> None:
            doors.forwarding.house_moved()
            if engines is not None:
                engines.house_moved()

        watch = partial(watch_keeper, lambda: house.keeper, house.clock, moved)
        sounds = (sound.run, recordings.run, withdrawing.run, partial(settle_recordings, folder, house.clock))
        for run in (
            following.run,
            indexing.run,
            indexing.run_beside,
            partial(_follow, house, book),
            watch,
            *sounds,
            partial(collect, house.clock),
        ):
            stack.callback(tasks.create_task(supervise(run, house.clock)).cancel)
        yield


async def _engines(stack: AsyncExitStack, house: House) -> EngineRelay | None:
    """Relay engines on other machines to the keeper; None where the settings have no port for them.

    Raises ConfigurationError.
    """
    own = house.settings.engine
    if not own.listen_port:
        return None
    relay = EngineRelay(lambda: house.keeper, own.listen_port)
    await stack.enter_async_context(relay.serving(own.listen_host))
    return relay


async def _follow(house: House, book: Book) -> None:
    """Follow the book until cancelled."""
    told = False
    while True:
        await house.follow_book(book)
        try:
            await house.check_key(book)
        except ConfigurationError as error:
            if not told:
                logger.error("cluster: this node can't take the house over. %s", error)
            told = True
        await house.clock.sleep(FOLLOW_MS)


async def watch_keeper(keeper: Callable[[], str | None], clock: Clock, moved: Callable[[], None]) -> None:
    """Call `moved` at each change of the keeper, until cancelled. It waits for no disk: requests that are carried to a
    former keeper have to end also where this node's own disk hangs.
    """
    before = keeper()
    while True:
        if (now := keeper()) != before:
            before = now
            moved()
        await clock.sleep(FOLLOW_MS)


async def _open_metrics(
    stack: AsyncExitStack,
    house: House,
    reading: NodeReading,
    readers: Readers,
    *,
    measures: Measures,
    connections: Slots,
) -> None:
    """Serve metrics where `[metrics]` says, until the stack unwinds: readers, connections, the keeper's silence."""
    settings, data = house.settings, Path(house.settings.server.data)
    if not settings.metrics.host:
        return

    def read() -> Scrape:
        scrape = Scrape()
        scrape.tell("moothall_build_info", 1, version=__version__)
        scrape.tell("moothall_ready", house.keeper is not None and not reading.cut_off)
        scrape.tell("moothall_house_kept", 0)
        tell_stuck(scrape, settings.cluster.node, [each.name for each in house.removing.stuck])
        scrape.tell_ms("moothall_keeper_silence_seconds", reading.source.age)
        tell_measures(scrape, measures)
        tell_fanouts(scrape, [each.fanout.figures for each in reading.sessions.all_loaded])
        tell_doors(scrape, readers, connections)
        tell_disk(scrape, disk_of(data))
        return scrape

    door = MetricsDoor(read, partial(folder_sizes, data, {}), house.clock)
    await open_metrics_door(stack, door, settings.metrics.host, settings.metrics.port, SystemRandomness())


async def _open_local_door(stack: AsyncExitStack, house: House, address: ServerAddress, measures: Measures) -> None:
    """Answer commands about this node's status, and for all others name the keeper, until the stack unwinds."""
    data, since, name = Path(house.settings.server.data), house.clock.wall(), house.settings.cluster.node

    def status() -> ServerStatus:
        lease, disk = house.keeping.lease, disk_of(data)
        return ServerStatus(
            release=__version__,
            address=address.own,
            public=address.public,
            since=since,
            at=house.clock.wall(),
            draining=False,
            sessions=(),
            readers=sum(measures.told_readers.values()),
            engines=0,
            engines_refused=0,
            engine_room=None,
            translators=False,
            directions=0,
            hubs=(),
            hubs_known=0,
            disk_free=None if disk is None else disk[0],
            disk_all=None if disk is None else disk[1],
            open_files=raise_open_files(),
            node=NodeStatus(
                name=name,
                keeper=None if lease is None else lease.node,
                keeper_address="" if lease is None else lease.address,
                stuck={name: tuple(each.name for each in stuck)} if (stuck := house.removing.stuck) else {},
                faults=house.trust.faults,
                copied_ms=0 if house.sound is None else to_ms(house.sound.samples),
            ),
        )

    def elsewhere() -> NoReturn:
        where = f" at {house.keeper}" if house.keeper else ""
        msg = f"Node {name} stands by and changes nothing. Run the command on the machine of the keeper{where}."
        raise ConfigurationError(msg)

    async def not_here(_: str) -> NoReturn:
        elsewhere()

    async def unread() -> NoReturn:
        msg = f"Node {name} stands by: it reads its settings again when it is restarted, which nobody notices."
        raise ConfigurationError(msg)

    asked = Operations(
        status=status, new_probe=elsewhere, drain=elsewhere, reload=unread, retire=not_here, tree=not_here
    )
    await open_local_door(stack, data, elsewhere, SystemRandomness(), asked)


async def _doors(
    stack: AsyncExitStack,
    house: House,
    listener: socket.socket,
    reading: NodeReading,
    connections: KeeperConnections,
    *,
    found: CopiesSearch,
) -> _Doors:
    """Serve at the listener until the stack unwinds. Raises ConfigurationError."""
    settings, randomness = house.settings, SystemRandomness()
    keep_addresses_out_of_logs()
    trusted = trusted_networks(settings.server.trusted_proxies)
    address_of = visitor_address(trusted)
    room = watch_open_files(stack, settings.server.max_readers, "max_readers")
    each = share(room.connections, settings.server.address_share)
    web_folder = Path(settings.server.web) if settings.server.web else find_web_folder()
    tls = tls_context(settings.server.tls_certificate, settings.server.tls_key)
    pages = Pages(web_folder, lambda: found.zone)
    pages.cards = can_typeset()
    forwarding = Forwarding(
        lambda: house.keeper,
        connections,
        house.seal,
        pages,
        house.clock,
        address_of=address_of,
        over_https=came_by_https(trusted),
        origins=(address := ServerAddress.of(listener, settings)).origins,
        slots=Slots(randomness, most=MOST_CARRIED, each=share(MOST_CARRIED, settings.server.address_share)),
    )
    await forwarding.open()
    stack.push_async_callback(forwarding.close)
    readiness = Readiness()
    readiness.ask(
        lambda: None if house.keeper else "cluster: no node keeps the house at the moment",
        lambda: "cluster: this node has not caught up with the others for 10 s" if reading.cut_off else None,
    )
    slots = [Slots(randomness, most=room.connections, each=each) for _ in range(2)]
    taken = Connections(slots[0], slots[1], proxies=is_proxy(trusted))
    health = HealthDoor(lambda: readiness.lacking)
    readers = Readers(
        find=reading.find,
        may_read=lambda _: None,  # Everybody may read the sessions that `find` gives.
        clock=house.clock,
        randomness=randomness,
        origins=address.origins,
        most=room.readers,
        each=share(room.readers, settings.server.address_share),
        address_of=address_of,
        measures=reading.measures,
    )
    link = NodeLinkClient(lambda: house.keeper, reading, house.seal, house.clock)
    reads = NodeReaders(reading, forwarding, link, pages, readers)
    nodes = house.gate.middleware(NODES_ALONE)
    gate = reader_gate(address_of, pages)
    app = web.Application(middlewares=[health.first(), nodes, gate, taken.middleware(address_of)])
    # The node serves the files of its own release, so that its pages have their look while nobody keeps the house.
    app.add_routes(
        [
            *health.routes(),
            *StaticDoor(pages, forwarding.handle).routes(),
            *LogDoor(reading.own).routes(),
            *house.node_state.routes(),
            *reads.routes(),
            *found.routes(pages, lambda: house.keeper, forwarding.handle, address_of),
            *forwarding.routes(),
        ]
    )
    secure(app)
    runner = web.AppRunner(app, **runner_options())
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await serve(stack, runner, listener, connections=taken, tls=tls)
    await reads.open(stack)
    # This runs first as the stack unwinds: connections to the former keeper would delay the runner's end, and with it
    # the take-over.
    stack.callback(forwarding.end)
    return _Doors(forwarding, address, readers, slots[0])
