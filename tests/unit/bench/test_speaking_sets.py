from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from moothall_models.ports import RATE, Samples
from speaking_sets import LEVEL_DB, conversation, half_of, room


def voices(count: int = 4, lines: int = 5) -> dict[str, list[Samples]]:
    """Lines of 1 to 2 s that hold nothing but a number."""
    return {
        f"v{number}": [np.full(RATE + 4_000 * line, 0.01 * (number + 1), dtype=np.float32) for line in range(lines)]
        for number in range(count)
    }


@pytest.mark.parametrize("rooms", [False, True])
def test_the_same_seed_makes_the_same_conversation(rooms: bool) -> None:
    one, other = (conversation(voices(), 7, seconds=20, rooms=rooms) for _ in range(2))
    np.testing.assert_array_equal(one.sound, other.sound)
    assert one.lines == other.lines
    assert conversation(voices(), 8, seconds=20, rooms=rooms).lines != one.lines


def test_the_truth_is_where_one_voice_ends_and_another_begins() -> None:
    talk = conversation(voices(), 3, seconds=120, rooms=False)
    between = [(a, b) for a, b in pairwise(talk.lines) if a.voice != b.voice]
    assert [(a.t1 + b.t0) / 2 for a, b in between] == pytest.approx(list(talk.changes))
    gaps = [b.t0 - a.t1 for a, b in between]
    assert -0.3 <= min(gaps) < 0 < max(gaps) <= 0.3
    within = [b.t0 - a.t1 for a, b in pairwise(talk.lines) if a.voice == b.voice]
    assert 0.15 <= min(within) <= max(within) <= 0.8
    line = talk.lines[3]
    heard = talk.sound[round(line.t0 * RATE) + 4_000 : round(line.t1 * RATE) - 4_000]
    assert float(np.abs(heard).mean()) > 10 ** ((LEVEL_DB - 60) / 20)


def test_a_room_adds_a_tail_weaker_than_the_direct_sound() -> None:
    answer = room(np.random.default_rng(1))
    assert answer[0] == 1
    assert 10**-0.6 <= float(np.sum(answer[1:] ** 2)) <= 10**-0.2


def test_a_voice_is_always_of_the_same_half() -> None:
    names = [str(number) for number in range(200)]
    assert 60 < sum(map(half_of, names)) < 140
    assert [half_of(name) for name in names] == [half_of(name) for name in names]
