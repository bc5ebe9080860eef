"""One file of the index: the words of the sessions that the same people may find, in SQLite's FTS5.

The words stand in an inverted index without contents. Beside it are blocks of up to 256 lines that have session and
strand in common, packed: where the text of each line is in the log, and its folded words, which the index needs to take
the line out again. The text itself is in no file of the index; it is read from the log when a line is found.

A line's row is its block's number and its place in the block, so that SQLite counts finds by session and strand without
looking anything up. All functions block, and belong to one thread.
"""

from __future__ import annotations

import bz2
import sqlite3
import zlib
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from moothall.adapters.search.derived_file import MADE_BY, opened
from moothall.adapters.store.sqlite_opening import DatabaseKind
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.core.search.choosing import SearchedSession
from moothall.core.search.folding import FOLDING_VERSION, Folding
from moothall.core.search.lines import SearchLine

BITS = 8
"""Bits of a row for the place in its block."""
BLOCK = 1 << BITS
"""The most lines in a block."""
SLICE = 1_000
"""The most lines that one transaction writes: what has to be erased waits for no more."""
CACHED = 8
"""Sessions whose lines are kept in memory for the next write: those that are on."""
_SCHEMA = f"""
{MADE_BY};
CREATE TABLE session (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, known BLOB NOT NULL) STRICT;
CREATE TABLE block (
    n INTEGER PRIMARY KEY, session INTEGER NOT NULL, strand INTEGER NOT NULL, lines BLOB NOT NULL, words BLOB NOT NULL
) STRICT;
CREATE INDEX block_of_session ON block (session);
CREATE VIRTUAL TABLE line USING fts5 (words, content = '', tokenize = 'ascii')
"""
_KIND = DatabaseKind(
    name="search index",
    application_id=0x6D6F6F73,  # `moos`
    version=1,
    schema=_SCHEMA,
    otherwise="It is replaced.",
)
_MERGE_PAGES = 500
_BEST = """
SELECT rowid FROM line WHERE line MATCH ? AND rowid >> ? IN (SELECT value FROM json_each(?))
ORDER BY rank LIMIT ? OFFSET ?
"""
_ROWS_AMONG = """
SELECT rowid FROM line WHERE line MATCH ? AND rowid BETWEEN ? AND ? AND rowid >> ? IN (SELECT value FROM json_each(?))
"""


class HeldLine(NamedTuple):
    """Where the text of a line is."""

    at: int
    """Its place in its block."""
    segment: SegmentId
    offset: int
    """Offset of the event that has its text."""
    t0: int
    t1: int


class _Blocks(NamedTuple):
    """The lines of a session in a file."""

    lines: dict[int, tuple[HeldLine, str]]
    """Each line and its folded words, by its row."""
    rows: dict[SegmentId, int]
    strands: dict[int, int]
    """The number of the strand of each block."""

    def take_out(self, row: int) -> None:
        line, _ = self.lines.pop(row)
        del self.rows[line.segment]

    def put_in(self, row: int, line: HeldLine, words: str) -> None:
        self.lines[row] = line, words
        self.rows[line.segment] = row

    def block(self, n: int) -> list[tuple[HeldLine, str]]:
        return [each for row in range(n << BITS, (n + 1) << BITS) if (each := self.lines.get(row)) is not None]


_pack = msgspec.msgpack.Encoder().encode
_unpack_lines = msgspec.msgpack.Decoder(list[HeldLine]).decode
_unpack_session = msgspec.msgpack.Decoder(SearchedSession).decode


