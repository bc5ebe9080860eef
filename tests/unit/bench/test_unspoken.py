from __future__ import annotations

import numpy as np
import pytest

from moothall_models.ports import RATE
from noise import rms
from unspoken import KINDS, LEVELS_DBFS, REST, SECONDS, unspoken

VOICES = [np.random.default_rng(number).normal(0, 0.1, RATE * 2).astype(np.float32) for number in range(3)]


def test_the_kinds_follow_one_another_and_are_ten_minutes() -> None:
    samples, blocks = unspoken(VOICES, seed=1, seconds=9)
    assert [block.kind for block in blocks] == list(KINDS)
    assert [(block.start, block.end) for block in blocks] == [(9_000 * n, 9_000 * (n + 1)) for n in range(len(KINDS))]
    assert len(samples) == 9 * RATE * len(KINDS)
    assert len(KINDS) * SECONDS == 600


def test_each_third_has_its_level_and_ends_in_silence() -> None:
    samples, _ = unspoken(VOICES, seed=1, seconds=9)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 0.98
    for number, kind in enumerate(KINDS):
        for third, level in enumerate(LEVELS_DBFS):
            part = samples[(number * 9 + third * 3) * RATE :][: 3 * RATE]
            if kind == "silence":
                assert rms(part) < 10 ** (-69 / 20)
                continue
            assert not part[-REST:].any()
            # Fading takes some, and single knocks can't be louder than their peaks allow.
            found = 20 * np.log10(rms(part[:-REST]))
            assert found < level + 0.1, kind
            assert found > level - (12 if kind == "knocks" else 1.5), kind


def test_the_same_seed_makes_the_same_samples_and_another_one_others() -> None:
    first, again, other = (unspoken(VOICES, seed=seed, seconds=6)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", [kind for kind, make in KINDS.items() if make is not None])
def test_no_stretch_of_a_sound_is_empty(kind: str) -> None:
    make = KINDS[kind]
    assert make is not None
    sound = make(10 * RATE, np.random.default_rng(3), VOICES)
    assert len(sound) == 10 * RATE
    assert all(part.any() for part in np.split(sound, 5))
