"""Notices that models come into folders of the store, or go, while a process uses them.

It is a module of its own because it concerns Firefox's models and Argos's packages alike, and nothing of what is in
them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

EVERY_S = 0.5
"""Seconds between two looks. A change is reported once the next look finds the same: a command may bring several
models."""

_Seen = tuple[tuple[Path, int], ...]


async def until_changed(folders: Sequence[Path], every_s: float = EVERY_S) -> None:
    """Wait until one of the folders, which may not exist yet, has another model than at first, or one less."""
    first = await asyncio.to_thread(_seen, folders)
    before, now = first, first
    while now == first or now != before:
        await asyncio.sleep(every_s)
        before, now = now, await asyncio.to_thread(_seen, folders)


def _seen(folders: Sequence[Path]) -> _Seen:
    """The folders of the models, each with the time at which it was made: models are renamed to their places."""
    found: list[tuple[Path, int]] = []
    for folder in folders:
        try:
            paths = [path for path in folder.iterdir() if not path.name.startswith(".")]
            found += [(path, path.stat().st_mtime_ns) for path in paths]
        except OSError:  # It doesn't exist, or changes at the moment.
            continue
    return tuple(sorted(found))
