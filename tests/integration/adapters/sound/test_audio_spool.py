# ruff: noqa: ASYNC240 (files are looked at as a test goes on)
"""Promises of the spool on disk alone. Unrecorded speech: test_audio_spool_unrecorded.py."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from moothall.adapters.sound.audio_spool import RECENT_SAMPLES, DiskSpools
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from support.sound.spools import SESSION, SOURCE, kill_while_it_syncs, pcm, survived


async def test_files_are_named_by_their_first_sample(tmp_path: Path) -> None:
    spool = await DiskSpools(tmp_path, file_samples=100).open(SESSION, SOURCE)
    spool.append(pcm(0, 250))
    await spool.close()
    folder = tmp_path / "plenary" / "microphone"
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert sizes == {"000000000000000.pcm": 200, "000000000000100.pcm": 200, "000000000000200.pcm": 100}


async def test_half_a_sample_that_a_crash_left_is_cut_off(tmp_path: Path) -> None:
    spool = await DiskSpools(tmp_path, file_samples=100).open(SESSION, SOURCE)
    spool.append(pcm(0, 150))
    await spool.close()
    with (tmp_path / "plenary" / "microphone" / "000000000000100.pcm").open("ab") as file:
        file.write(b"\x07")
    again = await DiskSpools(tmp_path, file_samples=100).open(SESSION, SOURCE)
    assert again.end == 150
    again.append(pcm(150, 10))
    await again.sync()
    assert await again.read(90, 100) == pcm(90, 70)
    await again.close()


async def test_what_stands_before_a_hole_is_left_out(tmp_path: Path) -> None:
    spool = await DiskSpools(tmp_path, file_samples=100).open(SESSION, SOURCE)
    spool.append(pcm(0, 350))
    await spool.close()
    (tmp_path / "plenary" / "microphone" / "000000000000100.pcm").unlink()
    again = await DiskSpools(tmp_path, file_samples=100).open(SESSION, SOURCE)
    assert (again.start, again.end) == (200, 350)
    assert await again.read(200, 1_000) == pcm(200, 150)
    await again.close()


@pytest.mark.parametrize(("session", "source"), [("..", "microphone"), ("plenary", "../../x"), ("", "a"), ("a", "/")])
async def test_a_name_that_is_none_never_becomes_a_path(tmp_path: Path, session: str, source: str) -> None:
    with pytest.raises(ValueError, match="can't have a spool"):
        await DiskSpools(tmp_path / "spool").open(SessionId(session), SourceId(source))
    assert list(tmp_path.iterdir()) == []


async def test_the_live_end_is_read_from_memory_and_the_rest_from_disk(tmp_path: Path) -> None:
    spool = await DiskSpools(tmp_path).open(SESSION, SOURCE)
    spool.append(bytes(2 * (RECENT_SAMPLES + 1_000)))
    await spool.sync()
    for path in (tmp_path / "plenary" / "microphone").iterdir():
        path.rename(path.with_suffix(".away"))
    assert await spool.read(1_000, RECENT_SAMPLES) == bytes(2 * RECENT_SAMPLES)
    with pytest.raises(ValueError, match="was trimmed"):
        await spool.read(999, 1)
    await spool.close()


async def test_a_disk_that_refuses_keeps_the_samples_in_memory_until_it_does_not(tmp_path: Path) -> None:
    spool = await DiskSpools(tmp_path, file_samples=100, unsaved_samples=300).open(SESSION, SOURCE)
    in_the_way = tmp_path / "plenary"
    in_the_way.write_bytes(b"a file where the folder should be")
    spool.append(pcm(0, 290))
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="disk refused"):
            await spool.sync()
    assert await spool.read(0, 1_000) == pcm(0, 290)
    with pytest.raises(StorageUnavailable, match="290 samples wait"):
        spool.append(pcm(290, 11))
    in_the_way.unlink()
    assert await spool.sync() == 290
    spool.append(pcm(290, 11))
    await spool.close()
    again = await DiskSpools(tmp_path, file_samples=100).open(SESSION, SOURCE)
    assert await again.read(0, 1_000) == pcm(0, 301)
    await again.close()


@contextmanager
def no_file_grows() -> Iterator[None]:
    """While inside, no file of this process may grow beyond 1,000 bytes; pytest's own output neither."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_write_that_fails_gives_its_room_back_and_is_done_again(tmp_path: Path) -> None:
    spool = await DiskSpools(tmp_path).open(SESSION, SOURCE)
    spool.append(pcm(0, 300))
    await spool.sync()
    (file,) = (tmp_path / "plenary" / "microphone").iterdir()
    spool.append(pcm(300, 400))
    with no_file_grows(), pytest.raises(StorageUnavailable):
        await spool.sync()
    assert file.stat().st_size == 600
    assert await spool.sync() == 700
    await spool.close()
    again = await DiskSpools(tmp_path).open(SESSION, SOURCE)
    assert await again.read(0, 1_000) == pcm(0, 700)
    await again.close()


