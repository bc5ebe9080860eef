"""Which bytes show that a file was cut off."""

from __future__ import annotations

import io
import struct

import pytest

from moothall.adapters.sound.truncation import is_cut_off, states_duration
from support.sound.files import wav


def page(flags: int, body: bytes) -> bytes:
    return b"OggS" + bytes([0, flags]) + bytes(20) + bytes([1, len(body)]) + body


WAV = wav([1, 2, 3, 4])
OGG = page(2, b"head") + page(0, b"more") + page(4, b"last")


@pytest.mark.parametrize(
    ("data", "name", "cut"),
    [
        (WAV, "wav", False),
        (WAV[:-1], "wav", True),
        (WAV + b"chunk", "wav", False),
        (WAV[:4] + struct.pack("<I", 0xFFFFFFFF) + WAV[8:], "wav", False),  # written to a pipe
        (WAV[:4] + struct.pack("<I", 0) + WAV[8:], "wav", False),
        (b"RF64" + WAV[4:-2], "wav", False),
        (OGG, "ogg", False),
        (OGG[:-1], "ogg", True),
        (page(2, b"head") + page(0, b"more"), "ogg", True),
        (OGG + b"OggS", "ogg", True),
        (OGG[:-4], "ogg", True),
        (page(2, b"head") + page(4, b"")[:-1], "ogg", True),
        (b"no page", "ogg", True),
        (b"anything", "flac", False),
    ],
)
def test_the_end_is_there_or_not(data: bytes, name: str, cut: bool) -> None:
    assert is_cut_off(io.BytesIO(data), name) is cut


def test_only_the_tail_of_a_long_ogg_file_is_read() -> None:
    assert not is_cut_off(io.BytesIO(bytes(1 << 20) + OGG), "ogg")


ID3 = b"ID3\x04\x00\x00" + bytes([0, 0, 2, 0])  # a tag of 256 bytes: seven bits a byte


@pytest.mark.parametrize(
    ("data", "name", "stated"),
    [
        (b"\xff\xfb" + bytes(30) + b"Xing" + bytes(100), "mp3", True),
        (b"\xff\xfb" + bytes(30) + b"Info" + bytes(100), "mp3", True),
        (ID3 + bytes(256) + b"\xff\xfb" + bytes(30) + b"VBRI", "mp3", True),
        (ID3 + b"Xing" + bytes(252) + b"\xff\xfb" + bytes(4000), "mp3", False),  # the word in the tag is no header
        (b"\xff\xfb" + bytes(4000) + b"Xing", "mp3", False),
        (b"ID3", "mp3", False),
        (b"", "aac", False),
        (b"", "mpegts", False),
        (b"", "flac", True),
    ],
)
def test_a_duration_is_stated_or_a_guess(data: bytes, name: str, stated: bool) -> None:
    assert states_duration(io.BytesIO(data), name) is stated
