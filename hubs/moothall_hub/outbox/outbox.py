"""What the room did, on the hub's disk until the server above has it: questions, supports, head counts, notes.

An act is durable before anybody is told that it was kept. Acts go up in the order in which they came, and each has an
id of its own, so that the same one sent again changes nothing. Once one is answered its text goes from the disk: it
stands in the log now, and may be removed there. What stays is whether it was taken, and if not, why.

Supports are counted absolutely, so a newer count takes the place of an older one that was not answered yet. Head counts
are absolute too, but each stays: it says when it was so.
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
from moothall.wire.hub.messages import Act, AnyAct, Done, NotDone
from moothall_hub.outbox.store import OutboxFile

T = TypeVar("T")

MOST_WAITING = 20_000
"""Acts that may wait. Overflow: the next is refused with StorageUnavailable, and its author is told so."""
MOST_OWN_ACTS = 20
"""Presses of its author that may wait for the uplink, of a question. Overflow: the next is refused as busy."""
MOST_OWN_LINES = 200
"""Typed lines that may wait, of a question. Overflow: the next is refused as too often; its page sends it again."""


class ActState(StrEnum):
    """Where an act stands."""

    WAITING = "waiting"
    """On the disk."""
    SENT = "sent"
    """On its way, and not answered."""
    DONE = "done"
    REFUSED = "refused"


class ActStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where an act stands, and why it was refused."""

    state: ActState
    code: RefusalCode | None = None
    message: str = ""
    """The sentence of the server above, in English."""


class WaitingAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act that was not answered yet."""

    number: int
    """Its place in the order."""
    act: Act


class HubOutbox:
    """The acts that wait for the server above. Made by `open`; belongs to the event loop that opened it."""

    def __init__(self, file: OutboxFile, thread: ThreadPoolExecutor, most: int) -> None:
        self._most = most
        self._file = file
        self._thread = thread
        self._closed = False
        self._on_way: dict[CommandId, None] = {}
        """Sent on the current link, and not answered. Bound: `MOST_ACTS` of the link."""
        self.observe = Listeners[[]]()
        """Told of each act that is put."""
        self.when_answered = Listeners[[CommandId]]()
        """Told of each act that has its answer for good, once that is on the disk."""

    @classmethod
    async def open(cls, path: Path, *, most: int = MOST_WAITING) -> HubOutbox:
        """Open the outbox at `path`, or make it; `most` acts may wait in it.

        Raises ConfigurationError with a sentence when it can't be opened, isn't ours, or is a newer release's.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox")
        try:
            file = await asyncio.get_running_loop().run_in_executor(thread, OutboxFile, path)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(file, thread, most)

    async def put(self, session: SessionId, act_id: CommandId, hub: str, act: AnyAct, at: int) -> None:
        """Keep an act; durable when this returns. The same id again changes nothing, even with another content.

        `hub` is empty for this hub's own room, else the dotted path of the one below; `at` is Unix ms of the centre's
        clock. Raises StorageUnavailable when it was not kept.
        """
        await self.pass_on(Act(id=act_id, session=session, at=at, hub=hub, act=act))

    async def pass_on(self, act: Act) -> None:
        """Keep an act as it came, such as one of a hub below. As `put`."""
        await self._do(partial(self._file.put, act, self._most))
        self.observe.tell()

    async def unsent(self, limit: int) -> Sequence[Act]:
        """The next acts that are not on their way, oldest first. Raises StorageUnavailable."""
        rows = await self._do(partial(self._file.waiting, limit + len(self._on_way), None))
        return [act for _, act in rows if act.id not in self._on_way][:limit]

    def sent(self, act_id: CommandId) -> None:
        """An act is on its way."""
        self._on_way[act_id] = None

    def link_ended(self) -> None:
        """Nothing is on its way any more: on the next link all that was not answered is sent again."""
        self._on_way.clear()

    async def answered(self, act_id: CommandId, answer: Done | NotDone) -> None:
        """An act was answered. One that is not refused for good waits again, and those that came after it with it:
        they keep their order. Raises StorageUnavailable.
        """
        if isinstance(answer, NotDone) and answer.code in PASSING:
            self._on_way.clear()
            return
        self._on_way.pop(act_id, None)
        code, message = (answer.code, answer.message) if isinstance(answer, NotDone) else (None, "")
        await self._do(partial(self._file.answered, act_id, code, message))
        self.when_answered.tell(act_id)

    async def state(self, act_id: CommandId) -> ActStatus | None:
        """Where an act stands; None for one that was never put. Refusals stay. Raises StorageUnavailable."""
        return (await self.states((act_id,))).get(act_id)

    async def states(self, act_ids: Collection[CommandId]) -> Mapping[CommandId, ActStatus]:
        """Where each of these acts stands, read at once; without those that were never put. Raises
        StorageUnavailable.
        """
        rows = await self._do(partial(self._file.states, tuple(act_ids))) if act_ids else {}
        return {act_id: self._status(act_id, *row) for act_id, row in rows.items()}

    async def waiting(self, session: SessionId | None = None) -> Sequence[WaitingAct]:
        """All acts that were not answered, of a session or of all, oldest first. Raises StorageUnavailable."""
        rows = await self._do(partial(self._file.waiting, self._most, session))
        return [WaitingAct(number=number, act=act) for number, act in rows]

    async def count(self) -> int:
        """How many acts were not answered. Raises StorageUnavailable."""
        return await self._do(self._file.count)

    async def close(self) -> None:
        """Finish what was promised and let go of the file. Afterwards everything is refused as unavailable."""
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
        # Whoever is cancelled leaves the act to be finished all the same: the thread does one after the other.
        return await asyncio.get_running_loop().run_in_executor(self._thread, act)
