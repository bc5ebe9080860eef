from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.data_folder import hold_folder
from moothall.core.errors import ConfigurationError


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
