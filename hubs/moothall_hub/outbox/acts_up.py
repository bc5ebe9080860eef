"""Send the acts of the room up: from the outbox to the uplink in their order, and store their answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import CommandId
from moothall.core.ports import Clock
from moothall.wire.hubs.messages import MOST_ACTS, Act, ActDone, ActNotDone

logger = logging.getLogger(__name__)

RETRY_MS = 1_000
"""Milliseconds until the next attempt when the disk refuses."""


class WaitingActs(Protocol):
    """The outbox in which acts wait (`moothall_hub.outbox.outbox`). Each async method may raise StorageUnavailable."""

    def observe(self, told: Callable[[], None], /) -> None:
        """Call `told` after each act that is put."""
        ...

    async def count(self) -> int:
        """How many acts have no answer."""
        ...

    async def unsent(self, limit: int) -> Sequence[Act]:
        """The next acts that are not on their way, oldest first, at most `limit`."""
        ...

    def sent(self, act_id: CommandId) -> None:
        """Note that an act is on its way."""
        ...

    def link_ended(self) -> None:
        """Note that no act is on its way any more."""
        ...

    async def answered(self, act_id: CommandId, answer: ActDone | ActNotDone) -> None:
        """Store the answer to an act."""
        ...


class ActsUp:
    """Sends the acts of the outbox up, and stores their answers. Call `load` first; `run` must be running."""

    def __init__(
        self, outbox: WaitingActs, clock: Clock, *, offer: Callable[[Sequence[Act]], None], up: Callable[[], bool]
    ) -> None:
        """`offer` passes acts to the uplink; `up` says whether it is up."""
        self._outbox = outbox
        self._clock = clock
        self._offer = offer
        self._up = up
        self._given: dict[CommandId, None] = {}
        """Acts that were passed to the uplink since it is up, and not answered. Bounded by `MOST_ACTS`."""
        self._more = asyncio.Event()
        self.waiting = 0
        """How many acts have no answer."""
        outbox.observe(self._more.set)

    async def load(self) -> None:
        """Count the acts that wait. Raises StorageUnavailable."""
        self.waiting = await self._outbox.count()

    def uplink_changed(self) -> None:
        """Note that the uplink has come up or gone down: no act is on its way."""
        self._given.clear()
        self._outbox.link_ended()

    def room(self) -> None:
        """Note that the uplink can take more acts."""
        self._more.set()

    async def answered(self, told: ActDone | ActNotDone) -> None:
        """Store an answer of the server above. Retries while the disk refuses, and returns once it is stored."""
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
        """Pass waiting acts to the uplink as it can take them, until cancelled."""
        self._more.set()  # A previous run may have ended in the middle of an offer.
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
