"""The index of a server: a file for each shelf, one thread that writes them all, and one that reads.

The index can be lost: it is made anew from the log. A file that is damaged is therefore deleted, and so is one from
which something can't be taken out, be it that it can't even be opened. Files are opened when they are first written or
taken from, and no server waits for them.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TypeVar

from moothall.adapters.search.derived_file import delete_file, is_damage
from moothall.adapters.search.shelf_file import (
    BITS,
    HeldLine,
    ShelfFile,
    ShelfReader,
)
from moothall.adapters.search.stemming import stem, stems_of
from moothall.adapters.store.files import make_folder
from moothall.core.events.types import SoundKept
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.search.choosing import Heap, SearchedSession, count
from moothall.core.search.folding import Folding
from moothall.core.search.lines import SearchFold, SearchLine, Shelf
from moothall.services.search.ports import Finds, FoundLine, IndexBusy, SoughtIn

T = TypeVar("T")

logger = logging.getLogger(__name__)

RANKED = 2_000
"""The most lines that are ranked one by one, by BM25. Of more lines, which all have the words, BM25 would put the
shortest first, and take longer: there the sessions come first that have most of them."""
FOLDER = "search"
"""The index's folder in a data folder."""
MOST_WAITING = 32
"""The most searches that wait for the reading thread. Overflow: the next is refused as busy."""


