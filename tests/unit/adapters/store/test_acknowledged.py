from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from moothall.adapters.store.acknowledged import AcknowledgedFile, KnownLog
from moothall.core.kernel.errors import ConfigurationError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.acknowledged"


@pytest.fixture
def file(path: Path) -> Iterator[AcknowledgedFile]:
    with closing(AcknowledgedFile(path)) as made:
        yield made


def test_what_is_noted_is_there_in_the_next_life(path: Path) -> None:
    with closing(AcknowledgedFile(path)) as first:
        first.write(7, "e1", KnownLog(40, 1))
        first.write(2, "e2", KnownLog(3))
    with closing(AcknowledgedFile(path)) as file:
        assert [file.read(7, "e1"), file.read(2, "e2"), file.read(1, "e"), file.read(9, "e")] == [
            KnownLog(40, 1),
            KnownLog(3),
            KnownLog(),
            KnownLog(),
        ]
    assert path.stat().st_mode & 0o077 == 0


def test_a_slot_of_another_log_or_a_damaged_one_says_nothing(file: AcknowledgedFile, path: Path) -> None:
    file.write(1, "e1", KnownLog(40))
    assert file.read(1, "e2") == KnownLog()
    data = bytearray(path.read_bytes())
    data[16] ^= 1
    path.write_bytes(data)
    assert file.read(1, "e1") == KnownLog()


def test_a_disk_that_refuses_changes_nothing(path: Path) -> None:
    file = AcknowledgedFile(path)
    file.close()
    file.write(1, "e1", KnownLog(40))
    assert file.read(1, "e1") == KnownLog()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be opened for writing"):
        AcknowledgedFile(tmp_path / "none" / "log.acknowledged")
