from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from moothall.adapters.system.owners import ROOT, advice, denied, refuse_root, user
from moothall.core.kernel.errors import ConfigurationError

STRANGER = 54321
"""A user's number that no machine gives to anybody."""
by_root = pytest.mark.skipif(os.geteuid() != ROOT, reason="only root gives files away")


def refused(path: Path) -> PermissionError:
    return PermissionError(errno.EACCES, "Permission denied", str(path))


@by_root
def test_whoever_runs_it_as_another_user_is_told_as_whom(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, STRANGER, -1)
    named = f"{data} belongs to user 54321, and this runs as root. Run this as user 54321 (`sudo -u`)."
    assert advice(refused(data)) == named
    hidden = data / "deep" / "moothall.sqlite"  # as if it could not be looked at
    assert denied(refused(hidden)) == f"{hidden} can't be used: Permission denied. {named}"


@by_root
def test_root_makes_nothing_in_another_users_folder(tmp_path: Path) -> None:
    refuse_root(tmp_path / "new")
    os.chown(tmp_path, STRANGER, -1)
    for path in (tmp_path, tmp_path / "deep" / "new"):
        with pytest.raises(ConfigurationError, match=rf"^{tmp_path} belongs to user 54321, who could not"):
            refuse_root(path)


@pytest.mark.skipif(os.geteuid() == ROOT, reason="everything of root's is root's own")
def test_what_belongs_to_root_is_to_be_given_away() -> None:
    me = user(os.geteuid())
    wanted = f"/ belongs to root, and this runs as {me}. Name another path, or change its owner (`chown`)."
    assert advice(refused(Path("/not there"))) == wanted


def test_nothing_is_advised_where_the_owner_is_not_the_reason(tmp_path: Path) -> None:
    assert advice(refused(tmp_path)) == ""
    assert denied(refused(tmp_path)) == f"{tmp_path} can't be used: Permission denied."
    assert advice(OSError(errno.ENOSPC, "No space left on device", "/")) == ""
    assert advice(PermissionError(errno.EPERM, "Operation not permitted")) == ""


def test_a_user_without_a_name_has_a_number() -> None:
    assert user(ROOT) == "root"
    assert user(STRANGER) == "user 54321"
