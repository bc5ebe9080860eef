"""Asks witnesses outside, which the settings name, to cosign the newest checkpoint."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol

from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.ports import Clock
from moothall.services.proof.witnesses import TreeWitness, Witnesses

logger = logging.getLogger(__name__)

ASK_MS = 60_000
"""Least interval between two times that one is asked."""
LOOK_MS = 2_000
"""How often is looked for something to ask."""


class WitnessClient(Protocol):
    """Sends a request for a cosignature (`moothall.adapters.proof.witness_http`)."""

    async def add_checkpoint(self, url: str, request: bytes) -> tuple[int, str]:
        """Status and text of the answer; status 0 where nobody answers."""
        ...


@dataclass(eq=False, repr=False)
class AskingWitnesses:
    """Asks them all; `run` has to be running."""

    witnesses: Witnesses
    client: WitnessClient
    clock: Clock

    async def run(self) -> None:
        """Ask each of them after each new checkpoint, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for each in self.witnesses.all:
                if each.url:
                    tasks.create_task(self._keep_asking(each))

    async def _keep_asking(self, witness: TreeWitness) -> None:
        while True:
            await self.clock.sleep(ASK_MS if await self._ask(witness) else LOOK_MS)

    async def _ask(self, witness: TreeWitness) -> bool:
        """Ask one, if there is something to ask. Return whether it was asked."""
        asked = False
        try:
            while (request := await self.witnesses.request(witness.name)) is not None:
                asked = True
                status, text = await self.client.add_checkpoint(witness.url, request)
                if not status:
                    logger.warning("witness %s doesn't answer", witness.name)
                    break
                size = text.strip()
                known = int(size) if status == 409 and size.isascii() and size.isdecimal() and len(size) < 19 else 0
                if not await self.witnesses.answered(witness.name, request, status, text, size=known, known=b""):
                    break
        except (StorageUnavailable, RecordBroken) as error:
            logger.warning("witness %s can't be asked now: %s", witness.name, error)
        return asked
