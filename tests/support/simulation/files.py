"""A hub's disk for simulations in the files of a real hub: each run reads what SQLite returns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from moothall.adapters.store.sqlite_file import LogReader, open_for_writing, open_to_read
from moothall.wire.hubs.messages import Act, ActDone, ActNotDone
from moothall_hub.mirror import store as mirror_sqlite
from moothall_hub.mirror.copied import CopyStep
from moothall_hub.outbox import store as outbox_sqlite
from moothall_hub.outbox.outbox import MOST_WAITING
from moothall_hub.outbox.store import OutboxFile
from support.simulation.disk import HubDisk

ALL = 10_000_000


class HubFiles(HubDisk):
    """A `HubDisk` in files. `begin` reads them, and `close` closes them."""

    def __init__(self, seed: int, folder: Path) -> None:
        super().__init__(seed)
        path = folder / mirror_sqlite.FILE_NAME
        self._connection = open_for_writing(path, 1.0, mirror_sqlite.KIND)
        self._reader = LogReader(open_to_read(path, mirror_sqlite.KIND))
        self._outbox = OutboxFile(folder / outbox_sqlite.FILE_NAME)

    def begin(self) -> None:
        """Forget everything that isn't in the files."""
        self.copies = {copy.session: copy for copy in mirror_sqlite.copies(self._connection)}
        for session in self.copies:
            found = self._reader.read(session, 0, ALL)
            self.records[session] = {record.header.offset: record for record in found}
        there = self._outbox.states(self.acts)
        for act, kept in self.acts.items():
            stands = there.get(act)
            assert stands is not None, f"Act {act} was kept, and isn't in the outbox."
            waits, code, message = stands
            if waits:
                kept.answer = None
            else:
                kept.answer = ActDone(id=act) if code is None else ActNotDone(id=act, code=code, message=message)

    def unanswered(self) -> Sequence[Act]:
        """Return the outbox's acts without an answer."""
        return [act for _, act in self._outbox.waiting(MOST_WAITING, None)]

    def close(self) -> None:
        """Close the files."""
        self._reader.close()
        self._connection.close()
        self._outbox.close()

    def _keep(self, step: CopyStep) -> None:
        super()._keep(step)
        self._connection.execute("BEGIN IMMEDIATE")
        mirror_sqlite.keep(self._connection, step)
        self._connection.execute("COMMIT")

    def _put(self, act: Act) -> None:
        super()._put(act)
        self._outbox.put(act, MOST_WAITING)

    def _answered(self, answer: ActDone | ActNotDone) -> None:
        super()._answered(answer)
        code, message = (answer.code, answer.message) if isinstance(answer, ActNotDone) else (None, "")
        self._outbox.answered(answer.id, code, message)
