from __future__ import annotations

from pathlib import Path

import pytest

from moothall.cli.main import main
from moothall.cli.pulling import address_of
from moothall.core.kernel.errors import ConfigurationError

ADDRESS = "https://me:secret@radio.example.org/live"


def test_an_address_is_given_or_stands_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    (tmp_path / "address").write_text(f" {ADDRESS}\n")
    assert address_of(ADDRESS) == address_of(f"@{tmp_path / 'address'}") == ADDRESS


def test_what_is_no_address_is_refused_without_being_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="That is no address of a stream") as wrong:
        address_of("ftp://me:secret@radio.example.org/")
    assert "secret" not in str(wrong.value)
    with pytest.raises(ConfigurationError, match="can't be read"):
        address_of(f"@{tmp_path / 'none'}")


def test_a_session_is_played_or_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--pull", ADDRESS, "--play", "x.wav"]) != 0
    assert "Leave out --play or --pull." in capsys.readouterr().err
