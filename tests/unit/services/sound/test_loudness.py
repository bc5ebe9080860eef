from __future__ import annotations

from array import array
from math import pi, sin

import pytest

from moothall.services.sound.loudness import (
    BLOCK,
    FEW,
    LATELY_MS,
    LOWEST,
    SILENT,
    STALE_MS,
    WINDOW,
    Loudness,
    Voice,
    level,
)


def pcm(peak: int, ms: int = 100) -> bytes:
    """Sound of that peak."""
    return array("h", [peak, -peak // 2] * (8 * ms)).tobytes()


def test_the_level_is_the_peak_of_the_last_half_second() -> None:
    loudness = Loudness()
    assert loudness.level(0) is None
    loudness.heard(pcm(32_767), 0)
    assert loudness.level(0) == 0
    for number in range(LATELY_MS // 100):
        loudness.heard(pcm(3_277), 100 * number)
    assert loudness.level(500) == -20
    loudness.heard(b"", 600)
    assert loudness.level(400 + STALE_MS) is None


def test_the_loudest_sample_may_be_below_zero() -> None:
    loudness = Loudness()
    loudness.heard(array("h", [0, -32_768]).tobytes(), 0)
    assert loudness.level(0) == 0


def test_digital_silence_counts_by_its_sound_and_ends_with_the_first_sample_that_is_none() -> None:
    loudness = Loudness()
    loudness.heard(pcm(0, 500), 0)
    assert (loudness.level(0), loudness.dead_ms) == (LOWEST, 500)
    loudness.heard(pcm(SILENT, 20_000), 1)  # what waited comes at once
    assert loudness.dead_ms == 20_500
    loudness.heard(pcm(SILENT + 1), 2)
    assert loudness.dead_ms == 0


def tone(db: float, samples: int = BLOCK) -> bytes:
    """So loud, dBFS of the root of the mean square."""
    peak = 32_768 * 2**0.5 * 10 ** (db / 20)
    return b"".join(round(peak * sin(2 * pi * 0.031 * n)).to_bytes(2, "little", signed=True) for n in range(samples))


QUIET, SPOKEN, FAINT = tone(-60), tone(-25), tone(-55)


def heard(*blocks: bytes, times: int = 1) -> Voice:
    voice = Voice()
    for _ in range(times):
        for block in blocks:
            voice.take(block, heard=True)
    return voice


def test_a_level_is_the_root_of_the_mean_square() -> None:
    assert level(b"") == 0
    assert level(b"\x00\x10" * BLOCK) == 4_096
    assert level(tone(-25)) == pytest.approx(32_768 * 10 ** (-25 / 20), rel=0.02)


@pytest.mark.parametrize(
    ("blocks", "times", "speaks"),
    [
        ((SPOKEN, SPOKEN, QUIET), 20, True),
        ((SPOKEN, QUIET, QUIET), 20, True),
        # A door that slams, a hum, silence, a whisper far away, and too little to say.
        ((SPOKEN, QUIET, QUIET, QUIET, QUIET, QUIET), 10, False),
        ((SPOKEN,), 60, False),
        ((bytes(2 * BLOCK),), 60, False),
        ((FAINT, bytes(2 * BLOCK)), 30, False),
        ((SPOKEN, SPOKEN, QUIET), (FEW - 1) // 3, False),
    ],
)
def test_speech_swings_between_loud_and_soft(blocks: tuple[bytes, ...], times: int, speaks: bool) -> None:
    assert heard(*blocks, times=times).speaks is speaks


def test_it_judges_the_last_five_seconds_whatever_the_pieces() -> None:
    voice = Voice()
    said = SPOKEN + SPOKEN + QUIET
    for at in range(0, len(said) * 20, 1_000):
        voice.take((said * 20)[at : at + 1_000], heard=True)
    assert voice.speaks
    for _ in range(WINDOW):
        voice.take(QUIET, heard=True)
    assert not voice.speaks


def test_what_is_not_to_be_heard_is_forgotten() -> None:
    voice = heard(SPOKEN, SPOKEN, QUIET, times=20)
    voice.take(SPOKEN, heard=False)
    assert not voice.speaks
    voice.take(SPOKEN, heard=True)
    assert not voice.speaks
