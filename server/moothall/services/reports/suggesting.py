"""Has lines suggested for reports, one report at a time, in a process of its own and never beside live work.

While a meeting is on nothing is computed, since its sound may need the processor; what is under way when one begins is
given up. Vectors of meaning are asked for a few lines at a time, so that a search waits for no more, and where they
can't be had the words alone count.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Protocol

import msgspec

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.core.ports import Clock
from moothall.core.reports.suggestions import Boost, PolicyQuestionText, SuggestedLines, SuggestibleLine

logger = logging.getLogger(__name__)

MOST_WAITING = 8
"""Reports that wait for their turn. Overflow: the next is refused for now."""
MOST_LINES = 6_000
"""The most lines of a session that are looked at, some nine hours. Overflow: the later ones are passed over."""
MOST_QUESTIONS = 50
"""The most policy questions. Overflow: the later ones get no lines."""
MOST_MADE = 600
"""The most lines of which vectors are made for one report: 30 s of a core. Overflow: the shorter ones have none, and
are not suggested by meaning."""
AT_ONCE = 4
"""Texts of which vectors are made at a time."""
LONGEST = 2_000
"""Characters of a text of which a vector is made."""
LOOK_MS = 250
"""How often it is looked whether a meeting has begun."""


class SuggestionOrder(msgspec.Struct, frozen=True, kw_only=True):
    """For what lines are suggested."""

    session: SessionId = SessionId("")
    lines: tuple[SuggestibleLine, ...]
    questions: tuple[PolicyQuestionText, ...] = ()
    boosts: tuple[Boost, ...] = ()
    vectors: bytes = b""
    """The vectors of the lines and then of the questions, one behind the other, a signed byte a dimension, all 0 where
    a line has none; empty where words count."""


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
MadeVectors = Callable[[SessionId], Awaitable[Mapping[SegmentId, bytes]]]
"""Returns the vectors that there are of a session's lines as they read now. Raises StorageUnavailable."""


async def no_vectors(_: SessionId) -> Mapping[SegmentId, bytes]:
    """Return none: for a house that makes them for reports alone."""
    return {}


@dataclass(eq=False, repr=False)
class Suggesting:
    """Suggests lines while `quiet` says that no meeting is on."""

    work: SuggestionWork
    quiet: Callable[[], bool]
    clock: Clock
    _: KW_ONLY
    embed: Embedding | None = None
    """None without the extra `meaning`."""
    made: MadeVectors = no_vectors
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
        try:
            made = dict(await self.made(order.session))
            lacking = [each for each in order.lines if each.segment not in made]
            lacking.sort(key=lambda each: -len(each.text))
            texts = [each.text for each in lacking[:MOST_MADE]] + [each.text for each in order.questions]
            vectors = await self._of_texts(self.embed, texts)
        except StorageUnavailable:
            return b""  # words have to do
        made |= {each.segment: vector for each, vector in zip(lacking[:MOST_MADE], vectors, strict=False)}
        none, questions = bytes(len(next(iter(made.values())))), vectors[len(lacking[:MOST_MADE]) :]
        return b"".join([*(made.get(each.segment, none) for each in order.lines), *questions])

    async def _of_texts(self, embed: Embedding, texts: Sequence[str]) -> list[bytes]:
        found: list[bytes] = []
        for first in range(0, len(texts), AT_ONCE):
            some = [text.strip()[:LONGEST] for text in texts[first : first + AT_ONCE]]
            made = await embed(some)
            size = len(made) // len(some)
            found += [made[at * size : (at + 1) * size] for at in range(len(some))]
        return found


def _bounded(order: SuggestionOrder) -> SuggestionOrder:
    return msgspec.structs.replace(order, lines=order.lines[:MOST_LINES], questions=order.questions[:MOST_QUESTIONS])
