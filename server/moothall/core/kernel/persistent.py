"""Immutable collections that share unchanged parts, so that a fold over a long log stays cheap.

Both collections are two levels deep: an update copies one chunk and the tuple of all chunks. For a session's few
thousand segments that is about a hundred references per event.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import chain
from typing import Generic, TypeVar, cast

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_CHUNK = 64


class PersistentList(Generic[V]):
    """An immutable sequence; each change returns a new list. Items can be added and replaced, not removed."""

    __slots__ = ("_chunks", "_length")

    def __init__(self, _chunks: tuple[tuple[V, ...], ...] = (), _length: int = 0) -> None:
        self._chunks = _chunks
        self._length = _length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> V:
        """The item at `index`, 0 or more; raises IndexError beyond the end."""
        if not 0 <= index < self._length:
            raise IndexError(index)
        return self._chunks[index // _CHUNK][index % _CHUNK]

    def __iter__(self) -> Iterator[V]:
        for chunk in self._chunks:
            yield from chunk

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PersistentList) and self._chunks == other._chunks

    __hash__ = None  # type: ignore[assignment]  # equal by content, so unhashable like list

    def __repr__(self) -> str:
        return f"PersistentList({list(self)!r})"

    def append(self, item: V) -> PersistentList[V]:
        """Return a list with `item` at the end."""
        full, last = (self._chunks[:-1], self._chunks[-1]) if self._length % _CHUNK else (self._chunks, ())
        return PersistentList((*full, (*last, item)), self._length + 1)

    def insert(self, index: int, item: V) -> PersistentList[V]:
        """Return a list with `item` inserted before the item at `index`, or at the end; raises IndexError beyond the
        end.

        The cost is proportional to the number of items from `index` on.
        """
        if not 0 <= index <= self._length:
            raise IndexError(index)
        if index == self._length:
            return self.append(item)
        kept = index // _CHUNK
        moved = [*chain.from_iterable(self._chunks[kept:])]
        moved.insert(index % _CHUNK, item)
        chunks = (tuple(moved[at : at + _CHUNK]) for at in range(0, len(moved), _CHUNK))
        return PersistentList((*self._chunks[:kept], *chunks), self._length + 1)

    def replace(self, index: int, item: V) -> PersistentList[V]:
        """Return a list with `item` at `index`; raises IndexError beyond the end."""
        if not 0 <= index < self._length:
            raise IndexError(index)
        at, within = divmod(index, _CHUNK)
        chunk = self._chunks[at]
        chunk = (*chunk[:within], item, *chunk[within + 1 :])
        return PersistentList((*self._chunks[:at], chunk, *self._chunks[at + 1 :]), self._length)

    def slice(self, start: int, stop: int) -> tuple[V, ...]:
        """The items from `start` up to, but without, `stop`; fewer where the list ends before `stop`."""
        first = max(0, start)
        if stop <= first:
            return ()
        skipped = first // _CHUNK
        found = tuple(chain.from_iterable(self._chunks[skipped : -(-stop // _CHUNK)]))
        return found[first - skipped * _CHUNK : stop - skipped * _CHUNK]


class PersistentMap(Generic[K, V]):
    """An immutable mapping; each change returns a new map."""

    __slots__ = ("_buckets", "_length")

    def __init__(self, _buckets: tuple[dict[K, V], ...] | None = None, _length: int = 0) -> None:
        self._buckets = cast("tuple[dict[K, V], ...]", ({},) * _CHUNK) if _buckets is None else _buckets
        self._length = _length

    def __len__(self) -> int:
        return self._length

    def __contains__(self, key: object) -> bool:
        return key in self._buckets[hash(key) % _CHUNK]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PersistentMap) and self._buckets == other._buckets

    __hash__ = None  # type: ignore[assignment]  # equal by content, so unhashable like dict

    def __repr__(self) -> str:
        return f"PersistentMap({dict(self.items())!r})"

    def get(self, key: K) -> V | None:
        """The value of `key`; None when the map lacks it."""
        return self._buckets[hash(key) % _CHUNK].get(key)

    def items(self) -> Iterator[tuple[K, V]]:
        """All pairs, in no particular order."""
        for bucket in self._buckets:
            yield from bucket.items()

    def changed_since(self, earlier: PersistentMap[K, V]) -> Iterator[K]:
        """Yield the keys whose value is another object than in `earlier`, or that only one of the two maps has, in no
        order.

        The cost is proportional to the buckets that differ: it is small where a few changes made this map from
        `earlier`.
        """
        for bucket, before in zip(self._buckets, earlier._buckets, strict=True):
            if bucket is not before:
                yield from (key for key, value in bucket.items() if before.get(key) is not value)
                yield from before.keys() - bucket.keys()

    def set(self, key: K, value: V) -> PersistentMap[K, V]:
        """Return a map in which `key` has the value `value`."""
        at = hash(key) % _CHUNK
        bucket = self._buckets[at]
        grown = 0 if key in bucket else 1
        buckets = (*self._buckets[:at], {**bucket, key: value}, *self._buckets[at + 1 :])
        return PersistentMap(buckets, self._length + grown)
