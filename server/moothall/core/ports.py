"""What the services ask of the outside, and nothing more. Each port has a fake in `moothall.testing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.cluster.lease import Lease
from moothall.core.cluster.nodes import NodeNote
from moothall.core.cluster.removals import Applied, Removal
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import Epoch, Lane, SessionId, SourceId


class Clock(Protocol):
    """Time, injected. Nobody below the adapters reads a clock of their own."""

    def wall(self) -> int:
        """Unix time in ms; may jump."""
        ...

    def monotonic(self) -> int:
        """Milliseconds since some moment; never runs back."""
        ...

    async def sleep(self, ms: int) -> None:
        """Wait for `ms` milliseconds of this clock."""
        ...


class Randomness(Protocol):
    """Unguessable bytes, for salts, epochs and ids."""

    def bytes(self, n: int) -> bytes:
        """`n` random bytes."""
        ...


class Signer(Protocol):
    """Signs checkpoints with Ed25519."""

    @property
    def key_id(self) -> str:
        """Short name of the key, as published."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`."""
        ...


class LogHead(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session's log stands."""

    epoch: Epoch
    term: int
    """The term of the writer that holds the log."""
    offset: int
    """Offset of the last event; 0 for an empty log."""
    lanes: dict[Lane, LaneHead]
    """Head of every lane that has events."""
    lost: int = 0
    """How often acknowledged events were found to be gone from its end when it was taken over; counted from the second
    of the restore (Unix) where it came from a backup."""


class LogReading(Protocol):
    """Logs as they are read: a server's own, or the copies of them that a hub has. Those may have holes.

    Every method may raise `StorageUnavailable`.
    """

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Up to `limit` events with offsets above `after`, in order, only of `lanes` where given.

        An unknown session has no events. Raises LogTrimmed where the store gave up events behind `after`.
        """
        ...

    async def head(self, session: SessionId) -> LogHead | None:
        """Where the log stands, without taking it over; None for an unknown session."""
        ...

    async def sessions(self) -> Sequence[SessionId]:
        """All sessions that have a log, in order of their names."""
        ...

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        """What commands caused whose ids end in `ending`, from all logs, each log's in order.

        Looks through the ids of all commands. What can't be read is passed over: one damaged log hides no other.
        """
        ...


class EventLog(LogReading, Protocol):
    """The store of all logs. Offsets run from 1 without gaps in each session.

    An append is durable when it returns. What is known after an error:

    - `StaleWriter`, `OffsetConflict`, `DuplicateCause`: nothing was stored, nor would it be if it was sent again;
    - `StorageUnavailable`, which every method may raise: nothing was stored, and it may be if it is sent again;
    - `LogMissing`, one of these: the store has nothing of the session, and the session isn't new;
    - `OutcomeUnknown`, one of these: it may have been stored, or be stored later still. Whoever goes on acquires the
      log first: what was sent before is then in the head that `acquire` returns, or refused by its term when it comes.
    """

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        """Take over a session's log as its writer: raise its term by one and return where it stands.

        With a `term`, which has to be above the log's, it is raised to that. Makes the log, with this `epoch`, when
        there is none and it may be a `new` one; an existing log keeps its own. Where the end of one that was
        acknowledged is gone, as far as that is known, `lost` is one more than before.

        Raises StaleWriter when `term` isn't above the log's, or the log is another's who has to be taken over with a
        term; LogMissing when there is none and it may not be made.
        """
        ...

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store `events`, the first at `expected_offset + 1`, all of them or none.

        Raises LogMissing when there is no log, StaleWriter when `term` is not its term, OffsetConflict when its head is
        not at `expected_offset`, DuplicateCause when a (cause, n) of them is stored already.
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
        """Erase body and salt of the events at `offsets` and append `events`, the last a `body.removed`, in one act.

        When it returns the bytes are in no file of the log, unless a reader was in the way: then they are as soon as
        that is over. A store whose files a program of its own writes has them made anew afterwards, and says when
        that is done (`adapters/cluster/erasing.py`). Raises as `append` does. Offsets that hold nothing any more are
        passed over.
        """
        ...

    async def forget(self, session: SessionId) -> None:
        """Erase a session's log as if it had never been; no matter if there is none.

        For rehearsals only: a record is never taken away whole. Nobody may hold the log as its writer any more.
        """
        ...

    async def close(self) -> None:
        """Finish what was promised and let go of the files."""
        ...


class NodeLog(EventLog, Protocol):
    """The log on a node's own disk, which is a copy while the node stands by."""

    async def cut(self, session: SessionId, term: int, after: int) -> None:
        """Take out what is behind `after`: the log that this one is a copy of has something else there. The bytes go as
        those of `remove` do; nothing of it counts as lost.

        Raises StaleWriter, LogMissing, StorageUnavailable.
        """
        ...


class Asides(Protocol):
    """Ends of copies that were cut, kept for an operator."""

    async def keep(self, session: SessionId, records: Sequence[LogRecord]) -> str:
        """Keep them; where, for a person. Raises StorageUnavailable."""
        ...

    async def forget(self, session: SessionId) -> None:
        """Keep none of a session any more: words of it were removed. Raises StorageUnavailable."""
        ...


class SingleCopies(Protocol):
    """Which events had, or have, one copy alone, as it stands on the disk of the node that has it."""

    @property
    def open(self) -> frozenset[SessionId]:
        """Sessions of which this node has events that no other store is known to have."""
        ...

    async def begin(self, session: SessionId, epoch: Epoch, first: int) -> None:
        """From the event at the offset `first` on there is one copy. Raises StorageUnavailable: then none may come."""
        ...

    async def end(self, session: SessionId, through: int, *, aside: bool = False) -> None:
        """The shared store has them now, up to `through`; no matter if there are none. `aside`: the house went on
        without them, and what is behind `through` was set aside. Raises StorageUnavailable.
        """
        ...


class LogChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Shared logs that have changed."""

    upto: int
    """The last of these changes."""
    count: str = ""
    """Which count of changes it is a number of."""
    heads: Mapping[SessionId, LogHead] = {}
    """Those that have grown, or another writer, and where they end."""
    forgotten: Mapping[SessionId, Epoch] = {}
    """Those that were erased as if they had never been, and the epochs that they had: a copy with it goes too. Where no
    more than its epoch is known of one, that stands in place of its name."""


class SharedLog(EventLog, Protocol):
    """An EventLog that several nodes share. One of them, a log's owner, writes it; all of them read it."""

    async def changed(self, after: int, count: str = "") -> LogChanges:
        """Which logs have changed behind the change `after` (0: all) of a `count`, as an answer has said.

        They may not be all: whoever asks behind that change again, until nothing has changed, has seen all of them. A
        store that was emptied, or started again, perhaps with older files, has another count, and begins from the
        first. Raises StorageUnavailable.
        """
        ...

    async def first(self, session: SessionId) -> int:
        """Offset of the first event that it still has, or will have. Raises LogMissing, StorageUnavailable."""
        ...

    async def trim(self, session: SessionId, term: int, expected_offset: int, through: int) -> None:
        """Give up the events up to `through` of a log that ends at `expected_offset`, since others keep them: reading
        them raises LogTrimmed from then on.

        Raises as `append` does.
        """
        ...

    async def forget(self, session: SessionId, term: int | None = None) -> None:
        """Erase what is left of a session's log, and put it on the list of removals, so that its copies go too.

        For its owner, in its `term`; without one in whatever term it has, and no matter if there is none. Raises
        StaleWriter; LogMissing where there is none, and so nothing was listed: whoever has a copy makes it anew first.
        """
        ...

    async def removals(self, after: Applied) -> Sequence[Removal] | None:
        """Some of what stands behind a place in the list of removals, in order; nothing at its end.

        `remove` and `forget` add to it, each in the same act. None where the list has no such place (any more): then it
        is read from the first on. Raises StorageUnavailable.
        """
        ...

    async def list_erased(self, epoch: Epoch, house: int) -> None:
        """Put a log that was erased on the list of removals, of which no more than its epoch is known any more: whoever
        has a copy of that epoch erases it. Nothing where that was done before.

        Raises StaleWriter unless this node keeps the house in the term `house`, LogMissing where nobody does.
        """
        ...

    async def begin_anew(self, session: SessionId, epoch: Epoch, term: int, lost: int) -> None:
        """Make a log with nothing in it, in place of what is left of one; this node holds it, with `term`.

        For whoever has a copy, and fills it. Raises StaleWriter when `term` isn't above the log's and it is another's.
        """
        ...


class LeaseStore(Protocol):
    """Where the lease of the house lies for all nodes. Each method is one act there.

    Every method may raise StorageUnavailable; whether it was done is unknown then.
    """

    async def look(self) -> Lease | None:
        """The lease as it is; None where there is none."""
        ...

    async def take(self, seen: Lease | None, lease: Lease) -> bool:
        """Write `lease` in place of `seen`; False, and nothing is done, where the lease is another one by now."""
        ...

    async def renew(self, lease: Lease) -> bool:
        """Raise the beat of a node's lease; False, and nothing is done, where another has it or it is gone."""
        ...

    async def give_up(self, lease: Lease) -> None:
        """Let others have it at once; nothing is done where it is another's."""
        ...


class NodeNotes(Protocol):
    """Where nodes say what they are doing. Every method may raise StorageUnavailable."""

    async def tell(self, node: str, note: NodeNote) -> None:
        """Write this node's note in place of the one before."""
        ...

    async def all(self) -> Mapping[str, NodeNote]:
        """Every node's newest note by its name, of those too that are gone. What can't be read is left out."""
        ...

    async def drop(self, node: str, note: NodeNote) -> bool:
        """Take a node's note out, unless it has written another one than `note` since; whether it was."""
        ...


class Book(Protocol):
    """What the house knows beside its logs: rooms, planned sessions, links. Small entries, by namespace and key.

    All of it is read when the server starts and kept in memory by its owner; the book is what survives.
    """

    async def read(self, namespace: str) -> Mapping[str, bytes]:
        """Every entry of a namespace by its key. Raises StorageUnavailable."""
        ...

    async def namespaces(self) -> Sequence[str]:
        """Those that have entries, in order of their names. Raises StorageUnavailable."""
        ...

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Keep or take out entries, all of them or none; durable when it returns.

        Raises StorageUnavailable, and where several servers share a book StaleWriter: another has taken it over.
        """
        ...

    async def close(self) -> None:
        """Finish what was promised and let go of the files."""
        ...


class BookEntry(msgspec.Struct, frozen=True):
    """One change of a book."""

    namespace: str
    key: str
    body: bytes | None
    """None takes the entry out."""


class BookChange(msgspec.Struct, frozen=True):
    """Which entries one write of a shared book kept or took out."""

    number: int
    """Counts the writes from 1."""
    entries: tuple[tuple[str, str], ...]
    """Namespace and key of each."""


class SharedBook(Book, Protocol):
    """A Book that several nodes share. One of them writes it, the others follow its changes."""

    async def acquire(self, term: int | None = None, *, new: bool = True) -> int:
        """Take the book over as its writer and return the term: one more than before, or the `term` that is given.

        Makes the book when there is none and it may be a `new` one. Raises StaleWriter when `term` isn't above the
        book's, or it is another node's and no term is given; LogMissing when there is none and it may not be made.
        """
        ...

    async def begin_anew(self, term: int, change: int) -> None:
        """Make an empty book in place of what is left of one, whose next write has the number behind `change`.

        For whoever has a copy, and fills it. Raises StaleWriter when `term` isn't above the book's.
        """
        ...

    async def changed(self) -> int:
        """Number of the last write; 0 before the first. Raises StorageUnavailable, LogMissing."""
        ...

    async def changes(self, after: int, limit: int = 1_000) -> Sequence[BookChange] | None:
        """Up to `limit` writes behind the one with number `after`; None when that is too long ago, or never was: then
        the whole book has to be read. Raises StorageUnavailable, LogMissing.
        """
        ...


class SpooledPiece(NamedTuple):
    """Samples of a spool as they may be copied."""

    pcm: bytes
    version: str
    """What had been made silent by then, which is another one after each time: what was copied under another version
    may be what is silent now."""


class Spool(Protocol):
    """Audio of one source on disk: PCM16 mono, little-endian. Positions count samples from the source's first.

    What `append` got is readable at once and survives a crash once `sync` has returned its position.
    """

    @property
    def start(self) -> int:
        """The first sample that is still there."""
        ...

    @property
    def end(self) -> int:
        """One past the last sample appended."""
        ...

    def append(self, pcm: bytes) -> None:
        """Add samples; whole samples only. Kept in memory until they can be written."""
        ...

    async def sync(self) -> int:
        """Write and fdatasync what is there; returns the position up to which it is safe.

        Raises StorageUnavailable when the disk refuses; the samples stay in memory and are tried again.
        """
        ...

    async def read(self, first: int, count: int) -> bytes:
        """Up to `count` samples from position `first`; empty at the end."""
        ...

    @property
    def version(self) -> str:
        """What has been made silent by now (`SpooledPiece`)."""
        ...

    async def copied(self, first: int, count: int) -> SpooledPiece:
        """Up to `count` safe samples from position `first`, as the disk has them: silence where nothing is to be kept.
        Empty at their end. Raises ValueError for samples that were trimmed, StorageUnavailable.
        """
        ...

    async def trim(self, before: int) -> None:
        """Forget samples before `before`, as far as whole files allow."""
        ...

    @property
    def note(self) -> bytes:
        """What was last noted about these samples; empty when nothing was, or when it is lost."""
        ...

    async def keep(self, note: bytes) -> None:
        """Note something in place of what was noted before. It survives the end of the process, not of the power.

        Raises StorageUnavailable when the disk refuses; the older note may stay.
        """
        ...

    async def begin_memory_only(self, first: int) -> None:
        """From sample `first` on nothing reaches the disk, and what is there from `first` on becomes silence at once.

        The note is forgotten, and none is kept meanwhile. What memory holds can be read until `end_memory_only`, and
        `sync` counts it as safe: positions survive a crash, the samples don't. More than 10 min of it are forgotten,
        oldest first, and no sample is refused for it. After a restart it has to be said again.

        Raises StorageUnavailable when the disk refuses: nothing more is written all the same; say it again.
        """
        ...

    def wipe_memory_only(self, before: int) -> None:
        """Make silence of what is in memory only before sample `before`; readers get the silence."""
        ...

    async def end_memory_only(self, first: int) -> None:
        """From sample `first` on, which may not have come yet, the disk is used again; what came before is silence."""
        ...

    async def silence(self, first: int, last: int) -> None:
        """Make the samples from `first` up to `last` silence, on disk and in memory; the note may hold words, and goes.

        Raises StorageUnavailable when the disk refuses.
        """
        ...

    async def discard(self) -> None:
        """Forget everything: the source's words are all in the log."""
        ...

    async def close(self) -> None:
        """Let go of the files and keep them."""
        ...


class SpoolStore(Protocol):
    """Where spools live."""

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        """The source's spool as it survived, or a new one."""
        ...

    async def kept(self) -> Sequence[tuple[SessionId, SourceId]]:
        """Every spool that an earlier life of the server left, or this one has closed, in order of their names.

        Raises StorageUnavailable when the disk refuses.
        """
        ...
