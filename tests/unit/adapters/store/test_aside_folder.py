from __future__ import annotations

import json
import resource
from hashlib import sha256
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
    return [path for path in folder.rglob("*") if path.is_file()]


def digest_of(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]


async def test_an_end_is_a_file_that_an_operator_can_read_until_words_are_removed(tmp_path: Path) -> None:
    asides, recorder = AsideFolder(tmp_path / "aside"), Recorder()
    records = [recorder.record(SessionPaused(t=n)) for n in (1, 2, 3)]
    path = Path(await asides.keep(SESSION, records[1:]))
    digest = digest_of(path)
    assert path == tmp_path / "aside" / SESSION / f"{records[0].header.epoch}-2-3-{digest}.jsonl"
    assert [(line["header"]["offset"], line["body"]["t"], line["digest"]) for line in read(path)] == [
        (each.header.offset, t, each.digest.hex()) for each, t in zip(records[1:], (2, 3), strict=True)
    ]
    await asides.forget(SessionId("other"))
    assert there(tmp_path) == [path]
    await asides.forget(SESSION)
    await asides.forget(SESSION)
    assert there(tmp_path) == []


async def test_a_second_end_of_the_same_offsets_is_kept_beside_the_first(tmp_path: Path) -> None:
    asides = AsideFolder(tmp_path / "aside")
    ends = [Recorder().record(SessionPaused(t=n)) for n in (1, 2)]
    first, second, again = [Path(await asides.keep(SESSION, [end])) for end in (*ends, ends[0])]
    assert first == again
    assert [read(path)[0]["body"]["t"] for path in (first, second)] == [1, 2]


async def test_an_end_that_the_disk_has_no_room_for_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    asides, recorder = AsideFolder(tmp_path / "aside"), Recorder()
    records = [recorder.record(SessionPaused(t=n)) for n in range(20)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(StorageUnavailable, match="can't be written"):
            await asides.keep(SESSION, records)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert there(tmp_path) == []
    assert len(read(Path(await asides.keep(SESSION, records)))) == 20


async def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "aside").write_text("not a folder")
    asides = AsideFolder(tmp_path / "aside")
    with pytest.raises(StorageUnavailable, match="can't be written"):
        await asides.keep(SESSION, [Recorder().record(SessionPaused(t=1))])
