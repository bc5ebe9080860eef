from __future__ import annotations

import stat
from pathlib import Path

import pytest

from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.adapters.sound.spool_folder import SpoolFolder, SpoolQuota
from moothall.core.kernel.errors import SpoolFull
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import Spool


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "session" / "mic"


def pcm(first: int, last: int) -> bytes:
    return b"".join(n.to_bytes(2, "little") for n in range(first, last))


def test_a_folder_that_is_not_there_holds_nothing_and_is_made_by_the_first_write(path: Path) -> None:
    folder = SpoolFolder(path)
    assert folder.counts() == {}
    folder.remove_all()
    assert not path.exists()
    folder.write(0, 0, pcm(0, 100))
    assert folder.counts() == {0: 100}
    (file,) = path.iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("000000000000000.pcm", 0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_samples_are_read_back_from_wherever_they_stand(path: Path) -> None:
    folder = SpoolFolder(path)
    folder.write(200, 200, pcm(200, 250))
    folder.write(200, 250, pcm(250, 300))
    folder.write(200, 250, pcm(250, 300))  # As after a failure: the same once more.
    assert folder.counts() == {200: 100}
    assert folder.read(200, 240, 260) == pcm(240, 260)
    assert folder.read(200, 290, 400) == pcm(290, 300)


def test_half_a_sample_does_not_count_and_is_cut_off(path: Path) -> None:
    folder = SpoolFolder(path)
    folder.write(0, 0, pcm(0, 10) + b"\x01")
    assert folder.counts() == {0: 10}
    folder.settle(0, 10)
    (file,) = path.iterdir()
    assert file.read_bytes() == pcm(0, 10)


def test_an_empty_file_holds_a_place(path: Path) -> None:
    folder = SpoolFolder(path)
    folder.write_nothing(480)
    assert folder.counts() == {480: 0}
    folder.write(480, 480, pcm(480, 490))
    folder.write_nothing(480)  # It takes nothing away.
    assert folder.counts() == {480: 10}


def test_files_of_another_name_are_no_samples(path: Path) -> None:
    folder = SpoolFolder(path)
    folder.write(0, 0, pcm(0, 10))
    for name in ("notes.txt", "5.pcm", "000000000000005.pcm.part"):
        (path / name).write_bytes(b"..")
    assert folder.counts() == {0: 10}


def test_files_and_folder_can_be_removed(path: Path) -> None:
    folder = SpoolFolder(path)
    for first in (0, 10):
        folder.write(first, first, pcm(first, first + 10))
    folder.remove(0)
    folder.remove(0)
    assert folder.counts() == {10: 10}
    folder.remove_all()
    assert not path.exists()
    assert path.parent.exists()


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
