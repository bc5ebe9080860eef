from __future__ import annotations

import os
from pathlib import Path

import pytest

from moothall.adapters.store.files import explained, opened, read_text, shipped
from moothall.core.kernel.errors import ConfigurationError


@pytest.mark.parametrize(("advice", "end"), [("Make room.", " Make room."), ("", "")])
def test_a_refusal_of_the_system_becomes_a_sentence_with_advice_where_there_is_any(advice: str, end: str) -> None:
    sentence = rf"^It can't be made: No space left on device\.{end}$"
    with pytest.raises(ConfigurationError, match=sentence), explained("It can't be made", advice):
        raise OSError(28, "No space left on device")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_whose_a_file_is_counts_for_more_than_other_advice(tmp_path: Path) -> None:
    os.chown(tmp_path, 54321, -1)
    sentence = rf"^It can't be made: denied\. {tmp_path} belongs to user 54321, and this runs as root\. Run this as "
    with pytest.raises(ConfigurationError, match=sentence), explained("It can't be made", "Choose another."):
        raise PermissionError(13, "denied", str(tmp_path / "new"))


def test_a_text_is_read_whole_or_its_fault_is_said(tmp_path: Path) -> None:
    file = tmp_path / "text"
    with pytest.raises(ConfigurationError, match=r"text can't be read: No such file or directory\.$"):
        read_text(file)
    file.write_bytes("für alle\r\n".encode())
    assert read_text(file) == "für alle\r\n"
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match=r"text can't be read: it is not UTF-8 text\.$"):
        read_text(file)


def test_what_the_release_brings_is_found_in_the_checkout() -> None:
    assert shipped("config/phrases.toml") == Path(__file__).resolve().parents[4] / "config" / "phrases.toml"
    assert shipped("config/none.toml") is None


def test_a_file_is_closed_however_it_was_used(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="used up"), opened(tmp_path / "new", os.O_WRONLY | os.O_CREAT) as descriptor:
        raise ValueError("used up")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
