"""The queue of acts for a session writer. The sender of each act waits for the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from moothall.core.commands import AnyCommand
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.removal.selection import ErasedSelection
from moothall.core.signals import AnySignal

QUEUE = 256
"""Most acts that may wait. Overflow: one more is refused as busy, and its sender sends it again."""
BATCH = 256
"""Most acts in one append."""


class Receipt(msgspec.Struct, frozen=True):
    """The answer that a command is durable in the log, at these offsets."""

    first: int
    last: int


SendCommand = Callable[[Actor, SessionId, CommandId, AnyCommand], Awaitable[Receipt | Refusal]]
"""Carries out a command in a session."""


class PendingAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act that waits to be stored, with its future answer."""

    actor: Actor
    id: CommandId
    commands: tuple[AnyCommand, ...] = ()
    signals: tuple[AnySignal, ...] = ()
    """Signals that are shown in the same update as the events."""
    erases: ErasedSelection | None = None
    """The words to be removed, with no commands then; None where commands are to be carried out."""
    trace: object | None = None
    """The sender's span in a trace (`services/metrics/tracing.py`)."""
    result: asyncio.Future[Receipt | Refusal] = msgspec.field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def answer(self, answer: Receipt | Refusal) -> None:
        """Set the answer, which wakes the sender."""
        if not self.result.done():  # A sender that was cancelled doesn't wait any more.
            self.result.set_result(answer)


class ActQueue:
    """The queue, from many senders to one writer."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[PendingAct] = asyncio.Queue(QUEUE)
        self._next: PendingAct | None = None
        """An act that was taken out of the queue and left for the next batch."""
        self._closed = False
        self._unanswered = 0

    @property
    def waiting(self) -> bool:
        """Whether any sender waits for an answer."""
        return self._unanswered > 0

    async def enqueue(self, order: PendingAct) -> Receipt | Refusal:
        """Put an act into the queue and return its answer."""
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
        """The acts for the next append; waits for the first. A removal forms a batch by itself."""
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
        """Accept acts again after `close`."""
        self._closed = False

    def close(self) -> None:
        """Refuse all waiting and later acts as unavailable."""
        self._closed = True
        if self._next is not None:
            self._next.answer(unavailable())
            self._next = None
        while not self._queue.empty():
            self._queue.get_nowait().answer(unavailable())


def unavailable() -> Refusal:
    """The refusal where nothing can be stored now."""
    message = "The server can't store this at the moment: its disk is full or can't be reached. Send it again."
    return refuse(RefusalCode.UNAVAILABLE, message)


def no_id() -> Refusal:
    """The refusal of an act without a valid id, which couldn't be recognised when repeated."""
    return refuse(RefusalCode.INVALID, "The id of a command must have 1 to 128 plain characters.")


def kind_of(error: Exception) -> str:
    """The name of a failure for logs, without its message, which may quote a body."""
    return type(error).__name__
