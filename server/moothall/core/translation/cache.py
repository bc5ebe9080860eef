"""A cache of translations, one entry a hop: on the route to Spanish the Portuguese text may be there already."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from moothall.core.translation.routes import Direction

MOST_ENTRIES = 5_000
MOST_CHARACTERS = 4_000_000
"""Characters of all texts and translations together."""


class HopKey(msgspec.Struct, frozen=True):
    """Everything that the translation of one hop depends on."""

    engine: str
    version: str
    """The version of the engine and its model."""
    source: str
    target: str
    wording: str
    """Version of the glossary and the formulas, if parts of the text were replaced by them before; else empty."""
    text: str

    @classmethod
    def of(cls, direction: Direction, wording: str, text: str) -> HopKey:
        """The key of a text that is translated in a direction."""
        return cls(direction.engine, direction.version, direction.source, direction.target, wording, text)


class HopCache:
    """The newest translations. Overflow: the least recently used one is dropped. Failures are never cached.

    Only texts of a log may be cached here. The caller clears the cache when something is removed from a log.
    """

    def __init__(self, entries: int = MOST_ENTRIES, characters: int = MOST_CHARACTERS) -> None:
        self._entries, self._characters = entries, characters
        self._kept: OrderedDict[HopKey, str] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: HopKey) -> str | None:
        """The cached translation; None when there is none."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: HopKey, translated: str) -> None:
        """Cache a translation."""
        before = self._kept.pop(key, None)
        if before is not None:
            self._size -= len(key.text) + len(before)
        self._kept[key] = translated
        self._size += len(key.text) + len(translated)
        while len(self._kept) > self._entries or self._size > self._characters:
            old, text = self._kept.popitem(last=False)
            self._size -= len(old.text) + len(text)

    def clear(self) -> None:
        """Drop all entries."""
        self._kept.clear()
        self._size = 0
