"""Sends the lines of public records to an OpenSearch of the house's own, by its bulk API, and takes them out again.

It follows the index of the server, and like it holds no more than the logs: a line that is removed, or whose session is
no longer public, is deleted by its id. Of meetings with young people nothing is sent. What was sent is on the disk
(`ExportFile`), so that it goes on where it stopped. Forms: the documentation of OpenSearch, *Bulk*, *Delete by query*,
*Create index*.
"""

from __future__ import annotations

import asyncio
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import aiohttp
import msgspec
from aiohttp import hdrs

from moothall.adapters.search.derived_file import delete_file
from moothall.adapters.search.export_file import FILE_NAME, ExportFile, SentLine
from moothall.adapters.search.index_files import FOLDER
from moothall.adapters.store.files import make_folder
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.core.kernel.times import UTC_ZONE, iso_time
from moothall.core.ports import Clock
from moothall.core.search.choosing import SearchedSession
from moothall.core.search.lines import SearchFold, SearchLine, Shelf

T = TypeVar("T")

AT_ONCE = 500
"""Lines of a request: some hundred KB."""
WITHIN_S = 30.0
APART_MS = 60_000
"""How often a session that is on is sent."""
MOST_BYTES = 8 << 20
"""The most bytes of an answer."""
BY = "moothall"
"""Marks the documents of this server, so that no others are taken out."""
_KINDS = {
    "keyword": ("by", "session", "channel", "line", "language", "source", "name", "address"),
    "text": ("title", "text"),
    "long": ("t0", "t1"),
    "date": ("at",),
}
_MAPPINGS = {"mappings": {"properties": {name: {"type": kind} for kind, names in _KINDS.items() for name in names}}}
_OWN = {"query": {"term": {"by": BY}}}


class ExportedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is sent."""

    by: str = BY
    session: str
    title: str
    at: str | None
    """When it was said, ISO 8601 in UTC; null where that isn't known."""
    channel: str
    line: str
    t0: int
    """Start, media ms."""
    t1: int
    language: str
    source: str
    """`person`, `machine`, `translation` or `imported`."""
    name: str
    """The speaker's name; empty where nobody is named."""
    text: str
    address: str
    """The line's page."""


class _Document(NamedTuple):
    offset: int
    """Offset of the event that has its text."""
    body: bytes
    digest: str


class _Outcome(msgspec.Struct, frozen=True):
    status: int


class _BulkAnswer(msgspec.Struct, frozen=True):
    items: tuple[dict[str, _Outcome], ...]