class ShelfFile:
    """A file of the index, open for writing."""

    def __init__(self, path: Path, folding: Folding, stems: str) -> None:
        """Open the file at `path`, or make it. One that is damaged, or of another release, is replaced by an empty one.
        Raises sqlite3.Error and OSError where that can't be done now.
        """
        self._folding = folding
        self.sessions: dict[int, SearchedSession] = {}
        """The sessions in the file, by their numbers. Bound: all sessions."""
        self._numbers: dict[SessionId, int] = {}
        self.blocks: dict[int, tuple[int, int]] = {}
        """The numbers of session and strand of each block. Bound: a block for each strand and each 256 lines."""
        # Overflow: the session that was written longest ago is dropped, and read again when it is written.
        self._cached: OrderedDict[int, _Blocks] = OrderedDict()
        self._secure = True
        self._connection, _ = opened(path, _KIND, f"{FOLDING_VERSION} {stems}", self._read)

    def _read(self, connection: sqlite3.Connection) -> None:
        """Read what is kept in memory."""
        try:
            connection.execute("INSERT INTO line (line, rank) VALUES ('secure-delete', 1)")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                raise
            self._secure = False  # SQLite before 3.42: what is removed is merged away instead
        with _unpacking():
            self.sessions = {
                number: _unpack_session(known)
                for number, known in connection.execute("SELECT number, known FROM session")
            }
        self._numbers = {known.session: number for number, known in self.sessions.items()}
        blocks = connection.execute("SELECT n, session, strand FROM block")
        self.blocks = {n: (session, strand) for n, session, strand in blocks}

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def number(self, session: SessionId) -> int | None:
        """The number of a session; None when it is not in this file."""
        return self._numbers.get(session)

    def known(self, session: SessionId) -> SearchedSession | None:
        """What the file has of a session beside its lines; None when it is not in this file."""
        number = self.number(session)
        return None if number is None else self.sessions[number]

    def write(
        self, known: SearchedSession, lines: Sequence[SearchLine], touched: Collection[SegmentId] | None = None
    ) -> bool:
        """Make the file hold these lines of a session and no others; or, of the lines `touched`, these and no others.
        Returns False when there is more to do, for which it has to be called again: one call writes at most SLICE
        lines.
        """
        number, former = self.number(known.session), self.known(known.session)
        if number is None:
            number = max(self.sessions, default=0) + 1
        strands = {strand: at for at, strand in enumerate(() if former is None else former.strands)}
        held = self._held(number)
        rows = _FreeRows(held, max(self.blocks, default=0) + 1)
        out: list[int] = []
        new: list[tuple[int, HeldLine, str]] = []
        whole, wanted = True, set()
        for line in lines:
            wanted.add(line.segment)
            strand = strands.setdefault(line.strand, len(strands))
            row = held.rows.get(line.segment)
            if row is not None:
                same = held.strands[row >> BITS] == strand
                if same and held.lines[row][0][2:] == (line.offset, line.t0, line.t1):
                    continue
            if len(new) == SLICE:
                whole = False
                continue
            if row is not None:
                out.append(row)
            if row is None or not same:
                row = rows.take(strand)
            there = HeldLine(row & BLOCK - 1, line.segment, line.offset, line.t0, line.t1)
            new.append((row, there, self._folding.words(line.text, line.strand.language)))
        about = tuple(held.rows) if touched is None else touched
        out += [gone for each in about if each not in wanted and (gone := held.rows.get(each)) is not None]
        after = msgspec.structs.replace(known, strands=tuple(strands))
        if not whole:  # After a crash the rest is written, too.
            after = msgspec.structs.replace(after, offset=0)
        self._change(number, held, out, new, after)
        return whole

    def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        """Take out the lines whose texts are at these offsets of the log, and the names of speakers, which are written
        again with the next lines.
        """
        number = self.number(session)
        if number is None:
            return
        held, gone = self._held(number), frozenset(offsets)
        out = [row for row, (line, _) in held.lines.items() if line.offset in gone]
        self._change(number, held, out, (), msgspec.structs.replace(self.sessions[number], speakers={}, offset=0))
        self.cut_wal()

    def drop(self, session: SessionId) -> None:
        """Take a session out."""
        number = self.number(session)
        if number is None:
            return
        held = self._held(number)
        self._change(number, held, tuple(held.lines), (), None)
        self.cut_wal()

    def holds(self, session: SessionId, lines: Mapping[SegmentId, SearchLine]) -> bool:
        """Whether the file holds these lines of a session, and no others, with the words that the log has."""
        number = self.number(session)
        if number is None:
            return not lines
        held, strands = self._held(number), self.sessions[number].strands
        there = {
            line.segment: (strands[held.strands[row >> BITS]], line.offset, line.t0, line.t1, words)
            for row, (line, words) in held.lines.items()
        }
        return there == {
            each.segment: (
                each.strand,
                each.offset,
                each.t0,
                each.t1,
                self._folding.words(each.text, each.strand.language),
            )
            for each in lines.values()
        }

    def tidy(self) -> bool:
        """Merge a part of the inverted index, which makes it smaller and quicker. Returns whether there is more."""
        before = self._connection.total_changes
        self._connection.execute("INSERT INTO line (line, rank) VALUES ('merge', ?)", (-_MERGE_PAGES,))
        if self._connection.total_changes - before > 1:
            return True
        self._connection.executescript("PRAGMA incremental_vacuum")  # `execute` would give back a single page
        self.cut_wal()
        return False

    def cut_wal(self) -> None:
        """Copy the WAL into the file and cut it, so that no file has what was taken out.

        Raises sqlite3.OperationalError when somebody reads the file for longer than BUSY_S.
        """
        (busy, _, _) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("The WAL can't be cut: somebody reads the file.")

    def faults(self) -> str:
        """Compare the inverted index with itself. Returns what is wrong, empty for nothing."""
        try:
            self._connection.execute("INSERT INTO line (line) VALUES ('integrity-check')")
            (found,) = self._connection.execute("PRAGMA quick_check").fetchone()
        except sqlite3.DatabaseError as error:
            return str(error)
        return "" if found == "ok" else str(found)

    def _held(self, number: int) -> _Blocks:
        """The lines of a session in this file."""
        held = self._cached.pop(number, None)
        if held is None:
            held = _Blocks({}, {}, {})
            for n, strand, lines, words in self._connection.execute(
                "SELECT n, strand, lines, words FROM block WHERE session = ?", (number,)
            ):
                held.strands[n] = strand
                with _unpacking():
                    of = bz2.decompress(words).decode().split("\n")
                    for line, each in zip(_unpack_lines(zlib.decompress(lines)), of, strict=True):
                        held.put_in(n << BITS | line.at, line, each)
        self._cached[number] = held
        if len(self._cached) > CACHED:
            self._cached.popitem(last=False)
        return held

    def _change(
        self,
        number: int,
        held: _Blocks,
        out: Sequence[int],
        new: Sequence[tuple[int, HeldLine, str]],
        known: SearchedSession | None,
    ) -> None:
        """Take lines out and put lines in, in one transaction. `known` None: the session goes."""
        self._cached.pop(number, None)  # If the transaction fails, what is stored is read again.
        gone = [(row, held.lines[row][1]) for row in out]
        for row in out:
            held.take_out(row)
        for row, line, words in new:
            held.put_in(row, line, words)
        changed = {n: held.block(n) for n in {row >> BITS for row in (*out, *(row for row, _, _ in new))}}
        full = [(n, number, held.strands[n], *_packed(lines)) for n, lines in changed.items() if lines]
        empty = [(n,) for n, lines in changed.items() if not lines]
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany("INSERT INTO line (line, rowid, words) VALUES ('delete', ?, ?)", gone)
            connection.executemany(
                "INSERT INTO line (rowid, words) VALUES (?, ?)", [(row, words) for row, _, words in new]
            )
            if gone and not self._secure:
                connection.execute("INSERT INTO line (line) VALUES ('optimize')")
            connection.executemany("REPLACE INTO block VALUES (?, ?, ?, ?, ?)", full)
            connection.executemany("DELETE FROM block WHERE n = ?", empty)
            if known is None:
                connection.execute("DELETE FROM session WHERE number = ?", (number,))
            else:
                connection.execute("REPLACE INTO session VALUES (?, ?, ?)", (number, known.session, _pack(known)))
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        for (n,) in empty:
            self.blocks.pop(n, None)
            held.strands.pop(n, None)
        self.blocks.update((n, (number, strand)) for n, _, strand, _, _ in full)
        if known is None:
            del self._numbers[self.sessions.pop(number).session]
        else:
            self.sessions[number] = known
            self._numbers[known.session] = number
            self._cached[number] = held


