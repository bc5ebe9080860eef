from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.store.one_copy_list import FILE_NAME, OneCopyList, OneCopySpan, read_spans
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.testing.clock import ManualClock

ONE, TWO, EPOCH = SessionId("one"), SessionId("two"), Epoch("abc")


async def test_what_it_says_is_read_by_the_next_process(tmp_path: Path) -> None:
    path, clock = tmp_path / FILE_NAME, ManualClock()
    some = OneCopyList(path, clock)
    assert some.open == frozenset()
    await some.end(ONE, 7)  # There is nothing to end.
    assert not path.exists()
    began = clock.wall()
    await some.begin(ONE, EPOCH, 4)
    await some.begin(ONE, EPOCH, 5)  # It is the same outage.
    await some.begin(TWO, EPOCH, 1)
    assert path.stat().st_mode & 0o777 == 0o600
    await clock.advance(1_000)
    assert OneCopyList(path, clock).open == {ONE, TWO}
    await some.end(ONE, 6)
    await some.end(TWO, 0, aside=True)
    await some.begin(ONE, EPOCH, 9)
    assert OneCopyList(path, clock).open == some.open == {ONE}
    later = began + 1_000
    assert read_spans(path) == {
        ONE: [OneCopySpan(first=4, since=began, through=6, until=later), OneCopySpan(first=9, since=later)],
        TWO: [OneCopySpan(first=1, since=began, through=0, until=later, aside=True)],
    }


async def test_a_line_that_a_killed_process_has_begun_counts_for_nothing(tmp_path: Path) -> None:
    path, clock = tmp_path / FILE_NAME, ManualClock()
    await OneCopyList(path, clock).begin(ONE, EPOCH, 4)
    path.write_bytes(path.read_bytes() + b'{"session":"one","at":1,"thr')
    some = OneCopyList(path, clock)
    assert some.open == {ONE}
    await some.end(ONE, 6)
    assert OneCopyList(path, clock).open == frozenset()


async def test_a_line_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b'{"session":"one","at":1,"through":3}\n{"session":7}\n')
    with pytest.raises(ConfigurationError, match="Line 2 of"):
        OneCopyList(path, ManualClock())
    path.write_bytes(b'{"session":"one","at":1,"through":3}\n')
    assert read_spans(path) == {}  # It ends what never began.


async def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    some = OneCopyList(tmp_path / FILE_NAME, ManualClock())
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(StorageUnavailable, match="can't be written"):
        await some.begin(ONE, EPOCH, 4)
    assert some.open == frozenset()
