from __future__ import annotations

import asyncio

from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId
from moothall.core.removal.selection import SpokenSpan
from moothall.services.log.act_queue import BATCH, QUEUE, ActQueue, PendingAct, Receipt


def order(name: str, *, removal: bool = False) -> PendingAct:
    return PendingAct(actor=SYSTEM, id=CommandId(name), erases=SpokenSpan(0, 1) if removal else None)


async def enqueued(orders: ActQueue, *waiting: PendingAct) -> list[asyncio.Task[Receipt | Refusal]]:
    futures = [asyncio.ensure_future(orders.enqueue(each)) for each in waiting]
    await asyncio.sleep(0)  # Each begins, and waits for its answer: what it waits in is what is tested.
    return futures


async def test_what_waits_is_taken_together_but_a_removal_alone() -> None:
    orders = ActQueue()
    names = [("a", False), ("b", False), ("r1", True), ("r2", True), ("c", False)]
    waiting = await enqueued(orders, *(order(name, removal=removal) for name, removal in names))
    batches = [[each.id for each in await orders.batch()] for _ in range(4)]
    assert batches == [["a", "b"], ["r1"], ["r2"], ["c"]]
    orders.close()
    await asyncio.wait(waiting, timeout=0)
    for each in waiting:
        each.cancel()


async def test_a_crowd_is_taken_in_batches_and_one_too_many_is_busy() -> None:
    orders = ActQueue()
    waiting = await enqueued(orders, *(order(f"o{n}") for n in range(QUEUE + 1)))
    refused = await waiting[-1]
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.BUSY
    assert len(await orders.batch()) == min(BATCH, QUEUE)
    for each in waiting:
        each.cancel()


async def test_who_waits_when_it_closes_is_told_and_so_is_who_comes_later() -> None:
    orders = ActQueue()
    waiting = await enqueued(orders, order("a"), order("r", removal=True), order("b"))
    (first,) = await orders.batch()
    first.answer(Receipt(1, 1))
    first.answer(Receipt(2, 2))  # A second answer is nobody's.
    orders.close()
    answers = await asyncio.gather(*waiting, orders.enqueue(order("late")))
    assert answers[0] == Receipt(1, 1)
    for refusal in answers[1:]:
        assert isinstance(refusal, Refusal)
        assert refusal.code is RefusalCode.UNAVAILABLE
