"""The composition root of a hub: it turns settings into a running hub. Read `hub` from top to bottom for start and
stop.

A hub serves its copies from the disk at once, whether the uplink is up or not. One process at a time holds its data
folder. The lock is SQLite's own lock on an empty database, since it works alike on every system, and ends with the
process, however that ends.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path

import msgspec

from moothall.adapters.http.limits import keep_addresses_out_of_logs
from moothall.adapters.http.open_files import watch_open_files
from moothall.adapters.operation.service_manager import open_listener
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.search.index_files import SearchFiles
from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.adapters.system.interpreter import collect, prepared_interpreter
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock
from moothall.core.sessions.state import Status
from moothall.services.log.publication import Publication
from moothall.services.metrics.readiness import Readiness, disk_lacks
from moothall.services.questions.translations import QuestionTranslations
from moothall.services.reading.mirrored import MirroredSessions
from moothall.services.search.indexing import Indexing
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.supervision.supervising import supervise
from moothall_hub.mirror.damaged import CopiesDamaged
from moothall_hub.mirror.indexed import IndexedMirror
from moothall_hub.mirror.mirror import Mirror
from moothall_hub.mirror.missed import MissedSpans
from moothall_hub.mirror.offers import Offers
from moothall_hub.node.below_door import Below
from moothall_hub.node.meetings import NodeMeetings
from moothall_hub.node.uplink import NodeUplink, kept_of_uplink
from moothall_hub.node.witness import HubWitness
from moothall_hub.outbox.outbox import HubOutbox
from moothall_hub.pages.routes import DOORS, HubAddress, Parts, open_hub_doors
from moothall_hub.pairing.pairing import Pairing, PairingFailure, Pairings, pair
from moothall_hub.room.hands import RoomHands
from moothall_hub.room.opinions import RoomOpinions
from moothall_hub.room.ports import RoomParts, UplinkHealthState
from moothall_hub.room.presence import RoomPresence
from moothall_hub.room.questions import RoomQuestions, RoomWords
from moothall_hub.room.signals import RepeatedSignals
from moothall_hub.settings import HubSettings

BOOK, COPIES, OUTBOX = "book.sqlite", "mirror.sqlite", "outbox.sqlite"
"""The files of a hub's data folder."""


class RunningHub(msgspec.Struct, frozen=True, kw_only=True):
    """A running hub, for the code that started it."""

    parts: Parts
    served: HubAddress

    @property
    def own(self) -> str:
        """The address of its pages on this machine."""
        return self.served.own


@asynccontextmanager
async def hub(
    settings: HubSettings, *, own_clock: Clock | None = None, listener: socket.socket | None = None
) -> AsyncIterator[RunningHub]:
    """Run a hub while inside the context.

    Raises ConfigurationError with a sentence, alone or in a group, when the hub cannot start; and CopiesDamaged in a
    group when it has to start again without the file of its copies.

    `own_clock` is this machine's clock. `listener` is the socket to serve at, in place of the one that the settings
    name.
    """
    keep_addresses_out_of_logs()
    randomness, own_clock = SystemRandomness(), own_clock or SystemClock()
    data = Path(settings.data)
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_hub_folder(data))
        listener = stack.enter_context(closing(listener or open_listener("hub", settings.host, settings.port)))
        book = await SqliteBook.open(data / BOOK)
        stack.push_async_callback(book.close)
        mirror, indexed = await _copies(stack, data, own_clock)
        outbox = await HubOutbox.open(data / OUTBOX)
        stack.push_async_callback(outbox.close)
        pairings = await Pairings.load(book, randomness)
        offers = await Offers.load(book)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())

        def keep_running(run: Callable[[], Awaitable[None]]) -> None:
            stack.callback(tasks.create_task(supervise(run, own_clock)).cancel)

        uplink = NodeUplink(
            book=book,
            mirror=mirror,
            copies=indexed,
            outbox=outbox,
            pairings=pairings,
            offers=offers,
            own_clock=own_clock,
            randomness=randomness,
            missed=await MissedSpans.load(book),
            budget=settings.budget,
            kept=await kept_of_uplink(book),
            witness=HubWitness(book, randomness, lambda: pairings.now, own_clock),
        )
        clock = uplink.clock
        sessions = MirroredSessions(mirror, clock, source=lambda: uplink.source)
        await _begin(stack, tasks, mirror, sessions)
        shown = RepeatedSignals(uplink.signals, sessions.signal, up=lambda: uplink.up, clock=clock)
        uplink.when_way(shown.way)
        catalogue = SessionCatalogue(mirror)
        sessions.observe(lambda _, publication: catalogue.take(publication))
        sessions.tell_renewed(catalogue.read_again)
        await catalogue.all()  # Sessions that are closed need not be followed.
        await uplink.show(sessions, closed=lambda session: _is_closed(catalogue, session))
        meetings = NodeMeetings(sessions, lambda: uplink.replication, offers)
        links = RoleLinks(book=book, clock=clock, randomness=randomness)
        await links.load()
        room = RoomParts(
            book=book,
            outbox=outbox,
            meetings=meetings,
            clock=clock,
            randomness=randomness,
            node=pairings.node,
            up=lambda: uplink.health().state is UplinkHealthState.GOOD,
        )
        local, presence, hands = RoomQuestions(room), RoomPresence(room), RoomHands(room)
        opinions = RoomOpinions(room, hands.box)
        for part in (local, presence, hands, opinions):
            await part.load()
        sessions.observe(lambda live, _: hands.observe(live.state))
        translations = _translations(uplink, sessions)

        async def pair_here(address: str, words: str) -> Pairing | PairingFailure:
            done = await pair(address, words, pairings.node)
            if isinstance(done, Pairing):
                await uplink.paired(done)
            return done

        below = await Below.open(
            stack,
            data,
            sessions=sessions,
            mirror=mirror,
            outbox=outbox,
            offers=offers,
            pairings=pairings,
            uplink=uplink,
            translations=translations,
            clock=clock,
            randomness=randomness,
            keep_running=keep_running,
        )
        uplink.replication.erasing.has(
            room=RoomWords(local, hands, translations, outbox, meetings), below=below.removals
        )
        below.removals.when_clear(uplink.replication.erasing.clear)
        parts = Parts(
            data=data,
            book=book,
            mirror=mirror,
            indexed=indexed,
            outbox=outbox,
            sessions=sessions,
            catalogue=catalogue,
            meetings=meetings,
            offers=offers,
            pairings=pairings,
            links=links,
            local=local,
            presence=presence,
            hands=hands,
            opinions=opinions,
            translations=translations,
            uplink=uplink,
            doing=shown.now,
            pair=pair_here,
            below=below,
            readiness=_readiness(data, mirror),
            clock=clock,
            randomness=randomness,
        )
        served = await open_hub_doors(
            stack,
            parts,
            settings,
            listener=listener,
            room=watch_open_files(stack, settings.readers, "readers"),
            pages=Pages(Path(settings.web) if settings.web else find_web_folder(), zone=lambda: offers.zone),
            keep_running=keep_running,
        )
        for running in (
            *(shown.run, local.run, presence.run, hands.run, opinions.run, translations.run),
            *(uplink.run, uplink.look_after, indexed.indexing.run, partial(collect, own_clock)),
        ):
            keep_running(running)
        stack.enter_context(prepared_interpreter())
        stack.callback(parts.readiness.drain)  # It is drained before any other part ends.
        yield RunningHub(parts=parts, served=served)


