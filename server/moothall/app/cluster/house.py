"""What the nodes of a house share, as one of them sees it: Redis, the lease, and the keys that all of them have."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from moothall import __version__
from moothall.adapters.cluster.address import parsed
from moothall.adapters.cluster.book_redis import RedisBook
from moothall.adapters.cluster.copies_door import StandDoor
from moothall.adapters.cluster.erasing import FileErasure
from moothall.adapters.cluster.house_redis import RedisLease, RedisNotes
from moothall.adapters.cluster.keeper_connections import KeeperConnections
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.cluster.node_copies import NodeCopies
from moothall.adapters.cluster.node_gate import NodeGate, NodeSeal, open_key
from moothall.adapters.cluster.redis_facts import Trust, checked
from moothall.adapters.cluster.server import RedisServer
from moothall.adapters.store import one_copy_list, signing
from moothall.adapters.store.aside_folder import FOLDER, AsideFolder
from moothall.adapters.store.one_copy_list import OneCopyList
from moothall.adapters.store.signing import Ed25519Signer
from moothall.adapters.system.clock import SystemRandomness
from moothall.app.backend import removal_list
from moothall.app.parts import Nodes
from moothall.core.backup.removed import Removals
from moothall.core.cluster.nodes import NodeNote
from moothall.core.kernel.errors import (
    ConfigurationError,
    LogMissing,
    RecordBroken,
    StorageError,
    StorageUnavailable,
)
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import Book, BookEntry, Clock, EventLog, LogHead, LogReading, NodeLog
from moothall.services.cluster import removing
from moothall.services.cluster.confirming import Confirming
from moothall.services.cluster.following import Came, Following
from moothall.services.cluster.gathering import Gathering
from moothall.services.cluster.keeping import Keeping
from moothall.services.cluster.others import Others
from moothall.services.cluster.read_elsewhere import ReadElsewhere
from moothall.services.cluster.refilling import Refilling
from moothall.services.cluster.removing import Removing
from moothall.services.cluster.sound_copies import SoundCopies
from moothall.services.cluster.two_books import HOUSE, TwoBooks, entries_of, follow_book, noted_change
from moothall.services.cluster.two_copies import STEPS, TwoCopies
from moothall.services.operation.redis_checks import needed_memory
from moothall.services.supervision.supervising import supervise
from moothall.settings.sections import Settings
from moothall.wire.cluster.node_link import Stand, WholeBook
from moothall.wire.frames import Source

logger = logging.getLogger(__name__)

SIGNER = HOUSE, "signer"
"""Namespace and key under which the book names the key that the house signs with."""
AGAIN_MS = 1_000
"""After a house that could not be opened, or a Redis that does not answer, until it is tried again."""
MEETINGS = 10
"""A day, for which Redis needs room where its memory is limited."""
MEND_MS = 1_000
"""How often the keeper looks whether Redis still has the book, and what the keeper alone has."""
ERASE_MS = 1_000
"""How often the keeper looks whether Redis's files have to be made anew, without what was removed."""


class _OwnBook(NamedTuple):
    change: int
    """Which change of the shared book the own one has."""
    empty: bool
    """Whether it has nothing."""


