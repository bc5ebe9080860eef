from __future__ import annotations

import stat
from pathlib import Path

import pytest

from moothall.adapters.sound.spool_folder import SpoolFolder


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
