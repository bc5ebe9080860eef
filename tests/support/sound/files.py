"""Recordings for tests, made with PyAV, and raw WAV files, byte by byte."""

from __future__ import annotations

import array
import math
import os
import struct
from fractions import Fraction
from pathlib import Path

import av

TONE = 440


def tone(samples: int, rate: int, first: int = 0) -> list[int]:
    """Return a sine of 440 Hz as 16-bit values."""
    step = 2 * math.pi * TONE / rate
    return [round(8000 * math.sin(step * n)) for n in range(first, first + samples)]


def wav(values: list[int], rate: int = 16_000, channels: int = 1) -> bytes:
    """Return a WAV file of interleaved 16-bit values."""
    pcm = array.array("h", values).tobytes()
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * channels * 2, channels * 2, 16)
    return b"RIFF" + struct.pack("<I", 36 + len(pcm)) + b"WAVEfmt " + form + b"data" + struct.pack("<I", len(pcm)) + pcm


def endless(path: Path, *, channels: int, rate: int) -> Path:
    """Write a WAV file of 2 GB of silence; its samples are a hole that takes no space."""
    size = 2_000_000_000
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * channels * 2, channels * 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + form + b"data" + struct.pack("<I", size)
    path.write_bytes(head)
    os.truncate(path, len(head) + size)
    return path


def encode(
    path: Path,
    codec: str,
    *,
    seconds: float,
    rate: int = 48_000,
    layout: str = "stereo",
    silent: bool = False,
    gap: tuple[float, float] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a recording of a tone (or of silence) in the format that the path's suffix names.

    `gap` = (at, length): from `at` seconds on the time stamps are `length` seconds later.
    """
    channels = 2 if layout == "stereo" else 1
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        total = round(seconds * rate)
        size = 4096
        for first in range(0, total, size):
            count = min(size, total - first)
            frame = av.AudioFrame(format="s16", layout=layout, samples=count)
            one = [0] * count if silent else tone(count, rate, first)
            both = [value for value in one for _ in range(channels)]
            plane = array.array("h", both).tobytes()
            frame.planes[0].update(plane.ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate = rate
            frame.time_base = Fraction(1, rate)
            late = gap is not None and first >= gap[0] * rate
            frame.pts = first + (round(gap[1] * rate) if gap is not None and late else 0)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def picture(path: Path) -> Path:
    """Write a video without sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame(64, 64, "yuv420p")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def loudness(pcm: bytes) -> float:
    """Return the root mean square of 16-bit samples."""
    values = array.array("h", pcm)
    return math.sqrt(sum(value * value for value in values) / max(len(values), 1))
