"""Logs in Redis or Valkey: one stream for each session, with the bodies stored apart so that they can be removed.

    moothall:{ID}:head     a hash: epoch, owner, term; offset and digest of the last event, and of each lane's last
                           event; offset of the first event that is kept; number of bodies and of causes
    moothall:{ID}:log      a stream: id OFFSET-0; header, lane, digest of the body, digest
    moothall:{ID}:bodies   a hash: offset → salt and body
    moothall:{ID}:causes   a hash: number and command → offset; shows which events are stored already
    moothall:{removals}    a stream: id NUMBER-0; one removal: session, epoch, offset and digest of the event that
                           records it, and a mark (digest) of the list up to this entry
    moothall:changes       a counter of the changes of all logs
    moothall:begun         the time at which that counter began, which distinguishes it from an earlier counter whose
                           data was lost
    moothall:changed       a sorted set, scored by the number of the last change: session names, and, as
                           `EPOCH SESSION`, sessions that were forgotten; SESSION is empty where only the epoch is known

Every act that writes is one script (`scripts.py`), which checks owner and term first. A session whose keys lack
something that the head names is missing, and is never treated as a new one
(docs/adr/0038-stores-and-faults-on-many-machines.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from moothall.adapters.cluster import scripts
from moothall.adapters.cluster.server import RedisServer
from moothall.core.chain import SALT_BYTES, LogRecord, decode_header
from moothall.core.cluster.removals import Applied, ListedRemoval
from moothall.core.events.types import LaneHead
from moothall.core.kernel.decoding import Unreadable
from moothall.core.kernel.errors import (
    DuplicateCause,
    LogMissing,
    LogTrimmed,
    OffsetConflict,
    RecordBroken,
    StaleWriter,
    StorageUnavailable,
)
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import LogChanges, LogHead

LOOKED_AT = 1_000
"""The most events that one script reads, trims or scans: Redis does nothing else meanwhile."""
_SCANNED = 1_000
_NAME = b"moothall:{", b"}:head"
_LANE = b"lane:"
_CHANGES = ["moothall:changes", "moothall:changed"]
CHANGED_AT_ONCE = 200
"""The most logs that one call of `changed` returns."""
HOUSE = "moothall:house"
REMOVALS = "moothall:{removals}"
REMOVALS_AT_ONCE = 500
"""The most entries that one call of `removals` reads."""


class RedisLog:
    """The `SharedLog` of a node, on a shared Redis or Valkey server. The caller owns the server's connections and
    closes them.

    Only a log's owner may raise its term by one; another node takes the log over by giving a higher term. What
    `remove`, `trim` and `forget` take out remains in Redis's files until these are rewritten (`erasing.py`); each notes
    that this is due.
    """

    def __init__(self, server: RedisServer, owner: str) -> None:
        """`owner`: this node's name, stored in the head of each log that it owns."""
        self._server = server
        self._owner = owner
        self._closed = False

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        """Take over a session's log as its writer and return its head (`EventLog`).

        The new term is the given `term`, or one more than the stored term where this node is the owner. Raises
        StaleWriter when the stored term forbids it; LogMissing when the log is damaged, or absent and not `new`.
        """
        self._refuse_when_closed()
        answer = await self._server.run(
            scripts.ACQUIRE,
            _written(session),
            self._owner,
            epoch,
            "" if term is None else term,
            "1" if new else "",
            session,
        )
        match answer:
            case [b"ok", fields]:
                return _head(session, fields)
            case [b"held", held]:
                msg = f"Session {session} is held by another node with term {int(held)}; it is taken over with a term."
                raise StaleWriter(msg)
            case [b"stale", held]:
                msg = f"Session {session} can't be taken over with term {term}: its term is {int(held)}."
                raise StaleWriter(msg)
        if new:
            raise _missing(session)
        raise LogMissing(f"Redis has no whole log of session {session}, and it isn't a new one.")

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store `events`, the first at `expected_offset + 1`, all of them or none (`EventLog`)."""
        self._refuse_when_closed()
        packed = _packed(session, expected_offset, events)
        answer = await self._server.run(
            scripts.APPEND, _written(session), self._owner, term, expected_offset, packed, session
        )
        _check(answer, session, term, expected_offset)

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase body and salt of the events at `offsets` and append `events`, the last a `body.removed`, in one act
        (`EventLog`).

        The erased bytes remain in Redis's files until these are rewritten.
        """
        self._refuse_when_closed()
        packed = _packed(session, expected_offset, events)
        answer = await self._server.run(
            scripts.REMOVE,
            [*_written(session), REMOVALS, scripts.NOTES],
            self._owner,
            term,
            expected_offset,
            packed,
            " ".join(str(offset) for offset in offsets if offset > 0),
            session,
        )
        _check(answer, session, term, expected_offset)

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """At most `limit` records of a session after the offset `after`, in order (`EventLog`). `lanes` of None: all
        lanes.

        Raises LogTrimmed, LogMissing and RecordBroken.
        """
        self._refuse_when_closed()
        found: list[LogRecord] = []
        after = max(0, after)
        which = ("all",) if lanes is None else ("some", *sorted(lanes))
        while True:
            answer = await self._server.run(
                scripts.READ, _keys(session)[:3], after, limit - len(found), LOOKED_AT, *which
            )
            match answer:
                case [b"ok", last, end, entries]:
                    found += [_record(session, entry) for entry in entries]
                    if len(found) >= limit or int(last) >= int(end):
                        return found
                    after = int(last)
                case [b"none"]:
                    return found
                case [b"trimmed", first]:
                    msg = f"Redis has the log of session {session} from event {int(first)} on; an archive has the rest."
                    raise LogTrimmed(msg, int(first))
                case _:
                    raise _missing(session)

    async def head(self, session: SessionId) -> LogHead | None:
        """The end of a session's log; None when there is no log (`EventLog`)."""
        self._refuse_when_closed()
        fields = await self._server.read("HGETALL", _keys(session)[0])
        return _head(session, fields) if fields else None

    async def changed(self, after: int, count: str = "") -> LogChanges:
        """The logs that have changed after change number `after` of the counter `count` (`SharedLog`)."""
        self._refuse_when_closed()
        last, found, now = await self._server.run(scripts.CHANGED, _CHANGES, after, CHANGED_AT_ONCE, count)
        heads, forgotten = dict[SessionId, LogHead](), dict[SessionId, Epoch]()
        for name, fields in found:
            epoch, gone, session = name.decode("utf-8", "replace").rpartition(" ")
            if gone:
                forgotten[SessionId(session or epoch)] = Epoch(epoch)
            elif fields:
                heads[SessionId(session)] = _head(SessionId(session), fields)
        return LogChanges(upto=int(last), count=now.decode(), heads=heads, forgotten=forgotten)

    async def removals(self, after: Applied) -> Sequence[ListedRemoval] | None:
        """Removals after the entry `after`, at most `REMOVALS_AT_ONCE`; None where the list has no such entry
        (`SharedLog`).
        """
        self._refuse_when_closed()
        # This reads the entry `after` too: it shows whether the list is still the same up to there.
        first = max(1, after.number)
        found = await self._server.read("XRANGE", REMOVALS, f"{first}-0", "+", "COUNT", REMOVALS_AT_ONCE)
        try:
            removals = [_removal(entry) for entry in found]
        except (KeyError, ValueError) as error:
            raise StorageUnavailable("In Redis the list of removals can't be read.") from error
        if not after.number:
            return removals
        return removals[1:] if removals and removals[0].here == after else None

    async def list_erased(self, epoch: Epoch, house: int) -> None:
        """Add an erased log, known only by its epoch, to the list of removals (`SharedLog`).

        `house`: the term in which this node keeps the house. Raises StaleWriter when another node keeps it by now.
        """
        self._refuse_when_closed()
        answer = await self._server.run(
            scripts.LIST_ERASED, [*[HOUSE] * 4, *_CHANGES, REMOVALS], self._owner, house, epoch
        )
        match answer:
            case [b"ok"]:
                return
            case [b"stale", term]:
                raise StaleWriter(f"Another node keeps the house by now, in term {int(term)}; nothing was listed.")
        raise LogMissing("Redis has lost the lease of the house; nothing was listed.")

    async def begin_anew(self, session: SessionId, epoch: Epoch, term: int, lost: int) -> None:
        """Replace what is left of a damaged log by an empty one (`SharedLog`). `lost`: how often the log's end was
        lost.
        """
        self._refuse_when_closed()
        answer = await self._server.run(
            scripts.BEGIN_ANEW, [*_written(session), scripts.NOTES], self._owner, epoch, term, lost, session
        )
        _check(answer, session, term, 0)

    async def sessions(self) -> Sequence[SessionId]:
        """Ids of all sessions with a log (`EventLog`)."""
        self._refuse_when_closed()
        found, cursor = set[SessionId](), b"0"
        while True:
            cursor, keys = await self._server.read("SCAN", cursor, "MATCH", b"*".join(_NAME), "COUNT", _SCANNED)
            found |= set(map(_session, keys))
            if cursor == b"0":
                return sorted(found)

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        """Records caused by commands whose ids end with `ending` (`EventLog`); scans the causes of all events."""
        found: list[LogRecord] = []
        for session in await self.sessions():
            for offset in sorted(await self._caused_in(session, ending.encode())):
                try:
                    found += await self.read(session, offset - 1, 1)
                except (LogMissing, LogTrimmed, RecordBroken):
                    continue
        return found

    async def _caused_in(self, session: SessionId, ending: bytes) -> set[int]:
        found, cursor = set[int](), b"0"
        while True:
            cursor, pairs = await self._server.read("HSCAN", _keys(session)[3], cursor, "COUNT", _SCANNED)
            stored = zip(pairs[::2], pairs[1::2], strict=True)
            found |= {int(offset) for cause, offset in stored if cause.partition(b" ")[2].endswith(ending)}
            if cursor == b"0":
                return found

    async def trim(self, session: SessionId, term: int, expected_offset: int, through: int) -> None:
        """Give up the events up to offset `through`, in steps that are atomic each (`SharedLog`). The causes stay
        known.
        """
        self._refuse_when_closed()
        first = await self.first(session)
        while first <= through:
            step = min(through, first + LOOKED_AT - 1)
            answer = await self._server.run(
                scripts.TRIM, [*_keys(session), scripts.NOTES], self._owner, term, expected_offset, step
            )
            _check(answer, session, term, expected_offset)
            first = step + 1

    async def first(self, session: SessionId) -> int:
        """Offset of the first event that Redis still has, or of the next event where it has none (`SharedLog`)."""
        first = await self._server.read("HGET", _keys(session)[0], "first")
        if first is None:
            raise _missing(session)
        return int(first)

    async def forget(self, session: SessionId, term: int | None = None) -> None:
        """Erase a session's log completely, and add it to the list of removals (`SharedLog`)."""
        self._refuse_when_closed()
        if term is None:
            head = await self.head(session)
            if head is None:
                return
            term = head.term
        answer = await self._server.run(
            scripts.FORGET, [*_written(session), REMOVALS, scripts.NOTES], self._owner, term, session
        )
        _check(answer, session, term, 0)

    async def close(self) -> None:
        """Refuse every later call with StorageUnavailable (`EventLog`)."""
        self._closed = True

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StorageUnavailable("The log is closed.")


