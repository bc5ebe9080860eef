from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError, RecordBroken, StorageUnavailable
from moothall.wire.hubs.messages import FeedPart
from moothall_hub.mirror.copied import CopyStep, SessionCopy
from moothall_hub.mirror.copying import batch, began, follow
from moothall_hub.mirror.damaged import ASIDE, NOTED, note_damage, set_aside_if_damaged
from moothall_hub.mirror.mirror import Mirror
from moothall_hub.mirror.store import FILE_NAME
from support.hubs.log_above import FLOOR, SIGNED, LogAbove, Served
from support.sessions.recorder import SESSION


async def a_file(folder: Path) -> Path:
    """Copies of a session, closed."""
    log = LogAbove()
    for _ in range(60):
        log.happens("line")
    asked, message = follow(SessionCopy(session=SESSION), (FLOOR,), words=False)
    served = Served(log, message, little=1_000)
    begun = began(asked, served.live)
    assert isinstance(begun, CopyStep)
    step = batch(begun.copy, FeedPart.LIVE, served.now(200), SIGNED)
    assert isinstance(step, CopyStep)
    mirror = await Mirror.open(folder / FILE_NAME)
    await mirror.keep(step)
    await mirror.close()
    return folder / FILE_NAME


def scratch(path: Path, begin: int) -> None:
    """Bytes of the file are not what was written."""
    found = bytearray(path.read_bytes())
    found[begin : begin + 9_000] = b"\xff" * min(9_000, len(found) - begin)
    path.write_bytes(found)


@pytest.mark.parametrize("begin", [0, 4_096, 20_000])
async def test_a_damaged_file_is_set_aside_and_copies_begin_anew(tmp_path: Path, begin: int) -> None:
    path = await a_file(tmp_path)
    scratch(path, begin)
    damaged = path.read_bytes()
    mirror = await Mirror.open(path)
    assert list(await mirror.copies()) == []
    aside = path.with_name(path.name + ASIDE)
    assert aside.read_bytes() == damaged
    assert not set_aside_if_damaged(path)
    await mirror.keep(CopyStep(copy=SessionCopy(session=SESSION), erase=(3,)))
    assert not aside.exists(), "words have to go, and nobody can erase them there"
    aside.mkdir()
    with pytest.raises(StorageUnavailable, match="can't be deleted"):
        await mirror.drop(SESSION)
    await mirror.close()


async def test_what_shows_while_it_runs_is_told_and_noted_for_the_next_start(tmp_path: Path) -> None:
    path = await a_file(tmp_path)
    mirror = await Mirror.open(path)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("PRAGMA writable_schema = ON")
        file.execute("UPDATE sqlite_master SET rootpage = 3000 WHERE name = 'record'")
        file.execute("PRAGMA schema_version = 1000")
    file.close()
    with pytest.raises(RecordBroken):
        await mirror.read(SESSION, 0, 10)
    assert mirror.damaged.is_set()
    with pytest.raises(RecordBroken):
        await mirror.drop(SESSION)
    await mirror.close()
    assert path.with_name(path.name + NOTED).exists()
    again = await Mirror.open(path)
    assert list(await again.copies()) == []
    await again.close()
    assert not path.with_name(path.name + NOTED).exists()


async def test_a_file_that_is_whole_stays(tmp_path: Path) -> None:
    path = await a_file(tmp_path)
    assert not set_aside_if_damaged(path)
    assert not set_aside_if_damaged(tmp_path / "nothing")
    (tmp_path / "empty").touch()
    assert not set_aside_if_damaged(tmp_path / "empty")


async def test_one_that_can_not_be_renamed_is_said_so(tmp_path: Path) -> None:
    path = await a_file(tmp_path)
    note_damage(path)
    path.with_name(path.name + ASIDE).mkdir()
    with pytest.raises(ConfigurationError, match="is damaged and can't be renamed"):
        set_aside_if_damaged(path)
    note_damage(tmp_path / "nowhere" / FILE_NAME)  # It is only noted.
