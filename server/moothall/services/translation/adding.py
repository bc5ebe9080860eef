"""Languages that the secretariat adds while the server runs: which there are, how far the download is, and the tests of
what is here.

The models come into the store of this machine; the translators' process finds them there, and the scores of the tests.
One language is added at a time, and then what leads from and to the new ones is tested. Nothing is asked of the network
before somebody wants to see what can be added.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from moothall.core.kernel.errors import MoothallError
from moothall.wire.languages import LanguageOffer, LanguageProgress, LanguagesTested

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

    def add(self, language: str, *, better: bool) -> AsyncIterator[LanguageProgress]:
        """Add a language, and yield how far it is; with `better` the models that translate best, otherwise those that
        this machine is quick enough for. Raises LanguagesUnavailable, while it is iterated.
        """
        ...

    def test(self, languages: Sequence[str]) -> AsyncIterator[LanguagesTested]:
        """Test the translations from and to languages, or all where none is named, and yield how far it is. Raises
        LanguagesUnavailable, while it is iterated.
        """
        ...


class Adding(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of languages shows."""

    offers: tuple[LanguageOffer, ...] | None = None
    """The languages that can be added or are here; None before anybody has asked for them."""
    looking: bool = False
    """Whether the list is being fetched."""
    language: str = ""
    """The language that is being added; empty: none."""
    testing: bool = False
    """Whether translations are being tested."""
    done: int = 0
    """Bytes of the language that have arrived, or ways that are tested."""
    total: int = 0
    waiting: tuple[str, ...] = ()
    """Languages that are added after it."""
    problem: str = ""
    """What went wrong last, in English; empty: nothing."""

    @property
    def busy(self) -> bool:
        """Whether it changes by itself."""
        return self.looking or self.testing or bool(self.language) or bool(self.waiting)


class AddingLanguages:
    """What the secretariat has ordered. `run` must be running."""

    def __init__(self, store: LanguageStore, *, adds: bool = True) -> None:
        """`adds`: whether languages can be added, and not only tested."""
        self._store = store
        self.adds = adds
        self._now = Adding()
        self._look = False
        """Whether the list is wanted."""
        self._test: list[str] | None = None
        """The languages that are to be tested, none for all; None: none is. Bound: the languages of the list."""
        # Bound: `MOST_WAITING`.
        self._waiting: deque[tuple[str, bool]] = deque()
        """Languages, each with whether its better models are wanted."""
        self._wanted = asyncio.Event()

    @property
    def now(self) -> Adding:
        """How it stands."""
        testing = self._now.testing or self._test is not None
        waiting = tuple(language for language, _ in self._waiting)
        return msgspec.structs.replace(self._now, looking=self._look, testing=testing, waiting=waiting)

    def look(self) -> None:
        """Have the list fetched."""
        self._look = True
        self._wanted.set()

    def add(self, language: str, *, better: bool = False) -> bool:
        """Have a language of the list added, or its better models; returns whether it is one that can be."""
        known = {offer.language for offer in self._now.offers or ()}
        if language not in known or len(self._waiting) >= MOST_WAITING:
            return False
        if language not in (self._now.language, *self.now.waiting):
            self._waiting.append((language, better))
            self._wanted.set()
        return True

    def test(self) -> None:
        """Have all translations that are here tested."""
        self._test = []
        self._wanted.set()

    async def run(self) -> None:
        """Do what was ordered, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if self._look:
                await self._fetch()
                self._look = False
            while self._waiting:
                language, better = self._waiting.popleft()
                await self._add(language, better=better)
            if self._test is not None:
                await self._try_out(self._test)

    async def _fetch(self) -> None:
        try:
            offers = tuple(await self._store.offers())
        except LanguagesUnavailable as error:
            self._fail(error)
        else:
            self._now = msgspec.structs.replace(self._now, offers=offers, problem="")

    async def _add(self, language: str, *, better: bool) -> None:
        replace = msgspec.structs.replace
        self._now = replace(self._now, language=language, done=0, total=0, problem="")
        try:
            async for progress in self._store.add(language, better=better):
                self._now = replace(self._now, done=progress.done, total=progress.total)
        except LanguagesUnavailable as error:
            self._fail(error)
        else:
            offers = self._now.offers or ()
            left = {"better": 0} if better else {}
            here = tuple(replace(each, here=True, **left) if each.language == language else each for each in offers)
            self._now = replace(self._now, offers=here)
            logger.info("language %s was added", language)
            if self._test != []:
                self._test = [*(self._test or ()), language]
        self._now = replace(self._now, language="")

    async def _try_out(self, languages: Sequence[str]) -> None:
        replace = msgspec.structs.replace
        self._test, self._now = None, replace(self._now, testing=True, done=0, total=0)
        try:
            async for tested in self._store.test(languages):
                self._now = replace(self._now, done=tested.done, total=tested.total)
        except LanguagesUnavailable as error:
            self._fail(error)
        self._now = replace(self._now, testing=False)

    def _fail(self, error: LanguagesUnavailable) -> None:
        logger.warning("languages: %s", error)
        self._now = msgspec.structs.replace(self._now, problem=str(error))