def _keys(session: SessionId) -> list[str]:
    """The keys of head, log, bodies and causes. The braces make Redis hash them to one slot."""
    return [f"moothall:{{{session}}}:{part}" for part in ("head", "log", "bodies", "causes")]


def _session(key: bytes) -> SessionId:
    """The session whose head is stored under `key`."""
    before, behind = _NAME
    return SessionId(key[len(before) : -len(behind)].decode("utf-8", "replace"))


def _written(session: SessionId) -> list[str]:
    """The keys of a script that writes: the session's own, and the counter and set that tell other nodes of the
    change.
    """
    return [*_keys(session), *_CHANGES]


def _packed(session: SessionId, expected_offset: int, events: Sequence[LogRecord]) -> bytes:
    """Encode the events as the argument of the scripts. Raises ValueError when they aren't the session's next
    events.
    """
    return b"".join(
        len(field).to_bytes(4, "big") + field
        for offset, record in enumerate(events, expected_offset + 1)
        for field in _fields(session, offset, record)
    )


def _fields(session: SessionId, offset: int, record: LogRecord) -> Iterable[bytes]:
    header = record.header
    if header.session != session or header.offset != offset:
        msg = f"Event {header.offset} of {header.session} can't be event {offset} of {session}."
        raise ValueError(msg)
    kept = b"" if record.body is None else (record.salt or b"") + record.body
    if record.body is not None and len(record.salt or b"") != SALT_BYTES:
        msg = f"Event {offset} of {session} has a salt of another length than {SALT_BYTES} bytes."
        raise ValueError(msg)
    cause = f"{header.n} {header.cause}".encode()
    return record.header_bytes, header.lane.encode(), cause, record.body_digest, record.digest, kept


