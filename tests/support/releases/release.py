"""The program of a release, extracted from git, or of this checkout; both run with the same Python and libraries."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).resolve().parents[3]
COMMITS = {
    "0.1.0": "f13eac06b23a00acfb5a65439b30a78f96f7af10",
    "0.2.0": "338783560372ca8bc3889220eaeb130b72f9b780",
}
"""The commit of each release. Each new release adds its own."""
UNKNOWN_SETTINGS = {"0.1.0": ("MOOTHALL_METRICS__HOST",)}
"""Variables of the tests that are newer than a release and would stop it."""
PARTS = ("server", "hubs", "models")
"""The folders with the packages."""


class Release(NamedTuple):
    """A tree with the program of a release."""

    name: str
    tree: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables for a process that must run this program, whatever is installed."""
        return {"PYTHONPATH": os.pathsep.join(str(self.tree / part) for part in PARTS)}

    @property
    def unknown_settings(self) -> tuple[str, ...]:
        """Variables that must not be set for a server of this release."""
        return UNKNOWN_SETTINGS.get(self.name, ())


WORK = Release("the release in work", HERE)


def unpacked(name: str, folder: Path) -> Release:
    """Extract a release's program into a folder. Skips the test unless this is a clone of git that has its commit."""
    command = ["git", "-C", str(HERE), "archive", "--format=tar", COMMITS[name]]
    try:
        made = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"This folder isn't a clone that has the commit of {name}: fetch all of it to run this test.")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return Release(name, folder)
