"""Checks of the tests that documentation names: a file below `tests/`, two colons and the name of the test."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


@cache
def functions(path: Path) -> frozenset[str]:
    """Return the names of all functions in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def assert_named_tests(text: str) -> int:
    """Assert that each test named in a text exists; returns their number."""
    tests = re.findall(r"`([^`]+)::([^`]+)`", text)
    for path, name in tests:
        assert name.startswith("test_")
        assert name in functions(TESTS / path), f"{path}::{name}"
    return len(tests)