@dataclass(eq=False, repr=False)
class House:
    """What the nodes share, as this one sees it."""

    settings: Settings
    clock: Clock
    server: RedisServer
    log: RedisLog
    book: RedisBook
    replicas: Sequence[RedisServer] = ()
    """Of that server."""

    def __post_init__(self) -> None:
        own, elsewhere = self.settings.cluster, ReadElsewhere()
        self.confirming = Confirming(self.clock, self._asked, elsewhere.ask_without, lambda: self.keeping.suspended)
        """Whether the others are without Redis, too."""
        elsewhere.answered = self.confirming.answered
        self.keeping = Keeping(
            RedisLease(self.server),
            self.clock,
            node=own.node,
            number=own.number,
            address=own.address,
            known_term=self._known_term,
            rank=lambda: self.others.before,
            fit=self._may_keep,
            confirmed=self.confirming.allow,
            returns=self.confirming.returns,
            lived=lambda: self.others.last_living,
            links=lambda: elsewhere.names,
        )
        self.key = open_key(Path(own.key_file), SystemRandomness())
        self.seal = NodeSeal(own.node, self.key, self.clock, SystemRandomness())
        """Proves what this node asks of the keeper."""
        self.gate = NodeGate(self.key, self.clock)
        """Lets in what nodes ask of one that stands by."""
        self.stand = StandDoor(self._stand, self._whole_book)
        """Tells other nodes what this one has."""
        self.nodes = Nodes(
            NodeGate(self.key, self.clock, lambda: self.keeping.term is not None),
            elsewhere,
            lambda: self.keeping.alone,
            self._unconfirmed,
            self._stuck,
            self._retire,
            unfilled=lambda: 0 if self.refilling is None else self.refilling.left,
            faults=lambda: self.trust.faults,
            stand=self.stand,
            source=lambda: Source(age=self.keeping.age),
        )
        """The others, while this node keeps the house."""
        self.singles = OneCopyList(Path(self.settings.server.data) / one_copy_list.FILE_NAME, self.clock)
        self.asides = AsideFolder(Path(self.settings.server.data) / FOLDER)
        self.trust = Trust(self.server, self.clock, needed_memory(MEETINGS))
        """Whether Redis is as it has to be, since this node has started."""
        self.others = Others(RedisNotes(self.server), self.clock, node=own.node, note=self._note)
        self.following: Following | None = None
        """While this node stands by."""
        self.sound: SoundCopies | None = None
        """What this node has copied of the keeper's sound since it stood by last."""
        self.removing = Removing(self.log, own.node)
        """Whether what was removed is gone from here."""
        self._looked: int | None = None
        """When the list of removals was looked at last, ms of the monotonic clock."""
        self.log_here: NodeLog | None = None
        """The own log, as it was opened last."""
        self.book_here: Book | None = None
        """The same."""
        self._copies: dict[SessionId, LogHead] = {}
        """Where the logs here stood when this node last stood by, or took the house: a take-over looks at no log that
        hasn't changed since. Bound: the sessions that there are."""
        self._came: dict[SessionId, Came] = {}
        """Since when the last events of the copies have been here."""
        self._reached_at: int | None = None
        self._books: TwoBooks | None = None
        """As the keeper that this node is, or was last, has them."""
        self._logs: TwoCopies | None = None
        """The same."""
        self.refilling: Refilling | None = None
        """What Redis lacks of the logs of the keeper that this node is, or was last."""
        self._fit = False
        """Whether this node has what a keeper needs; not before it has looked."""
        self._kept_term = 0
        """In which this node kept the house last."""
        self._own_book = _OwnBook(change=0, empty=False)
        self._waits = ""
        """For which node this one was said to wait."""

    @property
    def keeper(self) -> str | None:
        """Address of the node that keeps the house, when it is another one; None where there is none."""
        lease = self.keeping.lease
        return None if lease is None or lease.node == self.settings.cluster.node else lease.address or None

    def _note(self) -> NodeNote:
        """What this node says of itself."""
        own = self.settings.cluster
        return NodeNote(
            number=own.number,
            address=own.address,
            release=__version__,
            reach=self._reach,
            fit=self._fit,
            beat=0,
            nodes=own.nodes,
            applied=self.removing.applied,
            term=self._term,
            book=self._own_book.change,
        )

    @property
    def _term(self) -> int:
        """The highest of the house that the logs here have had, or this node itself."""
        heads = self._copies if self.following is None else self.following.copies
        return max((self._kept_term, *(head.term // STEPS for head in heads.values())))

    @property
    def _reach(self) -> int:
        """Events that the logs here hold, also while this node keeps the house or is just giving it up."""
        if self.following is not None:
            return self.following.reach
        ends = {session: head.offset for session, head in self._copies.items()}
        return sum((ends | self.nodes.elsewhere.ends).values())

    def _may_keep(self) -> bool:
        lease = self.keeping.lease
        if not self._fit or self.following is None or not self.following.looked or not self.others.heard:
            return False  # It knows no better than Redis what there is, and that may have lost everything.
        unlisted = self.others.unlisted(None if lease is None else lease.node)
        return self.others.same_number is None and unlisted is None and not (lease is None and self._awaits())

    def _awaits(self) -> bool:
        """Whether this node has nothing, and another one may have something."""
        awaited = self.others.awaited if self._own_book.empty and not self._reach else None
        if awaited is not None and awaited != self._waits:
            logger.warning(
                "cluster: neither Redis nor this node has anything, and node %s may: it is waited for. Start it; or, "
                "for a house that is new, leave it out of `nodes` of [cluster] until there is one",
                awaited,
            )
        self._waits = awaited or ""
        return awaited is not None

    async def follow_book(self, book: Book) -> None:
        """Bring this node's own book up to the shared one, where that can be asked. Raises StorageUnavailable where the
        own one can't be read.
        """
        try:
            await follow_book(self.book, book)
        except LogMissing:  # It is made, or filled again, by the keeper.
            pass
        except StorageUnavailable as error:
            logger.debug("cluster: the book can't be followed (%s)", type(error).__name__)
        change = await noted_change(book)
        self._own_book = _OwnBook(change=change or 0, empty=change is None and not await entries_of(book))

    def _asked(self) -> frozenset[str]:
        """The nodes that have to confirm that they are without Redis: those of the settings, and whoever was there when
        this node last saw Redis. None where one copy is not allowed.
        """
        own = self.settings.cluster
        return frozenset() if own.one_copy == "refuse" else self.others.last_living | {*own.nodes} - {own.node}

    def _unconfirmed(self) -> Mapping[str, int]:
        """How many removals each other node has not confirmed."""
        return self.removing.lacking(self.others.all, self.nodes.elsewhere.applied)

    def _stuck(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the removals that a node can't apply, this one too."""
        return self.removing.stuck_at(self.others.all, self.nodes.elsewhere.applied)

    async def _retire(self, node: str) -> str:
        """Take a node out of the house that is gone for good; what there is to say then. Raises ConfigurationError
        where it isn't gone, and StorageUnavailable.
        """
        if not self.keeping.answers:
            raise StorageUnavailable("Redis can't be asked at the moment; no node was taken out.")
        if node in self.nodes.elsewhere.names:
            msg = f"Node {node} is linked to the keeper, so it lives. Stop it first."
            raise ConfigurationError(msg)
        left = self._unconfirmed().get(node, 0)
        naming = await self.others.retire(node)
        said = [f"Node {node} is out of the house."]
        if left:
            removals = "1 removal" if left == 1 else f"{left} removals"
            said.append(f"It has not confirmed {removals}, and is named for that no more: see to its disk.")
        if naming:
            said.append(f"`nodes` of [cluster] still names it at {', '.join(naming)}: take it out there, and restart.")
        return " ".join(said)

    async def erased(self, log: LogReading, settled: Callable[[SessionId], bool]) -> None:
        """Look how far this node has come in the list of removals, unless it has just been looked (`Removing.look`)."""
        now = self.clock.monotonic()
        if self._looked is None or now - self._looked >= removing.LOOK_MS:
            self._looked = now
            await self.removing.look(log, settled)

    async def kept(self, log: NodeLog, book: Book) -> tuple[EventLog, Book]:
        """Log and book of the node that keeps the house, brought up to what Redis has."""
        self.log_here, self.book_here, self._kept_term = log, book, self.keeping.term or self._kept_term
        if self.keeping.in_doubt:
            await self._gather(log, book)
        books = TwoBooks(self.book, book, self.keeping, self.clock)
        await books.opened()
        self.nodes.elsewhere.ends.clear()
        last = Following(
            self.log,
            log,
            self.clock,
            asides=self.asides,
            singles=self.singles,
            copies=self._copies,
            came=self._came,
            reached_at=self._reached_at,
        )
        await last.catch_up()
        if not await self.check_key(books):
            name = Ed25519Signer.open(self._key_path).key_id
            await books.write([BookEntry(*SIGNER, name.encode())])
        self._books = books
        self._logs = logs = TwoCopies(
            self.log,
            log,
            self.keeping,
            self.clock,
            asides=self.asides,
            singles=self.singles,
            alone=lambda: self.keeping.alone,
        )
        self.refilling = Refilling(self.log, logs, log, self.clock, erased=self._erased)
        return logs, books

    async def _erased(self) -> Collection[Epoch]:
        """Epochs of the logs that were erased here whole (`Refilling`)."""
        try:
            return Removals(await asyncio.to_thread(removal_list(self.settings).lines)).logs
        except ConfigurationError as error:
            raise StorageUnavailable(str(error)) from error

    async def _gather(self, log: NodeLog, book: Book) -> None:
        """Take in what other nodes have, before anything is written. Raises StorageUnavailable."""
        gathering = Gathering(
            log,
            book,
            self.clock,
            copies=self._copies,
            asides=self.asides,
            singles=self.singles,
            erased=await self._erased(),
        )
        async with KeeperConnections(None) as connections:
            others = {name: NodeCopies(note.address, connections, self.seal) for name, note in self.others.met.items()}
            await gathering.run(others, lambda: self.others.living)

    async def _stand(self) -> Stand:
        """What other nodes are told of the logs and the book here. Raises StorageUnavailable, RecordBroken."""
        log, book = self.log_here, self.book_here
        if log is None or book is None or (self.following is not None and not self.following.looked):
            raise StorageUnavailable("This node does not know yet what it has.")
        heads = dict(self._copies if self.following is None else self.following.copies)
        if self.following is None:
            for session in self.nodes.elsewhere.ends:
                head = await log.head(session)
                if head is not None:
                    heads[session] = head
        return Stand(heads=heads, change=await noted_change(book))

    async def _whole_book(self) -> WholeBook:
        book = self.book_here
        change = None if book is None else await noted_change(book)
        if book is None or change is None:
            raise StorageUnavailable("This node has no book of the house.")
        return WholeBook(change=change, entries={name: await book.read(name) for name in await entries_of(book)})

    def stand_by_no_more(self) -> None:
        """What was followed stays as it is until this node keeps the house, or stands by again."""
        if self.following is not None:
            self._copies, self._came = self.following.copies, self.following.came
            self._reached_at, self.following = self.following.reached_at, None

    def passed(self, session: SessionId, offset: int) -> int | None:
        """Ms since a session's event came that was its last when this node took the house over, by the monotonic clock;
        None where it isn't known, or another one was the last.
        """
        came = self._came.get(session)
        return None if came is None or came.offset != offset else self.clock.monotonic() - came.since

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
        erasure, told = FileErasure(self.server, self.clock, self.replicas), False
        while True:
            try:
                if self.keeping.answers and await erasure.due():
                    await erasure.erase()
                told = False
            except StorageUnavailable as error:
                if not told:
                    logger.warning(
                        "cluster: Redis's files may still hold what was removed; it is tried again. %s", error
                    )
                told = True
            await self.clock.sleep(ERASE_MS)

    async def mend(self) -> None:
        """Have the book filled again in a Redis that has lost it, and logs in one that was away, until cancelled."""
        while True:
            mends = [] if self._logs is None or self._books is None else [self._logs.fill, self._books.mend]
            for mend in mends:
                try:
                    if self.keeping.answers:
                        await mend()
                except (StorageError, RecordBroken) as error:
                    logger.debug("cluster: what Redis lacks can't be filled (%s)", type(error).__name__)
            await self.clock.sleep(MEND_MS)

    async def confirm(self) -> None:
        """Look, as the keeper, how far this node and with it the list of removals has come, until cancelled."""
        while True:
            try:
                if self.keeping.answers and self.log_here is not None:
                    await self.removing.look(self.log_here)
            except StorageUnavailable as error:
                logger.debug("cluster: the list of removals can't be looked at (%s)", type(error).__name__)
            await self.clock.sleep(removing.LOOK_MS)

    async def _known_term(self) -> int:
        """The highest that the logs here, which have had those of Redis, and of all other nodes have had."""
        return max((self._term, *(note.term for note in self.others.met.values())))


def redis_server(settings: Settings) -> RedisServer:
    """The server that `[cluster]` names, not connected yet. Raises ConfigurationError."""
    return _server_at(settings, settings.cluster.redis)


def _server_at(settings: Settings, url: str) -> RedisServer:
    if find_spec("redis") is None:
        raise ConfigurationError("[cluster] has `redis`, which needs the extra: pip install 'moothall[cluster]'.")
    own = settings.cluster
    address = parsed(
        url,
        password_file=Path(own.password_file) if own.password_file else None,
        authorities=Path(own.authorities) if own.authorities else None,
    )
    return RedisServer(address)


@asynccontextmanager
async def joined(settings: Settings, clock: Clock) -> AsyncIterator[House]:
    """Take part in a house while inside: watch its lease, and take it when it is due.

    Raises ConfigurationError.
    """
    own = settings.cluster
    server = redis_server(settings)
    for name, value in (
        ("node", own.node),
        ("number", own.number),
        ("address", own.address),
        ("key_file", own.key_file),
    ):
        if not value:
            raise ConfigurationError(f"[cluster] has `redis`, and no `{name}`: each node needs one of its own.")
    if own.one_copy == "allow" and (own.node not in own.nodes or len(own.nodes) < 2):
        msg = "[cluster] allows `one_copy`: `nodes` has to name all nodes of the house, two at least, this one too."
        raise ConfigurationError(msg)
    replicas = [_server_at(settings, url) for url in own.replicas]
    house = House(settings, clock, server, RedisLog(server, own.node), RedisBook(server, own.node), replicas)
    async with AsyncExitStack() as stack:
        for each in (server, *replicas):
            stack.push_async_callback(each.close)
        await _usable(server, clock)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        stack.push_async_callback(house.others.leave)
        keeping = (house.keeping.run, house.keeping.watch_links)
        watching = (house.others.run, *keeping, house.confirming.run, house.trust.run)
        for run in (*watching, house.erase, house.mend, house.confirm):
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
