from __future__ import annotations

import struct
from pathlib import Path

from moothall.adapters.sound.sound_folder import opus_samples

SKIPPED = 312
"""Samples at 48 kHz that an Opus file begins with and that are not to be heard."""


def page(position: int, packet: bytes, kind: int = 0) -> bytes:
    """A page of Ogg that holds one packet, shorter than 255 bytes."""
    return struct.pack("<4sBBqIIIBB", b"OggS", 0, kind, position, 1, 0, 0, 1, len(packet)) + packet


HEAD = page(0, b"OpusHead" + bytes([1, 1]) + SKIPPED.to_bytes(2, "little") + bytes(7))


def length(tmp_path: Path, content: bytes) -> int:
    (tmp_path / "a.opus").write_bytes(content)
    samples, ended = opus_samples(tmp_path / "a.opus")
    assert not ended
    return samples


def test_the_last_whole_page_says_how_long_it_is(tmp_path: Path) -> None:
    second = page(48_000 + SKIPPED, bytes(100))
    assert length(tmp_path, HEAD + second) == 16_000
    more = page(96_000 + SKIPPED, bytes(100))
    assert length(tmp_path, HEAD + second + more) == 32_000
    # Cut off in the middle of a page, in its header, and in its table.
    for cut in (50, 109, 124, 127):
        assert length(tmp_path, HEAD + second + more[:-cut]) == 16_000


def test_a_page_on_which_nothing_ends_says_nothing(tmp_path: Path) -> None:
    assert length(tmp_path, HEAD + page(48_000 + SKIPPED, b"a") + page(-1, b"a")) == 16_000


def test_a_file_that_has_not_begun_or_is_none_of_ours_is_empty(tmp_path: Path) -> None:
    assert length(tmp_path, b"") == 0
    assert length(tmp_path, HEAD[:30]) == 0
    assert length(tmp_path, HEAD) == 0
    assert length(tmp_path, b"RIFF" + bytes(200)) == 0
    assert length(tmp_path, HEAD[28:]) == 0


def test_the_page_that_ends_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.opus").write_bytes(HEAD + page(48_000 + SKIPPED, bytes(100), kind=4))
    assert opus_samples(tmp_path / "a.opus") == (16_000, True)
