"""Interfaces of everything outside that the services use. Each port has a fake in `moothall.testing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.cluster.lease import Lease
from moothall.core.cluster.nodes import NodeNote
from moothall.core.cluster.removals import Applied, ListedRemoval
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import Epoch, Lane, SessionId, SourceId


class Clock(Protocol):
    """The source of time. Only the adapters may read a real clock."""

    def wall(self) -> int:
        """Unix time in ms; may jump."""
        ...

    def monotonic(self) -> int:
        """Milliseconds since an arbitrary moment; never runs back."""
        ...

    async def sleep(self, ms: int) -> None:
        """Wait for `ms` milliseconds of this clock."""
        ...


class Randomness(Protocol):
    """Unguessable bytes, for salts, epochs and ids."""

    def bytes(self, n: int) -> bytes:
        """Return `n` random bytes."""
        ...


class Signer(Protocol):
    """Signs checkpoints with Ed25519."""

    @property
    def key_id(self) -> str:
        """The short id of the key, as published."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of `message`."""
        ...


class LogHead(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a session's log."""

    epoch: Epoch
    term: int
    """The term of the writer that holds the log."""
    offset: int
    """Offset of the last event; 0 for an empty log."""
    lanes: dict[Lane, LaneHead]
    """Head of every lane that has events."""
    lost: int = 0
    """How many takeovers found that acknowledged events were missing at the log's end. In a log that was restored from
    a backup the count starts at the Unix time of the restore, in seconds."""


class LogReading(Protocol):
    """Read access to logs: a server's own, or a hub's copies of them, which may have holes.

    Every method may raise `StorageUnavailable`.
    """

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Up to `limit` events with offsets above `after`, in order; only of `lanes` where given.

        An unknown session has no events. Raises LogTrimmed where the store gave up events after `after`.
        """
        ...

    async def head(self, session: SessionId) -> LogHead | None:
        """The head of the log, without taking the log over; None for an unknown session."""
        ...

    async def sessions(self) -> Sequence[SessionId]:
        """All sessions that have a log, in order of their names."""
        ...

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        """The events of all logs whose command's id ends in `ending`; those of one log together and in order.

        It looks through the ids of all commands. Unreadable data are skipped, so that one damaged log hides no other.
        """
        ...


class EventLog(LogReading, Protocol):
    """The store of all logs. In each session the offsets run from 1 without gaps.

    An append is durable when it returns. After an error the caller knows:

    - `StaleWriter`, `OffsetConflict`, `DuplicateCause`: nothing was stored, and a retry would fail too;
    - `StorageUnavailable`, which every method may raise: nothing was stored, and a retry may succeed;
    - `LogMissing`, a subclass of it: the store lacks the session, and the session isn't new;
    - `OutcomeUnknown`, a subclass of it: the events may be stored already, or be stored later. To continue, the caller
      first acquires the log: an earlier append is then in the head that `acquire` returns, or is refused by its term
      when it arrives.
    """

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        """Take over a session's log as its writer: raise its term by one and return its head.

        With a `term`, which has to be above the log's, the term becomes that number. If there is no log and it may be a
        `new` one, it is created with this `epoch`; an existing log keeps its own epoch. If acknowledged events are
        known to be missing at its end, `lost` is one more than before.

        Raises StaleWriter when `term` isn't above the log's, or when the log belongs to another writer and no term is
        given; LogMissing when there is no log and it may not be created.
        """
        ...

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store `events`, the first at `expected_offset + 1`: all of them or none.

        Raises LogMissing when there is no log, StaleWriter when `term` is not the log's, OffsetConflict when the log's
        head is not at `expected_offset`, DuplicateCause when an event with the same (cause, n) is stored already.
        """
        ...

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase body and salt of the events at `offsets` and append `events`, whose last one is a `body.removed`,
        atomically.

        When it returns, the bytes are in no file of the log; if a reader still uses a file, they are gone as soon as it
        has finished. A store whose files another program writes has that program rewrite them afterwards, and reports
        when that is done (`adapters/cluster/erasing.py`). Raises the same errors as `append`. Offsets without a body
        are skipped.
        """
        ...

    async def forget(self, session: SessionId) -> None:
        """Erase a session's log as if it had never existed; does nothing if there is none.

        It is for rehearsals only: a record is never erased as a whole. No writer may hold the log any more.
        """
        ...

    async def close(self) -> None:
        """Complete what was acknowledged, and release the files."""
        ...


class NodeLog(EventLog, Protocol):
    """The log on a node's own disk, which is a copy while the node stands by."""

    async def cut(self, session: SessionId, term: int, after: int) -> None:
        """Remove the events after `after`, since the log of which this is a copy has other events there. The bytes are
        erased like those of `remove`; the events don't count as lost.

        Raises StaleWriter, LogMissing, StorageUnavailable.
        """
        ...


class Asides(Protocol):
    """Storage for the removed ends of copies (`NodeLog.cut`), kept for an operator."""

    async def keep(self, session: SessionId, records: Sequence[LogRecord]) -> str:
        """Store the records; returns where, as text for a person. Raises StorageUnavailable."""
        ...

    async def forget(self, session: SessionId) -> None:
        """Erase everything of a session, since words of it were removed. Raises StorageUnavailable."""
        ...


class SingleCopies(Protocol):
    """A node's own record, on its disk, of which events have or had no copy but the node's."""

    @property
    def open(self) -> frozenset[SessionId]:
        """Sessions with events on this node that no other store is known to have."""
        ...

    async def begin(self, session: SessionId, epoch: Epoch, first: int) -> None:
        """Record that events from offset `first` on have one copy. Raises StorageUnavailable; then no such event may be
        written.
        """
        ...

    async def end(self, session: SessionId, through: int, *, aside: bool = False) -> None:
        """Record that the shared store now has the events up to `through`; does nothing if none were recorded. `aside`:
        the house continued without them, and the events after `through` were set aside. Raises StorageUnavailable.
        """
        ...


class LogChanges(msgspec.Struct, frozen=True, kw_only=True):
    """The shared logs that have changed since a given change."""

    upto: int
    """Number of the last change in this answer."""
    count: str = ""
    """Id of the numbering to which `upto` belongs; another id means that the numbering has started again."""
    heads: Mapping[SessionId, LogHead] = {}
    """Logs that have grown or got another writer, with their heads."""
    forgotten: Mapping[SessionId, Epoch] = {}
    """Logs that were erased as if they had never existed, with their epochs: a copy of that epoch has to be erased too.
    A log of which only the epoch is known has the epoch in place of its session's id."""


class SharedLog(EventLog, Protocol):
    """An EventLog that several nodes share. One node, the owner of a log, writes it; all nodes read it."""

    async def changed(self, after: int, count: str = "") -> LogChanges:
        """The logs that have changed after the change `after` (0: all) of the numbering `count`, both from an earlier
        answer.

        An answer may be incomplete: the caller asks again, with the new `upto`, until nothing has changed. A store that
        was emptied, or restarted, perhaps with older files, has another numbering, and its answer begins with the first
        change. Raises StorageUnavailable.
        """
        ...

    async def first(self, session: SessionId) -> int:
        """The offset of the first event that the store still has, or will have. Raises LogMissing,
        StorageUnavailable.
        """
        ...

    async def trim(self, session: SessionId, term: int, expected_offset: int, through: int) -> None:
        """Give up the events up to `through` of a log that ends at `expected_offset`, since other stores keep them.
        Reading them raises LogTrimmed from then on.

        Raises the same errors as `append`.
        """
        ...

    async def forget(self, session: SessionId, term: int | None = None) -> None:
        """Erase what is left of a session's log, and add it to the list of removals, so that its copies are erased too.

        With a `term` it is for the log's owner; without one it works in any term, and does nothing if there is no log.
        Raises StaleWriter; LogMissing where there is no log, so that nothing was listed: a node with a copy restores
        the log first.
        """
        ...

    async def removals(self, after: Applied) -> Sequence[ListedRemoval] | None:
        """Some of the list of removals after the position `after`, in order; empty at its end.

        `remove` and `forget` add to the list, each atomically. None where the list has no such position, or no longer
        has it: then the caller reads the list from the beginning. Raises StorageUnavailable.
        """
        ...

    async def list_erased(self, epoch: Epoch, house: int) -> None:
        """Add an erased log of which only the epoch is known to the list of removals: every node erases its copy with
        that epoch. Does nothing if the epoch is listed already.

        Raises StaleWriter unless this node keeps the house in the term `house`; LogMissing when no node does.
        """
        ...

    async def begin_anew(self, session: SessionId, epoch: Epoch, term: int, lost: int) -> None:
        """Create an empty log in place of what is left of one; this node holds it, in the term `term`.

        It is for a node that has a copy, from which it fills the log. Raises StaleWriter when `term` isn't above the
        log's and another node holds it.
        """
        ...


class LeaseStore(Protocol):
    """The store of the house's lease, which all nodes share. Each method is atomic.

    Every method may raise StorageUnavailable; it is then unknown whether the operation was done.
    """

    async def look(self) -> Lease | None:
        """Return the present lease; None where there is none."""
        ...

    async def take(self, seen: Lease | None, lease: Lease) -> bool:
        """Replace the lease `seen` by `lease`. Returns False, and changes nothing, if the lease is no longer `seen`."""
        ...

    async def renew(self, lease: Lease) -> bool:
        """Increase the beat of this node's lease. Returns False, and changes nothing, if another node has the lease or
        it is gone.
        """
        ...

    async def give_up(self, lease: Lease) -> None:
        """Release the lease, so that another node can take it at once; does nothing if another node has it."""
        ...

    async def drop(self, lease: Lease) -> None:
        """Delete the lease, so that other nodes doubt what Redis has; does nothing if another node has it."""
        ...


class NodeNotes(Protocol):
    """The store in which nodes publish what they are doing. Every method may raise StorageUnavailable."""

    async def tell(self, node: str, note: NodeNote) -> None:
        """Store this node's note in place of its previous one."""
        ...

    async def all(self) -> Mapping[str, NodeNote]:
        """The newest note of every node, by name, including nodes that are gone. Unreadable notes are left out."""
        ...

    async def drop(self, node: str, note: NodeNote) -> bool:
        """Delete a node's note unless the node has written another one than `note` since. Returns whether it was
        deleted.
        """
        ...


class Book(Protocol):
    """Storage for what the house knows besides its logs (rooms, planned sessions, links): small entries by namespace
    and key.

    The owner reads all of it when the server starts, and keeps it in memory; the book is the durable copy.
    """

    async def read(self, namespace: str) -> Mapping[str, bytes]:
        """Every entry of a namespace, by key. Raises StorageUnavailable."""
        ...

    async def namespaces(self) -> Sequence[str]:
        """The namespaces that have entries, in order of their names. Raises StorageUnavailable."""
        ...

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Store or delete entries, all of them or none; durable when it returns.

        Raises StorageUnavailable; where several servers share the book also StaleWriter, when another server has taken
        it over.
        """
        ...

    async def close(self) -> None:
        """Complete what was acknowledged, and release the files."""
        ...


class BookEntry(msgspec.Struct, frozen=True):
    """One change of a book."""

    namespace: str
    key: str
    body: bytes | None
    """None deletes the entry."""


class BookChange(msgspec.Struct, frozen=True):
    """The entries that one write of a shared book stored or deleted."""

    number: int
    """Number of the write, from 1."""
    entries: tuple[tuple[str, str], ...]
    """Namespace and key of each entry."""


class SharedBook(Book, Protocol):
    """A Book that several nodes share. One node writes it, the others follow its changes."""

    async def acquire(self, term: int | None = None, *, new: bool = True) -> int:
        """Take over the book as its writer and return the new term: one more than before, or the given `term`.

        If there is no book and it may be a `new` one, it is created. Raises StaleWriter when `term` isn't above the
        book's, or when the book belongs to another node and no term is given; LogMissing when there is no book and it
        may not be created.
        """
        ...

    async def begin_anew(self, term: int, change: int, entries: Sequence[BookEntry]) -> None:
        """Create a book with these entries in place of what is left of one, in one act; its last write has the number
        `change`. No key may occur twice.

        It is for a node that has a copy. Raises StaleWriter when `term` isn't above the book's.
        """
        ...

    async def changed(self) -> int:
        """The number of the last write; 0 before the first. Raises StorageUnavailable, LogMissing."""
        ...

    async def changes(self, after: int, limit: int = 1_000) -> Sequence[BookChange] | None:
        """Up to `limit` writes after the one with the number `after`. None when that write is too long ago, or never
        was: then the caller has to read the whole book. Raises StorageUnavailable, LogMissing.
        """
        ...


class SpooledPiece(NamedTuple):
    """Samples of a spool, for a copy."""

    pcm: bytes
    version: str
    """Identifies what had been made silent when the samples were read; it differs after each time. A copy from another
    version may hold sound that is silent now."""


class Spool(Protocol):
    """Audio of one source on disk: PCM16 mono, little-endian. Positions count samples from the source's first.

    Samples can be read as soon as `append` has them. They survive a crash once `sync` has returned a position after
    them.
    """

    @property
    def start(self) -> int:
        """Position of the first sample that is still there."""
        ...

    @property
    def end(self) -> int:
        """Position after the last appended sample."""
        ...

    def append(self, pcm: bytes) -> None:
        """Append whole samples. They stay in memory until they can be written."""
        ...

    async def sync(self) -> int:
        """Write the samples in memory and fdatasync; returns the position up to which all samples are safe.

        Raises StorageUnavailable when the disk refuses; the samples stay in memory, and the next call tries again.
        """
        ...

    async def read(self, first: int, count: int) -> bytes:
        """Up to `count` samples from position `first` on; empty at the end."""
        ...

    @property
    def version(self) -> str:
        """Identifies what has been made silent so far (`SpooledPiece`)."""
        ...

    async def copied(self, first: int, count: int) -> SpooledPiece:
        """Up to `count` safe samples from position `first` on, as they are on the disk: silence where nothing is to be
        kept.

        Empty at the end of the safe samples. Raises ValueError for trimmed samples, StorageUnavailable.
        """
        ...

    async def trim(self, before: int) -> None:
        """Delete samples before position `before`, as far as whole files allow."""
        ...

    @property
    def note(self) -> bytes:
        """The last note about these samples (`keep`); empty when there is none, or when it was lost."""
        ...

    async def keep(self, note: bytes) -> None:
        """Store a note in place of the previous one. It survives the end of the process, but not a power failure.

        Raises StorageUnavailable when the disk refuses; the previous note may stay.
        """
        ...

    async def begin_memory_only(self, first: int) -> None:
        """Keep samples from position `first` on out of the disk; those that are there from `first` on become silence at
        once.

        The note is deleted, and none is stored until `end_memory_only`. Until then the samples in memory can be read,
        and `sync` counts them as safe: their positions survive a crash, the samples don't. Memory holds 10 min.
        Overflow: the oldest samples are dropped, and none is refused. After a restart this has to be called again.

        Raises StorageUnavailable when the disk refuses. Even then nothing more is written; the caller has to call it
        again.
        """
        ...

    def wipe_memory_only(self, before: int) -> None:
        """Make silence of the samples before position `before` that only memory holds; readers get the silence."""
        ...

    async def end_memory_only(self, first: int) -> None:
        """Write samples to the disk again from position `first` on, which may lie in the future. Earlier samples are
        silence there.
        """
        ...

    async def silence(self, first: int, last: int) -> None:
        """Make the samples from `first` up to, but without, `last` silent, on disk and in memory. The note is deleted
        too, since it may hold words.

        Raises StorageUnavailable when the disk refuses.
        """
        ...

    async def discard(self) -> None:
        """Delete everything, since all words of the source are in the log."""
        ...

    async def close(self) -> None:
        """Close the files without deleting them."""
        ...


class SpoolStore(Protocol):
    """The store of all spools."""

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        """Open the source's spool with what survived of it, or a new one."""
        ...

    async def kept(self) -> Sequence[tuple[SessionId, SourceId]]:
        """Every spool that an earlier run of the server left, or that this one has closed, in order of their names.

        Raises StorageUnavailable when the disk refuses.
        """
        ...
