"""Data folders that are in use and are backed up, and searches for words that must be in no file."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from moothall.adapters.backup.data_folder import DataFolder
from moothall.adapters.backup.folder import BackupFolder
from moothall.adapters.store.book_sqlite import FILE_NAME as BOOK
from moothall.adapters.store.book_sqlite import SqliteBook
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.adapters.store.removal_list import RemovalList
from moothall.adapters.store.signing import FILE_NAME as KEY
from moothall.adapters.store.signing import Ed25519Signer
from moothall.adapters.store.sqlite_file import FILE_NAME as LOG
from moothall.adapters.store.sqlite_file import LogReader, open_for_reading
from moothall.adapters.system.clock import SystemClock
from moothall.cli.backup import restore_command
from moothall.core.backup.removed import TextRemoved, named
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, Epoch, SegmentId, SessionId
from moothall.core.ports import BookEntry
from moothall.services.backup.taking import BackupResult, Taking
from support.sessions.recorder import Recorder

T = TypeVar("T")
FLOOR = ChannelId("floor")
FAST = 1_000_000_000


class House:
    """A data folder whose log is open, as a server has it."""

    def __init__(self, folder: Path, removals: RemovalList | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.signer = Ed25519Signer.open(folder / KEY)
        self.recorders: dict[str, Recorder] = {}
        self.terms: dict[str, int] = {}
        self.words: dict[str, dict[int, bytes]] = {}
        """By session and offset the text of each line, which no other body contains."""
        self.loop = asyncio.new_event_loop()
        self.log = self.do(SqliteLog.open(folder / LOG, removals=removals))

        self.enter()

    def do(self, act: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(act)

    def close(self) -> None:
        self.do(self.log.close())
        self.loop.close()

    def enter(self, *entries: BookEntry) -> None:
        """Write entries into the book."""

        async def act() -> None:
            book = await SqliteBook.open(self.folder / BOOK)
            await book.write(entries)
            await book.close()

        self.do(act())

    def recorder(self, session: str) -> Recorder:
        if session not in self.recorders:
            self.recorders[session] = Recorder(SessionId(session))
            head = self.do(self.log.acquire(SessionId(session), epoch_of(session)))
            self.terms[session] = head.term
            self.recorders[session].go_on(head)
            self.words.setdefault(session, {})
        return self.recorders[session]

    def say(self, session: str, *texts: str) -> None:
        """Append a line for each text."""
        recorder, before = self.recorder(session), self.recorder(session).offset
        records = []
        for text in texts:
            self.words[session][recorder.offset + 1] = text.encode()
            line = SegmentId(f"s{recorder.offset}")
            ended = le.SegmentEnded(channel=FLOOR, segment=line, t1=1, reason=le.EndReason.SENTENCE, text=text)
            records.append(recorder.record(ended))
        self.do(self.log.append(SessionId(session), self.terms[session], before, records))

    def remove(self, session: str, *offsets: int, reason: str = "request") -> None:
        recorder, before = self.recorder(session), self.recorder(session).offset
        said = recorder.record(ev.BodyRemoved(offsets=offsets, reason=reason, by="staff-1"))
        self.do(self.log.remove(SessionId(session), self.terms[session], before, offsets, [said]))

    def list_only(self, session: str, *offsets: int) -> TextRemoved:
        """Put a removal on the list without carrying it out, like a server that is killed in between."""
        events = tuple(named(each) for each in self.records(session) if each.header.offset in offsets)
        line = RemovalList(self.folder / LIST).append(
            lambda new: TextRemoved(
                id=new.id,
                at=new.at,
                session=SessionId(session),
                epoch=epoch_of(session),
                reason="request",
                events=events,
            )
        )
        assert isinstance(line, TextRemoved)
        return line

    def restart(self) -> None:
        """Close the log and open it again, as the server's next run does."""
        self.do(self.log.close())
        self.log = self.do(SqliteLog.open(self.folder / LOG))
        for session in self.terms:
            self.terms[session] = self.do(self.log.acquire(SessionId(session), epoch_of(session))).term

    def sign(self, session: str) -> None:
        recorder, before = self.recorder(session), self.recorder(session).offset
        record = recorder.checkpoint(self.signer)
        self.do(self.log.append(SessionId(session), self.terms[session], before, [record]))

    def backup(
        self, to: Path, *, block: int = 4, keep: int = 0, between: Callable[[], None] | None = None
    ) -> BackupResult:
        """Back up as `moothall backup` does, with small blocks. `between` is called after the logs are
        copied, before the book is.
        """
        store = BackupFolder.make(to)
        folder = DataFolder(self.folder, self.folder / "recordings", apart(to), {})
        if between is not None:
            folder = Between(folder, between)
        try:
            with store.held():
                taking = Taking(folder, store, clock=SystemClock(), rate=FAST, release="1", keep=keep, block=block)
                return self.do(taking.run())
        finally:
            folder.close()

    def records(self, session: str) -> list[LogRecord]:
        return list(self.do(self.log.read(SessionId(session), 0, 100_000)))


class Between(DataFolder):
    """A data folder that calls `between` while it is copied."""

    def __init__(self, folder: DataFolder, between: Callable[[], None]) -> None:
        self.__dict__.update(folder.__dict__)
        self._between = between

    def book(self) -> Sequence[BookEntry]:
        with ThreadPoolExecutor() as thread:  # `between` runs an event loop of its own, as a server does
            thread.submit(self._between).result()
        return super().book()


def epoch_of(session: str) -> Epoch:
    return Epoch(f"of{session}")


def apart(to: Path) -> Path:
    """Return the default path of the list of removals."""
    return to.with_name(f"{to.name}.removals.jsonl")


def records_of(folder: Path) -> dict[str, list[LogRecord]]:
    """Return all logs of a data folder that nobody uses, by session."""
    reader = LogReader(open_for_reading(folder / LOG))
    try:
        return {str(session): list(reader.all(session)) for session in reader.sessions()}
    finally:
        reader.close()


def holding(folder: Path, words: Iterable[bytes]) -> list[tuple[str, bytes]]:
    """Return the files below a folder that contain any of these words, each with the word."""
    wanted, found = list(words), list[tuple[str, bytes]]()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        found += [(path.name, word) for word in wanted if word in data]
    return found


def restored(source: Path, to: Path, *, removals: Path, at: int | None = None) -> str:
    """Restore a backup without keys; returns the output of `moothall restore`."""
    out = io.StringIO()
    assert restore_command(source, to, out, at=at, removals=[removals], keys=None) == 0
    return out.getvalue()