class OpenSearch:
    """The `BesideIndex` of an index at an OpenSearch."""

    def __init__(self, data: Path, address: str, *, login: str = "", public: str = "", clock: Clock) -> None:
        """`address`: that of the index; `login`: `user:password`; `public`: the server's, for links."""
        self._path = data / FOLDER / FILE_NAME
        self._address = address.rstrip("/")
        self._headers = {hdrs.AUTHORIZATION: f"Basic {b64encode(login.encode()).decode()}"} if login else {}
        self._public = public.rstrip("/")
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search-export")
        self._file: ExportFile | None = None
        self._client: aiohttp.ClientSession | None = None
        # Bound: the sessions that are sent.
        self._at: dict[SessionId, int] = {}
        """When each session was last sent, in monotonic ms."""

    async def close(self) -> None:
        """End requests and close the file."""
        if self._client is not None:
            await self._client.close()
        if (file := self._file) is not None:
            await self._in_thread(lambda _: file.close())
        await asyncio.to_thread(self._thread.shutdown)

    async def lacks(self, known: Mapping[SessionId, SearchedSession]) -> SessionId | None:
        """Take out what has to go; a session that has to be sent, or to go, now. Raises StorageUnavailable."""
        if not await self._in_thread(lambda file: file.begun):
            await self._ask("PUT", "", _MAPPINGS, allowed=(200, 400))  # 400: it is there.
            await self._ask("POST", "/_delete_by_query?conflicts=proceed&refresh=true", _OWN)
            await self._in_thread(ExportFile.begin)
        while lines := await self._in_thread(lambda file: file.going(AT_ONCE)):
            await self._bulk([_delete(line) for line in lines], "?refresh=true")  # It is not found any more at once.
            await self._in_thread(partial(ExportFile.gone, lines=lines))
        levels = await self._in_thread(lambda file: dict(file.levels))
        for session in levels:
            if session not in known or known[session].shelf is not Shelf.PUBLIC:
                return session
        now = self._clock.monotonic()
        for session, each in sorted(known.items(), key=lambda item: self._at.get(item[0], -1)):
            lately = now - self._at.get(session, now - APART_MS) < APART_MS
            if each.shelf is Shelf.PUBLIC and levels.get(session) != _level(each) and not lately:
                return session
        return None

    async def write(self, fold: SearchFold, still: Callable[[], bool]) -> bool:
        """Send what an index lacks of a session. Returns False where it was stopped. Raises StorageUnavailable."""
        session = fold.session.id
        self._at[session] = self._clock.monotonic()
        if fold.shelf is not Shelf.PUBLIC:
            await self.drop(session)
            return True
        documents = await asyncio.to_thread(self._documents, fold)  # 40 ms for a meeting of nine hours
        had = await self._in_thread(lambda file: file.digests(session))
        await self._in_thread(lambda file: file.go(session, [each for each in had if each not in documents]))
        changed = [segment for segment, each in documents.items() if had.get(segment) != each.digest]
        for first in range(0, len(changed), AT_ONCE):
            part = changed[first : first + AT_ONCE]
            texts = {segment: documents[segment].offset for segment in part}
            if not await self._while(still, partial(ExportFile.sending, session=session, texts=texts)):
                self._at.pop(session, None)
                return False
            await self._bulk([_index((session, segment), documents[segment].body) for segment in part])
            sent = {segment: documents[segment].digest for segment in part}
            await self._in_thread(partial(ExportFile.taken, session=session, digests=sent))
        return await self._while(still, partial(ExportFile.level, session=session, level=_level(fold)))

    async def erase(self, session: SessionId, offsets: Collection[int]) -> None:
        """Have the lines go whose texts stood at these offsets: when this returns, they are on the list of what goes
        first. Raises StorageUnavailable.
        """
        await self._in_thread(lambda file: file.erase(session, frozenset(offsets)))
        self._at.pop(session, None)

    async def drop(self, session: SessionId) -> None:
        """Have a session go, as by `erase`."""
        await self._in_thread(lambda file: file.drop(session))
        self._at.pop(session, None)

    def _documents(self, fold: SearchFold) -> dict[SegmentId, _Document]:
        """What an index has to have of a session: nothing of one with young people."""
        if fold.session.young_people:
            return {}
        bodies = ((line, self._document(fold, line)) for line in fold.lines())
        return {line.segment: _Document(line.offset, body, sha256(body).hexdigest()[:32]) for line, body in bodies}

    def _document(self, fold: SearchFold, line: SearchLine) -> bytes:
        session, strand = fold.session, line.strand
        at = None if session.opened is None else iso_time(UTC_ZONE.at(session.opened + line.t0))
        return msgspec.json.encode(
            ExportedLine(
                session=session.id,
                title=session.title.strip(),
                at=at,
                channel=strand.channel,
                line=line.segment,
                t0=line.t0,
                t1=line.t1,
                language=strand.language,
                source=strand.source.value,
                name="" if strand.speaker is None else session.speakers.get(strand.speaker, ""),
                text=line.text.strip(),
                address=f"{self._public}/s/{session.id}/line/{line.segment}?channel={strand.channel}",
            )
        )

    async def _bulk(self, operations: Sequence[bytes], how: str = "") -> None:
        """Carry out operations. Raises StorageUnavailable where one has to be sent again."""
        body = await self._ask("POST", f"/_bulk{how}", b"".join(operations))
        try:
            items = msgspec.json.decode(body, type=_BulkAnswer).items
        except msgspec.MsgspecError:
            raise StorageUnavailable("The OpenSearch gave another answer than its bulk API has.") from None
        statuses = [outcome.status for item in items for outcome in item.values()]
        # 404: what has to go is gone.
        refused = [status for status in statuses if status >= 300 and status != 404]
        if refused or len(statuses) != len(operations):
            msg = f"The OpenSearch refused {len(refused)} of {len(operations)} lines ({max(refused, default=0)})."
            raise StorageUnavailable(msg)

    async def _ask(self, method: str, path: str, body: Any, allowed: tuple[int, ...] = (200,)) -> bytes:
        if self._client is None:
            self._client = aiohttp.ClientSession(
                headers=self._headers, timeout=aiohttp.ClientTimeout(WITHIN_S), auto_decompress=True
            )
        lines = isinstance(body, bytes)
        kind = "application/x-ndjson" if lines else "application/json"
        data = body if lines else msgspec.json.encode(body)
        try:
            async with self._client.request(
                method, self._address + path, data=data, headers={hdrs.CONTENT_TYPE: kind}, allow_redirects=False
            ) as answer:
                read = await answer.content.read(MOST_BYTES)
                while len(read) < MOST_BYTES and (more := await answer.content.read(MOST_BYTES - len(read))):
                    read += more
                if answer.status not in allowed:
                    raise StorageUnavailable(f"The OpenSearch answers {method} {path} with {answer.status}.")
                return read
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise StorageUnavailable(f"The OpenSearch gives no answer ({type(error).__name__}).") from None

    async def _while(self, still: Callable[[], bool], act: Callable[[ExportFile], None]) -> bool:
        """Do something in the thread that also takes out, unless that was done meanwhile: it must not come again."""

        def acted(file: ExportFile) -> bool:
            if allowed := still():
                act(file)
            return allowed

        return await self._in_thread(acted)

    async def _in_thread(self, act: Callable[[ExportFile], T]) -> T:
        def acted() -> T:
            try:
                if self._file is None:
                    make_folder(self._path.parent)
                    self._file = ExportFile(self._path, self._address)
                return act(self._file)
            except (sqlite3.Error, OSError) as error:
                raise StorageUnavailable(f"What was sent to the OpenSearch can't be kept in {self._path}.") from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, acted)


def forget_export(data: Path) -> None:
    """Delete the list of what was sent: an OpenSearch that is named later begins anew. Raises OSError."""
    delete_file(data / FOLDER / FILE_NAME)


def _level(known: SearchedSession | SearchFold) -> str:
    """What is kept of the state of a log."""
    return f"{known.epoch} {known.offset} {known.digest}"


def _id(line: SentLine) -> str:
    return "/".join(line)


def _index(line: SentLine, document: bytes) -> bytes:
    return msgspec.json.encode({"index": {"_id": _id(line)}}) + b"\n" + document + b"\n"


def _delete(line: SentLine) -> bytes:
    return msgspec.json.encode({"delete": {"_id": _id(line)}}) + b"\n"
