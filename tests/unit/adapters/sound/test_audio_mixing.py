"""The mean of all channels, 16 kHz, and silence where time stamps say that audio is missing."""

from __future__ import annotations

import array
from fractions import Fraction

import av
import pytest

from moothall.adapters.sound.audio_mixing import Mixer, Timeline


def frame(
    values: list[int], *, rate: int = 16_000, layout: str = "mono", channels: int = 1, pts: int | None = None
) -> av.AudioFrame:
    made = av.AudioFrame(format="s16", layout=layout, samples=len(values) // channels)
    data = array.array("h", values).tobytes()
    made.planes[0].update(data.ljust(made.planes[0].buffer_size, b"\0"))
    made.sample_rate = rate
    made.time_base = Fraction(1, rate)
    made.pts = pts
    return made


def mixed(*frames: av.AudioFrame) -> list[int]:
    mixer = Mixer()
    pieces = [piece for each in frames for piece in mixer.feed(each)] + list(mixer.flush())
    return list(array.array("h", b"".join(pieces)))


def test_samples_in_the_right_form_pass_unchanged() -> None:
    values = [(n * 37) % 2000 - 1000 for n in range(3000)]
    assert mixed(frame(values[:1000]), frame(values[1000:])) == values


@pytest.mark.parametrize(
    ("layout", "channels"), [("stereo", 2), ("2.1", 3), ("5.1", 6), ("7.1", 8), ("12 channels", 12)]
)
def test_every_channel_counts_the_same(layout: str, channels: int) -> None:
    levels = [1000 * (channel + 1) for channel in range(channels)]
    heard = mixed(frame(levels * 160, layout=layout, channels=channels))
    assert len(heard) == 160
    assert all(abs(value - sum(levels) / channels) <= 1 for value in heard)


def test_a_change_of_rate_and_layout_in_mid_stream_loses_nothing() -> None:
    heard = mixed(
        frame([500] * 48_000, rate=48_000),
        frame([500, 700] * 8_000, layout="stereo", channels=2, rate=8_000),
        frame([500] * 16_000),
    )
    assert abs(len(heard) - 48_000) <= 2
    assert abs(heard[8_000] - 500) <= 1
    assert abs(heard[24_000] - 600) <= 1


def test_a_mixer_without_frames_has_nothing() -> None:
    assert mixed() == []


def missing(*stamps: int | None) -> list[int]:
    """For frames of 0.1 s at these time stamps (ms), the samples that are missing before each."""
    timeline = Timeline()
    frames = [frame([0] * 1600, pts=None if stamp is None else stamp * 16) for stamp in stamps]
    return [timeline.missing_before(each) for each in frames]


def test_an_unbroken_stream_lacks_nothing_wherever_it_starts() -> None:
    assert missing(7000, 7100, 7200) == [0, 0, 0]


def test_a_gap_is_as_long_as_the_stamps_say_and_is_found_once() -> None:
    assert missing(0, 100, 5200, 5300) == [0, 0, 5000 * 16, 0]


def test_rounded_stamps_are_no_gap_and_a_drift_past_it_is_one() -> None:
    assert missing(0, 103, 198, 299) == [0, 0, 0, 0]
    assert missing(0, 150, 299, 410) == [0, 0, 0, 110 * 16]


def test_a_jump_is_no_pause() -> None:
    assert missing(0, 100, 10_000_000, 10_000_100) == [0, 0, 0, 0]
    assert missing(50_000, 50_100, 0, 100, 1200) == [0, 0, 0, 0, 1000 * 16]


def test_frames_without_stamps_follow_each_other() -> None:
    assert missing(None, None, None) == [0, 0, 0]
    assert missing(0, None, 200) == [0, 0, 0]