async def _copies(stack: AsyncExitStack, data: Path, clock: Clock) -> tuple[Mirror, IndexedMirror]:
    """Open the copies, with their search index, until the stack unwinds. Raises ConfigurationError."""
    mirror = await Mirror.open(data / COPIES)
    stack.push_async_callback(mirror.close)
    index = SearchFiles.stemmed(data)
    stack.push_async_callback(index.close)
    return mirror, IndexedMirror(mirror, index, Indexing(mirror, index, clock))


async def _begin(stack: AsyncExitStack, tasks: asyncio.TaskGroup, mirror: Mirror, sessions: MirroredSessions) -> None:
    """Run the sessions, and end the hub when the file of their copies is found to be damaged."""
    started = asyncio.Event()
    for running in (sessions.run(started), _end_when_damaged(mirror)):
        stack.callback(tasks.create_task(running).cancel)
    await started.wait()


def _readiness(data: Path, mirror: Mirror) -> Readiness:
    """The hub's readiness for visitors. The uplink does not count, since the copies can be read without it."""

    def free() -> int | None:
        try:
            return shutil.disk_usage(data).free
        except OSError:
            return None

    readiness = Readiness(DOORS)
    readiness.ask(disk_lacks(free), lambda: "copies: their file is damaged" if mirror.damaged.is_set() else None)
    return readiness


def _translations(uplink: NodeUplink, sessions: MirroredSessions) -> QuestionTranslations:
    """Translations of questions, made by the server above. All are forgotten when any body is removed from a log."""
    translations = QuestionTranslations(uplink.translations.translate, uplink.translations.has_way, clock=uplink.clock)

    def observe(publication: Publication) -> None:
        if any(isinstance(event, BodyRemoved) for event in publication.events):
            translations.forget()

    sessions.observe(lambda _, publication: observe(publication))
    return translations


async def _end_when_damaged(mirror: Mirror) -> None:
    await mirror.damaged.wait()
    raise CopiesDamaged


def _is_closed(catalogue: SessionCatalogue, session: SessionId) -> bool:
    entry = catalogue.known(session)
    return entry is not None and entry.status is Status.CLOSED


LOCK_FILE = "lock.sqlite"


@contextmanager
def hold_hub_folder(folder: Path) -> Iterator[None]:
    """Create the data folder if need be, readable only for its owner, and hold its lock while inside the context.

    Raises ConfigurationError when the folder cannot be used, or another hub uses it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"The data folder {folder} can't be used: {error.strerror}. Choose another with --data."
        raise ConfigurationError(msg) from error
    try:
        connection = sqlite3.connect(folder / LOCK_FILE, timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise _unusable(folder, error) from error
    with closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                msg = f"Another hub is using the data folder {folder}. Stop it, or choose another folder with --data."
                raise ConfigurationError(msg) from error
            raise _unusable(folder, error) from error
        except sqlite3.Error as error:
            raise _unusable(folder, error) from error
        yield


def _unusable(folder: Path, error: sqlite3.Error) -> ConfigurationError:
    return ConfigurationError(f"The data folder {folder} can't be used: {error}. Choose another with --data.")
