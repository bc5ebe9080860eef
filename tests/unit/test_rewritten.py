"""Test modules are compiled by all workers together: `support.files.rewritten`."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.assertion.rewrite import PYC_TAIL, assertstate_key, get_cache_dir

from support.files.rewritten import rewrite_part, stale


class Config:
    """As much of pytest's as is looked at."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self.args = [str(folder)]
        self.stash = {assertstate_key: config.stash[assertstate_key]}
        self.getini = config.getini


def test_each_worker_compiles_its_part_and_what_is_compiled_is_left_alone(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    modules = [tmp_path / f"test_{name}.py" for name in "abc"]
    for module in modules:
        module.write_text("def test_it():\n    assert 1 == 2\n", encoding="utf-8")
    config = Config(pytestconfig, tmp_path)
    assert stale([tmp_path]) == modules
    rewrite_part(config, 0, 2)  # type: ignore[arg-type]
    assert stale([tmp_path]) == [modules[1]]
    made = get_cache_dir(modules[0]) / f"test_a{PYC_TAIL}"
    before = made.stat().st_mtime_ns
    assert b"@pytest_ar" in made.read_bytes(), "it tells what an assertion saw"
    rewrite_part(config, 0, 1)  # type: ignore[arg-type]
    assert stale([tmp_path]) == []
    assert made.stat().st_mtime_ns == before
