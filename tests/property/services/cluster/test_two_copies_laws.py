"""Two nodes and a shared log, any one of which may lose its data at any moment: nothing acknowledged is lost.

After each fault the house has a keeper again before the next fault: two faults at once would be two machines. The new
keeper may be another node, also when the shared log lost something, and its copy may lag as far as it likes.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import StorageError
from moothall.services.cluster.following import LogFollower
from moothall.services.cluster.gathering import Gathering
from moothall.services.cluster.two_copies import TwoCopies
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock
from moothall.testing.house_memory import MemoryCopies, MemorySingles
from moothall.testing.log_memory import FailingLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.sessions.recorder import EPOCH, SESSION, Recorder

FAULTS = st.sampled_from(
    [
        *("none", "keeper dies", "keeper sleeps", "folder wiped", "end lost", "all lost", "late", "torn", "own torn"),
        "taken",
        *("alone", "alone, late", "alone, end lost", "alone, all lost", "alone, restarts"),
    ]
)
STEPS = st.lists(st.tuples(st.integers(0, 4), FAULTS, st.integers(0, 5), st.booleans()), min_size=1, max_size=12)


class Kept:
    def __init__(self) -> None:
        self.term: int | None = None
        self.answers = False
        self.alone = False

    async def give_up(self) -> None:
        self.term, self.answers = None, False


class Node:
    def __init__(self, store: SharedLogStore, number: int) -> None:
        self.number, self.own, self.kept = number, FailingLog(), Kept()
        self.shared = MemorySharedLog(store, f"n{number}")
        self.singles = MemorySingles()
        self.start()
        self.following = LogFollower(self.shared, self.own, ManualClock())

    def start(self) -> None:
        """As a process that begins."""
        self.log = TwoCopies(
            self.shared,
            self.own,
            self.kept,
            ManualClock(),
            patience_ms=0,
            singles=self.singles,
            alone=lambda: self.kept.alone,
        )


class House:
    def __init__(self) -> None:
        self.store = SharedLogStore()
        self.nodes = [Node(self.store, 1), Node(self.store, 2)]
        self.keeper, self.other = self.nodes
        self.terms = 0
        self.said = 0
        self.head_term = 0
        self.recorder = Recorder()
        self.acknowledged: list[LogRecord] = []

    async def take_over(self, *, doubtful: bool = False) -> None:
        """The keeper takes the house, as after a lease that ran out. `doubtful`: the shared log may have lost
        something, and the other node is asked.
        """
        self.terms += 1
        await self.other.kept.give_up()
        self.keeper.kept.term, self.keeper.kept.answers = self.terms * 1_000 + self.keeper.number, True
        if doubtful:
            there = MemoryCopies(self.other.own, MemoryBook())
            gathering = Gathering(self.keeper.own, MemoryBook(), ManualClock(), copies={}, singles=self.keeper.singles)
            await gathering.run({"other": there}, lambda: ["other"])
        await self.recover()

    async def recover(self) -> None:
        head = await self.keeper.log.acquire(SESSION, EPOCH, new=not self.acknowledged)
        self.head_term = head.term
        self.recorder.go_on(head)

    async def say(self, n: int) -> None:
        records = [self.recorder.record(ev.SessionPaused(t=self.recorder.offset)) for _ in range(n)]
        at = self.recorder.offset - n
        try:
            await self.keeper.log.append(SESSION, self.head_term, at, records)
        except StorageError:
            await self.take_over()  # Nobody was answered. It may be there all the same.
        else:
            self.acknowledged += records

    async def strike(self, fault: str, amount: int, *, change: bool) -> None:
        if fault.startswith("alone"):
            await self.go_on_alone(fault, amount, change=change)
            if fault != "alone, late" or change:
                assert list(await self.store.read(SESSION, 0, 9_999)) == list(
                    await self.keeper.own.read(SESSION, 0, 9_999)
                )
                assert self.keeper.singles.open == frozenset()
        if fault == "folder wiped":
            wiped = self.keeper if change else self.other
            wiped.own = FailingLog()
            wiped.following.own = wiped.own
            wiped.start()
        elif fault == "end lost" and self.acknowledged:
            self.store.lose_end(SESSION, max(0, self.recorder.offset - amount))
        elif fault == "all lost":
            self.store.lose_all()
        elif fault == "late":
            self.store.late = True
            await self.say(1 + amount)
            self.store.late = False
        elif fault == "torn":
            self.store.torn = True
            await self.say(1 + amount)
            self.store.torn = False
        elif fault == "own torn":
            self.keeper.own.torn = True
            await self.say(1 + amount)
            self.keeper.own.torn = False
        elif fault == "keeper sleeps":
            sleeper, head_term, at = self.keeper, self.head_term, self.recorder.offset
            self.keeper, self.other = self.other, self.keeper
            await self.take_over()
            sleeper.kept.term, sleeper.kept.answers = 1, True  # It wakes, and believes that it keeps the house.
            stray = Recorder()
            stray.offset = at
            try:
                await sleeper.log.append(SESSION, head_term, at, [stray.record(ev.SessionPaused(t=99))])
                raise AssertionError("Two nodes have written the same log.")
            except StorageError:
                await sleeper.kept.give_up()
        elif fault == "taken":
            if change:
                self.store.lose_all()
            elif self.acknowledged:
                self.store.lose_end(SESSION, max(0, self.recorder.offset - amount))
        if fault in ("keeper dies", "taken"):
            self.keeper, self.other = self.other, self.keeper
        await self.take_over(doubtful=fault == "taken")

    async def go_on_alone(self, fault: str, amount: int, *, change: bool) -> None:
        """Redis goes away for all, and comes back; the keeper lives, or is started again."""
        kept, store = self.keeper.kept, self.store
        if fault == "alone, late":
            store.late = True
            with suppress(StorageError):
                await self._append(1)
            store.late = False
        kept.answers, kept.alone, store.away = False, True, True
        await self.recover()
        for _ in range(1 + amount):
            self.acknowledged += await self._append(1)
        kept.answers, kept.alone, store.away = True, False, False
        if fault == "alone, late":
            with suppress(StorageError):
                await store.land()
        elif fault == "alone, end lost":
            head = await store.head(SESSION)
            store.lose_end(SESSION, max(0, (0 if head is None else head.offset) - amount))
        elif fault == "alone, all lost":
            store.lose_all()
        elif fault == "alone, restarts":
            self.keeper.start()
            self.terms += 1
            kept.term = self.terms * 1_000 + self.keeper.number
            assert SESSION in self.keeper.singles.open
        if change:
            with suppress(StorageError):
                await self.keeper.log.fill()
        if fault == "alone, restarts":
            await self.recover()
        elif not change:
            await self.say(1)  # Which has it filled first.

    async def _append(self, n: int) -> list[LogRecord]:
        self.said += 1  # No two are the same.
        records = [self.recorder.record(ev.SessionPaused(t=10_000 + self.said)) for _ in range(n)]
        await self.keeper.log.append(SESSION, self.head_term, self.recorder.offset - n, records)
        return records

    async def check(self) -> None:
        await self.other.following.catch_up()
        stored = list(await self.store.read(SESSION, 0, 9_999))
        assert stored == list(await self.keeper.own.read(SESSION, 0, 9_999))
        assert stored == list(await self.other.own.read(SESSION, 0, 9_999))
        assert [each for each in stored if each in self.acknowledged] == self.acknowledged
        assert [each.header.offset for each in stored] == list(range(1, len(stored) + 1))


@given(STEPS)
def test_nothing_acknowledged_is_lost_doubled_or_reordered(steps: list[tuple[int, str, int, bool]]) -> None:
    async def live() -> None:
        house = House()
        await house.take_over()
        for n, fault, amount, change in steps:
            if n:
                await house.say(n)
            await house.strike(fault, amount, change=change)
            await house.check()

    asyncio.run(live())
