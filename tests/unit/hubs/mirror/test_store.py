from __future__ import annotations

from pathlib import Path

from moothall.adapters.store.sqlite_file import open_for_writing
from moothall.core.kernel.ids import SessionId
from moothall_hub.mirror import store as mirror_sqlite
from moothall_hub.mirror.copied import CopyStep, SessionCopy
from support.hubs.log_above import LogAbove
from support.sessions.recorder import SESSION


def test_a_step_is_undone_with_its_transaction(tmp_path: Path) -> None:
    connection = open_for_writing(tmp_path / "copies", 1.0, mirror_sqlite.KIND)
    connection.execute("BEGIN")
    mirror_sqlite.keep(connection, CopyStep(copy=SessionCopy(session=SESSION), records=tuple(LogAbove().records)))
    assert mirror_sqlite.copy_of(connection, SESSION) == SessionCopy(session=SESSION)
    connection.execute("ROLLBACK")
    assert mirror_sqlite.copies(connection) == []
    assert mirror_sqlite.copy_of(connection, SESSION) is None
    mirror_sqlite.drop(connection, SessionCopy(session=SessionId("other"), fills=3))
    assert [each.fills for each in mirror_sqlite.copies(connection)] == [3]
    connection.close()
