"""How many channels an engine can carry, and which of several gets the next one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from moothall.core.kernel.languages import same_language
from moothall.wire import engine as wire


class EngineCapacity:
    """How many channels one engine can carry in all, and in which languages."""

    def __init__(self, hello: wire.Hello) -> None:
        self.channels = hello.channels
        """Channels whose text is as quick as it should be."""
        self.most = max(hello.channels, hello.most or 0)
        """Channels when their text may be some seconds late."""
        self._languages = hello.languages

    def changed(self, capacity: wire.Capacity, attached: int) -> None:
        """The engine says how many more it can carry; `attached` channels are on it or on the way to it."""
        had = attached if capacity.attached is None else capacity.attached
        self.channels = max(0, had + capacity.channels)
        self.most = max(self.channels, had + (capacity.most or 0))

    def knows(self, spoken: Sequence[str]) -> bool:
        """Whether it knows one of these languages (BCP-47)."""
        return not self._languages or any(same_language(tag, own) for tag in spoken for own in self._languages)


class Carrier(Protocol):
    """An engine, as far as its capacity goes."""

    @property
    def free(self) -> int:
        """How many more channels it can carry in time; below 0 when it has too many."""
        ...

    @property
    def more(self) -> int:
        """How many more it can take when their text may be late."""
        ...

    @property
    def taken(self) -> int:
        """How many it has."""
        ...


EngineT = TypeVar("EngineT", bound=Carrier)


def freest(engines: Iterable[EngineT]) -> EngineT | None:
    """The engine that takes one more channel: of those that can, the one with the most capacity in time."""
    able = [engine for engine in engines if engine.more > 0]
    return max(able, key=lambda engine: (engine.free, engine.more), default=None)


def relief(engine: EngineT, engines: Iterable[EngineT]) -> EngineT | None:
    """Which of the other engines should take a channel off `engine`; None when it hasn't too many, or none has time."""
    if engine.free >= 0:
        return None
    other = freest(other for other in engines if other is not engine)
    return other if other is not None and other.free > 0 else None


def left_when_full(engines: Sequence[Carrier]) -> int | None:
    """How many more channels fit at all, once no more fit in time; None as long as some do.

    None too with a single channel: then nobody waits for another one's turn.
    """
    if sum(engine.taken for engine in engines) < 2 or any(engine.free > 0 for engine in engines):
        return None
    return sum(max(0, engine.more) for engine in engines)
