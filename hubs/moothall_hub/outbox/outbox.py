"""The acts of a hub's room, on the hub's disk until the server above has them: questions, supports, head counts, notes.

An act is durable before anybody is told that it was stored. Acts are sent up in their order, and each has an id of its
own, so that a repeated act changes nothing. Once an act is answered, its text is erased from the disk: the session's
log holds it now, and it may be removed there. The outbox keeps whether the act was accepted, and if not, why.

Counts of supports and of votes on comments are absolute, so a newer count replaces an older one that was not answered
yet. Head counts are absolute too, but each of them is kept, since each belongs to a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from moothall.core.kernel.errors import PASSING, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.supervision.waiting import Listeners
from moothall.wire.hubs.acts import AnyAct
from moothall.wire.hubs.messages import Act, ActDone, ActNotDone
from moothall_hub.outbox.store import OutboxFile

T = TypeVar("T")

MOST_WAITING = 20_000
"""The most acts that may wait. Overflow: the next is refused with StorageUnavailable, and its author is told so."""
MOST_OWN_ACTS = 20
"""The most acts of a question's author that may wait for the uplink. Overflow: the next is refused as busy."""
MOST_OWN_LINES = 200
"""The most typed lines of a question that may wait. Overflow: the next is refused as too frequent; its page sends it
again."""


class ActState(StrEnum):
    """The state of an act."""

    WAITING = "waiting"
    """It is on the disk, and was not sent on this link."""
    SENT = "sent"
    """It was sent on this link, and is not answered."""
    DONE = "done"
    REFUSED = "refused"


class ActStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an act, and why it was refused; code and message are empty unless it was."""

    state: ActState
    code: RefusalCode | None = None
    message: str = ""
    """The sentence of the server above, in English."""


class WaitingAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act that was not answered yet."""

    number: int
    """Its number in the order of acts."""
    act: Act


class HubOutbox:
    """The acts that wait for the server above. Made by `open`; belongs to the event loop that opened it."""

    def __init__(self, file: OutboxFile, thread: ThreadPoolExecutor, most: int) -> None:
        self._most = most
        self._file = file
        self._thread = thread
        self._closed = False
        self._on_way: dict[CommandId, None] = {}
        """Acts that were sent on the current link and not answered; a dict as an ordered set. Bounded by the link's
        `MOST_ACTS`."""
        self.observe = Listeners[[]]()
        """Called after each act that is stored."""
        self.when_answered = Listeners[[CommandId]]()
        """Called with the id of each act that has its final answer, once the answer is on the disk."""

    @classmethod
    async def open(cls, path: Path, *, most: int = MOST_WAITING) -> HubOutbox:
        """Open the outbox at `path`, or make it; at most `most` acts may wait in it.

        Raises ConfigurationError with a sentence when the file cannot be opened, is no outbox, or was written by a
        newer release.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox")
        try:
            file = await asyncio.get_running_loop().run_in_executor(thread, OutboxFile, path)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(file, thread, most)

    async def put(self, session: SessionId, act_id: CommandId, hub: str, act: AnyAct, at: int) -> None:
        """Store an act; it is durable when this returns. The same id again changes nothing, even with another content.

        `hub` is empty for this hub's own room, otherwise the dotted path of the hub below; `at` is in Unix ms of the
        centre's clock. Raises StorageUnavailable when the act was not stored.
        """
        await self.pass_on(Act(id=act_id, session=session, at=at, hub=hub, act=act))

    async def pass_on(self, act: Act) -> None:
        """Store an act unchanged, such as one of a hub below. Durability and errors are as for `put`."""
        await self._do(partial(self._file.put, act, self._most))
        self.observe.tell()

    async def unsent(self, limit: int) -> Sequence[Act]:
        """The next acts that are not on their way, oldest first, at most `limit`. Raises StorageUnavailable."""
        rows = await self._do(partial(self._file.waiting, limit + len(self._on_way), None))
        return [act for _, act in rows if act.id not in self._on_way][:limit]

    def sent(self, act_id: CommandId) -> None:
        """Note that an act was sent."""
        self._on_way[act_id] = None

    def link_ended(self) -> None:
        """Note that the link has ended: all unanswered acts are sent again on the next one."""
        self._on_way.clear()

    async def answered(self, act_id: CommandId, answer: ActDone | ActNotDone) -> None:
        """Store the answer to an act. After a temporary refusal it waits again, and so do the acts after it, so that
        their order is kept. Raises StorageUnavailable.
        """
        if isinstance(answer, ActNotDone) and answer.code in PASSING:
            self._on_way.clear()
            return
        self._on_way.pop(act_id, None)
        code, message = (answer.code, answer.message) if isinstance(answer, ActNotDone) else (None, "")
        await self._do(partial(self._file.answered, act_id, code, message))
        self.when_answered.tell(act_id)

    async def state(self, act_id: CommandId) -> ActStatus | None:
        """The state of an act; None for one that was never put. Refusals are kept. Raises StorageUnavailable."""
        return (await self.states((act_id,))).get(act_id)

    async def states(self, act_ids: Collection[CommandId]) -> Mapping[CommandId, ActStatus]:
        """The states of these acts, read at once, without acts that were never put. Raises StorageUnavailable."""
        rows = await self._do(partial(self._file.states, tuple(act_ids))) if act_ids else {}
        return {act_id: self._status(act_id, *row) for act_id, row in rows.items()}

    async def waiting(self, session: SessionId | None = None) -> Sequence[WaitingAct]:
        """All unanswered acts, of a session or of all, oldest first. Raises StorageUnavailable."""
        rows = await self._do(partial(self._file.waiting, self._most, session))
        return [WaitingAct(number=number, act=act) for number, act in rows]

    async def count(self) -> int:
        """How many acts have no answer. Raises StorageUnavailable."""
        return await self._do(self._file.count)

    async def close(self) -> None:
        """Finish the calls that have begun, and close the file. Later calls raise StorageUnavailable."""
        if self._closed:
            return
        self._closed = True
        self._thread.submit(self._file.close)
        await asyncio.to_thread(self._thread.shutdown)

    def _status(self, act_id: CommandId, waits: bool, code: RefusalCode | None, message: str) -> ActStatus:
        if waits:
            return ActStatus(state=ActState.SENT if act_id in self._on_way else ActState.WAITING)
        if code is None:
            return ActStatus(state=ActState.DONE)
        return ActStatus(state=ActState.REFUSED, code=code, message=message)

    async def _do(self, act: Callable[[], T]) -> T:
        if self._closed:
            raise StorageUnavailable("The outbox is closed.")
        # The call finishes even if its caller is cancelled: the thread carries out one after the other.
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)
