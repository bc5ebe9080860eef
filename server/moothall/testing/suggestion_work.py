"""A `SuggestionWork` in memory, which a test may hold up or have fail. A module by itself, since nothing else of a
report's work needs a fake.
"""

from __future__ import annotations

import asyncio

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.reports.suggestions import SuggestedLines, suggest
from moothall.core.search.folding import Folding
from moothall.services.reports.suggesting import SuggestionOrder


class SuggestionWorkMemory:
    """Suggests lines by their words, at once; words aren't stemmed."""

    def __init__(self) -> None:
        self.orders: list[SuggestionOrder] = []
        """What was ordered."""
        self.may_end = asyncio.Event()
        """Cleared by a test that wants orders to stay under way."""
        self.may_end.set()
        self.fails = False
        self.running = 0
        """Orders that are under way."""

    async def suggest(self, order: SuggestionOrder) -> SuggestedLines:
        """The suggestions for an order. Raises StorageUnavailable while it `fails`."""
        self.orders.append(order)
        self.running += 1
        try:
            await self.may_end.wait()
        finally:
            self.running -= 1
        if self.fails:
            raise StorageUnavailable("The process that suggests lines has failed.")
        return suggest(order.lines, order.questions, order.boosts, Folding(lambda _, word: word))
