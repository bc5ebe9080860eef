from __future__ import annotations

from array import array

from moothall.services.sound.loudness import LATELY_MS, LOWEST, SILENT, STALE_MS, Loudness


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
