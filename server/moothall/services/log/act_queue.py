"""What waits for a session writer: acts, each with somebody who waits for the answer."""

from __future__ import annotations

import asyncio

import msgspec

from moothall.core.commands import AnyCommand
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CommandId
from moothall.core.removal.selection import Erased
from moothall.core.signals import AnySignal

QUEUE = 256
"""Orders that may wait; one more is refused as busy, and its sender sends it again."""
BATCH = 256
"""Orders that one append may carry."""


class Receipt(msgspec.Struct, frozen=True):
    """The command is in the log for good, at these offsets."""

    first: int
    last: int


class PendingAct(msgspec.Struct, frozen=True, kw_only=True):
    """One act."""

    actor: Actor
    id: CommandId
    commands: tuple[AnyCommand, ...] = ()
    signals: tuple[AnySignal, ...] = ()
    """Shown in the same update as the events."""
    erases: Erased | None = None
    """What is to be removed; then there are no commands."""
    trace: object | None = None
    """Where its sender is in a trace (`services/metrics/tracing.py`)."""
    result: asyncio.Future[Receipt | Refusal] = msgspec.field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def answer(self, answer: Receipt | Refusal) -> None:
        """Wake the waiting tasks."""
        if not self.result.done():  # A sender that was cancelled doesn't wait any more.
            self.result.set_result(answer)


class ActQueue:
    """The queue, from many senders to one writer."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[PendingAct] = asyncio.Queue(QUEUE)
        self._next: PendingAct | None = None
        """Taken out of the queue, and left for the batch after."""
        self._closed = False
        self._unanswered = 0

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for an answer."""
        return self._unanswered > 0

    async def place(self, order: PendingAct) -> Receipt | Refusal:
        """Wait in the queue and for the answer."""
        if self._closed:
            return unavailable()
        try:
            self._queue.put_nowait(order)
        except asyncio.QueueFull:
            return refuse(RefusalCode.BUSY, "Too many acts are waiting to be stored; send this one again.")
        self._unanswered += 1
        try:
            return await order.result
        finally:
            self._unanswered -= 1

    async def batch(self) -> list[PendingAct]:
        """What is to be done next, in one append; waits for the first. A removal is an act of its own."""
        first, self._next = self._next or await self._queue.get(), None
        batch = [first]
        while first.erases is None and len(batch) < BATCH and not self._queue.empty():
            order = self._queue.get_nowait()
            if order.erases is not None:
                self._next = order
                break
            batch.append(order)
        return batch

    def open(self) -> None:
        """Take orders again after `close`."""
        self._closed = False

    def close(self) -> None:
        """Refuse the waiting commands and all later ones."""
        self._closed = True
        if self._next is not None:
            self._next.answer(unavailable())
            self._next = None
        while not self._queue.empty():
            self._queue.get_nowait().answer(unavailable())


def unavailable() -> Refusal:
    """Nothing can be stored now."""
    message = "The server can't store this at the moment: its disk is full or can't be reached. Send it again."
    return refuse(RefusalCode.UNAVAILABLE, message)


def no_id() -> Refusal:
    """What came can't be told apart from another."""
    return refuse(RefusalCode.INVALID, "The id of a command must have 1 to 128 plain characters.")


def kind_of(error: Exception) -> str:
    """What a log says of a failure; its message may quote a body."""
    return type(error).__name__
