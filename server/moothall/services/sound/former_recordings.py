"""Recordings on the disk of a node from the time when it kept the house, while it stands by.

Nobody plays them meanwhile, but the node may keep the house again. Words that are removed while another node keeps it
are silenced here too, before this node confirms the removal: the keeper notes in the book, which all nodes have, where
the words are in the sound of each source.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import Book, BookEntry, Clock
from moothall.core.removal.moves import digest
from moothall.services.sound.recording import RETRY_MS, RecordingPart
from moothall.services.supervision.waiting import until_set

logger = logging.getLogger(__name__)

NAMESPACE = "silenced"
"""The book's namespace, by session and a digest of the spans: which spans of a session's sound were removed."""

SourceSpan = tuple[SourceId, int, int]
"""A source, with the first sample of a span and the sample after its last, counted from the source's first."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A value of `NAMESPACE`."""

    session: SessionId
    spans: tuple[SourceSpan, ...]


class SilencedSpans:
    """The book's entries on removed sound: positions alone."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def add(self, session: SessionId, spans: Sequence[SourceSpan]) -> None:
        """Note that spans were removed; may be called repeatedly. Raises StorageUnavailable."""
        body = msgspec.json.encode(_Kept(session=session, spans=tuple(spans)))
        await self._book.write([BookEntry(NAMESPACE, f"{session}:{digest(body.decode())}", body)])

    async def forget(self, session: SessionId) -> None:
        """Delete the entries of a session that is erased. Raises StorageUnavailable."""
        known = [key for key, kept in (await self.read()).items() if kept.session == session]
        if known:
            await self._book.write([BookEntry(NAMESPACE, key, None) for key in known])

    async def read(self) -> Mapping[str, _Kept]:
        """All entries by key. Raises StorageUnavailable."""
        return {key: msgspec.json.decode(body, type=_Kept) for key, body in (await self._book.read(NAMESPACE)).items()}


class FormerStore(Protocol):
    """The part of the store of recordings that this module uses."""

    async def parts(self, session: SessionId) -> Sequence[RecordingPart]:
        """The parts of a session (`SoundStore`)."""
        ...

    async def silenced(self, session: SessionId) -> Collection[tuple[SourceId, int, tuple[int, int]]]:
        """What was silenced in a session's parts: source and first sample of the part, and the span.

        Raises StorageUnavailable.
        """
        ...

    async def silence(self, part: RecordingPart, first: int, last: int) -> None:
        """Write a part anew with silence from position `first` up to `last` (`SoundStore`)."""
        ...

    async def delete(self, part: RecordingPart, first: int, last: int) -> None:
        """Delete a part, since the span from `first` up to `last` was removed; it may be gone already. Raises
        StorageUnavailable.
        """
        ...


class _Due(NamedTuple):
    """A span that has to be silenced in a part."""

    part: RecordingPart
    first: int
    last: int


class FormerRecordings:
    """The recordings on this node's disk while it stands by: nothing else writes them meanwhile."""

    def __init__(self, store: FormerStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._seen: Mapping[str, _Kept] | None = None
        """The entries of the book to which `_due` belongs; None before `look`."""
        # Bound: the parts that there are, by the removals that there ever were.
        self._due: list[_Due] = []
        self._refused: set[SessionId] = set()
        """Sessions of which a part could not be silenced at the last attempt. Bound: the sessions in `_due`."""
        self._found = asyncio.Event()

    async def look(self, book: Book) -> None:
        """Find what has to be silenced by this node's own book, which follows the shared one. Raises
        StorageUnavailable.
        """
        entries = await SilencedSpans(book).read()
        if entries == self._seen:
            return
        due: list[_Due] = []
        for session in sorted({kept.session for kept in entries.values()}):
            due += await self._missing(session, [kept for kept in entries.values() if kept.session == session])
        self._due, self._seen = due, entries
        self._found.set()

    async def _missing(self, session: SessionId, entries: Sequence[_Kept]) -> list[_Due]:
        parts = await self._store.parts(session)
        if not parts:
            return []
        done = await self._store.silenced(session)
        return [
            _Due(part, first, last)
            for part in parts
            for kept in entries
            for source, first, last in kept.spans
            if source == part.source and part.holds(first, last) and (source, part.first, (first, last)) not in done
        ]

    def settled(self, session: SessionId) -> bool:
        """Whether nothing of the session has to be silenced here, by the book as it was when `look` was last called."""
        return self._seen is not None and all(due.part.session != session for due in self._due)

    async def run(self) -> None:
        """Silence what `look` finds, until cancelled. What the disk refuses is tried again."""
        while True:
            self._found.clear()
            for due in tuple(self._due):
                await self._silence(due)
            await until_set(self._found, self._clock, RETRY_MS)

    async def _silence(self, due: _Due) -> None:
        session = due.part.session
        try:
            await self._store.silence(*due)
        except StorageUnavailable as error:
            if session not in self._refused:
                logger.error("session %s: its recording here can't be silenced; retrying. %s", session, error)
            self._refused.add(session)
            return
        self._refused.discard(session)
        self._due = [each for each in self._due if each != due]
        logger.info("session %s: what was removed is silenced in the recording of source %s", session, due.part.source)

    async def delete_due(self, book: Book) -> None:
        """Delete the parts in which something has still to be silenced: this node takes the house, and nobody waits for
        its sound. Raises StorageUnavailable.
        """
        await self.look(book)
        for due in self._due:
            await self._store.delete(*due)
            logger.error(
                "session %s: a part of its recording, of source %s, is deleted, since there was no time to silence "
                "what was removed from it",
                due.part.session,
                due.part.source,
            )
        self._due = []
