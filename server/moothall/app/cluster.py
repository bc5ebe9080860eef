"""A server that is one of several: it stands by and forwards, or keeps the house (docs/adr/0036, 0037).

The same process does both, one after the other, on the same data folder and the same listener. While it changes from
one to the other visitors wait in the listener's queue.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from moothall import __version__
from moothall.adapters.cluster.address import parsed
from moothall.adapters.cluster.book_redis import RedisBook
from moothall.adapters.cluster.erasing import FileErasure
from moothall.adapters.cluster.lease_redis import RedisLease
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.cluster.notes_redis import RedisNotes
from moothall.adapters.cluster.redis_facts import checked
from moothall.adapters.cluster.server import RedisServer
from moothall.adapters.store import signing
from moothall.adapters.store.signing import Ed25519Signer
from moothall.app.backend import open_stores
from moothall.app.hall import RunningServer, hall, listen
from moothall.core.cluster.nodes import NodeNote
from moothall.core.kernel.errors import ConfigurationError, LogMissing, StorageUnavailable
from moothall.core.ports import Book, BookEntry, Clock, EventLog
from moothall.services.cluster.following import FOLLOW_MS, Following
from moothall.services.cluster.keeping import Keeping
from moothall.services.cluster.others import Others
from moothall.services.cluster.two_books import TwoBooks, follow_book
from moothall.services.cluster.two_copies import STEPS, TwoCopies
from moothall.services.operation.redis_checks import needed_memory
from moothall.services.supervision.supervising import supervise
from moothall.settings.sections import Settings

logger = logging.getLogger(__name__)

SIGNER = "house", "signer"
"""Namespace and key under which the book names the key that the house signs with."""
AGAIN_MS = 1_000
"""After a house that could not be opened, or a Redis that does not answer, until it is tried again."""
MEETINGS = 10
"""A day, for which Redis needs room where its memory is limited."""
ERASE_MS = 1_000
"""How often the keeper looks whether Redis's files have to be made anew, without what was removed."""


@dataclass(eq=False, repr=False)
class House:
    """What the nodes share, as this one sees it."""

    settings: Settings
    clock: Clock
    server: RedisServer
    log: RedisLog
    book: RedisBook

    def __post_init__(self) -> None:
        own = self.settings.cluster
        self.keeping = Keeping(
            RedisLease(self.server),
            self.clock,
            node=own.node,
            number=own.number,
            address=own.address,
            known_term=self._known_term,
            rank=lambda: self.others.before,
            fit=lambda: self._fit and self.others.same_number is None,
        )
        self.others = Others(RedisNotes(self.server), self.clock, node=own.node, note=self._note)
        self.following: Following | None = None
        """While this node stands by."""
        self._fit = False
        """Whether this node has what a keeper needs; not before it has looked."""

    def _note(self) -> NodeNote:
        """What this node says of itself."""
        own, following = self.settings.cluster, self.following
        return NodeNote(
            number=own.number,
            address=own.address,
            release=__version__,
            reach=0 if following is None else following.reach,
            fit=self._fit,
            beat=0,
        )

    async def kept(self, log: EventLog, book: Book) -> tuple[EventLog, Book]:
        """Log and book of the node that keeps the house, brought up to what Redis has."""
        books = TwoBooks(self.book, book, self.keeping, self.clock)
        await books.opened()
        await Following(self.log, log, self.clock).catch_up()
        if not await self.check_key(books):
            name = Ed25519Signer.open(self._key_path).key_id
            await books.write([BookEntry(*SIGNER, name.encode())])
        return TwoCopies(self.log, log, self.keeping, self.clock), books

    async def check_key(self, book: Book) -> bool:
        """Whether the house has a key that it signs with. Raises ConfigurationError unless it is this node's, too:
        what was signed before a take-over has to verify with the same key as what is signed after it.
        """
        namespace, key = SIGNER
        named = (await book.read(namespace)).get(key)
        own = Ed25519Signer.load(self._key_path).key_id.encode() if self._key_path.exists() else None
        self._fit = named is None or named == own
        if not self._fit:
            msg = (
                f"The house signs with a key that isn't {self._key_path}. Copy {signing.FILE_NAME} from another node's "
                "data folder, readable by its owner alone, and start this one again."
            )
            raise ConfigurationError(msg)
        return named is not None

    @property
    def _key_path(self) -> Path:
        return Path(self.settings.server.data) / signing.FILE_NAME

    async def erase(self) -> None:
        """Have Redis's files made anew after each removal, until cancelled."""
        erasure = FileErasure(self.server, self.clock)
        while True:
            try:
                if self.keeping.answers and await erasure.due():
                    await erasure.erase()
            except StorageUnavailable as error:
                logger.warning("cluster: what was removed is in Redis's files still. %s", error)
            await self.clock.sleep(ERASE_MS)

    async def _known_term(self) -> int:
        """In terms of the house."""
        terms = [head.term for head in (await self.log.heads()).values()]
        if self.following is not None:
            terms.append(self.following.highest_term)
        return max(terms, default=0) // STEPS


