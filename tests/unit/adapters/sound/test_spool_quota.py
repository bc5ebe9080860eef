from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.adapters.sound.spool_quota import SpoolQuota
from moothall.core.kernel.errors import SpoolFull
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import Spool

SESSION, SECOND = SessionId("s"), b"\1\0" * 16_000
"""One second of sound, 32 kB."""


def spools(folder: Path, *, each: int = 200_000, of_all: int = 300_000) -> DiskSpools:
    return DiskSpools(folder, quota=SpoolQuota(each, of_all), file_samples=16_000, recent_samples=1_600)


async def fill(spool: Spool, most: int = 100) -> int:
    """How many seconds it takes until it refuses."""
    for taken in range(most):
        try:
            spool.append(SECOND)
        except SpoolFull:
            return taken
        await spool.sync()
    return most


async def test_a_source_takes_what_it_may_have_and_goes_on_once_there_is_room(tmp_path: Path) -> None:
    spool = await spools(tmp_path).open(SESSION, SourceId("a"))
    assert 4 <= (taken := await fill(spool)) <= 6
    with pytest.raises(SpoolFull, match="as one source may have"):
        spool.append(SECOND)
    assert spool.end == 16_000 * taken  # nothing of what was refused is there
    await spool.trim(3 * 16_000)
    assert await fill(spool) >= 2


async def test_all_together_take_no_more_than_all_may_have(tmp_path: Path) -> None:
    store = spools(tmp_path)
    one, other = await store.open(SESSION, SourceId("a")), await store.open(SESSION, SourceId("b"))
    assert await fill(one) >= 4
    assert 1 <= await fill(other) <= 4
    with pytest.raises(SpoolFull, match="as all may have"):
        other.append(SECOND)
    await one.discard()
    other.append(SECOND)


async def test_what_an_earlier_life_left_takes_room_whether_it_is_opened_or_not(tmp_path: Path) -> None:
    before = await spools(tmp_path).open(SESSION, SourceId("a"))
    await fill(before)
    await before.close()
    store = spools(tmp_path)
    assert await store.kept() == [(SESSION, SourceId("a"))]
    assert await fill(await store.open(SESSION, SourceId("b"))) < 4
    with pytest.raises(SpoolFull):
        (await store.open(SESSION, SourceId("a"))).append(SECOND * 3)


async def test_silence_takes_no_room_and_what_is_not_kept_is_never_refused(tmp_path: Path) -> None:
    spool = await spools(tmp_path).open(SESSION, SourceId("a"))
    await spool.begin_memory_only(0)
    assert await fill(spool, 20) == 20
    await spool.end_memory_only(spool.end)
    assert await fill(spool) >= 4
    await spool.begin_memory_only(spool.end)
    spool.append(SECOND)
