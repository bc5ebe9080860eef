"""Decoding files of many formats in this process, whole files and bad ones."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from moothall.adapters.sound.audio_mixing import RATE
from moothall.adapters.sound.child_messages import (
    AudioEnded,
    AudioFailed,
    AudioFault,
    DecodeRequest,
    DecoderMessage,
    Opened,
)
from moothall.adapters.sound.decoding import allowed_formats, decode
from support.sound.files import encode, loudness, picture, tone, wav

FORMATS = {
    "talk.wav": "pcm_s16le",
    "talk.flac": "flac",
    "talk.mp3": "libmp3lame",
    "talk.opus": "libopus",
    "talk.m4a": "aac",
    "talk.webm": "libopus",
    "talk.ts": "aac",
}


class Run:
    """What came out of a file."""

    def __init__(self, data: bytes, order: DecodeRequest | None = None) -> None:
        self.pcm = b""
        self.messages: list[DecoderMessage] = []
        self.grants: list[int] = []
        decode(io.BytesIO(data), order or DecodeRequest(), self._write, self.messages.append, self.grants.append)

    def _write(self, pcm: bytes) -> None:
        self.pcm += pcm

    @property
    def samples(self) -> int:
        return len(self.pcm) // 2

    @property
    def ended(self) -> AudioEnded:
        assert isinstance(self.messages[0], Opened)
        assert isinstance(self.messages[-1], AudioEnded)
        assert len(self.messages) == 2
        return self.messages[-1]


@pytest.mark.parametrize(("name", "codec"), FORMATS.items())
def test_the_usual_formats(tmp_path: Path, name: str, codec: str) -> None:
    data = encode(tmp_path / name, codec, seconds=3).read_bytes()
    run = Run(data)
    opened = run.messages[0]
    assert isinstance(opened, Opened)
    assert opened.duration_ms is not None
    assert abs(opened.duration_ms - 3000) < 100
    assert abs(run.samples - 3 * RATE) < RATE // 10
    assert 5000 < loudness(run.pcm[RATE:-RATE]) < 6000  # a sine of 8000: 5657
    ended = run.ended
    assert (ended.cut_off, ended.capped, ended.damaged, ended.silence_ms) == (False, False, 0, 0)


def test_a_length_that_none_can_have_is_not_told(tmp_path: Path) -> None:
    data = encode(tmp_path / "talk.webm", "libopus", seconds=1).read_bytes()
    at = data.index(b"\x44\x89\x88") + 3  # Matroska's Duration, a number of eight bytes
    run = Run(data[:at] + struct.pack(">d", 9.1e15) + data[at + 8 :])
    assert run.messages[0] == Opened(duration_ms=None)
    assert run.ended.damaged == 0


def test_sound_of_the_right_form_is_not_touched() -> None:
    values = tone(2 * RATE, RATE)
    assert Run(wav(values)).pcm == wav(values)[44:]


def test_one_channel_of_several_is_heard_alone_and_one_that_is_not_there_is_said() -> None:
    left = tone(RATE, RATE)
    both = wav([value for sample in left for value in (sample, 0)], channels=2)
    heard = [Run(both, DecodeRequest(channel=number)).pcm for number in (0, 1)]
    assert heard[0] == Run(wav(left)).pcm
    assert heard[1] == bytes(2 * RATE)
    assert Run(both, DecodeRequest(channel=2)).messages == [AudioFailed(trouble=AudioFault.NO_CHANNEL)]


@pytest.mark.parametrize("name", ["talk.wav", "talk.flac", "talk.mp3", "talk.opus", "talk.webm"])
def test_a_file_cut_in_two_gives_its_half_and_says_so(tmp_path: Path, name: str) -> None:
    data = encode(tmp_path / name, FORMATS[name], seconds=10).read_bytes()
    run = Run(data[: len(data) // 2])
    assert 4 * RATE < run.samples < 6 * RATE
    assert run.ended.cut_off


def test_an_mp4_without_its_index_is_unfinished(tmp_path: Path) -> None:
    data = encode(tmp_path / "talk.m4a", "aac", seconds=3).read_bytes()
    assert Run(data[: len(data) // 2]).messages == [AudioFailed(trouble=AudioFault.UNFINISHED)]


def test_an_mp4_with_its_index_first_gives_its_half(tmp_path: Path) -> None:
    options = {"movflags": "faststart"}
    data = encode(tmp_path / "talk.m4a", "aac", seconds=10, options=options).read_bytes()
    run = Run(data[: len(data) // 2])
    assert 4 * RATE < run.samples < 6 * RATE
    assert run.ended.cut_off


def test_damage_in_the_middle_is_passed_over_and_the_rest_keeps_its_time(tmp_path: Path) -> None:
    data = bytearray(encode(tmp_path / "talk.flac", "flac", seconds=10).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8000] = b"\x55" * 8000
    run = Run(bytes(data))
    assert abs(run.samples - 10 * RATE) < RATE // 4
    assert run.ended.damaged + run.ended.silence_ms > 0


def test_a_pause_of_the_recorder_is_silence(tmp_path: Path) -> None:
    data = encode(tmp_path / "talk.webm", "libopus", seconds=4, gap=(2, 3)).read_bytes()
    run = Run(data)
    assert abs(run.samples - 7 * RATE) < RATE // 5
    assert abs(run.ended.silence_ms - 3000) < 200
    assert loudness(run.pcm[2 * 3 * RATE : 2 * 4 * RATE]) < 50
    assert loudness(run.pcm[2 * 6 * RATE :]) > 4000


@pytest.mark.parametrize("name", FORMATS)
def test_beginning_later_gives_exactly_the_rest(tmp_path: Path, name: str) -> None:
    data = encode(tmp_path / name, FORMATS[name], seconds=3).read_bytes()
    whole = Run(data)
    for first in (1, 16_000, 33_333):
        assert Run(data, DecodeRequest(first_sample=first)).pcm == whole.pcm[2 * first :]
    late = Run(data, DecodeRequest(first_sample=10 * RATE))
    assert late.pcm == b""
    assert not late.ended.cut_off


def test_the_output_ends_at_its_cap() -> None:
    values = tone(3 * RATE, RATE)
    run = Run(wav(values), DecodeRequest(most_samples=RATE))
    assert run.samples == RATE
    assert run.ended.capped
    assert not run.ended.cut_off
    exact = Run(wav(values), DecodeRequest(most_samples=3 * RATE))
    assert exact.samples == 3 * RATE
    assert not exact.ended.capped


def test_long_silence_in_a_small_file_ends_at_the_cap(tmp_path: Path) -> None:
    path = encode(tmp_path / "bomb.flac", "flac", seconds=300, rate=16_000, layout="mono", silent=True)
    assert path.stat().st_size * 100 < 300 * RATE * 2
    run = Run(path.read_bytes(), DecodeRequest(most_samples=100 * RATE))
    assert run.samples == 100 * RATE
    assert run.ended.capped


def test_time_stamps_that_call_for_silence_end_at_the_cap(tmp_path: Path) -> None:
    data = encode(tmp_path / "gap.webm", "libopus", seconds=2, gap=(1, 500)).read_bytes()
    run = Run(data, DecodeRequest(most_samples=60 * RATE))
    assert run.samples == 60 * RATE
    assert run.ended.capped


def test_cpu_time_is_granted_minute_by_minute(tmp_path: Path) -> None:
    data = encode(tmp_path / "long.flac", "flac", seconds=150, rate=16_000, layout="mono", silent=True).read_bytes()
    grants = Run(data).grants
    assert len(grants) == 2
    assert grants[0] >= 60 * RATE
    assert grants[1] - grants[0] >= 60 * RATE
    order = DecodeRequest(cpu_seconds=5, cpu_per_second=0.5)
    assert (order.cpu_for(0), order.cpu_for(60 * RATE)) == (5, 35)


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"minutes of the meeting\n" * 100, AudioFault.NOT_AUDIO),
        (bytes(range(256)) * 400, AudioFault.NOT_AUDIO),
        (b"RIFF", AudioFault.NOT_AUDIO),
        (wav([]), AudioFault.NOT_AUDIO),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/hostname\n", AudioFault.PLAYLIST),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", AudioFault.PLAYLIST),
        (
            b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nm=audio 5004 RTP/AVP 0\r\n",
            AudioFault.PLAYLIST,
        ),
        (wav([1] * 6500, channels=65), AudioFault.CHANNELS),
    ],
)
def test_what_is_no_recording_is_refused_with_its_reason(data: bytes, trouble: AudioFault) -> None:
    run = Run(data)
    assert run.messages == [AudioFailed(trouble=trouble)]
    assert run.pcm == b""


def test_formats_that_name_other_files_or_are_devices_are_on_no_list() -> None:
    allowed = set(allowed_formats().split(","))
    assert allowed >= {"aac", "flac", "matroska", "mp3", "mpegts", "ogg", "wav"}
    assert not allowed & {"concat", "dash", "hls", "lavfi", "rtp", "rtsp", "sdp", "v4l2", "alsa", "x11grab"}


def test_a_film_without_sound(tmp_path: Path) -> None:
    assert Run(picture(tmp_path / "film.mp4").read_bytes()).messages == [AudioFailed(trouble=AudioFault.NO_STREAM)]


def test_memory_that_runs_out_is_said() -> None:
    class Greedy(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise MemoryError

    messages: list[DecoderMessage] = []
    decode(Greedy(b"x"), DecodeRequest(), lambda _pcm: None, messages.append)
    assert messages == [AudioFailed(trouble=AudioFault.MEMORY)]
