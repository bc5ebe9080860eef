"""A disk that hangs: calls neither return nor fail until it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import OutcomeUnknown, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import BookEntry, LogHead
from moothall.services.cluster.own_disk import READ_MS, AnsweredBook, AnsweredLog, AnsweredSingles, OwnDisk
from moothall.services.cluster.two_books import TwoBooks
from moothall.services.cluster.two_copies import PATIENCE_MS, STEPS, TwoCopies
from moothall.testing.book import MemoryBook, MemorySharedBook, SharedBookStore
from moothall.testing.clock import ManualClock
from moothall.testing.house_memory import MemorySingles
from moothall.testing.log_memory import FailingLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.sessions.recorder import EPOCH, SESSION, Recorder

PAUSED = ev.SessionPaused(t=1)


class Hanging:
    """A disk that answers nothing while it hangs."""

    def __init__(self) -> None:
        self._answers = asyncio.Event()
        self._answers.set()

    def hang(self) -> None:
        self._answers.clear()

    def go_on(self) -> None:
        self._answers.set()

    async def done(self) -> None:
        await self._answers.wait()


class HangingLog(FailingLog):
    """A log on it."""

    def __init__(self, disk: Hanging) -> None:
        super().__init__()
        self._disk = disk

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        await self._disk.done()
        return await super().acquire(session, epoch, term, new=new)

    async def append(self, *args: Any) -> None:
        await self._disk.done()
        await super().append(*args)

    async def head(self, session: SessionId) -> LogHead | None:
        await self._disk.done()
        return await super().head(session)


class HangingBook(MemoryBook):
    """A book on it."""

    def __init__(self, disk: Hanging) -> None:
        super().__init__()
        self._disk = disk

    async def write(self, entries: Any) -> None:
        await self._disk.done()
        await super().write(entries)


class HangingSingles(MemorySingles):
    """Notes on it."""

    def __init__(self, disk: Hanging) -> None:
        super().__init__()
        self._disk = disk

    async def begin(self, session: SessionId, epoch: Epoch, first: int) -> None:
        await self._disk.done()
        await super().begin(session, epoch, first)


class Keeper:
    """A keeper on that disk, which gives the house up where it may acknowledge, as `app.cluster.house` has it."""

    def __init__(self) -> None:
        self.term: int | None = 1_001
        self.answers, self.alone = True, False
        self.clock, self.hanging = ManualClock(), Hanging()
        self.disk = OwnDisk(self.clock, self._hand_on)
        self.store, self.own = SharedLogStore(), HangingLog(self.hanging)
        self.log = TwoCopies(
            MemorySharedLog(self.store, "n1"),
            AnsweredLog(self.own, self.disk.answer),
            self,
            self.clock,
            singles=AnsweredSingles(HangingSingles(self.hanging), self.disk.answer),
            alone=lambda: self.alone,
        )
        self.recorder = Recorder()

    async def _hand_on(self) -> None:
        if self.answers:
            await self.give_up()

    async def give_up(self) -> None:
        self.term, self.answers = None, False

    def record(self) -> LogRecord:
        return self.recorder.record(PAUSED)

    def redis(self, *, away: bool) -> None:
        self.store.away, self.answers, self.alone = away, not away, away


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


async def after(keeper: Keeper, ms: int, act: Coroutine[Any, Any, object]) -> asyncio.Future[object]:
    task = asyncio.ensure_future(act)
    await keeper.clock.advance(ms)
    return task


async def test_a_log_whose_disk_hangs_is_not_acquired_and_the_house_is_handed_on(keeper: Keeper) -> None:
    async def acquired() -> LogHead:
        await keeper.log.acquire(SESSION, EPOCH)
        keeper.hanging.hang()
        return await keeper.log.own.acquire(SESSION, EPOCH)

    acquiring = await after(keeper, PATIENCE_MS - 1, acquired())
    assert (acquiring.done(), keeper.disk.hangs, keeper.term) == (False, False, 1_001)
    await keeper.clock.advance(1)
    assert (acquiring.done(), keeper.disk.hangs, keeper.term) == (True, True, None)
    with pytest.raises(OutcomeUnknown, match="disk does not answer"):
        await acquiring
    keeper.hanging.go_on()
    await keeper.clock.advance(1)
    assert not keeper.disk.hangs


async def test_a_session_that_is_loaded_while_the_disk_hangs_is_refused_and_the_house_handed_on(keeper: Keeper) -> None:
    keeper.hanging.hang()
    acquiring = await after(keeper, READ_MS, keeper.log.acquire(SESSION, EPOCH))
    assert keeper.term is None
    with pytest.raises(StorageUnavailable):
        await acquiring


@pytest.mark.parametrize("hangs_at", ["the note", "the log"])
async def test_an_act_with_one_copy_is_refused_and_the_house_handed_on_when_somebody_can_take_it(
    keeper: Keeper, hangs_at: str
) -> None:
    head = await keeper.log.acquire(SESSION, EPOCH)
    keeper.redis(away=True)
    if hangs_at == "the log":
        await keeper.log.append(SESSION, head.term, 0, [keeper.record()])
    keeper.hanging.hang()
    keeper.own.head = FailingLog.head.__get__(keeper.own)  # type: ignore[method-assign]  # It is in the page cache.
    at, record = keeper.recorder.offset, keeper.record()
    storing = await after(keeper, PATIENCE_MS, keeper.log.append(SESSION, head.term, at, [record]))
    with pytest.raises(OutcomeUnknown, match="may still store"):
        await storing
    assert keeper.term == 1_001, "without Redis nobody could take it"
    keeper.redis(away=False)
    again = await after(keeper, 0, keeper.log.append(SESSION, head.term, at, [record]))
    assert keeper.term is None, "nobody waits for another time limit"
    await keeper.clock.advance(PATIENCE_MS)
    with pytest.raises(StorageUnavailable):
        await again


async def test_while_it_hangs_the_next_acts_are_refused_at_once(keeper: Keeper) -> None:
    await keeper.log.acquire(SESSION, EPOCH)
    keeper.hanging.hang()
    await after(keeper, PATIENCE_MS, keeper.disk.answer(keeper.own.acquire(SESSION, EPOCH)))
    for _ in range(3):
        with pytest.raises(StorageUnavailable, match="does not answer; nothing was stored"):
            await keeper.log.own.acquire(SESSION, EPOCH)


async def test_what_was_given_up_may_be_stored_later_and_is_found_by_its_term(keeper: Keeper) -> None:
    head = await keeper.log.acquire(SESSION, EPOCH)
    keeper.hanging.hang()
    storing = await after(keeper, PATIENCE_MS, keeper.log.append(SESSION, head.term, 0, [keeper.record()]))
    with pytest.raises(OutcomeUnknown):
        await storing
    keeper.hanging.go_on()
    await keeper.clock.advance(1)
    keeper.term, keeper.answers = 2_001, True
    anew = await keeper.log.acquire(SESSION, EPOCH)
    assert (anew.term, anew.offset) == (2_001 * STEPS, 1)


async def test_a_book_that_is_mended_while_the_disk_hangs_hands_the_house_on(keeper: Keeper) -> None:
    own = HangingBook(keeper.hanging)
    store = SharedBookStore()
    books = TwoBooks(MemorySharedBook(store, "n1"), AnsweredBook(own, keeper.disk.answer), keeper, keeper.clock)
    await books.opened()
    await books.write([BookEntry("rooms", "hall", b"{}")])
    store.lose_all()
    keeper.hanging.hang()
    mending = await after(keeper, PATIENCE_MS, books.mend())
    assert keeper.term is None
    with pytest.raises(OutcomeUnknown):
        await mending


async def test_a_node_that_stands_by_waits_on_and_is_known_to_hang(keeper: Keeper) -> None:
    log = AnsweredLog(keeper.own, keeper.disk.watch)
    keeper.hanging.hang()
    acquiring = await after(keeper, PATIENCE_MS, log.acquire(SESSION, EPOCH, 7))
    assert (acquiring.done(), keeper.disk.hangs, keeper.term) == (False, True, 1_001)
    keeper.hanging.go_on()
    await keeper.clock.advance(1)
    assert (await log.head(SESSION), keeper.disk.hangs) == (await acquiring, False)
