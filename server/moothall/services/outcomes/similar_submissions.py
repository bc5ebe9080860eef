"""Finds proposals of a call that mean something like what somebody types, in any language, by vectors of meaning.

The same process makes them that makes those of the search, a few at a time, so that a search waits for no more. While a
meeting is on, whose sound may need the processor, that of the typed text alone is made, and compared with those that
there are. Vectors are in memory alone; those of a text that is public no more are gone with the next that is typed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from hashlib import sha256

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.ports import Clock
from moothall.core.questions.likeness import MOST, nearest_in_meaning
from moothall.services.reports.suggesting import AT_ONCE, LONGEST, Embedding
from moothall.services.supervision.waiting import within

LEAST = 0.87
"""The least cosine of two proposals. Of six questions, each in six languages, 89 % of the pairs that ask the same had
it, and 6 % of those that don't.
"""
MOST_MADE = 16
"""Proposals of which vectors are made for one text that is typed: a second of a core. Overflow: the older ones are not
compared yet; the next text has them made.
"""
MOST_HELD = 20
"""Calls whose vectors are held, each with `MOST`: 2.5 MB. Overflow: those of the call that was asked longest ago are
made again."""
MOST_WAITING = 4
"""Texts that wait for their vectors. Overflow: the next finds nothing."""
PATIENCE_MS = 3_000
"""How long vectors are waited for."""

_Made = dict[InterventionId, tuple[bytes, bytes]]
"""The digest of a proposal's text, and its vector."""


@dataclass(eq=False, repr=False)
class SimilarSubmissions:
    """Compares. `quiet` says that no meeting is on, so that vectors of proposals may be made."""

    embed: Embedding
    _: KW_ONLY
    quiet: Callable[[], bool]
    clock: Clock

    def __post_init__(self) -> None:
        # Bound: MOST_HELD, the call asked last behind all others.
        self._held: dict[SessionId, _Made] = {}
        self._waiting = 0
        self._turn = asyncio.Lock()

    async def find(
        self,
        call: SessionId,
        text: str,
        texts_now: Callable[[], Mapping[InterventionId, str]],
        without: Container[InterventionId] = (),
    ) -> Sequence[InterventionId]:
        """Which of the newest proposals of a call mean something like `text`, the most similar first, and none of
        `without`; none where vectors can't be had now. `texts_now` returns those that are public, and is asked once
        more when the vectors are there.
        """
        texts = texts_now()
        made = self._made(call, dict(list(texts.items())[-MOST:]))
        if not text.strip() or not texts or self._waiting >= MOST_WAITING:
            return ()
        self._waiting += 1
        try:
            mine = await within(self._vectors(text, texts, made), self.clock, PATIENCE_MS)
        except StorageUnavailable:
            return ()
        finally:
            self._waiting -= 1
        if mine is None:
            return ()
        texts = texts_now()
        vectors = {name: vector for name, (digest, vector) in made.items() if digest == _digest(texts.get(name, ""))}
        return nearest_in_meaning(mine, vectors, LEAST, without)

    def _made(self, call: SessionId, texts: Mapping[InterventionId, str]) -> _Made:
        """The vectors that there are of a call's proposals, and no others."""
        made = self._held.pop(call, {})
        for name in [name for name, (digest, _) in made.items() if digest != _digest(texts.get(name, ""))]:
            del made[name]
        self._held[call] = made
        if len(self._held) > MOST_HELD:
            del self._held[next(iter(self._held))]
        return made

    async def _vectors(self, text: str, texts: Mapping[InterventionId, str], made: _Made) -> bytes:
        """The vector of a text, once those of proposals are made that may be made now."""
        async with self._turn:
            lacking = [name for name in reversed([*texts][-MOST:]) if name not in made][:MOST_MADE]
            for first in range(0, len(lacking), AT_ONCE):
                if not self.quiet():
                    break
                some = lacking[first : first + AT_ONCE]
                vectors = await self.embed([texts[name].strip()[:LONGEST] for name in some])
                size = len(vectors) // len(some)
                for at, name in enumerate(some):
                    made[name] = (_digest(texts[name]), vectors[at * size : (at + 1) * size])
            return await self.embed([text.strip()[:LONGEST]])


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()
