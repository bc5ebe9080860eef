"""What an OpenSearch was sent, so that it can be taken out again: ids of lines and digests, no text.

The file is written before a line is sent and after it was taken; ids of lines that have to go stay in it until they are
gone. If it is lost, all that this server ever sent is taken out and sent anew. All functions block, and belong to one
thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from moothall.adapters.search.derived_file import MADE_BY, opened
from moothall.adapters.store.sqlite_opening import DatabaseKind
from moothall.core.kernel.ids import SegmentId, SessionId

FILE_NAME = "opensearch.sqlite3"
_SCHEMA = f"""
{MADE_BY};
CREATE TABLE begun (yes INTEGER PRIMARY KEY) STRICT;
CREATE TABLE session (id TEXT PRIMARY KEY, level TEXT NOT NULL) STRICT;
CREATE TABLE sent (
    session TEXT NOT NULL, segment TEXT NOT NULL, text INTEGER NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (session, segment)
) STRICT, WITHOUT ROWID;
CREATE TABLE gone (session TEXT NOT NULL, segment TEXT NOT NULL, PRIMARY KEY (session, segment)) STRICT, WITHOUT ROWID
"""
_KIND = DatabaseKind(
    name="list of what was exported",
    application_id=0x6D6F6F65,  # `mooe`
    version=1,
    schema=_SCHEMA,
    otherwise="It is replaced.",
)
SentLine = tuple[SessionId, SegmentId]


class ExportFile:
    """The file, open for writing."""

    def __init__(self, path: Path, address: str) -> None:
        """Open the file at `path`, or make it. One that is damaged, or of another address, is replaced. Raises
        sqlite3.Error and OSError.
        """
        self._connection, self.levels = opened(path, _KIND, address, _levels)
        """The state of its log up to which each session was sent. Bound: all sessions."""

    @property
    def begun(self) -> bool:
        """Whether the index was made empty of what an earlier file knew."""
        return self._connection.execute("SELECT yes FROM begun").fetchone() is not None

    def begin(self) -> None:
        """Note that the index has nothing of this server."""
        self._connection.execute("REPLACE INTO begun VALUES (1)")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def digests(self, session: SessionId) -> dict[SegmentId, str]:
        """The digest of each line that was sent; empty while it isn't known whether it was taken."""
        rows = self._connection.execute("SELECT segment, digest FROM sent WHERE session = ?", (session,))
        return {SegmentId(segment): digest for segment, digest in rows}

    def sending(self, session: SessionId, texts: Mapping[SegmentId, int]) -> None:
        """Note that these lines are sent, with the offsets of their texts."""
        rows = [(session, segment, text) for segment, text in texts.items()]
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("REPLACE INTO sent VALUES (?, ?, ?, '')", rows)
            back = [(session, segment) for segment in texts]
            self._connection.executemany("DELETE FROM gone WHERE session = ? AND segment = ?", back)

    def taken(self, session: SessionId, digests: Mapping[SegmentId, str]) -> None:
        """Note that these lines were taken. Those that have to go meanwhile go all the same."""
        rows = [(digest, session, segment) for segment, digest in digests.items()]
        self._connection.executemany("UPDATE sent SET digest = ? WHERE session = ? AND segment = ?", rows)

    def level(self, session: SessionId, level: str) -> None:
        """Note that all of a session was sent."""
        self._connection.execute("REPLACE INTO session VALUES (?, ?)", (session, level))
        self.levels[session] = level

    def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        """Have the lines go whose texts are at these offsets."""
        rows = self._connection.execute("SELECT segment, text FROM sent WHERE session = ?", (session,)).fetchall()
        self.go(session, [SegmentId(segment) for segment, text in rows if text in offsets])
        self._outdate(session)

    def drop(self, session: SessionId) -> None:
        """Have a session go."""
        self.go(session, list(self.digests(session)))
        self._outdate(session)

    def go(self, session: SessionId, segments: Sequence[SegmentId]) -> None:
        """Have lines go."""
        rows = [(session, segment) for segment in segments]
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("DELETE FROM sent WHERE session = ? AND segment = ?", rows)
            self._connection.executemany("REPLACE INTO gone VALUES (?, ?)", rows)

    def going(self, most: int) -> list[SentLine]:
        """Lines that have to go."""
        rows = self._connection.execute("SELECT session, segment FROM gone LIMIT ?", (most,))
        return [(SessionId(session), SegmentId(segment)) for session, segment in rows]

    def gone(self, lines: Sequence[SentLine]) -> None:
        """Note that these lines are gone."""
        self._connection.executemany("DELETE FROM gone WHERE session = ? AND segment = ?", lines)

    def _outdate(self, session: SessionId) -> None:
        self._connection.execute("DELETE FROM session WHERE id = ?", (session,))
        self.levels.pop(session, None)


def _levels(connection: sqlite3.Connection) -> dict[SessionId, str]:
    connection.execute("PRAGMA synchronous = FULL")  # A line that was sent must not be forgotten.
    return {SessionId(session): level for session, level in connection.execute("SELECT * FROM session")}
