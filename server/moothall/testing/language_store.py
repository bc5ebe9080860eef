"""A store of languages in memory, for tests: each step of an order waits until the test lets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from moothall.services.translation.adding import LanguagesUnavailable
from moothall.wire.languages import LanguageOffer, LanguageProgress, LanguagesTested, Wish


class MemoryLanguageStore:
    """The `LanguageStore` of a test."""

    def __init__(self, *languages: str) -> None:
        self.languages = languages
        self.added: list[str] = []
        self.wishes: list[Wish] = []
        """Which models of each were wanted."""
        self.better = 0
        """Bytes of better models of each language."""
        self.quick = False
        self.tested: list[tuple[str, ...]] = []
        self.fails = ""
        """What the next step fails with; empty: it succeeds."""
        self.steps = asyncio.Semaphore(0)
        """Released once for each step that may go on."""

    async def offers(self) -> Sequence[LanguageOffer]:
        """The languages (`LanguageStore`)."""
        await self._step()
        return [
            LanguageOffer(
                language=each,
                size=31_500_000,
                licence="MPL-2.0",
                here=each in self.added,
                light=31_500_000,
                better=self.better,
                quick=self.quick,
            )
            for each in self.languages
        ]

    async def add(self, language: str, wish: Wish) -> AsyncGenerator[LanguageProgress, None]:
        """Add a language in two steps (`LanguageStore`)."""
        for done in (10_000_000, 31_500_000):
            await self._step()
            yield LanguageProgress(done=done, total=31_500_000)
        await self._step()
        self.added.append(f"better {language}" if wish is Wish.BETTER else language)
        self.wishes.append(wish)

    async def test(self, languages: Sequence[str]) -> AsyncGenerator[LanguagesTested, None]:
        """Test two ways in two steps (`LanguageStore`)."""
        for done in range(2):
            await self._step()
            yield LanguagesTested(done=done, total=2)
        await self._step()
        self.tested.append(tuple(languages))

    async def _step(self) -> None:
        await self.steps.acquire()
        if self.fails:
            said, self.fails = self.fails, ""
            raise LanguagesUnavailable(said)