class SearchFiles:
    """The `SearchIndex` in files. It belongs to the event loop that uses it first."""

    def __init__(self, data: Path, folding: Folding, stems: str) -> None:
        """The index of a data folder. `stems`: what the stems of `folding` depend on. Nothing is opened yet."""
        self._folder = data / FOLDER
        self.folding = folding
        self._stems = stems
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search-writer")
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search-reader")
        self._files: dict[Shelf, ShelfFile] = {}
        """The files that are open. The writing thread alone changes it."""
        self._opened = False
        """Whether a file was opened since `open` said so."""
        self._readers: dict[Shelf, ShelfReader] = {}
        self._waiting = 0

    @classmethod
    def stemmed(cls, data: Path) -> SearchFiles:
        """The index of a data folder, with the stems that every server and hub of this release has."""
        return cls(data, Folding(stem), stems_of())

    async def open(self) -> bool:
        """Open the files that aren't open, or make empty ones. Returns whether any was opened since this last returned:
        it may lack what it had before. Raises StorageUnavailable.
        """

        def opened() -> bool:
            for shelf in Shelf:
                self._file(shelf)
            before, self._opened = self._opened, False
            return before

        return await self._write(opened)

    async def close(self) -> None:
        """Complete what is under way, and close the files."""
        loop = asyncio.get_running_loop()

        def close(files: Mapping[Shelf, ShelfFile] | Mapping[Shelf, ShelfReader]) -> None:
            for each in files.values():
                each.close()

        await loop.run_in_executor(self._reading, close, self._readers)
        await loop.run_in_executor(self._writing, close, self._files)
        for thread in (self._reading, self._writing):
            await asyncio.to_thread(thread.shutdown)

    def known(self) -> dict[SessionId, SearchedSession]:
        """What the index knows of each of its sessions. Raises StorageUnavailable while a file isn't open, or was
        opened and `open` has not said so.
        """
        files = tuple(self._files.values())
        if len(files) < len(Shelf) or self._opened:
            raise StorageUnavailable("The search index isn't open.")
        return {each.session: each for file in files for each in tuple(file.sessions.values())}

    def session(self, session: SessionId) -> SearchedSession | None:
        """What the index knows of a session; None where it isn't in an open file."""
        found = (file.known(session) for file in tuple(self._files.values()))
        return next((each for each in found if each is not None), None)

    def speaker_name(self, value: str) -> str:
        """The name for a find's value of the kind `speaker` that is a session and a speaker of it; empty where it isn't
        known.
        """
        session, _, speaker = value.partition("/")
        known = self.session(SessionId(session))
        return "" if known is None else known.speakers.get(SpeakerId(speaker), "")

    async def write(self, fold: SearchFold, still: Callable[[], bool]) -> bool:
        """Make the index hold the lines of a fold and no others of that session, on its shelf alone.

        `still`: whether the fold may still be written, asked before each slice: what was erased meanwhile must not come
        again. Returns False where it may not. Raises StorageUnavailable.
        """
        shelf = fold.shelf
        session = fold.session.id
        lines: list[SearchLine] = []
        searched: SearchedSession | None = None
        touched = None if fold.touched is None else frozenset(fold.touched)

        def begin() -> None:
            nonlocal searched, touched
            for each in Shelf:
                known = self._file(each).known(session)
                if known is not None and (each is not shelf or known.epoch != fold.epoch):
                    self._on(each, lambda file: file.drop(session))
            if shelf is not None:
                known = self._file(shelf).known(session)
                if known is None or not known.offset:
                    touched = None  # It stood on another shelf so far, was another log, or was not written to its end.
                lines.extend(fold.lines(touched))
                searched = searched_session(fold, shelf)

        def write() -> bool | None:
            if not still():
                return None
            if shelf is None or searched is None:
                return True
            known = searched
            return self._on(shelf, lambda file: file.write(known, lines, touched))

        await self._write(begin)
        while (done := await self._write(write)) is False:
            pass
        return bool(done)

    async def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        """Take the lines whose texts stood at these offsets out of every file; their bytes are overwritten when this
        returns. A file that refuses is deleted. Raises StorageUnavailable where that fails too.
        """
        await self._write(lambda: self._take_out(lambda file: file.erase(session, offsets)))

    async def drop(self, session: SessionId) -> None:
        """Take a session out of every file, as by `erase`."""
        await self._write(lambda: self._take_out(lambda file: file.drop(session)))

    async def holds(self, fold: SearchFold) -> bool:
        """Whether the index holds what a fold has, and nothing else of its session. Raises StorageUnavailable."""

        def compare() -> bool:
            lines = {each.segment: each for each in fold.lines()}

            def held(shelf: Shelf) -> bool:
                return self._on(shelf, lambda file: file.holds(fold.session.id, lines if shelf is fold.shelf else {}))

            return all(map(held, Shelf))

        return await self._write(compare)

    async def tidy(self) -> bool:
        """Merge a part of the index. Returns whether there is more to merge. Raises StorageUnavailable."""
        return await self._write(lambda: sum(self._on(shelf, ShelfFile.tidy) for shelf in Shelf) > 0)

    async def faults(self) -> Mapping[Shelf, str]:
        """What is wrong within the files, by shelf; empty where nothing is. Raises StorageUnavailable."""

        def look() -> Mapping[Shelf, str]:
            found = {shelf: self._file(shelf).faults() for shelf in Shelf}
            return {shelf: wrong for shelf, wrong in found.items() if wrong}

        return await self._write(look)

    async def find(self, wanted: SoughtIn) -> Finds:
        """Find lines. Raises IndexBusy when too many searches wait, and StorageUnavailable."""
        if self._waiting >= MOST_WAITING:
            raise IndexBusy("Too many people search at the moment.")
        self._waiting += 1
        finding = asyncio.get_running_loop().run_in_executor(self._reading, self._explained, self._find, wanted)
        finding.add_done_callback(self._over)
        try:
            # One that is given up stays in the queue, and counts there.
            return await asyncio.shield(finding)
        except StorageUnavailable as error:
            if (damage := error.__cause__) is not None and is_damage(damage):
                await self._write(lambda: self._lose(wanted.shelf, damage))
            raise

    def _over(self, _: asyncio.Future[Finds]) -> None:
        self._waiting -= 1

    def _find(self, wanted: SoughtIn) -> Finds:
        file = self._files.get(wanted.shelf)
        if file is None:
            raise StorageUnavailable("The search index isn't open.")
        if wanted.shelf not in self._readers:
            self._readers[wanted.shelf] = ShelfReader(self._path(wanted.shelf))
        reader = self._readers[wanted.shelf]
        known = {number: each for number, each in tuple(file.sessions.items()) if each.session in wanted.where}
        public = wanted.shelf is Shelf.PUBLIC
        if public:
            by_block = reader.heaps(wanted.expression)
        else:
            # Only the blocks of these sessions: neither order nor counts nor time tell anything of others.
            own = [n for n, (session, _) in tuple(file.blocks.items()) if session in known]
            by_block = list(Counter(row >> BITS for row in reader.rows_among(wanted.expression, own)).items())
        found: dict[tuple[int, int], int] = {}
        blocks: dict[int, tuple[int, int]] = {}
        for n, many in by_block:
            of = file.blocks.get(n)
            if of is not None and of[0] in known:
                blocks[n] = of
                found[of] = found.get(of, 0) + many
        counted = count(_heaps(known, found, wanted), wanted.choice)
        chosen = {n: of for n, of in blocks.items() if key_of(*of) in counted.keys}
        if public and chosen and sum(many for _, many in by_block) <= RANKED:
            rows = reader.best(wanted.expression, chosen, wanted.limit, wanted.skipped)
            lines = [(chosen[n], line) for n, line in reader.lines(rows) if n in chosen]
        else:
            of_sessions: dict[int, int] = {}
            for of, many in found.items():
                if key_of(*of) in counted.keys:
                    of_sessions[of[0]] = of_sessions.get(of[0], 0) + many
            newest = sorted(of_sessions, key=lambda number: (-(known[number].opened or 0), number))
            order = sorted(newest, key=lambda number: -of_sessions[number]) if public else newest
            lines = _by_session(reader, wanted, [(number, of_sessions[number]) for number in order], chosen)
        return Finds(
            counted.total,
            counted.kinds,
            tuple(
                FoundLine(
                    (searched := known[session]),
                    searched.strands[strand],
                    line.segment,
                    line.offset,
                    line.t0,
                    line.t1,
                )
                for (session, strand), line in lines
            ),
        )

    def _path(self, shelf: Shelf) -> Path:
        return self._folder / f"{shelf.value}.sqlite3"

    def _file(self, shelf: Shelf) -> ShelfFile:
        """A file of the index, which is opened where it isn't open."""
        if (file := self._files.get(shelf)) is None:
            make_folder(self._folder)
            file = self._files[shelf] = ShelfFile(self._path(shelf), self.folding, self._stems)
            self._opened = True
        return file

    def _on(self, shelf: Shelf, act: Callable[[ShelfFile], T]) -> T:
        """Do something with a file. One that turns out to be damaged is deleted."""
        try:
            return act(self._file(shelf))
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._lose(shelf, error)
            raise

    def _take_out(self, act: Callable[[ShelfFile], None]) -> None:
        for shelf in Shelf:
            try:
                act(self._file(shelf))
            except (sqlite3.Error, OSError) as error:
                self._lose(shelf, error)

    def _lose(self, shelf: Shelf, error: BaseException) -> None:
        """Delete a file, which is made anew when it is next opened."""
        logger.warning("search: the index of %s records is deleted and made anew (%s)", shelf, _reason(error))
        if (file := self._files.pop(shelf, None)) is not None:
            file.close()
        # The reader of the deleted file is closed by its own thread.
        self._reading.submit(self._forget_reader, shelf)
        delete_file(self._path(shelf))

    def _forget_reader(self, shelf: Shelf) -> None:
        if (reader := self._readers.pop(shelf, None)) is not None:
            reader.close()

    async def _write(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._explained, act)

    def _explained(self, act: Callable[..., T], *given: object) -> T:
        try:
            return act(*given)
        except (sqlite3.Error, OSError) as error:
            raise StorageUnavailable(f"The search index {self._folder} can't be used: {_reason(error)}.") from error


