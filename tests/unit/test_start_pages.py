"""The README and the pages of docs/start are right about commands, options, addresses, buttons and files."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from moothall.cli.main import command_parser
from moothall_hub.cli import hub_parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "docs/README.md", *(ROOT / "docs/start").glob("*.md")])
CATALOGUES = ROOT / "web/locales/en/LC_MESSAGES"


def _texts(part: str) -> str:
    return " ".join(part.split())


def _buttons(text: str) -> Iterator[str]:
    """What stands in single asterisks: the words of a button or a state, as the pages show them."""
    yield from (_texts(found) for found in re.findall(r"(?<![*\w])\*([^*\n]+(?:\n[^*\n]+)?)\*(?!\*)", text))


def _commands(text: str) -> Iterator[list[str]]:
    for block in re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield line.split()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_button_of_the_page_is_one_that_readers_find(page: Path) -> None:
    known = {
        _texts("".join(re.findall(r'"(.*)"', found)))
        for file in CATALOGUES.glob("*.po")
        for found in re.findall(r'^msgstr ((?:".*"\n)+)', file.read_text(), re.MULTILINE)
    }
    assert [each for each in _buttons(page.read_text()) if each not in known] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_the_page_can_be_given(page: Path) -> None:
    for words in _commands(page.read_text()):
        if words[:1] == ["make"]:
            done = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr
        elif words[1:2] == ["hub"] and words[0].endswith("moothall"):
            hub_parser().parse_args(words[2:])
        elif words and words[0].endswith("moothall"):
            command_parser().parse_args(words[1:])
            assert [word for word in words if word.startswith("config/") and not (ROOT / word).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_address_of_the_page_is_a_door(page: Path) -> None:
    known = (ROOT / "docs/reference" / name for name in ("doors.md", "hub-doors.md"))
    rows = [row for each in known for row in re.findall(r"`(?:GET|POST) (/[^`?]*)", each.read_text())]
    doors = [re.compile(re.sub(r"\{\w+\}", "[^/]+", row)) for row in rows]
    named = re.findall(r"(?:http://[\w.:]+|`)(/[\w/{}.…-]*)", page.read_text())
    assert [each for each in named if not any(door.fullmatch(each) for door in doors)] == []
