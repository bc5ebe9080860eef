from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from replay import SCRATCH, measure_append_us


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


async def test_an_append_takes_some_time_and_nothing_is_left_of_the_measurement(tmp_path: Path) -> None:
    (tmp_path / "moothall.sqlite").write_bytes(b"somebody's log")
    assert 0 < await measure_append_us(tmp_path) < 10_000_000
    assert names(tmp_path) == ["moothall.sqlite"]
    assert (tmp_path / "moothall.sqlite").read_bytes() == b"somebody's log"


async def test_it_can_be_measured_again_in_the_same_folder(tmp_path: Path) -> None:
    assert await measure_append_us(tmp_path) > 0
    assert await measure_append_us(tmp_path) > 0


async def test_a_place_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / SCRATCH).mkdir()
    with pytest.raises(ConfigurationError, match="can't be opened for writing"):
        await measure_append_us(tmp_path)
