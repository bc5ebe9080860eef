"""The state that the nodes of a house share, as one node sees it: Redis, the lease, and the house's keys."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from moothall import __version__
from moothall.adapters.cluster.address import parsed
from moothall.adapters.cluster.book_redis import RedisBook
from moothall.adapters.cluster.copies_door import NodeStateDoor
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
from moothall.app.backend import erase_sound, removal_list
from moothall.app.parts import Nodes
from moothall.core.backup.removed import RemovedContent
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
from moothall.services.cluster.following import Came, LogFollower
from moothall.services.cluster.former_sound import FormerSound
from moothall.services.cluster.gathering import Gathering
from moothall.services.cluster.keeping import KeeperLease
from moothall.services.cluster.node_notes import Others
from moothall.services.cluster.own_disk import AnsweredBook, AnsweredLog, AnsweredSingles, OwnDisk
from moothall.services.cluster.read_elsewhere import ReadElsewhere
from moothall.services.cluster.refilling import Refilling
from moothall.services.cluster.removing import Removing
from moothall.services.cluster.sound_copies import SoundCopies
from moothall.services.cluster.two_books import HOUSE, TwoBooks, entries_of, follow_book, noted_change
from moothall.services.cluster.two_copies import STEPS, TwoCopies
from moothall.services.operation.redis_checks import needed_memory
from moothall.services.sound.former_recordings import FormerRecordings
from moothall.services.supervision.supervising import supervise
from moothall.settings.sections import Settings
from moothall.wire.cluster.node_link import NodeState, WholeBook
from moothall.wire.frames import Freshness

logger = logging.getLogger(__name__)

SIGNER = HOUSE, "signer"
"""The namespace and key under which the book names the key that the house signs with."""
AGAIN_MS = 1_000
"""Milliseconds until a house that could not be opened, or a Redis that did not answer, is tried again."""
MEETINGS = 10
"""Meetings a day for which Redis must have memory where its memory is limited."""
MEND_MS = 1_000
"""Milliseconds between the keeper's checks whether Redis has lost the book, or lacks what only the keeper has."""
ERASE_MS = 1_000
"""Milliseconds between the keeper's checks whether Redis's files have to be rewritten without what was removed."""


class _OwnBook(NamedTuple):
    change: int
    """The number of the newest change of the shared book that this node's own book has."""
    empty: bool
    """Whether the own book has no entries."""


class _Opened(NamedTuple):
    """The stores of the house, as its keeper opens them. In a later term they must not be used any more."""

    term: int | None
    logs: TwoCopies
    books: TwoBooks


