"""Lease, notes of nodes and copies in memory: as strict as Redis, and able to be unreachable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.cluster.lease import Lease
from moothall.core.cluster.nodes import NodeNote
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import Book, EventLog
from moothall.services.cluster.two_books import entries_of, noted_change
from moothall.wire.cluster.node_link import NodeState, WholeBook


class MemoryLease:
    """A `LeaseStore` for tests; several nodes share it."""

    def __init__(self) -> None:
        self.lease: Lease | None = None
        self.away = False
        """Whether no node can reach it."""

    async def look(self) -> Lease | None:
        """The lease as it is now (`LeaseStore`)."""
        self._refuse_when_away()
        return self.lease

    async def take(self, seen: Lease | None, lease: Lease) -> bool:
        """Replace the lease `seen` by another one (`LeaseStore`)."""
        self._refuse_when_away()
        if self.lease != seen:
            return False
        self.lease = lease
        return True

    async def renew(self, lease: Lease) -> bool:
        """Raise the lease's beat (`LeaseStore`)."""
        self._refuse_when_away()
        if not self._is_of(lease):
            return False
        self.lease = msgspec.structs.replace(lease, beat=(self.lease or lease).beat + 1)
        return True

    async def give_up(self, lease: Lease) -> None:
        """Give the lease up, so that others may take it (`LeaseStore`)."""
        self._refuse_when_away()
        if self._is_of(lease):
            self.lease = msgspec.structs.replace(lease, node="", address="", beat=(self.lease or lease).beat + 1)

    async def drop(self, lease: Lease) -> None:
        """Delete the lease (`LeaseStore`)."""
        self._refuse_when_away()
        if self._is_of(lease):
            self.lease = None

    def _is_of(self, lease: Lease) -> bool:
        return self.lease is not None and (self.lease.node, self.lease.term) == (lease.node, lease.term)

    def _refuse_when_away(self) -> None:
        if self.away:
            raise StorageUnavailable("The lease can't be reached.")


class MemoryNotes:
    """The `NodeNotes` of tests; several nodes share them."""

    def __init__(self) -> None:
        self.notes: dict[str, NodeNote] = {}
        self.away = False
        """Whether no node can reach them."""

    async def tell(self, node: str, note: NodeNote) -> None:
        """Write this node's note (`NodeNotes`)."""
        self._refuse_when_away()
        self.notes[node] = note

    async def all(self) -> Mapping[str, NodeNote]:
        """Every node's newest note (`NodeNotes`)."""
        self._refuse_when_away()
        return dict(self.notes)

    async def drop(self, node: str, note: NodeNote) -> bool:
        """Delete a node's note (`NodeNotes`)."""
        self._refuse_when_away()
        if self.notes.get(node) != note:
            return False
        del self.notes[node]
        return True

    def _refuse_when_away(self) -> None:
        if self.away:
            raise StorageUnavailable("The nodes can't be told.")


class MemoryCopies:
    """The `OtherCopies` of tests: the log and book of another node, which may stay unanswered a few times."""

    def __init__(self, log: EventLog, book: Book) -> None:
        self.log = log
        self._book = book
        self.silent = 0
        """How many of the next requests get no answer."""

    async def node_state(self) -> NodeState:
        """The ends of its logs, and the state of its book (`OtherCopies`)."""
        self._refuse_while_silent()
        heads = {session: await self.log.head(session) for session in await self.log.sessions()}
        there = {session: head for session, head in heads.items() if head is not None}
        return NodeState(heads=there, change=await noted_change(self._book))

    async def book(self) -> WholeBook:
        """All entries of its book (`OtherCopies`)."""
        self._refuse_while_silent()
        entries = {name: await self._book.read(name) for name in await entries_of(self._book)}
        return WholeBook(change=await noted_change(self._book) or 0, entries=entries)

    async def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        """Records of a session after an offset (`OtherCopies`)."""
        self._refuse_while_silent()
        return await self.log.read(session, after, limit)

    def _refuse_while_silent(self) -> None:
        if self.silent:
            self.silent -= 1
            raise StorageUnavailable("The node can't be asked.")


class MemorySingles:
    """The `SingleCopies` of tests: the list of sessions in one copy, on a disk that can be full."""

    def __init__(self, *sessions: SessionId) -> None:
        """`sessions` have one copy from the start."""
        self.said: list[tuple[SessionId, int, str]] = []
        """The calls that changed something: session, offset, and `first`, `through` or `aside`."""
        self.full = False
        self._open = set(sessions)

    @property
    def open(self) -> frozenset[SessionId]:
        """The sessions that have one copy (`SingleCopies`)."""
        return frozenset(self._open)

    async def begin(self, session: SessionId, epoch: Epoch, first: int) -> None:
        """Note that a session has one copy from the event `first` on (`SingleCopies`)."""
        self._refuse_when_full()
        if session not in self._open:
            self._open.add(session)
            self.said.append((session, first, "first"))

    async def end(self, session: SessionId, through: int, *, aside: bool = False) -> None:
        """Note that a session has two copies again, or that its single copy was set aside (`SingleCopies`)."""
        self._refuse_when_full()
        if session in self._open:
            self._open.discard(session)
            self.said.append((session, through, "aside" if aside else "through"))

    def _refuse_when_full(self) -> None:
        if self.full:
            raise StorageUnavailable("The list can't be written.")
