"""A public tree over logs and a book in memory, with a clock that stands still until it is told to go on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

from moothall.adapters.store.signing import ed25519
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import OutcomeUnknown, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId
from moothall.core.ports import BookEntry
from moothall.core.proof.entries import entry_of
from moothall.core.proof.hashes import inclusion_root, leaf_hash
from moothall.services.log.publication import Publication
from moothall.services.proof.tree import DELAY_MS, PublicTree
from moothall.services.proof.tree_store import TreeStore
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import MemoryLog
from support.proof.keys import ORIGIN, SigningKey, log_key
from support.sessions.recorder import MORNING, SESSION, Recorder


class _Signer:
    def __init__(self, key: SigningKey) -> None:
        self._key = key
        self.key_id = "test"
        self.signed: list[bytes] = []

    def sign(self, message: bytes) -> bytes:
        self.signed.append(message)
        return self._key.private.sign(message)


class TornBook(MemoryBook):
    """A book that may die before or after it has stored something."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.dies_at = 0
        """The number of the write at which it dies; 0: never."""
        self.stores = False
        """Whether what it dies at is stored."""
        self.unread = "none"
        """The beginning of namespaces that can't be read."""
        self.goes_on: asyncio.Event | None = None
        """What the next write waits for."""

    async def read(self, namespace: str) -> Mapping[str, bytes]:
        if namespace.startswith(self.unread):
            raise StorageUnavailable("The book can't be read.")
        return await super().read(namespace)

    async def write(self, entries: Sequence[BookEntry]) -> None:
        goes_on, self.goes_on = self.goes_on, None
        if goes_on is not None:
            await goes_on.wait()
        self.writes += 1
        if self.writes == self.dies_at:
            if self.stores:
                await super().write(entries)
            raise OutcomeUnknown("The book died.")
        await super().write(entries)


class Grown:
    """A tree, the logs that it is of, and what happens to them."""

    def __init__(self, seed: str = "") -> None:
        self.log, self.book, self.clock = MemoryLog(), TornBook(), ManualClock(wall=MORNING)
        self.key = log_key(seed=seed)
        self.recorders: dict[SessionId, Recorder] = {}
        self.terms: dict[SessionId, int] = {}
        self.rehearsals: set[SessionId] = set()
        self.tree = self.opened()

    def opened(self) -> PublicTree:
        """The tree as a server that starts has it, before it is loaded."""
        self.signer = _Signer(self.key)
        self.tree = PublicTree(
            TreeStore(self.book),
            self.log,
            signer=self.signer,
            public=self.key.key.public,
            origin=ORIGIN,
            clock=self.clock,
            enters=self._enters,
            verify=ed25519,
        )
        return self.tree

    async def restart(self) -> PublicTree:
        await self.opened().load()
        return self.tree

    async def _enters(self, session: SessionId) -> bool:
        return session not in self.rehearsals

    async def say(self, *texts: str, session: SessionId = SESSION, staff: bool = False) -> list[LogRecord]:
        """Append a line for each text; where `staff`, an event of the staff's lane before it."""
        if session not in self.recorders:
            self.recorders[session] = Recorder(session)
            self.terms[session] = (await self.log.acquire(session, Epoch("k3j9x2"))).term
        recorder, records, events = self.recorders[session], list[LogRecord](), list[ev.AnyEvent]()
        before = recorder.offset
        for text in texts:
            if staff:
                events.append(ev.SessionPaused(t=recorder.offset))
                records.append(recorder.record(events[-1], lane="staff"))
            segment = SegmentId(f"floor-1-{recorder.offset}")
            ended = le.SegmentEnded(
                channel=ChannelId("floor"), segment=segment, t1=900, reason=le.EndReason.SENTENCE, text=text
            )
            events.append(ended)
            records.append(recorder.record(ended, Actor(Role.ENGINE, "engine-1")))
        await self.log.append(session, self.terms[session], before, records)
        self.tree.take(Publication(session=session, records=tuple(records), events=tuple(events)))
        return records

    async def later(self, ms: int = DELAY_MS + 10_000) -> PublicTree:
        """Let time pass, and the tree grow as far as it can."""
        self.clock.set_wall(self.clock.wall() + ms)
        while await self.tree.grow():
            pass
        return self.tree

    async def is_in(self, record: LogRecord) -> bool:
        """Whether the tree that is shown has a proof of this event."""
        header, shown = record.header, self.tree.shown
        place = await self.tree.place_of(header.session, header.epoch, header.offset)
        if place is None or shown is None:
            return False
        path = await self.tree.path_to(place, shown.head.size)
        return inclusion_root(place, shown.head.size, leaf_hash(entry_of(record)), path) == shown.head.root


@contextlib.asynccontextmanager
async def grown(*texts: str) -> AsyncIterator[Grown]:
    """A tree with the lines that were said in it."""
    made = Grown()
    await made.restart()
    if texts:
        await made.say(*texts)
        await made.later()
    yield made
