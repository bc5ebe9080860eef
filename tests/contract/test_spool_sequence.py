"""Each SpoolStore against a plain sequence of samples, under any order of acts."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.core.ports import SpoolStore
from moothall.testing.spool_memory import MemorySpools
from support.sound.spools import SESSION, SOURCE, pcm

T = TypeVar("T")


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

    @rule(back=st.integers(0, 60))
    def wipe_memory_only(self, back: int) -> None:
        before = max(0, self.end - back)
        self.spool.wipe_memory_only(before)
        if self.unkept is not None and self.unkept < before:
            self.silent.append((self.unkept, before))

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
