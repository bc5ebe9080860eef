from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest

from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import InterventionId, PollId, SessionId
from moothall.core.ports import BookEntry
from moothall.core.questions.floods import KEPT_OF_FLOOD, MOST_NEW
from moothall.services.questions import ballot_box
from moothall.services.questions.ballot_box import NAMESPACE, NOBODY, BallotBox, BallotState, Before
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.testing.loop import run

S = SessionId("s")


class GatedBook(MemoryBook):
    """A disk that is as slow as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()
        self.writes: list[int] = []
        """How many entries each transaction had."""
        self.broken = False

    async def write(self, entries: Sequence[BookEntry]) -> None:
        await self.open.wait()
        if self.broken:
            raise RuntimeError
        self.writes.append(len(entries))
        await super().write(entries)


class BallotBoxes:
    def __init__(self) -> None:
        self.book = GatedBook()
        self.clock = ManualClock()
        self.box = self.again()

    def again(self, seed: int = 1) -> BallotBox:
        return BallotBox(book=self.book, clock=self.clock, randomness=SeededRandomness(seed))

    async def give(
        self, visitor: str, choice: int = 0, *, what: str = "why", address: str = "", session: SessionId = S
    ) -> Refusal | None:
        return await self.box.give(session, what, choice, visitor=visitor, address=address or visitor, before=Before)

    def many(self, what: str = "why") -> Mapping[int, int]:
        return self.box.boxes[S].tally(what)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.ensure_future(self.box.run())
        await turn()
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def turn() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def in_a_house(act: Callable[[BallotBoxes], Coroutine[None, None, None]]) -> Callable[[], None]:
    async def within() -> None:
        await act(BallotBoxes())

    return lambda: run(within())


@in_a_house
async def test_a_ballot_is_acknowledged_once_it_is_written_and_many_share_a_write(house: BallotBoxes) -> None:
    async with house.running():
        house.book.open.clear()
        first = asyncio.ensure_future(house.give("v0"))
        await turn()
        others = [asyncio.ensure_future(house.give(f"v{number}")) for number in range(1, 100)]
        await turn()
        assert not first.done()
        assert not any(each.done() for each in others)
        assert house.many() == {}, "what is not on the disk counts nowhere"
        house.book.open.set()
        assert await asyncio.gather(first, *others) == [None] * 100
        assert house.book.writes == [2, 99], "the key with the first, then all that waited"
        assert house.many() == {0: 100}
        assert house.box.news.is_set()


@in_a_house
async def test_the_newest_choice_counts_also_after_a_restart(house: BallotBoxes) -> None:
    async with house.running():
        for choice in (1, 2, 2, 0):
            assert await house.give("a", choice, what=":poll:p") is None
        # Two at once, of which the second is what stands on the disk before either is written.
        house.book.open.clear()
        both = [asyncio.ensure_future(house.give("a", choice, what=":poll:p")) for choice in (1, 0)]
        await turn()
        house.book.open.set()
        await asyncio.gather(*both)
        await house.give("b", 2, what=":poll:p")
        await house.give("b")
        assert house.many(":poll:p") == {0: 1, 2: 1}
        assert house.box.boxes[S].chosen("b") == {":poll:p": 2, "why": 0}
        assert house.box.boxes[S].held == {"poll": 2, "": 1}
    house.box = house.again(2)
    await house.box.load()
    assert house.many(":poll:p") == {0: 1, 2: 1}
    assert house.many() == {0: 1}
    assert house.box.boxes[S].uncounted == {":poll:p", "why"}


@in_a_house
async def test_ballots_of_earlier_releases_are_read(house: BallotBoxes) -> None:
    kept = msgspec.msgpack.encode({"key": bytes(32), "before": {"why": 4}, "until": None})
    entries = [BookEntry(NAMESPACE, S, kept), BookEntry(f"{NAMESPACE}:{S}", "why/abc", b"")]
    await house.book.write([*entries, BookEntry(f"{NAMESPACE}:{S}", ":aside/def", b"")])
    await house.box.load()
    box = house.box.boxes[S]
    assert (box.given, box.aside, box.kept.before, box.kept.polls) == ({"why": {"abc": 0}}, {"def"}, {"why": 4}, {})


@in_a_house
async def test_all_without_a_token_are_one(house: BallotBoxes) -> None:
    async with house.running():
        for number in range(3):
            await house.give("", number, what=":poll:p", address=f"192.0.2.{number}")
        assert house.many(":poll:p") == {2: 1}
        assert house.box.boxes[S].given[":poll:p"] == {NOBODY: 2}
        assert house.box.boxes[S].chosen("") == {}


@in_a_house
async def test_a_full_disk_refuses_and_forgets_no_mark(house: BallotBoxes) -> None:
    async with house.running():
        for number in range(MOST_NEW):
            await house.give(f"v{number}", address="one")
        house.book.full = True
        with pytest.raises(StorageUnavailable):
            await house.give("last", address="one")
        assert house.box.boxes[S].tally("why").total() == KEPT_OF_FLOOD
        house.book.full = False
        await house.clock.advance(ballot_box.AGAIN_MS)
        await turn()
    house.box = house.again(2)
    await house.box.load()
    assert house.many() == {0: KEPT_OF_FLOOD}, "who was set aside stands in the book, though no ballot came since"
    async with house.running():
        assert await house.give("last", address="two") is None
        assert house.many() == {0: KEPT_OF_FLOOD}


@in_a_house
async def test_bounds_hold(house: BallotBoxes) -> None:
    async with house.running():
        house.book.open.clear()
        waiting = [asyncio.ensure_future(house.give(f"v{n}")) for n in range(ballot_box.MOST_WAITING)]
        await turn()
        more = [asyncio.ensure_future(house.give(f"w{n}")) for n in range(ballot_box.MOST_WAITING)]
        await turn()
        refused = await house.give("x")
        assert isinstance(refused, Refusal)
        assert refused.code is RefusalCode.BUSY
        house.book.open.set()
        assert set(await asyncio.gather(*waiting, *more)) == {None}
        assert await house.give("x") is None


@in_a_house
async def test_whoever_waits_when_it_ends_is_told_so(house: BallotBoxes) -> None:
    async with house.running() as task:
        await house.give("a")
        house.book.open.clear()
        writing = asyncio.ensure_future(house.give("b"))
        await turn()
        waiting, gone = (asyncio.ensure_future(house.give(visitor)) for visitor in ("c", "d"))
        await turn()
        gone.cancel()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for each in (writing, waiting):
            with pytest.raises(StorageUnavailable):
                await each
    with pytest.raises(StorageUnavailable):
        await house.give("e")
    house.book.open.set()
    async with house.running():
        assert await house.give("e") is None
        assert house.box.boxes[S].waiting == 0


@in_a_house
async def test_a_fault_of_ours_leaves_nobody_waiting(house: BallotBoxes) -> None:
    house.book.broken = True
    async with house.running() as task:
        given = asyncio.ensure_future(house.give("a"))
        with pytest.raises(StorageUnavailable):
            await given
        with pytest.raises(ExceptionGroup):
            await task
    house.book.broken = False
    async with house.running():
        assert await house.give("a") is None
    house.box = house.again(2)
    await house.box.load()
    assert house.many() == {0: 1}


@in_a_house
async def test_what_is_destroyed_takes_no_more_and_begins_anew(house: BallotBoxes) -> None:
    async with house.running():
        await house.give("a")
        await house.give("a", session=SessionId("other"))
        house.box.close(S, closed=True)
        house.box.close(SessionId("none"), closed=True)
        house.book.open.clear()
        destroying = asyncio.ensure_future(house.box.forget(S))
        await turn()
        late = asyncio.ensure_future(house.give("b"))
        await turn()
        house.book.open.set()
        await destroying
        with pytest.raises(StorageUnavailable):
            await late
        assert S not in house.box.boxes
        assert not await house.book.read(f"{NAMESPACE}:{S}")
        await house.box.forget(S)
        counted = Before(support={InterventionId("why"): 3}, polls={PollId("p"): (1, 2)})
        await house.box.give(S, "why", 0, visitor="a", address="a", before=lambda: counted)
        kept = house.box.boxes[S].kept
        assert (kept.before, kept.polls, kept.until) == ({"why": 3}, {"p": (1, 2)}, None)
        assert msgspec.msgpack.decode((await house.book.read(NAMESPACE))[S], type=BallotState) == kept


@in_a_house
async def test_seven_days_after_the_close_all_of_it_goes_even_if_the_disk_is_full_for_a_while(
    house: BallotBoxes,
) -> None:
    async with house.running():
        await house.give("a")
        house.box.close(S, closed=True)
        await turn()
        house.book.full = True
        await house.clock.advance(ballot_box.KEPT_MS + ballot_box.LOOK_MS)
        assert S in house.box.boxes
        house.book.full = False
        await house.clock.advance(ballot_box.LOOK_MS)
        await turn()
        assert not house.box.boxes
        assert not await house.book.read(NAMESPACE)