def _check(answer: Any, session: SessionId, term: int, expected_offset: int) -> None:
    """Raise the error that a writing script has answered; return when it answered `ok`."""
    match answer:
        case [b"ok"]:
            return
        case [b"missing"]:
            raise _missing(session)
        case [b"stale", held]:
            msg = f"Another writer has taken over session {session}: its term is {int(held)}, not {term}."
            raise StaleWriter(msg)
        case [b"offset", end]:
            raise OffsetConflict(f"The log of session {session} ends at {int(end)}, not at {expected_offset}.")
        case [b"cause"]:
            raise DuplicateCause(f"An event of that command is in the log of session {session} already.")
    raise RecordBroken(f"In Redis the log of session {session} has events after its own head; nothing was stored.")


def _missing(session: SessionId) -> LogMissing:
    return LogMissing(
        f"Redis has lost the log of session {session}, or a part of it. Nothing was stored; it has to be filled again "
        "from a copy."
    )


def _removal(entry: Sequence[Any]) -> ListedRemoval:
    number, fields = entry
    known = dict(zip(fields[::2], fields[1::2], strict=True))
    return ListedRemoval(
        number=int(number.partition(b"-")[0]),
        mark=known[b"m"].decode(),
        session=SessionId(known[b"s"].decode()),
        epoch=Epoch(known[b"e"].decode()),
        offset=int(known[b"o"]),
        digest=known[b"d"].hex(),
    )


