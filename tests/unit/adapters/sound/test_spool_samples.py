from __future__ import annotations

from moothall.adapters.sound.spool_samples import SpoolSamples


def held(samples: SpoolSamples) -> list[int]:
    pcm = samples.read(samples.first, 1_000)
    return [int.from_bytes(pcm[at : at + 2], "little") for at in range(0, len(pcm), 2)]


def pcm(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "little") for value in values)


def test_samples_are_found_by_their_position() -> None:
    samples = SpoolSamples(10)
    samples.add(pcm(1, 2, 3, 4))
    assert (samples.first, samples.end) == (10, 14)
    assert samples.read(12, 5) == pcm(3, 4)
    samples.forget(12)
    samples.forget(11)
    assert (samples.first, samples.end, held(samples)) == (12, 14, [3, 4])
    samples.forget(99)
    assert (samples.first, samples.end) == (14, 14)


def test_a_span_of_them_can_be_silence() -> None:
    samples = SpoolSamples()
    samples.add(pcm(1, 2, 3, 4))
    samples.hush(1, 3)
    samples.hush(3, 2)
    assert held(samples) == [1, 0, 0, 4]


def test_and_so_can_what_is_still_to_come() -> None:
    samples = SpoolSamples()
    samples.add(pcm(1, 2))
    samples.hush_until(3, 4)
    samples.hush_until(4, 6)
    samples.add(pcm(3))
    samples.add(pcm(4, 5))
    samples.add(pcm(6, 7, 8))
    assert held(samples) == [1, 2, 3, 0, 0, 0, 7, 8]
