from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moothall.adapters.store.aside_folder import AsideFolder
from moothall.core.events.types import SessionPaused
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from support.sessions.recorder import SESSION, Recorder


def read(path: Path) -> list[dict[str, Any]]:
    assert path.stat().st_mode & 0o777 == 0o600
    return [json.loads(line) for line in path.read_text().splitlines()]


def there(folder: Path) -> list[Path]:
    return list(folder.rglob("*.jsonl"))


async def test_an_end_is_a_file_that_an_operator_can_read_until_words_are_removed(tmp_path: Path) -> None:
    asides, recorder = AsideFolder(tmp_path / "aside"), Recorder()
    records = [recorder.record(SessionPaused(t=n)) for n in (1, 2, 3)]
    path = Path(await asides.keep(SESSION, records[1:]))
    assert path == tmp_path / "aside" / SESSION / f"{records[0].header.epoch}-2-3.jsonl"
    assert [(line["header"]["offset"], line["body"]["t"], line["digest"]) for line in read(path)] == [
        (each.header.offset, t, each.digest.hex()) for each, t in zip(records[1:], (2, 3), strict=True)
    ]
    await asides.forget(SessionId("other"))
    assert there(tmp_path) == [path]
    await asides.forget(SESSION)
    await asides.forget(SESSION)
    assert there(tmp_path) == []


async def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "aside").write_text("not a folder")
    asides = AsideFolder(tmp_path / "aside")
    with pytest.raises(StorageUnavailable, match="can't be written"):
        await asides.keep(SESSION, [Recorder().record(SessionPaused(t=1))])
