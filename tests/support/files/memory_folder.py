"""Where tests put files that no disk has to keep: synced writes to a disk would be most of their time."""

from __future__ import annotations

from pathlib import Path

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # a file system in memory, as Linux has one
"""The folder in which to make temporary folders; None, and so the usual one, where there is no such file system."""
