"""Measures the free room on the disk of a data folder, and how quickly the disk makes writes durable; finds whose files
are in it.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from contextlib import suppress
from pathlib import Path

from moothall.adapters.system.clock import seconds
from moothall.adapters.system.owners import user
from moothall.services.operation.machine_checks import DiskFacts, OwnerFacts

PAGE, PAGES = b"\0" * 4096, 25
LARGE, LARGE_PIECES = b"\0" * (1 << 20), 8
_NETWORKS = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "ceph", "glusterfs", "afs")


def disk_facts(folder: Path, mounts: Path = Path("/proc/mounts")) -> DiskFacts:
    """Measure the disk below `folder`, or below its nearest existing parent.

    It writes 25 pages, each synced, and 8 MiB to a file without a name, so that no file stays whatever happens.
    """
    there = _existing(folder)
    try:
        free = shutil.disk_usage(there).free
        with tempfile.TemporaryFile(dir=there) as file:
            syncs = [_timed(file.fileno(), PAGE) for _ in range(PAGES)]
            began = seconds()
            for _ in range(LARGE_PIECES):
                os.write(file.fileno(), LARGE)
            _sync(file.fileno())
            took = seconds() - began
    except OSError as error:
        return DiskFacts(folder=str(folder), error=error.strerror or type(error).__name__)
    return DiskFacts(
        folder=str(folder),
        free=free,
        sync_ms=1000 * statistics.median(syncs),
        bytes_s=len(LARGE) * LARGE_PIECES / max(took, 1e-6),
        network=_network(there, mounts),
    )


def owner_facts(folder: Path) -> OwnerFacts:
    """Find what in `folder` belongs to another user than the folder itself. Files that go meanwhile don't count."""
    if not folder.is_dir():
        return OwnerFacts(folder=str(folder))
    owner, strangers = folder.stat().st_uid, []
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                path = os.path.join(place, name)
                if os.lstat(path).st_uid != owner:
                    strangers.append(path)
    return OwnerFacts(folder=str(folder), owner=user(owner), strangers=len(strangers), first=min(strangers, default=""))


def _timed(descriptor: int, page: bytes) -> float:
    began = seconds()
    os.write(descriptor, page)
    _sync(descriptor)
    return seconds() - began


def _sync(descriptor: int) -> None:
    getattr(os, "fdatasync", os.fsync)(descriptor)


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def _network(folder: Path, mounts: Path) -> str:
    """The type of the network file system below the folder; empty when it is a local one or unknown."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return ""
    points = [(Path(line[1].replace("\\040", " ")), line[2]) for line in lines if len(line) > 2]
    under = [(len(point.parts), kind) for point, kind in points if folder.resolve().is_relative_to(point)]
    kind = max(under, default=(0, ""), key=lambda each: each[0])[1]
    return kind if kind.startswith(_NETWORKS) else ""
