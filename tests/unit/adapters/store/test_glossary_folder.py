from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from moothall.adapters.store.glossary_folder import MOST_FILES, GlossaryFolder
from moothall.core.glossary.files import MOST_BYTES, GlossaryPart
from moothall.core.kernel.errors import ConfigurationError


def put(folder: Path, name: str, text: str, at: int = 1) -> None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (at, at))


def test_all_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    put(tmp_path, "b.toml", 'terms = ["Kisumu"]')
    put(tmp_path, "a.toml", 'terms = ["AfriNIC"]')
    put(tmp_path, "notes.txt", "not this")
    assert GlossaryFolder(tmp_path).read() == (GlossaryPart(terms=("AfriNIC",)), GlossaryPart(terms=("Kisumu",)))
    assert GlossaryFolder(None).read() == GlossaryFolder(None).read_again() == ()


def test_a_file_that_changes_is_read_again_and_a_broken_one_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, "a.toml", 'terms = ["AfriNIC"]')
    folder = GlossaryFolder(tmp_path)
    first = folder.read()
    assert folder.read_again() is first
    put(tmp_path, "a.toml", 'terms = ["Secret, name"]', at=2)
    with caplog.at_level(logging.WARNING):
        assert folder.read_again() == first
        assert folder.read_again() == first
    assert len(caplog.messages) == 1  # once, not each time that it is looked at
    assert "a.toml" in caplog.text
    assert "Secret" not in caplog.text
    put(tmp_path, "a.toml", 'terms = ["Kisumu"]', at=3)
    assert folder.read_again() == (GlossaryPart(terms=("Kisumu",)),)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no-such can't be read: .*`glossaries` of \[conference\]"):
        GlossaryFolder(tmp_path / "no-such").read()
    (tmp_path / "a.toml").write_bytes(b"terms = ['\xff']")
    with pytest.raises(ConfigurationError, match=r"a\.toml can't be read: it is not UTF-8"):
        GlossaryFolder(tmp_path).read()
    (tmp_path / "a.toml").write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(ConfigurationError, match="of 1 MB each"):
        GlossaryFolder(tmp_path).read()
    (tmp_path / "a.toml").unlink()
    for n in range(MOST_FILES + 1):
        put(tmp_path, f"{n}.toml", "")
    with pytest.raises(ConfigurationError, match="101 glossary files"):
        GlossaryFolder(tmp_path).read()
