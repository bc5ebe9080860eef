"""Has one hub cosign the checkpoints of the public tree, over its link: a hub dials out, and nobody can dial it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.ports import Clock
from moothall.services.supervision.waiting import until_set
from moothall.wire.hubs.messages import AddCheckpoint, CheckpointAnswer

logger = logging.getLogger(__name__)

ASK_MS = 600_000
"""How often a hub is asked: some 1 KB each way, on lines that may be paid for by their bytes."""
SOON_MS = 60_000
"""How often is looked for a first checkpoint."""
ANSWER_MS = 60_000
"""How long an answer may take."""


class Cosigning(Protocol):
    """The tree's witnesses (`moothall.services.proof.witnesses`)."""

    async def hub(self, name: str, vkey: str) -> bool:
        """Learn the key of a hub. Return whether it is asked."""
        ...

    async def request(self, name: str) -> bytes | None:
        """What a witness is asked; None where there is nothing to ask."""
        ...

    async def answered(self, name: str, request: bytes, status: int, lines: str, *, size: int, known: bytes) -> bool:
        """Take an answer. Return whether to ask again at once."""
        ...


class HubCosigning:
    """Asks one hub; `run` has to be running."""

    def __init__(
        self, witnesses: Cosigning | None, hub: str, say: Callable[[AddCheckpoint], None], clock: Clock
    ) -> None:
        """`witnesses` is None where no tree is, or for a hub that can't cosign."""
        self._witnesses = witnesses
        self._hub = hub
        self._say = say
        self._clock = clock
        self._number = 0
        self._answer: CheckpointAnswer | None = None
        self._answered = asyncio.Event()

    def take(self, answer: CheckpointAnswer) -> None:
        """Take the hub's answer; one to an older request is ignored."""
        if answer.number == self._number:
            self._answer = answer
            self._answered.set()

    async def run(self) -> None:
        """Ask, until cancelled."""
        witnesses = self._witnesses
        if witnesses is None:
            await asyncio.Event().wait()
            return
        while True:
            asked = False
            try:
                while (request := await witnesses.request(self._hub)) is not None:
                    asked = True
                    if not await self._ask(witnesses, request):
                        break
            except (StorageUnavailable, RecordBroken) as error:
                logger.warning("hub %s can't be asked to cosign now: %s", self._hub, error)
            await self._clock.sleep(ASK_MS if asked else SOON_MS)

    async def _ask(self, witnesses: Cosigning, request: bytes) -> bool:
        """Ask once. Return whether to ask again at once."""
        self._number += 1
        self._answered.clear()
        self._say(AddCheckpoint(number=self._number, request=request))
        await until_set(self._answered, self._clock, ANSWER_MS)
        answer, self._answer = self._answer, None
        if answer is None or not await witnesses.hub(self._hub, answer.key):
            return False
        # A hub shows the checkpoint that it knows: a size without one is believed no hub.
        size = answer.size if answer.known else 0
        return await witnesses.answered(self._hub, request, answer.status, answer.lines, size=size, known=answer.known)
