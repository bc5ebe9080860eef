"""Languages that the secretariat adds while the server runs: which there are, and how far the download is.

The models come into the store of this machine; the translators' process finds them there. One language is added at a
time. Nothing is asked of the network before somebody wants to see what can be added.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from moothall.core.kernel.errors import MoothallError
from moothall.wire.languages import LanguageOffer, LanguageProgress

logger = logging.getLogger(__name__)

MOST_WAITING = 100
"""Languages that wait to be added. Overflow: more are ignored; there are some sixty."""


class LanguagesUnavailable(MoothallError):
    """What was wanted of the store of languages failed; the message says why and what to do, in English."""


class LanguageStore(Protocol):
    """The models of languages on this machine, and the public list of those that can be added."""

    async def offers(self) -> Sequence[LanguageOffer]:
        """The languages of the list. Raises LanguagesUnavailable."""
        ...

    def add(self, language: str) -> AsyncIterator[LanguageProgress]:
        """Add a language, and yield how far it is. Raises LanguagesUnavailable, while it is iterated."""
        ...


class Adding(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of languages shows."""

    offers: tuple[LanguageOffer, ...] | None = None
    """The languages that can be added or are here; None before anybody has asked for them."""
    looking: bool = False
    """Whether the list is being fetched."""
    language: str = ""
    """The language that is being added; empty: none."""
    done: int = 0
    """Bytes of it that have arrived."""
    total: int = 0
    waiting: tuple[str, ...] = ()
    """Languages that are added after it."""
    problem: str = ""
    """What went wrong last, in English; empty: nothing."""

    @property
    def busy(self) -> bool:
        """Whether it changes by itself."""
        return self.looking or bool(self.language) or bool(self.waiting)


class AddingLanguages:
    """What the secretariat has ordered. `run` must be running."""

    def __init__(self, store: LanguageStore) -> None:
        self._store = store
        self._now = Adding()
        self._look = False
        """Whether the list is wanted."""
        # Bound: `MOST_WAITING`.
        self._waiting: deque[str] = deque()
        self._wanted = asyncio.Event()

    @property
    def now(self) -> Adding:
        """How it stands."""
        return msgspec.structs.replace(self._now, looking=self._look, waiting=tuple(self._waiting))

    def look(self) -> None:
        """Have the list fetched."""
        self._look = True
        self._wanted.set()

    def add(self, language: str) -> bool:
        """Have a language of the list added; returns whether it is one that can be."""
        known = {offer.language for offer in self._now.offers or ()}
        if language not in known or len(self._waiting) >= MOST_WAITING:
            return False
        if language != self._now.language and language not in self._waiting:
            self._waiting.append(language)
            self._wanted.set()
        return True

    async def run(self) -> None:
        """Do what was ordered, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if self._look:
                await self._fetch()
                self._look = False
            while self._waiting:
                await self._add(self._waiting.popleft())

    async def _fetch(self) -> None:
        try:
            offers = tuple(await self._store.offers())
        except LanguagesUnavailable as error:
            self._fail(error)
        else:
            self._now = msgspec.structs.replace(self._now, offers=offers, problem="")

    async def _add(self, language: str) -> None:
        replace = msgspec.structs.replace
        self._now = replace(self._now, language=language, done=0, total=0, problem="")
        try:
            async for progress in self._store.add(language):
                self._now = replace(self._now, done=progress.done, total=progress.total)
        except LanguagesUnavailable as error:
            self._fail(error)
        else:
            offers = self._now.offers or ()
            here = tuple(replace(each, here=each.here or each.language == language) for each in offers)
            self._now = replace(self._now, offers=here)
            logger.info("language %s was added", language)
        self._now = replace(self._now, language="")

    def _fail(self, error: LanguagesUnavailable) -> None:
        logger.warning("languages: %s", error)
        self._now = msgspec.structs.replace(self._now, problem=str(error))
