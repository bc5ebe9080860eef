from __future__ import annotations

import os
from pathlib import Path

import pytest

from moothall.adapters.backup.data_folder import LiveRecordings, sound_path
from moothall.core.kernel.errors import StorageUnavailable
from support.backup.files_in_memory import part

MIC = part("mic")


def test_a_file_has_its_stamp_until_it_or_its_place_changes(tmp_path: Path) -> None:
    recordings, path = LiveRecordings(tmp_path), sound_path(tmp_path, MIC)
    assert recordings.stamp(MIC) is None
    path.parent.mkdir(parents=True)
    path.write_bytes(b"sound")
    os.utime(path, ns=(5, 7_000_000_001))
    stamp = recordings.stamp(MIC)
    assert stamp is not None
    assert (stamp.size, stamp.written) == (5, 7_000_000_001)
    assert stamp.changed > 7_000_000_001
    assert b"".join(recordings.chunks(MIC)) == b"sound"
    assert recordings.stamp(MIC) == stamp
    # As `cp --preserve` and a move leave it: nothing but the inode tells it from the other.
    other = path.with_suffix(".new")
    other.write_bytes(b"SOUND")
    os.utime(other, ns=(5, 7_000_000_001))
    other.replace(path)
    found = recordings.stamp(MIC)
    assert found is not None
    assert (found.size, found.written) == (stamp.size, stamp.written)
    assert found.inode != stamp.inode
    path.unlink()
    assert recordings.stamp(MIC) is None
    assert list(recordings.chunks(MIC)) == []


def test_a_folder_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    recordings, path = LiveRecordings(tmp_path), sound_path(tmp_path, MIC)
    path.parent.parent.mkdir(parents=True)
    path.parent.write_bytes(b"no folder")
    for ask in (lambda: recordings.stamp(MIC), lambda: list(recordings.chunks(MIC))):
        with pytest.raises(StorageUnavailable, match="A recording can't be read: Not a directory"):
            ask()
