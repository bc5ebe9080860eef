from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core.kernel.errors import StorageUnavailable
from moothall.services.hubs.cosigning import ANSWER_MS, ASK_MS, SOON_MS, HubCosigning
from moothall.testing.clock import ManualClock
from moothall.wire.hubs.messages import AddCheckpoint, CheckpointAnswer


class Book:
    """Witnesses that have so many requests for the hub, and note its answers."""

    def __init__(self, *requests: bytes) -> None:
        self.requests = list(requests)
        self.answers: list[tuple[bytes, int]] = []
        self.sizes: list[int] = []
        self.again = 0
        self.knows = True
        self.away = False

    async def hub(self, name: str, vkey: str) -> bool:
        assert (name, vkey) == ("kisumu", "vkey")
        return self.knows

    async def request(self, name: str) -> bytes | None:
        if self.away:
            raise StorageUnavailable("It is away.")
        return self.requests[0] if self.requests else None

    async def answered(self, name: str, request: bytes, status: int, lines: str, *, size: int, known: bytes) -> bool:
        self.answers.append((request, status))
        self.sizes.append(size)
        self.requests.pop(0)
        self.again -= 1
        return self.again >= 0


class Asked:
    def __init__(self, witnesses: Book | None) -> None:
        self.clock, self.said = ManualClock(), list[AddCheckpoint]()
        self.cosigning = HubCosigning(witnesses, "kisumu", self.said.append, self.clock)

    async def answer(self, status: int = 200, number: int | None = None, *, size: int = 0, known: bytes = b"") -> None:
        number = self.said[-1].number if number is None else number
        self.cosigning.take(CheckpointAnswer(number=number, status=status, key="vkey", size=size, known=known))
        await self.clock.advance(0)


@asynccontextmanager
async def asking(witnesses: Book | None) -> AsyncIterator[Asked]:
    async with asyncio.TaskGroup() as tasks:
        asked = Asked(witnesses)
        running = tasks.create_task(asked.cosigning.run())
        await asked.clock.advance(0)
        yield asked
        running.cancel()


async def test_a_hub_is_asked_at_once_and_then_every_ten_minutes() -> None:
    witnesses = Book(b"one", b"two")
    async with asking(witnesses) as asked:
        assert [each.request for each in asked.said] == [b"one"]
        await asked.answer()
        await asked.clock.advance(ASK_MS - 1)
        assert len(asked.said) == 1
        await asked.clock.advance(1)
        assert [each.request for each in asked.said] == [b"one", b"two"]
        await asked.answer()
        assert witnesses.answers == [(b"one", 200), (b"two", 200)]


async def test_what_is_to_be_asked_again_is_asked_at_once() -> None:
    witnesses = Book(b"one", b"two")
    witnesses.again = 1
    async with asking(witnesses) as asked:
        await asked.answer(409)
        assert [each.request for each in asked.said] == [b"one", b"two"]
        await asked.answer(200)
        assert [status for _, status in witnesses.answers] == [409, 200]


async def test_a_first_checkpoint_is_looked_for_each_minute() -> None:
    witnesses = Book()
    async with asking(witnesses) as asked:
        assert asked.said == []
        witnesses.requests.append(b"one")
        await asked.clock.advance(SOON_MS)
        assert len(asked.said) == 1


async def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    witnesses = Book(b"one")
    async with asking(witnesses) as asked:
        await asked.clock.advance(ANSWER_MS)
        await asked.answer(200, number=99)
        assert witnesses.answers == []
        await asked.clock.advance(ASK_MS)
        assert [each.number for each in asked.said] == [1, 2]
        await asked.answer(200, number=1)
        assert witnesses.answers == []


async def test_a_hub_whose_key_is_not_taken_is_not_heard() -> None:
    witnesses = Book(b"one")
    witnesses.knows = False
    async with asking(witnesses) as asked:
        await asked.answer()
        assert witnesses.answers == []


async def test_it_waits_while_the_store_is_away() -> None:
    witnesses = Book(b"one")
    witnesses.away = True
    async with asking(witnesses) as asked:
        witnesses.away = False
        await asked.clock.advance(SOON_MS)
        assert len(asked.said) == 1


async def test_a_hub_that_cannot_cosign_is_never_asked() -> None:
    async with asking(None) as asked:
        await asked.clock.advance(10 * ASK_MS)
        assert asked.said == []


async def test_a_size_without_the_checkpoint_that_has_it_is_not_believed() -> None:
    witnesses = Book(b"one", b"two")
    witnesses.again = 1
    async with asking(witnesses) as asked:
        await asked.answer(409, size=9)
        await asked.answer(409, size=9, known=b"checkpoint")
        assert witnesses.sizes == [0, 9]
