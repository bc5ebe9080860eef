"""A release's own program, taken out of git, and this one: run by the same Python, with the same libraries."""

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
"""Of each release, the commit that it was cut at. The next release adds its own."""
UNKNOWN_SETTINGS = {"0.1.0": ("MOOTHALL_METRICS__HOST",)}
"""Variables of the tests' that would stop a release, since they came later."""
PARTS = ("server", "hubs", "models")
"""Folders with the packages."""


class Release(NamedTuple):
    """A tree with the program of a release."""

    name: str
    tree: Path

    @property
    def environment(self) -> dict[str, str]:
        """For a process that is to run this program, whatever is installed."""
        return {"PYTHONPATH": os.pathsep.join(str(self.tree / part) for part in PARTS)}

    @property
    def unknown_settings(self) -> tuple[str, ...]:
        """Variables that a server of this release must not be given."""
        return UNKNOWN_SETTINGS.get(self.name, ())


WORK = Release("the release in work", HERE)


def unpacked(name: str, folder: Path) -> Release:
    """A release's program below a folder. Skips the test where this isn't a clone of git that has its commit."""
    command = ["git", "-C", str(HERE), "archive", "--format=tar", COMMITS[name]]
    try:
        made = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"This folder isn't a clone that has the commit of {name}: fetch all of it to run this test.")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return Release(name, folder)
