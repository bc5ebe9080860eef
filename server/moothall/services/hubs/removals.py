"""Tracks which machines of hubs hold copies of which sessions, and which machines have erased what was removed since.

The book says which machine holds what (written before the machine gets any of it), and what it has reported as erased.
The logs say what was removed, and whether everybody may still read a session: hubs must erase a session that isn't
public any more. After a start both are read from the logs. The centre tracks its own hubs, and a hub those below it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.types import Access, BodyRemoved, SessionArranged
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.kernel.lanes import SESSION
from moothall.core.ports import Book, BookEntry, Clock
from moothall.services.hubs.ports import Identity
from moothall.services.log.publication import Publication
from moothall.services.supervision.waiting import Listeners

logger = logging.getLogger(__name__)

NAMESPACE = "hub-held"
KEEP_MS = 1_000
"""How often reported erasures are stored. Those that a killed server forgets are requested again."""
AGAIN_MS = 60_000
"""How long until a log that could not be read is read again."""
PAGE = 250
ALL = 0
"""Used in place of a removal's offset: the session itself was removed, or is not public any more."""
_REMOVED, _ARRANGED = (str(kind.__struct_config__.tag) for kind in (BodyRemoved, SessionArranged))


class HeldCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A machine's copy of a session."""

    session: SessionId
    epoch: Epoch
    hub: str
    """The hub's name."""
    title: str
    """The hub's title, for people."""
    node: str
    """The machine's own id."""
    since: int
    """The machine never had what was removed up to this offset."""
    done: dict[int, int] = {}
    """When it reported each removal as carried out: Unix ms, by the offset of the `body.removed`."""
    gone: int | None = None
    """When the whole session was removed here, Unix ms; None while it exists."""


class HubRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """One removal, with the machines that held what was removed."""

    session: SessionId
    offset: int
    """The offset of the `body.removed`; 0: the whole session has to be erased."""
    at: int
    """When it was removed, Unix ms."""
    holders: tuple[HeldCopy, ...]
    """The copies, sorted by the titles of their hubs."""
    restricted: bool = False
    """Whether the session still exists, and is only not public any more."""

    def done(self, holder: HeldCopy) -> int | None:
        """When a holder reported it as erased, Unix ms; None while it hasn't."""
        return holder.done.get(self.offset)


