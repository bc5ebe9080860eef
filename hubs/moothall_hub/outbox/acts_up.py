"""What the room did goes up: from the outbox to the line in its order, and the answers back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import CommandId
from moothall.core.ports import Clock
from moothall.wire.hub.messages import MOST_ACTS, Act, Done, NotDone

logger = logging.getLogger(__name__)

RETRY_MS = 1_000
"""How long to wait when the disk refuses."""


class WaitingActs(Protocol):
    """Where acts wait (`moothall_hub.outbox.outbox`). Each async method may raise StorageUnavailable."""

    def observe(self, told: Callable[[], None], /) -> None:
        """From now on tell of each act that is put."""
        ...

    async def count(self) -> int:
        """How many have no answer."""
        ...

    async def unsent(self, limit: int) -> Sequence[Act]:
        """The next that are not on their way, oldest first."""
        ...

    def sent(self, act_id: CommandId) -> None:
        """One is on its way."""
        ...

    def link_ended(self) -> None:
        """None is any more."""
        ...

    async def answered(self, act_id: CommandId, answer: Done | NotDone) -> None:
        """One was answered."""
        ...


class ActsUp:
    """Sends the acts of the outbox up, and takes their answers. Make it with `load`; `run` must be running."""

    def __init__(
        self, outbox: WaitingActs, clock: Clock, *, offer: Callable[[Sequence[Act]], None], up: Callable[[], bool]
    ) -> None:
        """`offer` gives acts to the line; `up`: whether there is one."""
        self._outbox = outbox
        self._clock = clock
        self._offer = offer
        self._up = up
        self._given: dict[CommandId, None] = {}
        """Acts that the line was given since it is up. Bound: `MOST_ACTS`."""
        self._more = asyncio.Event()
        self.waiting = 0
        """How many have no answer."""
        outbox.observe(self._more.set)

    async def load(self) -> None:
        """Count what waits. Raises StorageUnavailable."""
        self.waiting = await self._outbox.count()

    def line_changed(self) -> None:
        """The line has come or gone: nothing is on its way."""
        self._given.clear()
        self._outbox.link_ended()

    def room(self) -> None:
        """The line takes more of them."""
        self._more.set()

    async def answered(self, told: Done | NotDone) -> None:
        """The server above has answered. Comes back once that is on the disk, whenever it takes it."""
        while True:
            try:
                await self._outbox.answered(told.id, told)
            except StorageUnavailable:
                logger.warning("an answer to an act can't be stored at the moment")
                await self._clock.sleep(RETRY_MS)
                continue
            self._given.pop(told.id, None)
            return

    async def run(self) -> None:
        """Offer what waits as the line takes it, until cancelled."""
        self._more.set()  # One before this may have ended amid an offer.
        while True:
            await self._more.wait()
            self._more.clear()
            try:
                self.waiting = await self._outbox.count()
                room = MOST_ACTS - len(self._given)
                acts = await self._outbox.unsent(room) if room > 0 and self._up() else ()
            except StorageUnavailable:
                logger.warning("the outbox can't be read at the moment")
                self._more.set()
                await self._clock.sleep(RETRY_MS)
                continue
            for act in acts:
                self._given[act.id] = None
                self._outbox.sent(act.id)
            if acts:
                self._offer(acts)
