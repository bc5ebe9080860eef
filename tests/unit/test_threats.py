"""docs/why/threats.md: each row names a module and a test, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.named_tests import assert_named_tests

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "why" / "threats.md"
ROOTS = {"moothall_hub": "hubs", "moothall_models": "models", "requirements": "", "tools": "", "pyproject.toml": ""}
"""Where a path is that doesn't lie below `server/moothall`."""
ROW = re.compile(r"^\| ([STRIDE]) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
PARTS = (
    "Doors for readers", "Forms and questions", "Desks and staff", "Sign-in", "The box, walls and subtitles elsewhere",
    "What is told to operators", "The audio door", "Links of engines and translators",
    "The hub link, both ways, and hub pages", "The link between nodes", "Log, book and keys on the disk", "Backups",
    "Command line and settings", "Supply chain",
)  # fmt: skip


def rows() -> list[tuple[str, str, str, str, str]]:
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[1][:40])
def test_its_module_and_its_test_are_there(row: tuple[str, str, str, str, str]) -> None:
    _, _, _, where, test = row
    modules = re.findall(r"`([^`]+)`", where)
    for module in modules:
        root = ROOTS.get(module.partition("/")[0], "server/moothall")
        assert (ROOT / root / module).is_file(), module
    tests = assert_named_tests(test)
    assert modules
    assert tests


def test_every_row_is_one_and_every_part_and_kind_has_some() -> None:
    text = PAGE.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| |")]
    assert len(lines) == len(rows()) > 60
    assert {row[0] for row in rows()} == set("STRIDE")
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == (*PARTS, "How parsers are tried")
    for part in PARTS:
        section = text.partition(f"## {part}\n")[2].partition("\n## ")[0]
        assert ROW.search(section), part
