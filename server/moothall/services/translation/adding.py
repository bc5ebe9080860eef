"""Languages that the secretariat adds while the server runs: which there are, how far the download is, and the tests of
what is here.

The models come into the store of this machine; the translators' process finds them there, and the scores of the tests.
One language is added at a time, and then what leads from and to the new ones is tested. Several that are ordered in one
act come one after the other: one that fails doesn't keep the others back, and the same act orders those again that are
lacking. Nothing is asked of the network before somebody wants to see what can be added.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol

import msgspec

from moothall.core.kernel.errors import MoothallError
from moothall.wire.languages import LanguageOffer, LanguageProgress, LanguagesTested, Wish

logger = logging.getLogger(__name__)

MOST_WAITING = 100
"""Languages that wait to be added. Overflow: more are ignored; there are some sixty."""


UNITED_NATIONS = ("ar", "zh", "en", "fr", "ru", "es")
"""The official languages of the United Nations."""


class LanguagesUnavailable(MoothallError):
    """What was wanted of the store of languages failed; the message says why and what to do, in English."""


class LanguageStore(Protocol):
    """The models of languages on this machine, and the public list of those that can be added."""

    async def offers(self) -> Sequence[LanguageOffer]:
        """The languages of the list. Raises LanguagesUnavailable."""
        ...

    def add(self, language: str, wish: Wish) -> AsyncIterator[LanguageProgress]:
        """Add a language, and yield how far it is. Raises LanguagesUnavailable, while it is iterated."""
        ...

    def test(self, languages: Sequence[str]) -> AsyncIterator[LanguagesTested]:
        """Test the translations from and to languages, or all where none is named, and yield how far it is. Raises
        LanguagesUnavailable, while it is iterated.
        """
        ...


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong."""

    said: str
    """In English."""
    language: str = ""
    """The language that could not be added; empty: it was the list, or a test."""


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
    ended: int = 0
    """How many languages were added, or failed, since the first one that was ordered while none was being added."""
    ended_bytes: int = 0
    """Bytes of these."""
    all_total: int = 0
    """Bytes of these, of the one that is being added, and of those that wait, about."""
    failures: tuple[Failure, ...] = ()
    """What went wrong since then."""

    @property
    def ordered(self) -> int:
        """How many languages are added one after the other, those that ended included."""
        return self.ended + bool(self.language) + len(self.waiting)

    @property
    def all_done(self) -> int:
        """Bytes of all of them that have arrived, about."""
        return min(self.ended_bytes + (self.done if self.language else 0), self.all_total)

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
        self._waiting: deque[tuple[str, Wish]] = deque()
        """Languages, each with the models that are wanted."""
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

    def add(self, *languages: str, wish: Wish = Wish.FITTING) -> bool:
        """Have languages of the list added, one after the other; returns whether all can be. If not, none is."""
        wanted = tuple(dict.fromkeys(languages))
        known = {offer.language: offer for offer in self._now.offers or ()}
        ordered = (self._now.language, *self.now.waiting)
        new = [language for language in wanted if language not in ordered]
        if not wanted or not known.keys() >= set(wanted) or len(self._waiting) + len(new) > MOST_WAITING:
            return False
        replace = msgspec.structs.replace
        if not any(ordered):
            self._now = replace(self._now, ended=0, ended_bytes=0, all_total=0, failures=())
        self._waiting.extend((language, wish) for language in new)
        more = sum(_size(known[language], wish) for language in new)
        failures = tuple(each for each in self._now.failures if each.language not in new)
        self._now = replace(self._now, all_total=self._now.all_total + more, failures=failures)
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
                await self._add(*self._waiting.popleft())
            if self._test is not None:
                await self._try_out(self._test)

    async def _fetch(self) -> None:
        try:
            offers = tuple(await self._store.offers())
        except LanguagesUnavailable as error:
            self._fail(error)
        else:
            self._now = msgspec.structs.replace(self._now, offers=offers, failures=())

    async def _add(self, language: str, wish: Wish) -> None:
        replace = msgspec.structs.replace
        # The list may have been fetched anew since the language was ordered, and not have it any more.
        offered = next((each for each in self._now.offers or () if each.language == language), None)
        self._now = replace(self._now, language=language, done=0, total=0)
        try:
            async for progress in self._store.add(language, wish):
                self._now = replace(self._now, done=progress.done, total=progress.total)
        except LanguagesUnavailable as error:
            self._fail(error, language)
        else:
            offers = self._now.offers or ()
            left = {"better": 0} if wish is Wish.BETTER else {}
            here = tuple(replace(each, here=True, **left) if each.language == language else each for each in offers)
            self._now = replace(self._now, offers=here)
            logger.info("language %s was added", language)
            if self._test != []:
                self._test = [*(self._test or ()), language]
        size = 0 if offered is None else _size(offered, wish)
        ended, ended_bytes = self._now.ended + 1, self._now.ended_bytes + size
        self._now = replace(self._now, language="", ended=ended, ended_bytes=ended_bytes)

    async def _try_out(self, languages: Sequence[str]) -> None:
        replace = msgspec.structs.replace
        self._test, self._now = None, replace(self._now, testing=True, done=0, total=0)
        try:
            async for tested in self._store.test(languages):
                self._now = replace(self._now, done=tested.done, total=tested.total)
        except LanguagesUnavailable as error:
            self._fail(error)
        self._now = replace(self._now, testing=False)

    def _fail(self, error: LanguagesUnavailable, language: str = "") -> None:
        logger.warning("languages: %s", error)
        # Bound: the languages of the list, and one for everything else.
        others = tuple(each for each in self._now.failures if each.language != language)
        failed = Failure(said=str(error), language=language)
        self._now = msgspec.structs.replace(self._now, failures=(*others, failed))


def lacking(offers: Iterable[LanguageOffer]) -> tuple[LanguageOffer, ...]:
    """Those of the list that are official languages of the United Nations and are not here, in their order."""
    known = {offer.language: offer for offer in offers if not offer.here}
    return tuple(known[language] for language in UNITED_NATIONS if language in known)


def _size(offer: LanguageOffer, wish: Wish) -> int:
    return {Wish.LIGHT: offer.light, Wish.BETTER: offer.better or offer.size, Wish.FITTING: offer.size}[wish]