class _FreeRows:
    """Gives free rows of a session's blocks, and new blocks."""

    def __init__(self, held: _Blocks, new: int) -> None:
        self._held = held
        self._new = new
        """The number of the next new block."""
        self._next: dict[int, int] = {}
        """The row after the last one of each strand."""
        for row in held.lines:
            strand = held.strands[row >> BITS]
            self._next[strand] = max(self._next.get(strand, 0), row + 1)

    def take(self, strand: int) -> int:
        row = self._next.get(strand, 0)
        if row & BLOCK - 1 == 0:  # There is no block, or the last one is full.
            row = self._new << BITS
            self._held.strands[self._new] = strand
            self._new += 1
        self._next[strand] = row + 1
        return row


class ShelfReader:
    """Finds lines in a file of the index, over a connection of its own, beside whoever writes."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error."""
        self._connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA cache_size = -32768")  # KiB

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def heaps(self, expression: str) -> list[tuple[int, int]]:
        """How many lines are found, by the number of their block."""
        return self._connection.execute(
            "SELECT rowid >> ?, count(*) FROM line WHERE line MATCH ? GROUP BY 1", (BITS, expression)
        ).fetchall()

    def rows_among(self, expression: str, blocks: Collection[int]) -> list[int]:
        """The rows in these blocks that are found, in their order, without regard to any other block."""
        if not blocks:
            return []
        span = (min(blocks) << BITS, (max(blocks) + 1 << BITS) - 1)
        given = (expression, *span, BITS, msgspec.json.encode(list(blocks)).decode())
        return [row for (row,) in self._connection.execute(_ROWS_AMONG, given)]

    def best(self, expression: str, blocks: Collection[int], limit: int, skipped: int) -> list[int]:
        """The rows in these blocks that match best, by BM25 over all that are found."""
        among = msgspec.json.encode(list(blocks)).decode()
        return [row for (row,) in self._connection.execute(_BEST, (expression, BITS, among, limit, skipped))]

    def lines(self, rows: Iterable[int]) -> list[tuple[int, HeldLine]]:
        """The lines of rows, each with its block's number; rows that are gone meanwhile are left out."""
        blocks: dict[int, dict[int, HeldLine]] = {}
        found = []
        for row in rows:
            n = row >> BITS
            if n not in blocks:
                stored = self._connection.execute("SELECT lines FROM block WHERE n = ?", (n,)).fetchone()
                with _unpacking():
                    lines = [] if stored is None else _unpack_lines(zlib.decompress(stored[0]))
                blocks[n] = {each.at: each for each in lines}
            if (line := blocks[n].get(row & BLOCK - 1)) is not None:
                found.append((n, line))
        return found


def _packed(lines: Sequence[tuple[HeldLine, str]]) -> tuple[bytes, bytes]:
    """The lines of a block, and their words."""
    return (
        zlib.compress(_pack([line for line, _ in lines]), 6),
        bz2.compress("\n".join(words for _, words in lines).encode()),  # smaller, and seldom unpacked
    )


@contextmanager
def _unpacking() -> Iterator[None]:
    """Raise sqlite3.DatabaseError where something can't be unpacked that is in the file."""
    try:
        yield
    except (msgspec.MsgspecError, zlib.error, OSError, EOFError, ValueError) as error:
        raise sqlite3.DatabaseError(f"What is stored can't be read ({type(error).__name__}).") from error
