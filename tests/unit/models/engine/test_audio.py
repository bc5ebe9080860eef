from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ProtocolError
from moothall_models.engine.audio import UNHEARD_MS, ArrivalTime, FrameBuffer
from moothall_models.ports import Samples

FAR = 10**9


def pcm(first: int, count: int) -> bytes:
    return np.arange(first, first + count, dtype=np.int32).astype("<i2").tobytes()


def values(samples: Samples) -> list[int]:
    return [int(value) for value in np.rint(samples * 32_768)]


def test_audio_is_cut_into_whole_frames() -> None:
    buffer = FrameBuffer(100)
    buffer.add(100, pcm(0, 700))
    assert buffer.next_end == 132
    heard = buffer.take(FAR, 99)
    assert heard is not None
    assert heard.t == 100
    assert heard.samples.dtype == np.dtype(np.float32)
    assert values(heard.samples) == list(range(512))
    assert buffer.next_end is None
    assert buffer.take(FAR, 99) is None
    buffer.add(143, pcm(700, 400))
    heard = buffer.take(FAR, 99)
    assert heard is not None
    assert (heard.t, values(heard.samples)) == (132, list(range(512, 1_024)))


@given(st.lists(st.integers(0, 1_500), max_size=20))
def test_however_it_is_portioned_the_same_frames_come_out(portions: list[int]) -> None:
    buffer, at, out = FrameBuffer(0), 0, []
    for count in portions:
        buffer.add(at // 16, pcm(at, count))
        at += count
        heard = buffer.take(FAR, 2)
        out += values(heard.samples) if heard else []
    buffer.finish()
    while heard := buffer.take(FAR, 99):
        out += values(heard.samples)
    assert out[:at] == [int(value) for value in np.frombuffer(pcm(0, at), "<i2")]
    assert out[at:] == [0] * (-at % 512)


def test_a_frame_is_heard_only_when_its_last_sample_has_been_said_and_no_more_than_asked() -> None:
    buffer = FrameBuffer(0)
    buffer.add(0, pcm(0, 512 * 5))
    assert buffer.take(31, 99) is None
    first = buffer.take(65, 99)
    assert first is not None
    assert len(first.samples) == 2 * 512
    second = buffer.take(FAR, 1)
    assert second is not None
    assert (second.t, len(second.samples)) == (64, 512)
    assert buffer.take(FAR, 0) is None


def test_a_gap_begins_a_new_run_of_frames() -> None:
    buffer = FrameBuffer(0)
    buffer.add(0, pcm(1, 100))
    buffer.add(500, pcm(1_000, 512))
    assert buffer.end == 532
    first, second = buffer.take(FAR, 99), buffer.take(FAR, 99)
    assert first is not None
    assert second is not None
    assert (first.t, values(first.samples)) == (0, [*range(1, 101), *[0] * 412])
    assert (second.t, values(second.samples)) == (500, list(range(1_000, 1_512)))


def test_a_gap_before_the_first_sample_leaves_nothing_behind() -> None:
    buffer = FrameBuffer(0)
    buffer.add(500, pcm(0, 512))
    heard = buffer.take(FAR, 99)
    assert heard is not None
    assert heard.t == 500


def test_a_gap_shorter_than_a_frame_is_filled_with_silence() -> None:
    buffer = FrameBuffer(0)
    buffer.add(0, pcm(1, 160))
    buffer.add(20, pcm(1, 192))
    heard = buffer.take(FAR, 99)
    assert heard is not None
    assert values(heard.samples) == [*range(1, 161), *[0] * 160, *range(1, 193)]


def test_times_rounded_to_a_millisecond_are_no_gap() -> None:
    buffer = FrameBuffer(0)
    buffer.add(0, pcm(0, 264))  # 16.5 ms
    buffer.add(17, pcm(264, 248))
    heard = buffer.take(FAR, 99)
    assert heard is not None
    assert values(heard.samples) == list(range(512))


@pytest.mark.parametrize(
    ("t", "audio", "message"),
    [
        (0, b"abc", "Audio of 3 bytes is no PCM16"),
        (30, b"ab", "Audio came again: 30 ms, after 32 ms had come"),
        (32, bytes(UNHEARD_MS * 32), "More than 10 minutes of audio wait"),
    ],
)
def test_audio_that_breaks_the_rules(t: int, audio: bytes, message: str) -> None:
    buffer = FrameBuffer(0)
    buffer.add(0, pcm(0, 512))
    with pytest.raises(ProtocolError, match=message):
        buffer.add(t, audio)


def test_audio_that_was_heard_makes_room() -> None:
    buffer = FrameBuffer(0)
    buffer.add(0, pcm(0, 512))
    buffer.take(FAR, 99)
    buffer.add(32, bytes(UNHEARD_MS * 32))
    assert buffer.end == 32 + UNHEARD_MS


def test_live_media_time_is_the_end_of_the_newest_audio_and_runs_on_for_a_second() -> None:
    media = ArrivalTime(5_000)
    assert media.at(77.0) == 5_000
    media.arrived(6_000, 100.0)
    assert media.at(100.0) == 6_000
    assert media.at(350.9) == 6_250
    assert media.at(9_999.0) == 7_000


def test_live_media_time_never_runs_back() -> None:
    media = ArrivalTime(0)
    media.arrived(1_000, 0.0)
    assert media.at(800.0) == 1_800
    media.arrived(1_100, 810.0)
    assert media.at(810.0) == 1_800
    media.arrived(30_000, 820.0)
    assert media.at(821.0) == 30_001
