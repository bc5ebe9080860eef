from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_hub.app import LOCK_FILE, hold_hub_folder


def test_the_folder_is_made_and_held_and_given_back(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "hub"
    with (
        hold_hub_folder(folder),
        pytest.raises(ConfigurationError, match="Another hub is using"),
        hold_hub_folder(folder),
    ):
        pass
    with hold_hub_folder(folder):
        assert (folder / LOCK_FILE).exists()


def test_the_lock_goes_with_the_process_that_is_killed(tmp_path: Path) -> None:
    code = f"""
import pathlib, sys
from moothall_hub.app import hold_hub_folder
with hold_hub_folder(pathlib.Path({str(tmp_path)!r})):
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ConfigurationError, match="Another hub"), hold_hub_folder(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with hold_hub_folder(tmp_path):
        pass


def test_what_can_not_be_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="can't be used"), hold_hub_folder(tmp_path / "file"):
        pass
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / LOCK_FILE).mkdir()
    with pytest.raises(ConfigurationError, match="can't be used"), hold_hub_folder(tmp_path / "odd"):
        pass
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / LOCK_FILE).write_text("this is no database, and long enough to be none" * 50)
    with pytest.raises(ConfigurationError, match="can't be used"), hold_hub_folder(tmp_path / "other"):
        pass
