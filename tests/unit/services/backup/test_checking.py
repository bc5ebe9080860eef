from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.backup.folder import BackupFolder
from moothall.cli.backup import verify_command
from moothall.core.backup.blocks import decode_block, encode_block
from moothall.core.backup.restore_point import BlockPart, RestorePoint
from moothall.core.chain import LogRecord
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import Lane
from support.backup.houses import House


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    house, to = House(tmp_path / "data"), tmp_path / "backup"
    path = house.folder / "recordings" / "one" / "mic" / f"{0:015d}.opus"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"sound")
    house.say("one", *(f"line {n}" for n in range(6)))
    house.remove("one", 2)
    house.backup(to)
    house.say("one", "line 7")
    house.backup(to)
    house.close()
    return to


def said(folder: Path) -> tuple[int, str]:
    out = io.StringIO()
    code = verify_command(folder, out)
    return code, out.getvalue()


def changed(folder: Path, point: RestorePoint, records: list[LogRecord]) -> None:
    """The newest restore point, with another first block, as somebody would forge it who knows how."""
    store = BackupFolder(folder)
    writer = store.begin()
    writer.write(encode_block(records))
    (part,) = point.sessions
    block = BlockPart(first=1, last=4, stored=writer.finish())
    part = msgspec.structs.replace(part, blocks=(block, *part.blocks[1:]))
    store.publish(list(store.points())[-1], msgspec.structs.replace(point, sessions=(part,)))


def newest(folder: Path) -> tuple[RestorePoint, list[LogRecord]]:
    store = BackupFolder(folder)
    point = list(store.points().values())[-1]
    return point, decode_block(store.get(point.sessions[0].blocks[0].stored))


def test_a_whole_backup_is_called_whole(backup: Path) -> None:
    code, text = said(backup)
    assert code == 0
    assert text.count("whole; 1 session, ") == 2
    assert "1 recording" in text


def test_every_byte_counts(backup: Path) -> None:
    for path in sorted((backup / "objects").glob("*/*")):
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        code, text = said(backup)
        assert code == 1
        assert f"The object {path.name} of the backup is not what was written" in text
        path.unlink()
        code, text = said(backup)
        assert code == 1
        assert f"The object {path.name} of the backup is missing" in text
        path.write_bytes(data)
    assert said(backup)[0] == 0


def test_a_body_that_is_gone_without_being_named_is_found(backup: Path) -> None:
    point, records = newest(backup)
    changed(backup, point, [msgspec.structs.replace(records[0], body=None, salt=None), *records[1:]])
    code, text = said(backup)
    assert code == 1
    assert "Session one is broken at event 1. Its body is gone" in text


def test_a_block_of_other_events_is_found(backup: Path) -> None:
    point, records = newest(backup)
    changed(backup, point, records[1:])
    assert "The block of events 1 to 4 of one holds others" in said(backup)[1]


def test_an_end_that_is_missing_is_found(backup: Path) -> None:
    point, _ = newest(backup)
    (part,) = point.sessions
    part = msgspec.structs.replace(part, heads={**part.heads, Lane("ch:floor"): LaneHead(99, "00")})
    store = BackupFolder(backup)
    store.publish(list(store.points())[-1], msgspec.structs.replace(point, sessions=(part,)))
    assert "Session one is broken at event 99" in said(backup)[1]


def test_a_backup_without_a_snapshot_says_so(tmp_path: Path) -> None:
    BackupFolder.make(tmp_path / "new")
    assert said(tmp_path / "new") == (0, f"{tmp_path / 'new'} holds no restore point yet.\n")
