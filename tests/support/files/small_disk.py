"""A disk that is small enough to be filled."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


class SmallDisk:
    """A small disk, mounted at a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, left: int = 0) -> None:
        """Leave `left` bytes of it free."""
        with self._ballast.open("ab", buffering=0) as ballast, suppress(OSError):
            while (room := self.free() - left) > 0:
                ballast.write(bytes(min(room, 65_536)))

    def free(self) -> int:
        """How much room there is."""
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize

    def resize(self, size: int) -> None:
        """Make it larger."""
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)

    def make_room(self) -> None:
        """Take away what filled it."""
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[SmallDisk]:
    """A disk of so many bytes at a new folder, inside the context. Skips the test where that can't be made."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
