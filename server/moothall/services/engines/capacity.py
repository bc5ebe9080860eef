"""Computes how many channels an engine can carry, and which of several engines gets the next channel. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from moothall.core.kernel.languages import same_language
from moothall.wire import engine as wire


class EngineCapacity:
    """How many channels one engine can carry in all, and in which languages."""

    def __init__(self, hello: wire.EngineHello) -> None:
        self.channels = hello.channels
        """Most channels that the engine can carry in time."""
        self.most = max(hello.channels, hello.most or 0)
        """Most channels that it can carry where their text may be some seconds late."""
        self._languages = hello.languages

    def changed(self, capacity: wire.Capacity, attached: int) -> None:
        """Store a report of how many more channels the engine can carry. `attached`: number of channels that are
        attached or being attached to it, used where the report doesn't say how many it had counted.
        """
        had = attached if capacity.attached is None else capacity.attached
        self.channels = max(0, had + capacity.channels)
        self.most = max(self.channels, had + (capacity.most or 0))

    def knows(self, spoken: Sequence[str]) -> bool:
        """Whether the engine knows one of these languages (BCP-47 tags). An engine that names none knows all."""
        return not self._languages or any(same_language(tag, own) for tag in spoken for own in self._languages)


class Carrier(Protocol):
    """An engine, reduced to its capacity."""

    @property
    def free(self) -> int:
        """Number of further channels that the engine can carry in time; below 0 when it has too many."""
        ...

    @property
    def more(self) -> int:
        """Number of further channels that it can take where their text may be late."""
        ...

    @property
    def taken(self) -> int:
        """Number of channels that it has."""
        ...


EngineT = TypeVar("EngineT", bound=Carrier)


def freest(engines: Iterable[EngineT]) -> EngineT | None:
    """The engine that gets the next channel: of those that can take one, the engine with the most capacity in time;
    None where no engine can.
    """
    able = [engine for engine in engines if engine.more > 0]
    return max(able, key=lambda engine: (engine.free, engine.more), default=None)


def unreserved(engines: Iterable[EngineT], places: Iterable[Sequence[EngineT]]) -> dict[EngineT, int]:
    """How many further channels each engine can take, besides those for which a place is kept.

    `places`: for each of these the engines that know its languages. Who has the least choice gets a place first.
    """
    left = {engine: engine.more for engine in engines}
    for suited in sorted(places, key=len):
        engine = max(suited, key=left.__getitem__, default=None)
        if engine is not None:
            left[engine] -= 1
    return left


def relief(engine: EngineT, engines: Iterable[EngineT]) -> EngineT | None:
    """The engine that should take a channel off `engine`; None where that hasn't too many, or no other engine has
    capacity in time.
    """
    if engine.free >= 0:
        return None
    other = freest(other for other in engines if other is not engine)
    return other if other is not None and other.free > 0 else None


def left_when_full(engines: Sequence[Carrier]) -> int | None:
    """Number of further channels that fit with late text, once no more fit in time; None as long as some do.

    None too with fewer than two channels: then no channel has to wait for another.
    """
    if sum(engine.taken for engine in engines) < 2 or any(engine.free > 0 for engine in engines):
        return None
    return sum(max(0, engine.more) for engine in engines)


def room_in(ahead: int, ends: Iterable[int | None], now: int) -> int | None:
    """How long it takes, in ms, until there is room for a channel that waits, as far as the programme says: until so
    many channels have ended as wait before it, and one more. None where too few of them have an end ahead.

    `ends`: of each channel that the engines carry the planned end (Unix ms), None where it has none. One that is past
    its planned end may end at any time, so it says nothing. `now`: Unix ms. It is an estimate: there is room sooner
    where less is said than was, and later where a meeting runs over.
    """
    ahead_of_us = sorted(end for end in ends if end is not None and end > now)
    return ahead_of_us[ahead] - now if ahead < len(ahead_of_us) else None