@dataclass(eq=False, repr=False)
class House:
    """The house as one node sees it: the shared stores, the other nodes, and whether this node may keep it."""

    settings: Settings
    clock: Clock
    server: RedisServer
    log: RedisLog
    book: RedisBook
    replicas: Sequence[RedisServer] = ()
    """The replicas of that Redis server."""
    log_here: NodeLog | None = field(default=None, init=False)
    """This node's own log, as it was last opened; None before."""
    book_here: Book | None = field(default=None, init=False)
    """This node's own book, as it was last opened; None before."""
    former: FormerSound | None = field(default=None, init=False)
    """The spools on this disk since this node last stood by; None before."""
    recordings: FormerRecordings | None = field(default=None, init=False)
    """The recordings on this disk since this node last stood by; None before."""

    def __post_init__(self) -> None:
        own, elsewhere = self.settings.cluster, ReadElsewhere()
        self.confirming = Confirming(self.clock, self._asked, elsewhere.ask_without, lambda: self.keeping.suspended)
        """Asks the other nodes to confirm that they have no Redis either."""
        elsewhere.answered = self.confirming.answered
        self.keeping = KeeperLease(
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
            whole=self._whole,
        )
        self.key = open_key(Path(own.key_file), SystemRandomness())
        self.seal = NodeSeal(own.node, self.key, self.clock, SystemRandomness())
        """Signs what this node asks of the keeper."""
        self.gate = NodeGate(self.key, self.clock)
        """Lets in requests of other nodes while this node stands by."""
        self.node_state = NodeStateDoor(self._node_state, self._whole_book)
        """Reports to other nodes which events and book entries this one has."""
        self.nodes = Nodes(
            NodeGate(self.key, self.clock, lambda: self.keeping.term is not None),
            elsewhere,
            answers=lambda: self.keeping.answers or self.keeping.alone,
            one_copy=lambda: self.keeping.alone,
            unconfirmed=self._unconfirmed,
            stuck=self._stuck,
            retire=self._retire,
            unfilled=lambda: 0 if self.refilling is None else self.refilling.left,
            faults=lambda: self.trust.faults,
            node_state=self.node_state,
            source=lambda: Freshness(age=self.keeping.age),
        )
        """The other nodes, while this node keeps the house."""
        self.disk = OwnDisk(self.clock, self._hand_on)
        """Notices when this node's disk hangs."""
        self.singles = OneCopyList(Path(self.settings.server.data) / one_copy_list.FILE_NAME, self.clock)
        self.asides = AsideFolder(Path(self.settings.server.data) / FOLDER)
        self.trust = Trust(self.server, self.clock, needed_memory(MEETINGS))
        """Watches whether Redis stays configured as it must be, from the start of this node on."""
        self.others = Others(RedisNotes(self.server), self.clock, node=own.node, note=self._note)
        self.following: LogFollower | None = None
        """Copies the house's logs while this node stands by; None otherwise."""
        self.sound: SoundCopies | None = None
        """The copies of the keeper's sound since this node last stood by; None before."""
        self.removing = Removing(self.log, own.node)
        """Tracks whether removals have been applied here."""
        self._looked: int | None = None
        """When the list of removals was last checked, in monotonic ms; None: never."""
        self._copies: dict[SessionId, LogHead] = {}
        """The ends of the logs here when this node last stood by, or took the house over: a take-over skips logs that
        have not changed since. Bounded by the number of sessions."""
        self._came: dict[SessionId, Came] = {}
        """The last event of each copy, and since when it has been here."""
        self._reached_at: int | None = None
        self._opened: _Opened | None = None
        """The stores of the house as this node last opened them as its keeper; None before."""
        self.refilling: Refilling | None = None
        """Fills what Redis lacks of the keeper's logs, while this node is the keeper or when it last was; None
        before."""
        self._fit = False
        """Whether this node has the signing key that a keeper needs; False until that is checked."""
        self._kept_term = 0
        """The term in which this node last kept the house; 0: never."""
        self._own_book = _OwnBook(change=0, empty=False)
        # Serialises changes of the own book while this node stands by. Bound: its two tasks that follow the book.
        self._following_book = asyncio.Lock()
        self._waits = ""
        """The name of the node for which this one was last logged to wait; empty: none."""

    @property
    def keeper(self) -> str | None:
        """The address of the node that keeps the house, when it is another one; None otherwise."""
        lease = self.keeping.lease
        return None if lease is None or lease.node == self.settings.cluster.node else lease.address or None

    def _note(self) -> NodeNote:
        """What this node reports of itself."""
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
        """The highest term of the house in which a log here was written, or in which this node kept the house."""
        heads = self._copies if self.following is None else self.following.copies
        return max((self._kept_term, *(head.term // STEPS for head in heads.values())))

    @property
    def _reach(self) -> int:
        """The number of events in the logs here, also while this node keeps the house or is just giving it up."""
        if self.following is not None:
            return self.following.reach
        ends = {session: head.offset for session, head in self._copies.items()}
        return sum((ends | self.nodes.elsewhere.ends).values())

    def _may_keep(self) -> bool:
        lease = self.keeping.lease
        if self.disk.hangs:
            return False
        if not self._fit or self.following is None or not self.following.looked or not self.others.heard:
            return False  # In this state it knows nothing that Redis does not have, and Redis may have lost everything.
        unlisted = self.others.unlisted(None if lease is None else lease.node)
        return self.others.same_number is None and unlisted is None and not (lease is None and self._awaits())

    async def _hand_on(self) -> None:
        """Give the house up, since this node's disk hangs. Where Redis is away nobody could take it; then it is given
        up once Redis is back.
        """
        if self.keeping.answers:
            logger.error("cluster: this node's disk does not answer; this node gives up the house")
            await self.keeping.give_up()

    def _awaits(self) -> bool:
        """Whether this node has nothing, and another node may have something."""
        awaited = self.others.awaited if self._own_book.empty and not self._reach else None
        if awaited is not None and awaited != self._waits:
            logger.warning(
                "cluster: Redis and this node are empty, and node %s may have the data: waiting for it. Start it; or, "
                "for a house that is new, leave it out of `nodes` of [cluster] until it is started",
                awaited,
            )
        self._waits = awaited or ""
        return awaited is not None

    async def follow_book(self, book: Book) -> bool:
        """Bring this node's own book up to date with the shared one, if Redis answers; return whether it is. Raises
        StorageUnavailable where the own book cannot be read.
        """
        async with self._following_book:
            followed = False
            try:
                await follow_book(self.book, book)
                followed = True
            except LogMissing:  # The keeper makes the shared book, or fills it again.
                pass
            except StorageUnavailable as error:
                logger.debug("cluster: the book can't be followed (%s)", type(error).__name__)
            change = await noted_change(book)
            self._own_book = _OwnBook(change=change or 0, empty=change is None and not await entries_of(book))
            return followed

    async def erase_sound(self, session: SessionId) -> None:
        """Delete the sound that this node has of a session that was erased. Raises StorageUnavailable."""
        await erase_sound(Path(self.settings.server.data), session)

    def _asked(self) -> frozenset[str]:
        """The nodes that have to confirm that they have no Redis: those of the settings, and those that were alive when
        this node last saw Redis. Empty where one copy is not allowed.
        """
        own = self.settings.cluster
        return frozenset() if own.one_copy == "refuse" else self.others.last_living | {*own.nodes} - {own.node}

    def _unconfirmed(self) -> Mapping[str, int]:
        """How many removals each other node has not confirmed."""
        return self.removing.lacking(self.others.all, self.nodes.elsewhere.applied)

    def _stuck(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the removals that a node cannot apply, by the node's name; this node included."""
        return self.removing.stuck_at(self.others.all, self.nodes.elsewhere.applied)

    async def _retire(self, node: str) -> str:
        """Remove a node from the house that is gone for good. Return a sentence for the operator. Raises
        ConfigurationError where the node is still alive, and StorageUnavailable.
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
        """Delete sound that has to go, and check how far this node has applied the list of removals, unless it was
        checked just now (`Removing.look`).
        """
        if self.former is not None and self.following is not None:
            await self.former.look(self.following.copies)
        now = self.clock.monotonic()
        if self._looked is not None and now - self._looked < removing.LOOK_MS:
            return
        self._looked = now
        # The keeper's book says what has to be silenced before its log says that it was removed.
        if self.recordings is not None and self.book_here is not None:
            if not await self.follow_book(self.book_here):
                return
            await self.recordings.look(self.book_here)
        await self.removing.look(log, settled)

    async def kept(self, log: NodeLog, book: Book) -> tuple[EventLog, Book]:
        """Return log and book for the node that takes the house, after bringing its own up to what Redis has."""
        term = self.keeping.term
        self.log_here, self.book_here, self._kept_term = log, book, term or self._kept_term
        own, singles = AnsweredLog(log, self.disk.answer), AnsweredSingles(self.singles, self.disk.answer)
        own_book = AnsweredBook(book, self.disk.answer)
        if self.keeping.in_doubt:
            await self._gather(own, own_book)
        books = TwoBooks(self.book, own_book, self.keeping, self.clock)
        await books.opened()
        self.nodes.elsewhere.ends.clear()
        last = LogFollower(
            self.log,
            own,
            self.clock,
            asides=self.asides,
            singles=singles,
            copies=self._copies,
            came=self._came,
            reached_at=self._reached_at,
            erase_sound=self.erase_sound,
        )
        await last.catch_up()
        if self.former is not None:
            await self.former.look(self._copies)
        if self.recordings is not None:
            await self.recordings.delete_due(books)
        if not await self.check_key(books):
            name = Ed25519Signer.open(self._key_path).key_id
            await books.write([BookEntry(*SIGNER, name.encode())])
        logs = TwoCopies(
            self.log,
            own,
            self.keeping,
            self.clock,
            asides=self.asides,
            singles=singles,
            alone=lambda: self.keeping.alone,
        )
        self.refilling = Refilling(
            self.log,
            logs,
            own,
            self.clock,
            erased=self._erased,
            in_doubt=self.keeping.in_doubt,
            count=last.count,
        )
        self._opened = _Opened(term, logs, books)
        return logs, books

    @property
    def _open(self) -> _Opened | None:
        """The stores of the term in which this node keeps the house; None before they are opened."""
        opened, term = self._opened, self.keeping.term
        return None if opened is None or term is None or opened.term != term else opened

    async def _whole(self, term: int) -> bool:
        """Ask whether Redis has all that is here; `term`: that in which this node is or was the keeper. Raises
        StorageUnavailable.
        """
        opened, refilling = self._opened, self.refilling
        if opened is None or opened.term != term or refilling is None:
            return not self.keeping.in_doubt
        return await refilling.whole()

    async def _erased(self) -> Collection[Epoch]:
        """Epochs of the logs that were erased here completely (`Refilling`)."""
        try:
            return RemovedContent(await asyncio.to_thread(removal_list(self.settings).lines)).logs
        except ConfigurationError as error:
            raise StorageUnavailable(str(error)) from error

    async def _gather(self, log: NodeLog, book: Book) -> None:
        """Take in what other nodes have and Redis may lack, before anything is written. Raises StorageUnavailable."""
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

    async def _node_state(self) -> NodeState:
        """The state of the logs and the book here, for other nodes. Raises StorageUnavailable, RecordBroken."""
        log, book = self.log_here, self.book_here
        if log is None or book is None or (self.following is not None and not self.following.looked):
            raise StorageUnavailable("This node does not know yet what it has.")
        heads = dict(self._copies if self.following is None else self.following.copies)
        if self.following is None:
            for session in self.nodes.elsewhere.ends:
                with suppress(RecordBroken):  # The others need what can be read.
                    head = await log.head(session)
                    if head is not None:
                        heads[session] = head
        return NodeState(heads=heads, change=await noted_change(book))

    async def _whole_book(self) -> WholeBook:
        book = self.book_here
        change = None if book is None else await noted_change(book)
        if book is None or change is None:
            raise StorageUnavailable("This node has no book of the house.")
        return WholeBook(change=change, entries={name: await book.read(name) for name in await entries_of(book)})

    def stand_by_no_more(self) -> None:
        """Keep the ends of the followed logs until this node keeps the house, or stands by again."""
        if self.following is not None:
            self._copies, self._came = self.following.copies, self.following.came
            self._reached_at, self.following = self.following.reached_at, None

    def passed(self, session: SessionId, offset: int) -> int | None:
        """Milliseconds by the monotonic clock since a session's event at `offset` arrived here. None where that is not
        known, or the event was not the session's last when this node took the house over.
        """
        came = self._came.get(session)
        return None if came is None or came.offset != offset else self.clock.monotonic() - came.since

    async def check_key(self, book: Book) -> bool:
        """Whether the house already has a signing key. Raises ConfigurationError unless it is this node's key too: what
        was signed before a take-over must verify with the same key as what is signed after it.
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
        """Have Redis rewrite its files after each removal, until cancelled."""
        erasure, told = FileErasure(self.server, self.clock, self.replicas), False
        while True:
            try:
                if self.keeping.answers and await erasure.due():
                    await erasure.erase()
                told = False
            except StorageUnavailable as error:
                if not told:
                    logger.warning("cluster: Redis's files may still hold removed words; retrying. %s", error)
                told = True
            await self.clock.sleep(ERASE_MS)

    async def mend(self) -> None:
        """Fill the book and logs again in a Redis that has lost them or was away, until cancelled."""
        while True:
            opened = self._open
            mends = [] if opened is None else [opened.logs.fill, opened.books.mend]
            for mend in mends:
                try:
                    if self.keeping.answers and self._open is opened:
                        await mend()
                except (StorageError, RecordBroken) as error:
                    logger.debug("cluster: the events that Redis lacks can't be restored (%s)", type(error).__name__)
            await self.clock.sleep(MEND_MS)

    async def confirm(self) -> None:
        """Check, as the keeper, how far this node and the others have applied the list of removals, until cancelled."""
        while True:
            try:
                if self.keeping.answers and self.log_here is not None:
                    await self.removing.look(self.log_here)
            except StorageUnavailable as error:
                logger.debug("cluster: the list of removals can't be looked at (%s)", type(error).__name__)
            await self.clock.sleep(removing.LOOK_MS)

    async def _known_term(self) -> int:
        """The highest term that is known without Redis: of the logs here, which are copies of those of Redis, and of
        all nodes that were met.
        """
        return max((self._term, *(note.term for note in self.others.met.values())))


def redis_server(settings: Settings) -> RedisServer:
    """The Redis server that `[cluster]` names, not connected yet. Raises ConfigurationError."""
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
    """Take part in a house while inside the context: watch its lease, and take it when this node's turn comes.

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
    """Wait until Redis answers and may hold a house. Raises ConfigurationError with all that is wrong with it."""
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