class ReadLog(Protocol):
    """Reads a log like `moothall.core.ports.EventLog.read`. Raises StorageUnavailable and RecordBroken."""

    async def __call__(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """The records after the offset `after`."""
        ...


class HubRemovals:
    """Tracks which machines still have to erase removed words. Call `load` first; `run` must be running: it reads the
    logs and stores which removals were carried out.
    """

    def __init__(self, *, book: Book, read: ReadLog, clock: Clock) -> None:
        self._book = book
        self._read = read
        self._clock = clock
        # Bound: the sessions that hubs follow, by the machines of each.
        self._held: dict[SessionId, dict[str, HeldCopy]] = {}
        # Bound: the removals from these sessions.
        self._removed: dict[SessionId, dict[int, tuple[Epoch, int]]] = {}
        """Epoch and Unix ms of each removal, by session and offset."""
        self._restricted: dict[SessionId, int] = {}
        """Held sessions that aren't public any more, and since when in Unix ms. Bound: as above."""
        self._told: set[SessionId] = set()
        """Held sessions whose access changed while their log was being read, so that the result is outdated. Bound: as
        above.
        """
        self._unread: set[SessionId] = set()
        self._unkept: set[tuple[SessionId, str]] = set()
        self.when_due = Listeners[[str, SessionId, Epoch, int]]()
        """Called with a machine and a removal that it has to carry out (`RemovalsAtHubs`)."""
        self.when_clear = Listeners[[SessionId, int]]()
        """Called with a session and an offset when nobody holds what was removed there any more."""

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        for body in (await self._book.read(NAMESPACE)).values():
            held = msgspec.json.decode(body, type=HeldCopy)
            self._held.setdefault(held.session, {})[held.node] = held
        self._unread = set(self._held)

    async def run(self) -> None:
        """Read the removals from sessions that are held, and store reported erasures, until cancelled."""
        tried = self._clock.monotonic() - AGAIN_MS
        while True:
            if self._unread and self._clock.monotonic() - tried >= AGAIN_MS:
                tried = self._clock.monotonic()
                for session in sorted(self._unread):
                    await self._look(session)
            await self._keep()
            await self._clock.sleep(KEEP_MS)

    # Input

    async def holds(self, identity: Identity, node: str, session: SessionId, epoch: Epoch, since: int) -> None:
        """Store that a machine gets a session from now on; durable on return (`RemovalsAtHubs`)."""
        known = self._held.get(session, {}).get(node)
        if known is None or known.epoch != epoch or known.hub != identity.hub or known.gone is not None:
            held = HeldCopy(
                session=session, epoch=epoch, hub=identity.hub, title=identity.title, node=node, since=since
            )
            await self._book.write([_entry(held)])
            self._held.setdefault(session, {})[node] = held
        if session not in self._removed or session in self._restricted:  # A restricted session may be public again.
            self._unread.add(session)
            await self._look(session)
        if session in self._restricted:  # The other holders were notified when it became restricted.
            self.when_due.tell(node, session, epoch, ALL)

    def take(self, publication: Publication) -> None:
        """Process a publication of a log that is written here."""
        for record in publication.records:
            self._take_removal(publication.session, record)
            if (access := _access(record)) is not None:
                if publication.session in self._held:
                    self._told.add(publication.session)
                self.arranged(publication.session, access, record.header.at)

    def removed(self, session: SessionId, epoch: Epoch, offset: int, at: int) -> None:
        """Note that a `body.removed` is in a log, and was carried out here. May be repeated."""
        if session not in self._held:
            return
        if offset in self._removed.setdefault(session, {}):
            return
        self._removed[session][offset] = (epoch, at)
        for held in self._held[session].values():
            if _is_due(held, epoch, offset):
                self.when_due.tell(held.node, session, epoch, offset)

    def arranged(self, session: SessionId, access: Access, at: int) -> None:
        """Note who may read a session from now on; `at` in Unix ms."""
        if access is Access.PUBLIC:
            self._restricted.pop(session, None)
        elif session in self._held and session not in self._restricted:
            self._restricted[session] = at
            for held in self._held[session].values():
                self.when_due.tell(held.node, session, held.epoch, ALL)

    async def gone(self, session: SessionId) -> None:
        """Store that a session was removed, so that every copy of it has to be erased. Raises StorageUnavailable."""
        now = self._clock.wall()
        holders = [
            msgspec.structs.replace(held, gone=now)
            for held in self._held.get(session, {}).values()
            if held.gone is None
        ]
        if holders:
            await self._book.write(list(map(_entry, holders)))
        for held in holders:
            self._held[session][held.node] = held
            self.when_due.tell(held.node, session, held.epoch, ALL)
        if not self.outstanding(session, ALL):
            self.when_clear.tell(session, ALL)

    def erased(self, hub: str, node: str, session: SessionId, offset: int) -> None:
        """Note that a machine has erased what the `body.removed` at `offset` names; 0: its copy of the session
        (`RemovalsAtHubs`).
        """
        held = self._held.get(session, {}).get(node)
        if held is None or held.hub != hub:
            return
        if offset == ALL and (held.gone is not None or session in self._restricted):
            del self._held[session][node]
        elif _is_due(held, self._epoch_of(session, offset), offset):
            done = {**held.done, offset: self._clock.wall()}
            self._held[session][node] = msgspec.structs.replace(held, done=done)
        else:
            return
        self._unkept.add((session, node))
        logger.info("session %s: hub %s erased the words of removal %d", session, hub, offset)
        if not self.outstanding(session, offset):
            self.when_clear.tell(session, offset)

    # Queries

    def outstanding(self, session: SessionId, offset: int) -> bool:
        """Whether any machine has yet to erase a removal; with `ALL`: whether any machine holds the session."""
        holders = self._held.get(session, {}).values()
        if offset == ALL:
            return bool(holders)
        epoch = self._epoch_of(session, offset)
        return any(_is_due(held, epoch, offset) for held in holders)

    def due(self, node: str) -> Sequence[tuple[SessionId, Epoch, int]]:
        """The removals that a machine hasn't reported as erased (`RemovalsAtHubs`)."""
        found: list[tuple[SessionId, Epoch, int]] = []
        for session, holders in self._held.items():
            held = holders.get(node)
            if held is None:
                continue
            if held.gone is not None or session in self._restricted:
                found.append((session, held.epoch, ALL))
            removed = self._removed.get(session, {}).items()
            found += [(session, epoch, offset) for offset, (epoch, _) in removed if _is_due(held, epoch, offset)]
        return found

    def list(self) -> Sequence[HubRemoval]:
        """All removals from sessions while a machine held them, newest first."""
        found: list[HubRemoval] = []
        for session, holders in self._held.items():
            by_title = sorted(holders.values(), key=lambda held: (held.title.casefold(), held.node))
            if gone := tuple(held for held in by_title if held.gone is not None):
                found.append(
                    HubRemoval(session=session, offset=ALL, at=min(held.gone or 0 for held in gone), holders=gone)
                )
            elif by_title and (at := self._restricted.get(session)) is not None:
                found.append(HubRemoval(session=session, offset=ALL, at=at, holders=tuple(by_title), restricted=True))
            for offset, (epoch, at) in self._removed.get(session, {}).items():
                if had := tuple(held for held in by_title if held.epoch == epoch and held.since < offset):
                    found.append(HubRemoval(session=session, offset=offset, at=at, holders=had))
        return sorted(found, key=lambda each: (-each.at, each.session, -each.offset))

    # Internals

    async def _look(self, session: SessionId) -> None:
        """Read the removals from a session and its access from its log. An unreadable log is tried again later."""
        after, newest = 0, None
        self._told.discard(session)
        self._removed.setdefault(session, {})
        try:
            while page := await self._read(session, after, PAGE, frozenset({SESSION})):
                for record in page:
                    self._take_removal(session, record)
                    access = _access(record)
                    newest = newest if access is None else (access, record.header.at)
                after = page[-1].header.offset
        except (StorageUnavailable, RecordBroken):
            logger.warning("session %s: the removals can't be read at the moment", session)
            return
        self._unread.discard(session)
        if session not in self._told:
            self.arranged(session, *(newest or (Access.PUBLIC, 0)))

    def _take_removal(self, session: SessionId, record: LogRecord) -> None:
        header = record.header
        if header.type == _REMOVED:
            self.removed(session, header.epoch, header.offset, header.at)

    async def _keep(self) -> None:
        due, self._unkept = self._unkept, set()
        if not due:
            return
        try:
            await self._book.write([self._entry_of(session, node) for session, node in sorted(due)])
        except StorageUnavailable:
            self._unkept |= due
            logger.warning("the erasures of hubs can't be stored at the moment")

    def _epoch_of(self, session: SessionId, offset: int) -> Epoch | None:
        """The epoch of the log that has a `body.removed` at this offset; None where none is known there."""
        epoch, _ = self._removed.get(session, {}).get(offset, (None, 0))
        return epoch

    def _entry_of(self, session: SessionId, node: str) -> BookEntry:
        held = self._held.get(session, {}).get(node)
        return BookEntry(NAMESPACE, f"{session}:{node}", None) if held is None else _entry(held)


def _access(record: LogRecord) -> Access | None:
    """Who may read the session from this event on; None where the event doesn't change it."""
    if record.header.type != _ARRANGED or record.body is None:
        return None
    event = decode_event(record.body)
    return event.access if isinstance(event, SessionArranged) else None


def _is_due(held: HeldCopy, epoch: Epoch | None, offset: int) -> bool:
    return held.epoch == epoch and held.since < offset and offset not in held.done


def _entry(held: HeldCopy) -> BookEntry:
    return BookEntry(NAMESPACE, f"{held.session}:{held.node}", msgspec.json.encode(held))