@asynccontextmanager
async def joined(settings: Settings, clock: Clock) -> AsyncIterator[House]:
    """Take part in a house while inside: watch its lease, and take it when it is due.

    Raises ConfigurationError.
    """
    own = settings.cluster
    for name, value in (
        ("node", own.node),
        ("number", own.number),
        ("address", own.address),
        ("key_file", own.key_file),
    ):
        if not value:
            raise ConfigurationError(f"[cluster] has `redis`, and no `{name}`: each node needs one of its own.")
    address = parsed(
        own.redis,
        password_file=Path(own.password_file) if own.password_file else None,
        authorities=Path(own.authorities) if own.authorities else None,
    )
    server = RedisServer(address)
    house = House(settings, clock, server, RedisLog(server, own.node), RedisBook(server, own.node))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.close)
        await _usable(server, clock)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        stack.push_async_callback(house.others.leave)
        for run in (house.others.run, house.keeping.run, house.erase):
            stack.callback(tasks.create_task(supervise(run, clock)).cancel)
        yield house


async def _usable(server: RedisServer, clock: Clock) -> None:
    """Comes back once Redis answers and may hold a house. Raises ConfigurationError with all that is wrong with it."""
    told = False
    while True:
        try:
            await checked(server, needed_memory(MEETINGS))
            return
        except StorageUnavailable as error:
            if not told:
                logger.warning("cluster: waiting for Redis. %s", error)
            told = True
        await clock.sleep(AGAIN_MS)


@asynccontextmanager
async def standing_by(house: House, listener: socket.socket) -> AsyncIterator[None]:
    """Follow the house's logs and book, and forward visitors to its keeper, while inside. Raises ConfigurationError."""
    clock = house.clock
    async with AsyncExitStack() as stack:
        log, book = await open_stores(stack, house.settings)
        house.following = following = Following(house.log, log, clock)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())

        async def follow() -> None:
            told = False
            while True:
                await _followed(house.book, book)
                try:
                    await house.check_key(book)
                except ConfigurationError as error:
                    if not told:
                        logger.error("cluster: this node can't take the house over. %s", error)
                    told = True
                await clock.sleep(FOLLOW_MS)

        await _followed(house.book, book)
        await house.check_key(book)
        for run in (following.run, follow):
            stack.callback(tasks.create_task(supervise(run, clock)).cancel)
        app = web.Application()
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.SockSite(runner, listener.dup()).start()
        yield


async def live_as_node(
    settings: Settings,
    stop: asyncio.Event,
    *,
    clock: Clock,
    read: Callable[[], Settings] | None = None,
    serving: Callable[[RunningServer], AbstractAsyncContextManager[None]],
    told: Callable[[str], None],
) -> None:
    """Be a node until `stop` is set. `serving` is entered while it keeps the house; `told` hears what it does.

    Raises ConfigurationError.
    """
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(closing(listen(settings)))
        house = await stack.enter_async_context(joined(settings, clock))
        keeping = house.keeping
        while not stop.is_set():
            async with standing_by(house, listener):
                told("stands by")
                await _first_of(stop.wait(), keeping.taken())
            house.following = None
            if stop.is_set():
                break
            try:
                async with (
                    hall(settings, clock=clock, read=read, house=house, listener=listener.dup()) as running,
                    serving(running),
                ):
                    told("keeps the house")
                    await _first_of(stop.wait(), keeping.lost())
            except* StorageUnavailable as errors:
                logger.warning("cluster: the house can't be opened here (%s)", type(errors.exceptions[0]).__name__)
                await keeping.give_up()
                await clock.sleep(AGAIN_MS)
        await keeping.give_up()


async def _followed(shared: RedisBook, own: Book) -> None:
    try:
        await follow_book(shared, own)
    except LogMissing:  # It is made, or filled again, by the keeper.
        pass
    except StorageUnavailable as error:
        logger.debug("cluster: the book can't be followed (%s)", type(error).__name__)


async def _first_of(*waits: Coroutine[object, object, object]) -> None:
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
