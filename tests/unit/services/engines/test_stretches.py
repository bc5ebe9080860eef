from __future__ import annotations

import pytest

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.session.parts import Channel
from moothall.core.session.state import State
from moothall.services.engines.stretches import Stretch, cut_short, next_stretch

FLOOR = ChannelId("floor")
Spans = tuple[tuple[int, int | None], ...]


def state(*spans: tuple[int, int | None]) -> State:
    return State(id=SessionId("s"), not_recorded=spans)


def channel(through: int) -> Channel:
    return Channel(id=FLOOR, kind=ChannelKind.FLOOR, languages=("en",), committed_through=through)


def stretch(start: int, stop: int | None = None, *, kept: bool = True, floor: int = 0) -> Stretch:
    return Stretch(kept=kept, start=start, stop=stop, floor=floor)


@pytest.mark.parametrize(
    ("spans", "committed", "through", "expected"),
    [
        ((), 500, 0, stretch(500)),
        ((), 500, 900, stretch(900)),
        # What was said before the span comes first, to its end.
        (((1_000, None),), 500, 0, stretch(500, 1_000)),
        (((1_000, 2_000),), 500, 0, stretch(500, 1_000)),
        # Then the span itself, while it lasts.
        (((1_000, None),), 500, 1_000, stretch(1_000, kept=False, floor=1_000)),
        (((1_000, None),), 1_200, 0, stretch(1_200, kept=False, floor=1_000)),
        # One that is over is passed, with all in it.
        (((1_000, 2_000),), 500, 1_000, stretch(2_000, floor=2_000)),
        (((1_000, 2_000),), 2_500, 0, stretch(2_500, floor=2_000)),
        (((1_000, 2_000), (3_000, None)), 500, 1_000, stretch(2_000, 3_000, floor=2_000)),
        (((1_000, 2_000), (2_000, None)), 500, 1_000, stretch(2_000, kept=False, floor=2_000)),
    ],
)
def test_what_is_recorded_and_what_is_not_come_apart(
    spans: Spans, committed: int, through: int, expected: Stretch
) -> None:
    assert next_stretch(state(*spans), channel(committed), through) == expected


@pytest.mark.parametrize(
    ("spans", "heard", "expected"),
    [
        ((), stretch(500), None),
        (((1_000, None),), stretch(500), 1_000),
        (((100, None),), stretch(500), 100),
        (((100, 300),), stretch(500), None),
        (((1_000, None),), stretch(1_000, kept=False, floor=1_000), None),
        (((1_000, 1_500),), stretch(1_000, kept=False, floor=1_000), 1_500),
        # Words can reach beyond a span that lasted a moment.
        (((1_000, 1_100),), stretch(1_400, kept=False, floor=1_000), 1_100),
        (((1_000, 1_000), (1_000, None)), stretch(1_000, kept=False, floor=1_000), None),
    ],
)
def test_what_is_heard_ends_where_that_changes(spans: Spans, heard: Stretch, expected: int | None) -> None:
    assert cut_short(state(*spans), heard) == expected
