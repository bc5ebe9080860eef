"""Which machines of hubs hold copies of which sessions, and which of them have erased what was removed since.

The book says who holds what, before a machine gets any of it, and what it has said to have erased. What was removed
stands in the logs, and whether everybody may read a session still: of one that not everybody may, nothing stays at a
hub. Both are read from there after a start. The centre keeps this of its hubs, and a hub of those below.
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
"""How often it is written what was erased. What a killed server forgets of it is asked for again."""
AGAIN_MS = 60_000
"""How long until a log is read again that couldn't be."""
PAGE = 250
ALL = 0
"""In place of a removal's offset: the session itself is no more, or no more for everybody."""
_REMOVED, _ARRANGED = (str(kind.__struct_config__.tag) for kind in (BodyRemoved, SessionArranged))


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """A machine's copy of a session."""

    session: SessionId
    epoch: Epoch
    hub: str
    """The hub's name."""
    title: str
    """What people call it."""
    node: str
    """The machine's own name."""
    since: int
    """What was removed up to this offset it never had."""
    done: dict[int, int] = {}
    """When it had erased what was removed: Unix ms, by the offset of the `body.removed`."""
    gone: int | None = None
    """Unix ms when the session was removed here, whole."""


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed, and who held it."""

    session: SessionId
    offset: int
    """Of the `body.removed`; 0: all of the session has to go."""
    at: int
    """Unix ms."""
    holders: tuple[Holding, ...]
    """By their titles."""
    restricted: bool = False
    """Whether it is there still, and not everybody may read it any more."""

    def done(self, holder: Holding) -> int | None:
        """When a holder had erased it, Unix ms; None while it hasn't said so."""
        return holder.done.get(self.offset)