def _head(session: SessionId, fields: Sequence[bytes]) -> LogHead:
    known = dict(zip(fields[::2], fields[1::2], strict=True))
    try:
        return LogHead(
            epoch=Epoch(known[b"epoch"].decode()),
            term=int(known[b"term"]),
            offset=int(known[b"offset"]),
            lanes={
                Lane(name[len(_LANE) :].decode()): _lane_head(value)
                for name, value in known.items()
                if name.startswith(_LANE)
            },
            lost=int(known[b"lost"]),
        )
    except (KeyError, ValueError) as error:
        raise RecordBroken(f"In Redis the head of session {session} can't be read.") from error


def _lane_head(value: bytes) -> LaneHead:
    offset, _, digest = value.partition(b" ")
    return LaneHead(offset=int(offset), digest=digest.hex())


def _record(session: SessionId, entry: Sequence[Any]) -> LogRecord:
    """Decode one entry of the answer of `scripts.READ`."""
    number, header_bytes, lane, digest_of_body, digest, kept = entry
    offset = int(number)
    try:
        header = decode_header(header_bytes)
    except Unreadable as error:
        raise RecordBroken(f"The header of event {offset} of session {session} can't be read.") from error
    if (header.session, header.offset, header.lane.encode()) != (session, offset, lane):
        raise RecordBroken(f"Event {offset} of session {session} is stored under a place that its header doesn't name.")
    return LogRecord(
        header=header,
        header_bytes=header_bytes,
        salt=None if kept is None else kept[:SALT_BYTES],
        body=None if kept is None else kept[SALT_BYTES:],
        body_digest=digest_of_body,
        digest=digest,
    )
