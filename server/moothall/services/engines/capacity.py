"""Computes how many channels an engine can carry, and which of several engines gets the next channel. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def left_when_full(left: Mapping[EngineT, int]) -> int | None:
    """Number of further channels that fit with late text, once no more fit in time; None as long as some do.

    `left`: how many each engine can take beside the places that are kept (`unreserved`). None too with fewer than two
    channels: then no channel has to wait for another.
    """
    free = any(engine.free - (engine.more - more) > 0 for engine, more in left.items())
    return None if free or sum(engine.taken for engine in left) < 2 else sum(max(0, more) for more in left.values())


def room_in(ahead: int, ends: Iterable[int | None], now: int) -> int | None:
    """How long it takes, in ms, until there is room for a channel that waits, by the programme and by the places that
    are kept: until so many channels have ended as wait before it, and one more. None where too few of them have an end
    ahead.

    `ends`: of each channel that the engines carry the planned end (Unix ms), None where it has none, and of each that
    keeps its place in a break when it loses it. One that is past its planned end may end at any time, so it says
    nothing. `now`: Unix ms. It is an estimate: there is room sooner where less is said than was, and later where a
    meeting runs over, or where a break is over before its place is lost.
    """
    ahead_of_us = sorted(end for end in ends if end is not None and end > now)
    return ahead_of_us[ahead] - now if ahead < len(ahead_of_us) else None
