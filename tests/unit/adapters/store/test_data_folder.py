from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from moothall.adapters.store.data_folder import LOCK_FILE, hold_folder
from moothall.core.kernel.errors import ConfigurationError


def test_one_server_at_a_time_has_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    with hold_folder(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        with pytest.raises(ConfigurationError, match="Another server is using"), hold_folder(folder):
            pass
    with hold_folder(folder):
        pass


def test_a_folder_that_can_not_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="can't be used"), hold_folder(tmp_path / "file"):
        pass


def test_a_server_that_was_killed_leaves_the_folder_free(tmp_path: Path) -> None:
    holding = f"""
from pathlib import Path
from moothall.adapters.store.data_folder import hold_folder
with hold_folder(Path({str(tmp_path)!r})):
    print("held", flush=True)
    input()
"""
    process = subprocess.Popen([sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(ConfigurationError, match="Another server is using"), hold_folder(tmp_path):
            pass
        process.kill()
    with hold_folder(tmp_path):
        pass


def test_a_child_that_outlives_its_server_does_not_hold_the_folder(tmp_path: Path) -> None:
    with hold_folder(tmp_path):
        assert (tmp_path / LOCK_FILE).stat().st_mode & 0o777 == 0o600
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
    with child, hold_folder(tmp_path):
        assert child.poll() is None
