"""Compiles test modules before pytest collects them, divided among all workers.

pytest compiles each test module with rewritten assertions, and caches the result. Workers begin at the same time and go
through all modules in the same order, so that in a fresh checkout each of them would compile all: 16 s of CPU each.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

with suppress(ImportError):  # Private functions of pytest: where they have other names, each worker compiles all.
    from _pytest.assertion.rewrite import (
        PYC_TAIL,
        _rewrite_test,
        _write_pyc,
        assertstate_key,
        get_cache_dir,
        try_makedirs,
    )


def stale(places: Sequence[Path]) -> list[Path]:
    """Return the test modules in these folders whose compiled form is missing or older."""
    found: list[Path] = []
    for place in places:
        for module in sorted(place.rglob("test_*.py")):
            kept = get_cache_dir(module) / f"{module.stem}{PYC_TAIL}"
            with suppress(FileNotFoundError):
                if kept.stat().st_mtime_ns > module.stat().st_mtime_ns:
                    continue
            found.append(module)
    return found


def rewrite_part(config: pytest.Config, part: int, parts: int) -> None:
    """Compile one of `parts` parts of the modules that are to be collected and aren't compiled yet."""
    if "_rewrite_test" not in globals():
        return
    for module in stale([path for path in map(Path, config.args) if path.is_dir()])[part::parts]:
        source_hash, code = _rewrite_test(module, config)
        folder = get_cache_dir(module)
        if try_makedirs(folder):
            _write_pyc(config.stash[assertstate_key], code, source_hash, folder / f"{module.stem}{PYC_TAIL}")
