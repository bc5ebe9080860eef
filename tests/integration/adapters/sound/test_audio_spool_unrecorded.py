# ruff: noqa: ASYNC240 (files are looked at as a test goes on)
"""Unrecorded speech never stays in a spool on the disk, not even after a kill."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.core.kernel.errors import StorageUnavailable
from support.sound.spools import SESSION, SOURCE, kill_while_it_syncs, pcm, survived


async def everything_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def test_nothing_of_what_is_off_the_record_is_on_disk(tmp_path: Path) -> None:
    store = DiskSpools(tmp_path, file_samples=100, recent_samples=20)
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 350))
    await spool.sync()
    await spool.begin_memory_only(120)
    assert await everything_below(tmp_path) == pcm(0, 120) + bytes(460)
    spool.append(pcm(350, 330))
    await spool.sync()
    assert await everything_below(tmp_path) == pcm(0, 120) + bytes(2 * 560)
    assert await spool.read(350, 330) == pcm(350, 330)
    await spool.end_memory_only(550)  # A sync came between the end and our hearing of it.
    await spool.sync()
    assert await everything_below(tmp_path) == pcm(0, 120) + bytes(2 * 430) + pcm(550, 130)
    await spool.close()


async def test_a_long_span_takes_no_room(tmp_path: Path) -> None:
    spool = await DiskSpools(tmp_path).open(SESSION, SOURCE)
    await spool.begin_memory_only(0)
    for _ in range(100):
        spool.append(bytes(2 * 16_000))
        await spool.sync()
    used = sum(path.stat().st_blocks * 512 for path in tmp_path.rglob("*.pcm"))
    assert used < 100_000
    await spool.close()


async def test_a_disk_that_refuses_to_wipe_is_asked_again_and_gets_nothing_more(tmp_path: Path) -> None:
    spool = await DiskSpools(tmp_path).open(SESSION, SOURCE)
    spool.append(pcm(0, 600))
    await spool.sync()
    (file,) = (tmp_path / "plenary" / "microphone").iterdir()
    away = file.rename(file.with_suffix(".away"))
    file.mkdir()
    with pytest.raises(StorageUnavailable):
        await spool.begin_memory_only(100)
    spool.append(pcm(600, 50))
    with pytest.raises(StorageUnavailable):
        await spool.sync()
    file.rmdir()
    away.rename(file)
    await spool.begin_memory_only(100)
    assert await spool.sync() == 650
    assert file.read_bytes() == pcm(0, 100) + bytes(2 * 550)
    await spool.close()


OFF_THE_RECORD = """
import asyncio, sys
from pathlib import Path
from moothall.adapters.sound.audio_spool import DiskSpools

async def main():
    spool = await DiskSpools(Path(sys.argv[1]), file_samples=5_000).open("plenary", "microphone")
    spool.append(b"said" * 4_000)
    await spool.sync()
    await spool.begin_memory_only(6_000)
    while True:
        spool.append(b"hush" * 800)
        print(await spool.sync(), flush=True)

asyncio.run(main())
"""


def test_kill_9_off_the_record_leaves_nothing_of_it_and_right_positions(tmp_path: Path) -> None:
    synced = kill_while_it_syncs(OFF_THE_RECORD, tmp_path, 20)
    end, audio = asyncio.run(survived(tmp_path))
    assert synced <= end <= synced + 1_600
    assert audio == b"said" * 3_000 + bytes(2 * (end - 6_000))
    assert b"hush" not in asyncio.run(everything_below(tmp_path))