class ReadLog(Protocol):
    """Reads a log, as `moothall.core.ports.EventLog.read`. Raises StorageUnavailable, and RecordBroken."""

    async def __call__(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """The records behind `after`."""
        ...


class HubRemovals:
    """Tracks which machines still have to erase removed words. Call `load` first; `run` must be running: it reads the
    logs and stores what was erased.
    """

    def __init__(self, *, book: Book, read: ReadLog, clock: Clock) -> None:
        self._book = book
        self._read = read
        self._clock = clock
        # Bound: the sessions that hubs follow, by the machines of each.
        self._held: dict[SessionId, dict[str, Holding]] = {}
        # Bound: what was removed from these.
        self._removed: dict[SessionId, dict[int, tuple[Epoch, int]]] = {}
        """Epoch and Unix ms by offset."""
        self._restricted: dict[SessionId, int] = {}
        """Those that not everybody may read any more, with the Unix ms of when that was said. Bound: as above."""
        self._told: set[SessionId] = set()
        """Those whose readers were arranged while their log was read: what was read says less. Bound: as above."""
        self._unread: set[SessionId] = set()
        self._unkept: set[tuple[SessionId, str]] = set()
        self.when_due = Listeners[[str, SessionId, Epoch, int]]()
        """Told of a machine, and what it has to erase (`Removals`)."""
        self.when_clear = Listeners[[SessionId, int]]()
        """Told when nobody holds what was removed any more."""

    async def load(self) -> None:
        """Read the book; raises StorageUnavailable."""
        for body in (await self._book.read(NAMESPACE)).values():
            held = msgspec.json.decode(body, type=Holding)
            self._held.setdefault(held.session, {})[held.node] = held
        self._unread = set(self._held)

    async def run(self) -> None:
        """Read what was removed from sessions that are held, and write what was erased, until cancelled."""
        tried = self._clock.monotonic() - AGAIN_MS
        while True:
            if self._unread and self._clock.monotonic() - tried >= AGAIN_MS:
                tried = self._clock.monotonic()
                for session in sorted(self._unread):
                    await self._look(session)
            await self._keep()
            await self._clock.sleep(KEEP_MS)

    # What happens

    async def holds(self, identity: Identity, node: str, session: SessionId, epoch: Epoch, since: int) -> None:
        """A machine gets a session from now on; durable when this returns (`Removals`)."""
        known = self._held.get(session, {}).get(node)
        if known is None or known.epoch != epoch or known.hub != identity.hub or known.gone is not None:
            held = Holding(session=session, epoch=epoch, hub=identity.hub, title=identity.title, node=node, since=since)
            await self._book.write([_entry(held)])
            self._held.setdefault(session, {})[node] = held
        if session not in self._removed or session in self._restricted:  # Nobody gets one that is restricted still.
            self._unread.add(session)
            await self._look(session)
        if session in self._restricted:  # The others were told when it came to be so.
            self.when_due.tell(node, session, epoch, ALL)

    def take(self, publication: Publication) -> None:
        """Follow what is published in a log that is written here."""
        for record in publication.records:
            self._take_removal(publication.session, record)
            if (access := _access(record)) is not None:
                if publication.session in self._held:
                    self._told.add(publication.session)
                self.arranged(publication.session, access, record.header.at)

    def removed(self, session: SessionId, epoch: Epoch, offset: int, at: int) -> None:
        """A `body.removed` is in a log, and carried out here. The same may be said again."""
        if session not in self._held:
            return
        if offset in self._removed.setdefault(session, {}):
            return
        self._removed[session][offset] = (epoch, at)
        for held in self._held[session].values():
            if _is_due(held, epoch, offset):
                self.when_due.tell(held.node, session, epoch, offset)

    def arranged(self, session: SessionId, access: Access, at: int) -> None:
        """Who may read a session from now on."""
        if access is Access.PUBLIC:
            self._restricted.pop(session, None)
        elif session in self._held and session not in self._restricted:
            self._restricted[session] = at
            for held in self._held[session].values():
                self.when_due.tell(held.node, session, held.epoch, ALL)

    async def gone(self, session: SessionId) -> None:
        """A session is no more: nothing of it is to stay anywhere. Raises StorageUnavailable."""
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
        """A machine has erased what a `body.removed` names; 0: all that it had of a session (`Removals`)."""
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

    # What is known

    def outstanding(self, session: SessionId, offset: int) -> bool:
        """Whether somebody who holds a session hasn't erased what was removed; `ALL`: whether anybody holds it."""
        holders = self._held.get(session, {}).values()
        if offset == ALL:
            return bool(holders)
        epoch = self._epoch_of(session, offset)
        return any(_is_due(held, epoch, offset) for held in holders)

    def due(self, node: str) -> Sequence[tuple[SessionId, Epoch, int]]:
        """What a machine hasn't said to have erased, as `erased` takes it (`Removals`)."""
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

    def list(self) -> Sequence[Removal]:
        """What was removed while somebody held it, the newest first."""
        found: list[Removal] = []
        for session, holders in self._held.items():
            by_title = sorted(holders.values(), key=lambda held: (held.title.casefold(), held.node))
            if gone := tuple(held for held in by_title if held.gone is not None):
                found.append(
                    Removal(session=session, offset=ALL, at=min(held.gone or 0 for held in gone), holders=gone)
                )
            elif by_title and (at := self._restricted.get(session)) is not None:
                found.append(Removal(session=session, offset=ALL, at=at, holders=tuple(by_title), restricted=True))
            for offset, (epoch, at) in self._removed.get(session, {}).items():
                if had := tuple(held for held in by_title if held.epoch == epoch and held.since < offset):
                    found.append(Removal(session=session, offset=offset, at=at, holders=had))
        return sorted(found, key=lambda each: (-each.at, each.session, -each.offset))

    # Parts

    async def _look(self, session: SessionId) -> None:
        """What was removed from a session, and who may read it, by its log. What can't be read is looked at again."""
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
        """Of the log in which a `body.removed` stands; None where none is known there."""
        epoch, _ = self._removed.get(session, {}).get(offset, (None, 0))
        return epoch

    def _entry_of(self, session: SessionId, node: str) -> BookEntry:
        held = self._held.get(session, {}).get(node)
        return BookEntry(NAMESPACE, f"{session}:{node}", None) if held is None else _entry(held)


def _access(record: LogRecord) -> Access | None:
    """Who may read the session from this event on; None for one that doesn't say."""
    if record.header.type != _ARRANGED or record.body is None:
        return None
    event = decode_event(record.body)
    return event.access if isinstance(event, SessionArranged) else None


def _is_due(held: Holding, epoch: Epoch | None, offset: int) -> bool:
    return held.epoch == epoch and held.since < offset and offset not in held.done


def _entry(held: Holding) -> BookEntry:
    return BookEntry(NAMESPACE, f"{held.session}:{held.node}", msgspec.json.encode(held))
