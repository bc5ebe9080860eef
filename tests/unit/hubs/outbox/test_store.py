from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.wire.hubs.acts import HeadCountAct
from moothall.wire.hubs.messages import Act
from moothall_hub.outbox.store import OutboxFile


def act(name: str) -> Act:
    return Act(id=CommandId(name), session=SessionId("plenary"), at=1, act=HeadCountAct(people=3))


def test_what_the_disk_refuses_was_not_kept(tmp_path: Path) -> None:
    file = OutboxFile(tmp_path / "outbox", busy_s=0)
    file.put(act("a"), 10)
    other = sqlite3.connect(tmp_path / "outbox", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="Another process holds"):
        file.put(act("b"), 10)
    other.execute("ROLLBACK")
    other.close()
    file.put(act("c"), 10)
    assert [each.id for _, each in file.waiting(10, None)] == ["a", "c"]
    assert file.count() == 2
    file.close()
