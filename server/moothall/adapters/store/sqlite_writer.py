"""The thread that writes a SQLite log: one transaction for all writes that wait.

It takes the jobs that wait, never waiting for more, and commits them in one transaction with a savepoint for each job,
so that a conflict in one leaves the others alone; then it passes the results to the event loop. A lone append is thus
as fast as the disk, and many appends share one sync (docs/adr/0007-sqlite-full-group-commit.md). When idle it copies
the WAL into the database.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from moothall.adapters.store import sqlite_file
from moothall.core.kernel.errors import StorageError, StorageUnavailable

logger = logging.getLogger(__name__)

WAITING_WRITES = 1024
"""The most jobs that wait for the disk. Overflow: the next job is refused with StorageUnavailable."""
BATCH = 256
"""The most jobs of one transaction, so that the first of them doesn't wait for a crowd."""

PATIENCE_MS = 50
"""How many ms the emptying of the WAL waits for readers."""

_STOPPED = "The log's writer has stopped; restart the server."


class Job(NamedTuple):
    """Work to do inside the transaction, and the future of whoever waits for it."""

    act: Callable[[sqlite3.Connection], Any]
    """Does the work. It may raise StorageError, which undoes this job alone; only SQLite may raise anything else."""
    future: asyncio.Future[Any]
    """Resolved on its event loop once the result is durable."""
    stored: Callable[[Any], None] = lambda _: None
    """Called with the result in the writer's thread once it is durable, before the future is resolved."""


class _Outcome(NamedTuple):
    future: asyncio.Future[Any]
    value: Any
    error: Exception | None


class SqliteWriter(threading.Thread):
    """Owns the writing connection, and closes it."""

    def __init__(self, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop, idle_s: float) -> None:
        super().__init__(name="log-writer", daemon=True)
        self._connection = connection
        self._loop = loop
        self._idle_s = idle_s
        # Overflow: `submit` refuses. None marks the end of the jobs.
        self._jobs: queue.Queue[Job | None] = queue.Queue(WAITING_WRITES + 1)
        self._alive = True
        # Both are true of a file whose process was killed.
        self._behind = True
        """Whether the WAL holds pages that the database doesn't have yet."""
        self.erased = True
        """Whether the WAL may still hold data that was removed."""
        self._refusing = False
        """Whether the last batch was refused: only the first refusal and the end of refusals are logged."""

    def submit(self, job: Job) -> None:
        """Queue `job` for the thread. Raises StorageUnavailable when too many jobs wait. Called on the event
        loop only.
        """
        if not self._alive:
            raise StorageUnavailable(_STOPPED)
        if self._jobs.qsize() >= WAITING_WRITES:
            msg = f"The log can't keep up: {self._jobs.qsize()} appends wait for the disk. Nothing was stored."
            raise StorageUnavailable(msg)
        self._jobs.put_nowait(job)

    def finish(self) -> None:
        """End the thread after the queued jobs. Nothing may be submitted afterwards."""
        self._jobs.put_nowait(None)

    def run(self) -> None:
        """Work until `finish`."""
        batch: list[Job] = []
        try:
            more = True
            while more:
                batch, more = self._take()
                if batch:
                    waited = self.erased
                    outcomes = self._commit(batch)
                    for done, outcome in zip(batch, outcomes, strict=True):
                        if outcome.error is None:
                            done.stored(outcome.value)
                    batch = []
                    if self.erased:
                        # Empty the WAL at once, before anybody gets a result: on a log that is never idle the WAL would
                        # keep the data. A reader that never stops must not delay every later batch, so only the first
                        # attempt waits.
                        self._checkpoint(patience_ms=0 if waited else PATIENCE_MS)
                    self._settle(outcomes)
                elif more:
                    self._checkpoint()
        finally:
            # Reached early only through a bug of Moothall; whoever waits must still get an answer.
            self._alive = False
            self._connection.close()
            while not self._jobs.empty():
                job = self._jobs.get_nowait()
                batch += [] if job is None else [job]
            self._settle([_Outcome(job.future, None, StorageUnavailable(_STOPPED)) for job in batch])

    def _take(self) -> tuple[list[Job], bool]:
        """Return the queued jobs, and whether more may come. Waits for the first job only; returns none after `idle_s`
        when the WAL is to be copied.
        """
        batch: list[Job] = []
        try:
            job = self._jobs.get(timeout=self._idle_s if self._behind else None)
            while job is not None:
                batch.append(job)
                if len(batch) == BATCH:
                    return batch, True
                job = self._jobs.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _commit(self, batch: list[Job]) -> list[_Outcome]:
        try:
            try:
                return self._transact(batch)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                    raise
            # When the WAL is copied into the database, there may be room in it for this batch.
            self._checkpoint()
            return self._transact(batch)
        except sqlite3.Error as error:
            failure = sqlite_file.meaning(error)
            if not self._refusing:
                logger.warning("log: the disk refuses appends (%s)", getattr(error, "sqlite_errorname", "?"))
            self._refusing = True
            return [_Outcome(job.future, None, failure) for job in batch]

    def _transact(self, batch: list[Job]) -> list[_Outcome]:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt(job) for job in batch]
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if self._refusing:
            logger.warning("log: the disk stores appends again")
        self._refusing, self._behind = False, True
        return outcomes

    def _attempt(self, job: Job) -> _Outcome:
        self._connection.execute("SAVEPOINT job")
        try:
            value = job.act(self._connection)
        except StorageError as conflict:
            self._connection.execute("ROLLBACK TO job")
            return _Outcome(job.future, None, conflict)
        finally:
            if self._connection.in_transaction:
                self._connection.execute("RELEASE job")
        return _Outcome(job.future, value, None)

    def _settle(self, outcomes: list[_Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, outcomes)
        except RuntimeError:
            logger.warning("log: %d results arrived after the event loop had closed", len(outcomes))

    def _checkpoint(self, patience_ms: int = PATIENCE_MS) -> None:
        """Copy the WAL into the database, and empty it when something was removed. A failed attempt is repeated
        later.
        """
        try:
            if self.erased:
                # Only here does the writer wait for readers, and not for long: it tries again after the next batch, or
                # when it is idle.
                (patience,) = self._connection.execute("PRAGMA busy_timeout").fetchone()
                self._connection.execute(f"PRAGMA busy_timeout = {patience_ms}")
                try:
                    busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    self._connection.execute(f"PRAGMA busy_timeout = {patience}")
                self.erased = self._behind = bool(busy)
            else:
                _, frames, copied = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                self._behind = frames != copied
        except sqlite3.Error as error:
            # A full disk, mostly. The WAL holds everything; nothing is lost, and nothing is blocked.
            logger.debug("log: the WAL can't be checkpointed yet (%s)", getattr(error, "sqlite_errorname", "?"))


def _resolve(outcomes: list[_Outcome]) -> None:
    for future, value, error in outcomes:
        if future.done():
            continue  # its task was cancelled
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
