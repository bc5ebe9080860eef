"""One file of vectors: the meanings of the lines that the same people may find, beside the index of their words.

A line's vector stands with what the index knows of the line, so that a find needs no other file. It is no text, but
tells something of one, and so leaves the file as words leave the index: overwritten, with the WAL cut. The file can be
lost. All functions block, and belong to one thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from moothall.adapters.search.derived_file import MADE_BY, opened
from moothall.adapters.store.sqlite_opening import DatabaseKind
from moothall.core.kernel.ids import Epoch, SegmentId, SessionId
from moothall.core.kernel.languages import primary
from moothall.core.search.lines import SearchLine, Strand
from moothall.wire.meaning import HoldSession

_SCHEMA = f"""
{MADE_BY};
CREATE TABLE session (id TEXT PRIMARY KEY, known BLOB NOT NULL) STRICT;
CREATE TABLE vector (
    session TEXT NOT NULL, segment TEXT NOT NULL, text INTEGER NOT NULL, about BLOB NOT NULL, v BLOB NOT NULL,
    PRIMARY KEY (session, segment)
) STRICT, WITHOUT ROWID
"""
_KIND = DatabaseKind(
    name="file of vectors",
    application_id=0x6D6F6F76,  # `moov`
    version=1,
    schema=_SCHEMA,
    otherwise="It is replaced.",
)


class MeantSession(msgspec.Struct, frozen=True):
    """How far the vectors of a session go."""

    epoch: Epoch
    offset: int
    """Offset of the last event that was folded; 0 while lines are lacking."""
    digest: str
    opened: int | None
    """Unix ms of media time 0."""
    lines: int = 0


class MeantLine(msgspec.Struct, frozen=True, array_like=True):
    """What the index knows of a line."""

    offset: int
    """Offset of the event that has its text."""
    t0: int
    t1: int
    strand: Strand


_pack = msgspec.msgpack.Encoder().encode
_session = msgspec.msgpack.Decoder(MeantSession).decode
_line = msgspec.msgpack.Decoder(MeantLine).decode


def _sessions(connection: sqlite3.Connection) -> dict[SessionId, MeantSession]:
    return {SessionId(n): _session(known) for n, known in connection.execute("SELECT * FROM session")}


class VectorFile:
    """A file of vectors, open for writing."""

    def __init__(self, path: Path, made_by: str) -> None:
        """Open the file at `path`, or make it. One that is damaged, or made by another model, is replaced by an empty
        one. Raises sqlite3.Error and OSError.
        """
        self._connection, self.sessions = opened(path, _KIND, made_by, _sessions)
        """How far the vectors of each session go. Bound: all sessions."""

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def texts(self, session: SessionId) -> dict[SegmentId, int]:
        """Of which text, by the offset of its event, each line's vector was made."""
        rows = self._connection.execute("SELECT segment, text FROM vector WHERE session = ?", (session,))
        return {SegmentId(segment): text for segment, text in rows}

    def vectors(self, session: SessionId) -> HoldSession:
        """The lines of a session, with their vectors."""
        rows = self._connection.execute("SELECT segment, about, v FROM vector WHERE session = ?", (session,)).fetchall()
        return HoldSession(
            session,
            tuple(SegmentId(segment) for segment, _, _ in rows),
            tuple(primary(_line(about).strand.language) for _, about, _ in rows),
            b"".join(v for _, _, v in rows),
        )

    def line(self, session: SessionId, segment: SegmentId) -> MeantLine | None:
        """What the index knew of a line when its vector was written; None where there is none."""
        wanted = "SELECT about FROM vector WHERE session = ? AND segment = ?"
        row = self._connection.execute(wanted, (session, segment)).fetchone()
        return None if row is None else _line(row[0])

    def add(self, session: SessionId, lines: Sequence[SearchLine], vectors: Sequence[bytes]) -> None:
        """Write the vectors of lines."""
        rows = [(session, line.segment, line.offset, _about(line), v) for line, v in zip(lines, vectors, strict=True)]
        self._connection.executemany("REPLACE INTO vector VALUES (?, ?, ?, ?, ?)", rows)

    def complete(self, session: SessionId, known: MeantSession, lines: Mapping[SegmentId, SearchLine]) -> None:
        """Note that each of these lines has its vector, and take out all others."""
        gone = [(session, segment) for segment in self.texts(session) if segment not in lines]
        about = [(_about(line), session, segment) for segment, line in lines.items()]
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("DELETE FROM vector WHERE session = ? AND segment = ?", gone)
            self._connection.executemany("UPDATE vector SET about = ? WHERE session = ? AND segment = ?", about)
            self._connection.execute("REPLACE INTO session VALUES (?, ?)", (session, _pack(known)))
        self.sessions[session] = known
        self.cut_wal()

    def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        """Take out the lines whose texts are at these offsets. The session counts as incomplete."""
        rows = [(session, offset) for offset in offsets]
        self._connection.executemany("DELETE FROM vector WHERE session = ? AND text = ?", rows)
        self._outdate(session)
        self.cut_wal()

    def drop(self, session: SessionId) -> None:
        """Take a session out."""
        self._connection.execute("DELETE FROM vector WHERE session = ?", (session,))
        self._outdate(session)
        self.cut_wal()

    def drop_unfinished(self) -> None:
        """Take out the lines of sessions that aren't complete."""
        self._connection.execute("DELETE FROM vector WHERE session NOT IN (SELECT id FROM session)")
        self.cut_wal()

    def cut_wal(self) -> None:
        """Copy the WAL into the file and cut it, so that no file has what was taken out."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def _outdate(self, session: SessionId) -> None:
        self._connection.execute("DELETE FROM session WHERE id = ?", (session,))
        self.sessions.pop(session, None)


def _about(line: SearchLine) -> bytes:
    return _pack(MeantLine(line.offset, line.t0, line.t1, line.strand))
