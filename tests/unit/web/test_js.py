"""The tests of pure scripts in tests/js, by Node's own runner."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from support.browser.node import node

TESTS = Path(__file__).parents[2] / "js"
FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.test.js"))


@pytest.mark.parametrize("file", FILES)
def test_scripts_do_what_their_tests_say(file: str) -> None:
    done = subprocess.run(
        [node(), "--test-reporter=spec", file],  # `--test` would start another process for it
        cwd=TESTS,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\btests [1-9]", done.stdout), "none was found"
