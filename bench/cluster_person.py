"""What all people of the proof by faults have in common: each does one thing after the other, and pauses on request."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence

from cluster_history import Answered, Wrong
from moothall.adapters.system.clock import SystemClock

CLOCK = SystemClock()


def now() -> float:
    """Return the seconds of a monotonic clock."""
    return CLOCK.monotonic() / 1_000


class Person(ABC):
    """A person who does one thing after the other, and pauses between two of them on request."""

    def __init__(self, every_s: float, chance: random.Random) -> None:
        self.answered: list[Answered] = []
        """Acts that were acknowledged."""
        self.wrong = Wrong()
        """What this person noticed by themselves."""
        self._every_s = every_s
        self._chance = chance
        self._going = asyncio.Event()
        self._going.set()
        self._rests = asyncio.Event()

    async def run(self) -> None:
        """Act until cancelled."""
        while True:
            if not self._going.is_set():
                self._rests.set()
                await self._going.wait()
                self._rests.clear()
            await self.once()
            await asyncio.sleep(self._every_s * self._chance.uniform(0.5, 1.5))

    @abstractmethod
    async def once(self) -> None:
        """Do the next thing, until it is answered."""

    async def rest(self) -> None:
        """Ask the person to pause; returns when none of their acts is under way."""
        self._going.clear()
        await self._rests.wait()

    def go_on(self) -> None:
        """End the pause."""
        self._going.set()


async def all_rest(people: Sequence[Person], within_s: float) -> bool:
    """Ask all of them to pause; returns whether they do within `within_s` seconds."""
    return await _within([person.rest() for person in people], within_s)


async def _within(acts: Sequence[Awaitable[None]], seconds: float) -> bool:
    tasks = [asyncio.ensure_future(act) for act in acts]
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    return not late
