"""Has lines suggested for reports, one report at a time, in a process of its own and never beside live work.

While a meeting is on nothing is computed, since its sound may need the processor; what is under way when one begins is
given up. Vectors of meaning are asked for a few lines at a time, so that a search waits for no more, and where they
can't be had the words alone count.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Protocol

import msgspec

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import Clock
from moothall.core.reports.suggestions import Boost, PolicyQuestionText, SuggestedLines, SuggestibleLine

logger = logging.getLogger(__name__)

MOST_WAITING = 8
"""Reports that wait for their turn. Overflow: the next is refused for now."""
MOST_LINES = 6_000
"""The most lines of a session that are looked at, some nine hours. Overflow: the later ones are passed over."""
MOST_QUESTIONS = 50
"""The most policy questions. Overflow: the later ones get no lines."""
AT_ONCE = 4
"""Texts of which vectors are made at a time."""
LONGEST = 2_000
"""Characters of a text of which a vector is made."""
LOOK_MS = 250
"""How often it is looked whether a meeting has begun."""


class SuggestionOrder(msgspec.Struct, frozen=True, kw_only=True):
    """For what lines are suggested."""

    lines: tuple[SuggestibleLine, ...]
    questions: tuple[PolicyQuestionText, ...] = ()
    boosts: tuple[Boost, ...] = ()
    vectors: bytes = b""
    """The vectors of the lines and then of the questions, one behind the other, a signed byte a dimension; empty where
    words count."""


class NoSuggestions(StrEnum):
    """Why nothing is suggested now. Whoever asks may ask again."""

    MEETING_ON = "meeting-on"
    """A meeting is on."""
    BUSY = "busy"
    """Too many reports wait."""
    FAILED = "failed"
    """The process failed."""


class SuggestionWork(Protocol):
    """Computes suggestions apart from the event loop. What is cancelled ends."""

    async def suggest(self, order: SuggestionOrder) -> SuggestedLines:
        """The suggestions for an order. Raises StorageUnavailable where they can't be computed."""
        ...


Embedding = Callable[[Sequence[str]], Awaitable[bytes]]
"""Makes the vectors of texts, a signed byte a dimension, one behind the other. Raises StorageUnavailable."""


@dataclass(eq=False, repr=False)
class Suggesting:
    """Suggests lines while `quiet` says that no meeting is on."""

    work: SuggestionWork
    quiet: Callable[[], bool]
    clock: Clock
    _: KW_ONLY
    embed: Embedding | None = None
    """None without the extra `meaning`."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    async def suggest(self, order: SuggestionOrder) -> SuggestedLines | NoSuggestions:
        """Suggest lines; the order's vectors are made here."""
        if not self.quiet():
            return NoSuggestions.MEETING_ON
        if self._waiting > MOST_WAITING:
            return NoSuggestions.BUSY
        self._waiting += 1
        try:
            async with self._turn:
                return await self._while_quiet(_bounded(order))
        finally:
            self._waiting -= 1

    async def _while_quiet(self, order: SuggestionOrder) -> SuggestedLines | NoSuggestions:
        """Compute, and give it up when a meeting begins."""
        working = asyncio.ensure_future(self._suggested(order))
        try:
            while not working.done():
                if not self.quiet():
                    return NoSuggestions.MEETING_ON
                looking = asyncio.ensure_future(self.clock.sleep(LOOK_MS))
                try:
                    await asyncio.wait({working, looking}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    looking.cancel()
            return working.result()
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    async def _suggested(self, order: SuggestionOrder) -> SuggestedLines | NoSuggestions:
        try:
            return await self.work.suggest(msgspec.structs.replace(order, vectors=await self._vectors(order)))
        except StorageUnavailable as error:
            logger.warning("reports: lines can't be suggested (%s)", type(error).__name__)
            return NoSuggestions.FAILED

    async def _vectors(self, order: SuggestionOrder) -> bytes:
        if self.embed is None or not order.lines:
            return b""
        whole = [each.text for each in order.lines] + [each.text for each in order.questions]
        texts = [text.strip()[:LONGEST] for text in whole]
        made = bytearray()
        try:
            for first in range(0, len(texts), AT_ONCE):
                made += await self.embed(texts[first : first + AT_ONCE])
        except StorageUnavailable:
            return b""  # words have to do
        return bytes(made)


def _bounded(order: SuggestionOrder) -> SuggestionOrder:
    return msgspec.structs.replace(order, lines=order.lines[:MOST_LINES], questions=order.questions[:MOST_QUESTIONS])
