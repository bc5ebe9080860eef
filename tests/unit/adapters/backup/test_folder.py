from __future__ import annotations

import os
from pathlib import Path

import pytest

from moothall.adapters.backup.folder import MARK, BackupFolder
from moothall.adapters.store.files import overwrite
from moothall.core.backup.restore_point import RestorePoint, Stored
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable


def test_a_folder_that_holds_something_else_is_no_place_for_a_backup(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="holds something else than a backup"):
        BackupFolder.make(tmp_path)
    with pytest.raises(ConfigurationError, match="is no backup of Moothall"):
        BackupFolder(tmp_path)


def test_a_backup_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = BackupFolder.make(tmp_path / "deep" / "backup")
    writer = store.begin()
    writer.write(b"text")
    stored = writer.finish()
    assert store.get(stored) == b"text"
    for path in (tmp_path / "deep" / "backup").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    BackupFolder.make(tmp_path / "deep" / "backup")


def test_one_writes_or_several_read(tmp_path: Path) -> None:
    store, other = BackupFolder.make(tmp_path / "b"), BackupFolder(tmp_path / "b")
    with other.held(reading=True):
        pass  # Nobody has written yet: there is nothing to hold.
    refused = pytest.raises(ConfigurationError, match=r"Another backup to .* is running")
    with store.held():
        with refused, other.held():
            pass
        with refused, other.held(reading=True):
            pass
    busy = pytest.raises(ConfigurationError, match="is running")
    with store.held(reading=True), other.held(reading=True), busy, store.held():
        pass


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    store = BackupFolder.make(tmp_path / "b")
    for _ in range(2):
        writer = store.begin()
        writer.write(b"a")
        writer.write(b"b")
        writer.finish()
    assert len(list((tmp_path / "b" / "objects").rglob("*"))) == 2


def test_an_object_of_another_size_is_not_there_and_is_replaced(tmp_path: Path) -> None:
    store, stored = BackupFolder.make(tmp_path / "b"), Stored.of(b"words")
    assert not store.has(stored)
    for left in (None, b"wo", b"words and more"):
        path = tmp_path / "b" / "objects" / stored.sha256[:2] / stored.sha256
        if left is not None:
            path.write_bytes(left)
            assert not store.has(stored)
        writer = store.begin()
        writer.write(b"words")
        assert writer.finish() == stored
        assert store.has(stored)
        assert store.get(stored) == b"words"
        assert [store.settle(), store.settle()] == [5, 0]


def test_what_goes_is_overwritten(tmp_path: Path) -> None:
    store = BackupFolder.make(tmp_path / "b")
    writer = store.begin()
    writer.write(b"words" * 100_000)
    stored = writer.finish()
    path = tmp_path / "b" / "objects" / stored.sha256[:2] / stored.sha256
    held = os.open(path, os.O_RDONLY)
    assert store.sweep([]) == 1
    assert os.pread(held, 1 << 20, 0).strip(b"\0") == b""
    os.close(held)
    assert not path.exists()


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    store = BackupFolder.make(tmp_path / "b")
    (tmp_path / "b" / "objects").rmdir()
    with pytest.raises(StorageUnavailable, match="The backup can't be written or read: No such file"):
        store.begin()
    with pytest.raises(OSError, match="No such file"):
        overwrite(tmp_path / MARK)


def test_a_file_of_another_name_is_passed_over(tmp_path: Path) -> None:
    store = BackupFolder.make(tmp_path / "b")
    point = RestorePoint(release="0.3.0", at=1, sessions=(), sound=(), book=Stored("0" * 64, 0))
    for name in ("20261130T101500Z-10", "20261130T101500Z-9", "20261130T101500Z"):
        store.publish(name, point)
    for name in ("a-²", "point-a-².json", "a-1"):
        (tmp_path / "b" / name).write_text("a copy by hand")
    assert list(store.points()) == ["20261130T101500Z", "20261130T101500Z-9", "20261130T101500Z-10"]
