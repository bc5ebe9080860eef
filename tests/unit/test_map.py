"""The drawing of the packages in the documentation equals the contracts that the code is checked against."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/why/architecture.md"
CONTAINERS = {
    "adapters/": "moothall.adapters",
    "services/": "moothall.services",
    "core/": "moothall.core",
    "moothall_hub/": "moothall_hub",
    "moothall_models/": "moothall_models",
}
"""The rows of the drawing that name packages of Python, and whose contract has them."""


def rows() -> dict[str, list[str]]:
    """What each row of the drawing names, in its order; a row may go on in lines that are indented."""
    drawing = PAGE.read_text(encoding="utf-8").split("\n## The map\n")[1].split("```")[1]
    found: dict[str, list[str]] = {}
    row = ""
    for line in drawing.splitlines():
        begun = re.match(r" ([\w/]+/) +", line)
        row = begun[1] if begun else row
        found.setdefault(row, []).extend(line.removeprefix(begun[0] if begun else "").replace("─", "").split())
    return found


def contracts() -> list[dict[str, object]]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, object]] = pyproject["tool"]["importlinter"]["contracts"]
    return found


def layers(contract: dict[str, object]) -> list[str]:
    """The names in a contract of layers, top first; those of one layer in their order."""
    lines = contract["layers"]
    assert isinstance(lines, list)
    return [name.rpartition(".")[2] for line in lines for name in re.split(r" [:|] ", line)]


@pytest.mark.parametrize("row", CONTAINERS)
def test_a_row_of_the_drawing_is_the_contract_of_its_packages(row: str) -> None:
    [contract] = [each for each in contracts() if each.get("containers") == [CONTAINERS[row]]]
    assert contract["exhaustive"] is True
    assert "ignore_imports" not in contract
    assert rows()[row] == layers(contract)


def test_the_rows_are_in_the_order_in_which_the_layers_import() -> None:
    [contract] = [each for each in contracts() if each["name"] == "imports go one way"]
    drawn = [row.rstrip("/") for row in rows() if row]
    server = drawn[: drawn.index("core") + 1]
    assert server == [name for name in layers(contract) if name != "record"]  # it stands beside wire, in its row
    assert "record/" in rows()["wire/"]


def test_the_row_of_the_scripts_names_their_folders() -> None:
    folders = {path.parent.relative_to(ROOT / "web/js").as_posix() for path in (ROOT / "web/js").rglob("*.js")}
    assert sorted(rows()["web/js/"]) == sorted(folders)


def test_sheets_and_templates_are_in_folders_named_as_those_of_the_scripts() -> None:
    named = {*rows()["web/js/"], "agenda", "attendance"}  # which need no script
    for kind, ending in (("css", "css"), ("pages", "html")):
        top = ROOT / "web" / kind
        assert {path.parent.relative_to(top).as_posix() for path in top.rglob(f"*.{ending}")} <= named


def test_the_table_of_words_names_what_exists() -> None:
    table = PAGE.read_text(encoding="utf-8").split("\n### One feature, several words\n\n")[1].split("\n\n")[0]
    heads, _, *features = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]
    assert heads == ["feature", "services", "adapters", "core", "wire", "web"]
    tops = [ROOT / "server/moothall" / layer for layer in heads[1:5]] + [ROOT / "web/js"]
    named = [
        (top, name)
        for row in features
        for top, cell in zip(tops, row[1:], strict=True)
        for name in re.findall(r"`([^`]+)`", cell)
    ]
    assert len(named) > len(features)
    assert [name for top, name in named if not (top / name).exists()] == []