async def test_what_the_disk_refused_need_not_be_written_once_it_is_trimmed(tmp_path: Path) -> None:
    store = DiskSpools(tmp_path, unsaved_samples=1_000, recent_samples=10)
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 300))
    await spool.sync()
    spool.append(pcm(300, 900))
    with no_file_grows():
        with pytest.raises(StorageUnavailable):
            await spool.sync()
        with pytest.raises(StorageUnavailable):
            spool.append(pcm(1_200, 300))
        await spool.trim(900)
        spool.append(pcm(1_200, 300))
        assert (spool.start, spool.end) == (900, 1_500)
        assert await spool.read(900, 1_000) == pcm(900, 600)
        assert [file.stat().st_size for file in (tmp_path / "plenary" / "microphone").iterdir()] == [0]
    assert await spool.sync() == 1_500
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert (again.start, await again.read(900, 1_000)) == (900, pcm(900, 600))
    await again.close()


async def test_positions_run_on_after_a_crash_on_a_disk_that_refuses(tmp_path: Path) -> None:
    spool = await DiskSpools(tmp_path).open(SESSION, SOURCE)
    spool.append(pcm(0, 900))
    with no_file_grows():
        with pytest.raises(StorageUnavailable):
            await spool.sync()
        await spool.trim(700)
        again = await DiskSpools(tmp_path).open(SESSION, SOURCE)
    assert (again.start, again.end) == (700, 700)
    await again.close()


async def test_closing_on_a_disk_that_refuses_lets_go_all_the_same(tmp_path: Path) -> None:
    store = DiskSpools(tmp_path)
    spool = await store.open(SESSION, SOURCE)
    (tmp_path / "plenary").write_bytes(b"")
    spool.append(pcm(0, 10))
    await spool.close()
    (tmp_path / "plenary").unlink()
    again = await store.open(SESSION, SOURCE)
    assert again.end == 0
    await again.close()


async def test_a_spool_that_cannot_be_opened_can_be_tried_again(tmp_path: Path) -> None:
    store = DiskSpools(tmp_path)
    folder = tmp_path / "plenary" / "microphone" / "000000000000000.pcm"
    folder.mkdir(parents=True)
    with pytest.raises(StorageUnavailable):
        await store.open(SESSION, SOURCE)
    folder.rmdir()
    await (await store.open(SESSION, SOURCE)).close()


async def test_a_cancelled_sync_neither_doubles_nor_loses(tmp_path: Path) -> None:
    spool = await DiskSpools(tmp_path, file_samples=100).open(SESSION, SOURCE)
    for number in range(10):
        spool.append(pcm(70 * number, 70))
        cancelled = asyncio.ensure_future(spool.sync())
        await asyncio.sleep(0)  # It has begun: its thread may be writing.
        cancelled.cancel()
    assert await spool.sync() == 700
    await spool.close()
    again = await DiskSpools(tmp_path, file_samples=100).open(SESSION, SOURCE)
    assert await again.read(0, 1_000) == pcm(0, 700)
    await again.close()


PROGRAM = """
import asyncio, sys
from pathlib import Path
from moothall.adapters.sound.audio_spool import DiskSpools

async def main():
    spool = await DiskSpools(Path(sys.argv[1]), file_samples=5_000).open("plenary", "microphone")
    while True:
        spool.append(b"".join((n % 65_521).to_bytes(2, "little") for n in range(spool.end, spool.end + 1_600)))
        print(await spool.sync(), flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("rounds", [(1, 30, 4)])
def test_kill_9_loses_nothing_that_was_synced(tmp_path: Path, rounds: tuple[int, ...]) -> None:
    for wanted in rounds:
        synced = kill_while_it_syncs(PROGRAM, tmp_path, wanted)
        end, audio = asyncio.run(survived(tmp_path))
        assert synced <= end <= synced + 1_600
        assert audio == pcm(0, end)


async def test_a_spool_that_nobody_has_open_is_deleted_and_gives_its_room_back(tmp_path: Path) -> None:
    spools = DiskSpools(tmp_path)
    for source in (SOURCE, SourceId("other")):
        spool = await spools.open(SESSION, source)
        spool.append(pcm(0, 100))
        await spool.close()
    await spools.delete(SESSION, SOURCE)
    assert list(await spools.kept()) == [(SESSION, SourceId("other"))]
    assert not (tmp_path / SESSION / SOURCE).exists()
    await spools.delete(SESSION, SOURCE)
    (tmp_path / SESSION / "other" / "folder").mkdir()
    with pytest.raises(StorageUnavailable):
        await spools.delete(SESSION, SourceId("other"))
