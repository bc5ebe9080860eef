from __future__ import annotations

import pytest

from moothall.core.events.lines import Word
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.sessions.parts import HELD_MS, MediaClock, Segment


def test_it_runs_with_the_wall_and_not_before_its_mapping() -> None:
    clock = MediaClock(500, 10_000)
    assert [clock.at(wall) for wall in (9_000, 10_000, 10_700)] == [500, 500, 1_200]


def test_drift_holds_it_and_a_jump_sets_it_back() -> None:
    clock = MediaClock(0, 0)
    assert clock.mapped(60_000 - HELD_MS, 60_000) == (60_000 - HELD_MS, 60_000, 60_000)
    assert clock.mapped(60_000 - HELD_MS - 1, 60_000).reached == 0
    assert clock.mapped(60_500, 60_000) == (60_500, 60_000, 0)


@pytest.mark.parametrize(
    ("base", "text", "left"),
    [
        (0, "", "The regulator of the house"),
        (5, "The regulators of our house", "The of house"),
        (5, "A regulator of the", ""),
        (3, "A regulator of", "regulator of the house"),
        (3, "A", "the house"),
    ],
)
def test_of_a_correction_the_words_that_stand_are_recognised_where_it_has_as_many(
    base: int, text: str, left: str
) -> None:
    words = tuple(Word(f" {word}", 0, 1) for word in ["The", "regulator", "of", "the", "house"])
    line = Segment(
        id=SegmentId("s"), channel=ChannelId("floor"), language="en", t0=0, words=words, base=base, text=text
    )
    assert "".join(word.text for word in line.recognised).strip() == left
