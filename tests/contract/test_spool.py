# ruff: noqa: ASYNC240 (files are looked at as a test goes on)
"""What every SpoolStore promises, asked of each, and what only the one on disk can."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from moothall.adapters.audio_spool import RECENT_SAMPLES, DiskSpools
from moothall.adapters.spool_memory import MemorySpools
from moothall.core.errors import StorageUnavailable
from moothall.core.ids import SessionId, SourceId
from moothall.core.ports import SpoolStore

SESSION = SessionId("plenary")
SOURCE = SourceId("microphone")
T = TypeVar("T")


def pcm(first: int, count: int) -> bytes:
    """Samples that tell their own positions."""
    return b"".join((position % 65_521).to_bytes(2, "little") for position in range(first, first + count))


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SpoolStore:
    if request.param == "memory":
        return MemorySpools(kept_samples=1_000)
    return DiskSpools(tmp_path, file_samples=100, unsaved_samples=1_000)


async def test_a_new_spool_is_empty(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    assert (spool.start, spool.end, await spool.sync()) == (0, 0, 0)
    assert await spool.read(0, 10) == b""
    await spool.trim(5)
    assert (spool.start, spool.end) == (0, 0)
    await spool.close()


async def test_what_was_appended_is_readable_at_once_and_safe_after_a_sync(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 130))
    assert await spool.read(20, 40) == pcm(20, 40)
    assert await spool.sync() == 130
    spool.append(pcm(130, 200))
    assert await spool.read(0, 1_000) == pcm(0, 330)
    assert await spool.read(95, 110) == pcm(95, 110)
    assert await spool.read(330, 10) == b""
    assert await spool.read(400, 10) == b""
    assert await spool.sync() == 330
    await spool.close()


async def test_a_closed_spool_opens_again_where_it_ended(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 250))
    await spool.close()
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert (again.start, again.end) == (0, 250)
    again.append(pcm(250, 10))
    assert await again.read(0, 1_000) == pcm(0, 260)
    await again.close()


async def test_a_note_is_kept_beside_the_samples(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    assert spool.note == b""
    await spool.keep(b"one")
    await spool.keep(b"two")
    spool.append(pcm(0, 10))
    await spool.close()
    with pytest.raises(ValueError, match="closed"):
        await spool.keep(b"three")
    again = await store.open(SESSION, SOURCE)
    assert (again.note, again.end) == (b"two", 10)
    await again.discard()
    assert (await store.open(SESSION, SOURCE)).note == b""


async def test_a_trim_keeps_everything_from_there_on(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 450))
    await spool.sync()
    await spool.trim(230)
    assert 100 <= spool.start <= 230
    assert await spool.read(spool.start, 1_000) == pcm(spool.start, 450 - spool.start)
    with pytest.raises(ValueError, match="was trimmed"):
        await spool.read(spool.start - 1, 10)
    await spool.trim(100)
    await spool.trim(10_000)
    assert (spool.start > 230, spool.end) == (True, 450)
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert (again.start > 230, again.end) == (True, 450)
    await again.close()


async def test_a_discarded_spool_is_forgotten(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 250))
    await spool.sync()
    await spool.discard()
    again = await store.open(SESSION, SOURCE)
    assert (again.start, again.end) == (0, 0)
    await again.close()


async def test_sources_and_sessions_have_spools_of_their_own(store: SpoolStore) -> None:
    names = [(SESSION, SOURCE), (SESSION, SourceId("stream")), (SessionId("hall-2"), SOURCE)]
    spools = [await store.open(*name) for name in names]
    for number, spool in enumerate(spools):
        spool.append(pcm(number, 10))
        await spool.sync()
    assert [await spool.read(0, 10) for spool in spools] == [pcm(0, 10), pcm(1, 10), pcm(2, 10)]
    for spool in spools:
        await spool.close()


async def test_what_is_kept_and_not_open_is_named(store: SpoolStore) -> None:
    assert list(await store.kept()) == []
    for source in ("second", "first", "open", "gone"):
        spool = await store.open(SESSION, SourceId(source))
        spool.append(pcm(0, 10))
        await spool.sync()
        match source:
            case "open":
                pass
            case "gone":
                await spool.discard()
            case _:
                await spool.close()
    assert list(await store.kept()) == [(SESSION, SourceId("first")), (SESSION, SourceId("second"))]


async def test_one_spool_is_open_once(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    with pytest.raises(ValueError, match="open already"):
        await store.open(SESSION, SOURCE)
    await spool.close()
    await (await store.open(SESSION, SOURCE)).close()


async def test_half_a_sample_is_refused(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    with pytest.raises(ValueError, match="3 bytes of audio end in the middle of a sample"):
        spool.append(b"abc")
    assert spool.end == 0
    await spool.close()


@pytest.mark.parametrize("how", ["close", "discard"])
async def test_a_spool_that_was_let_go_takes_and_gives_nothing(store: SpoolStore, how: str) -> None:
    spool = await store.open(SESSION, SOURCE)
    await (spool.close() if how == "close" else spool.discard())
    with pytest.raises(ValueError, match="closed"):
        spool.append(b"ab")
    for act in (spool.sync(), spool.read(0, 1), spool.trim(0)):
        with pytest.raises(ValueError, match="closed"):
            await act


async def test_what_no_longer_fits_is_refused_whole_and_the_source_is_held(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 990))
    with pytest.raises(StorageUnavailable):
        spool.append(pcm(990, 11))
    assert (spool.end, await spool.read(985, 100)) == (990, pcm(985, 5))
    spool.append(pcm(990, 10))
    await spool.sync()
    await spool.trim(500)
    spool.append(pcm(1_000, 11))
    assert await spool.read(900, 200) == pcm(900, 111)
    await spool.close()


# Memory only: what is not recorded.


async def test_what_is_said_off_the_record_can_be_read_until_it_ends(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 250))
    await spool.begin_memory_only(250)
    spool.append(pcm(250, 130))
    assert await spool.sync() == 380
    assert await spool.read(200, 1_000) == pcm(200, 180)
    spool.append(pcm(380, 40))
    await spool.end_memory_only(400)
    assert await spool.read(200, 220) == pcm(200, 50) + bytes(300) + pcm(400, 20)
    assert await spool.sync() == 420
    spool.append(pcm(420, 100))
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert await again.read(0, 1_000) == pcm(0, 250) + bytes(300) + pcm(400, 120)
    await again.close()


async def test_set_back_it_takes_what_was_safe_already(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 350))
    await spool.sync()
    await spool.begin_memory_only(120)
    await spool.begin_memory_only(150)  # It was said before.
    spool.append(pcm(350, 10))
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert (again.start, await again.read(0, 1_000)) == (0, pcm(0, 120) + bytes(2 * 240))
    await again.close()


async def test_beginning_and_end_may_still_be_to_come(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    await spool.begin_memory_only(150)
    spool.append(pcm(0, 220))
    await spool.sync()
    await spool.end_memory_only(310)
    await spool.end_memory_only(999)  # It has ended.
    spool.append(pcm(220, 180))
    await spool.sync()
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert await again.read(0, 1_000) == pcm(0, 150) + bytes(320) + pcm(310, 90)
    await again.close()


async def test_a_note_is_wiped_and_none_is_kept_off_the_record(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    await spool.keep(b"unconfirmed")
    await spool.begin_memory_only(0)
    await spool.keep(b"words")
    assert spool.note == b""
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert again.note == b""
    await again.keep(b"seam")
    assert again.note == b"seam"
    await again.close()


async def test_after_a_restart_off_the_record_positions_run_on_and_it_has_to_be_said_again(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    await spool.begin_memory_only(100)
    spool.append(pcm(0, 230))
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert again.end == 230
    await again.begin_memory_only(100)
    again.append(pcm(230, 40))
    assert await again.read(0, 1_000) == pcm(0, 100) + bytes(260) + pcm(230, 40)
    await again.end_memory_only(260)
    assert await again.read(0, 1_000) == pcm(0, 100) + bytes(320) + pcm(260, 10)
    await again.discard()
    assert (await store.open(SESSION, SOURCE)).end == 0


async def test_more_than_can_be_kept_off_the_record_is_forgotten_and_nothing_is_refused(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    await spool.begin_memory_only(0)
    for first in range(0, 2_500, 250):
        spool.append(pcm(first, 250))
        await spool.sync()
    assert (spool.end, await spool.read(1_500, 1_000)) == (2_500, pcm(1_500, 1_000))
    await spool.close()


async def test_a_span_can_be_made_silent(store: SpoolStore) -> None:
    spool = await store.open(SESSION, SOURCE)
    spool.append(pcm(0, 350))
    await spool.sync()
    spool.append(pcm(350, 50))
    await spool.keep(b"words of the span")
    await spool.silence(90, 370)
    assert spool.note == b""
    assert await spool.read(0, 1_000) == pcm(0, 90) + bytes(560) + pcm(370, 30)
    await spool.close()
    again = await store.open(SESSION, SOURCE)
    assert again.note == b""
    assert await again.read(0, 1_000) == pcm(0, 90) + bytes(560) + pcm(370, 30)
    await again.close()


class SpoolMachine(RuleBasedStateMachine):
    """Any order of acts against a plain sequence of samples."""

    store: SpoolStore

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.store = self.make_store(Path(self.folder.name))
        self.spool = self.do(self.store.open(SESSION, SOURCE))
        self.start = self.end = 0
        self.unkept: int | None = None
        self.silent: list[tuple[int, int]] = []

    def make_store(self, folder: Path) -> SpoolStore:
        raise NotImplementedError

    def do(self, act: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(act)

    @rule(count=st.integers(0, 70))
    def append(self, count: int) -> None:
        self.spool.append(pcm(self.end, count))
        self.end += count

    @rule()
    def sync(self) -> None:
        assert self.do(self.spool.sync()) == self.end

    @rule(data=st.data(), count=st.integers(0, 300))
    def read(self, data: st.DataObject, count: int) -> None:
        first = data.draw(st.integers(self.start, self.end + 5))
        expected = self.expected(first, max(0, min(count, self.end - first)))
        assert self.do(self.spool.read(first, count)) == expected

    @rule(data=st.data())
    def trim(self, data: st.DataObject) -> None:
        before = data.draw(st.integers(0, self.end + 5))
        self.do(self.spool.trim(before))
        assert self.start <= self.spool.start <= max(self.start, before)
        self.start = self.spool.start

    def expected(self, first: int, count: int) -> bytes:
        samples = bytearray(pcm(first, count))
        for low, high in self.silent:
            for at in range(max(low, first), min(high, first + count)):
                samples[2 * (at - first) : 2 * (at - first) + 2] = b"\0\0"
        return bytes(samples)

    @rule(back=st.integers(0, 60), ahead=st.integers(0, 20))
    def begin_memory_only(self, back: int, ahead: int) -> None:
        if self.unkept is None:
            self.unkept = max(self.start, self.end - back) + ahead
            # What was safe may be silence at once, or still be in memory: nobody relies on it.
            self.silent.append((min(self.unkept, self.end), self.end))
            self.do(self.spool.begin_memory_only(self.unkept))
            self.do(self.spool.silence(self.unkept, self.end))

    @rule(late=st.integers(-20, 20))
    def end_memory_only(self, late: int) -> None:
        if self.unkept is not None:
            until = max(self.unkept, self.end + late)
            self.do(self.spool.end_memory_only(until))
            self.silent.append((self.unkept, until))
            self.unkept = None

    @rule(data=st.data(), count=st.integers(0, 60))
    def silence(self, data: st.DataObject, count: int) -> None:
        first = data.draw(st.integers(self.start, self.end))
        self.do(self.spool.silence(first, min(first + count, self.end)))
        self.silent.append((first, min(first + count, self.end)))

    @rule()
    def close_and_open(self) -> None:
        self.do(self.spool.close())
        if self.unkept is not None:
            self.silent.append((self.unkept, self.end))
            self.unkept = None
        # What was to be silence and hadn't come has to be said again.
        self.silent = [(low, min(high, self.end)) for low, high in self.silent]
        self.spool = self.do(self.store.open(SESSION, SOURCE))

    @rule()
    def discard_and_open(self) -> None:
        self.do(self.spool.discard())
        self.spool = self.do(self.store.open(SESSION, SOURCE))
        self.start = self.end = 0
        self.unkept, self.silent = None, []

    @invariant()
    def stands_where_it_should(self) -> None:
        assert (self.spool.start, self.spool.end) == (self.start, self.end)

    def teardown(self) -> None:
        self.do(self.spool.close())
        self.do(self.loop.shutdown_default_executor())
        self.loop.close()
        self.folder.cleanup()


class DiskMachine(SpoolMachine):
    def make_store(self, folder: Path) -> SpoolStore:
        return DiskSpools(folder, file_samples=50, recent_samples=20)


class MemoryMachine(SpoolMachine):
    def make_store(self, folder: Path) -> SpoolStore:
        return MemorySpools()


TestDiskSpoolIsASequence = DiskMachine.TestCase
TestMemorySpoolIsASequence = MemoryMachine.TestCase
TestDiskSpoolIsASequence.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestMemorySpoolIsASequence.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


# What only the one on disk can promise.


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
        await asyncio.sleep(0)
        cancelled.cancel()
    assert await spool.sync() == 700
    await spool.close()
    again = await DiskSpools(tmp_path, file_samples=100).open(SESSION, SOURCE)
    assert await again.read(0, 1_000) == pcm(0, 700)
    await again.close()


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
from moothall.adapters.audio_spool import DiskSpools

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
    with subprocess.Popen(
        [sys.executable, "-c", OFF_THE_RECORD, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        for _ in range(20):
            synced = int(process.stdout.readline())
        process.kill()
        synced = max([synced, *(int(line) for line in process.stdout if line.endswith("\n"))])

    async def survived() -> tuple[int, bytes]:
        spool = await DiskSpools(tmp_path, file_samples=5_000).open(SESSION, SOURCE)
        audio = await spool.read(spool.start, spool.end - spool.start)
        await spool.close()
        return spool.end, audio

    end, audio = asyncio.run(survived())
    assert synced <= end <= synced + 1_600
    assert audio == b"said" * 3_000 + bytes(2 * (end - 6_000))
    assert b"hush" not in asyncio.run(everything_below(tmp_path))


PROGRAM = """
import asyncio, sys
from pathlib import Path
from moothall.adapters.audio_spool import DiskSpools

async def main():
    spool = await DiskSpools(Path(sys.argv[1]), file_samples=5_000).open("plenary", "microphone")
    while True:
        spool.append(b"".join((n % 65_521).to_bytes(2, "little") for n in range(spool.end, spool.end + 1_600)))
        print(await spool.sync(), flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("rounds", [(1, 30, 4)])
def test_kill_9_loses_nothing_that_was_synced(tmp_path: Path, rounds: tuple[int, ...]) -> None:
    synced = 0
    for wanted in rounds:
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        ) as process:
            assert process.stdout is not None
            for _ in range(wanted):
                synced = int(process.stdout.readline())
            process.kill()
            synced = max([synced, *(int(line) for line in process.stdout if line.endswith("\n"))])

        async def survived() -> tuple[int, bytes]:
            spool = await DiskSpools(tmp_path, file_samples=5_000).open(SESSION, SOURCE)
            audio = await spool.read(spool.start, spool.end - spool.start)
            await spool.close()
            return spool.end, audio

        end, audio = asyncio.run(survived())
        assert synced <= end <= synced + 1_600
        assert audio == pcm(0, end)