def _reason(error: BaseException) -> str:
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
        return "its disk is full"
    return str(getattr(error, "strerror", None) or getattr(error, "sqlite_errorname", type(error).__name__))


def searched_session(fold: SearchFold, shelf: Shelf) -> SearchedSession:
    """What the index keeps of a session beside its lines."""
    session = fold.session
    return SearchedSession(
        session=session.id,
        shelf=shelf,
        epoch=fold.epoch,
        offset=fold.offset,
        digest=fold.digest,
        title=session.title,
        opened=session.opened,
        sound=session.sound is SoundKept.PUBLISHED and not session.young_people,
        speakers={} if session.young_people else session.speakers,
    )


def key_of(session: int, strand: int) -> int:
    """The key of the heap of a strand."""
    return session << 32 | strand


def _heaps(
    known: Mapping[int, SearchedSession], found: Mapping[tuple[int, int], int], wanted: SoughtIn
) -> Iterator[Heap]:
    """The finds of each strand, by the numbers of session and strand."""
    common: dict[int, tuple[SessionId, str, str, date | None]] = {}
    for (number, at), many in found.items():
        of = known[number]
        if number not in common:
            place = wanted.where[of.session]
            year = "" if place.day is None else f"{place.day.year:04}"
            common[number] = (of.session, place.room, year, place.day)
        session, room, year, day = common[number]
        strand = of.strands[at]
        speaker = "" if strand.speaker is None else wanted.speaker_of(session, strand.speaker)
        yield Heap(key_of(number, at), many, (session, room, year, strand.language, strand.source, speaker), day)


def _by_session(
    reader: ShelfReader, wanted: SoughtIn, sessions: Sequence[tuple[int, int]], blocks: Mapping[int, tuple[int, int]]
) -> list[tuple[tuple[int, int], HeldLine]]:
    """A page of finds, session by session, in each in order of time. `sessions`: in their order, with how many finds
    each has; `blocks`: those with finds, with the numbers of session and strand.
    """
    page: list[tuple[tuple[int, int], HeldLine]] = []
    skipped = wanted.skipped
    for number, many in sessions:
        if skipped >= many:
            skipped -= many
            continue
        own = [n for n, of in blocks.items() if of[0] == number]
        lines = [(blocks[n], line) for n, line in reader.lines(reader.rows_among(wanted.expression, own))]
        lines.sort(key=lambda each: (each[1].t0, each[0]))
        page += lines[skipped : skipped + wanted.limit - len(page)]
        skipped = 0
        if len(page) >= wanted.limit:
            break
    return page
