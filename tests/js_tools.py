"""Programs in JavaScript that only tests run (tests/tools); `make test` installs them beside this Python."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "tools"
MODULES = Path(sys.prefix) / "js" / "node_modules"


def node() -> str:
    """The program that runs them; skips the test where there is none."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not installed: this test needs the packages 'nodejs' and 'npm', and then `make test`.")
    return found


def module(name: str) -> Path:
    """A package, or a file of one; skips the test where it isn't installed."""
    path = MODULES / name
    if not path.exists():
        pytest.skip(f"{name} is not installed: `make test` does it, where there is npm.")
    return path
