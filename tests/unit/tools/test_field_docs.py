from __future__ import annotations

from pathlib import Path

import pytest

import field_docs

SOURCE = '''"""About the module."""


class Colour(StrEnum):
    """What it looks like."""

    RED = "red"
    """Like a rose."""
    BLUE = "blue"


class Thing(Base, frozen=True):
    """A thing.

    With more to say.
    """

    KIND: ClassVar[int] = 1
    """Not a field."""

    name: str
    """What it is
    called."""
    size: int = 3

    def grow(self) -> None:
        """Not a field either."""
'''


def test_classes_fields_and_members_are_read_with_their_docstrings(tmp_path: Path) -> None:
    path = tmp_path / "thing.py"
    path.write_text(SOURCE, encoding="utf-8")
    field = field_docs.Field
    assert field_docs.module_doc(path) == "About the module."
    assert field_docs.classes(path) == {
        "Colour": field_docs.Class(
            "Colour",
            ("StrEnum",),
            "What it looks like.",
            (),
            (field("RED", "", "'red'", "Like a rose."), field("BLUE", "", "'blue'", "")),
        ),
        "Thing": field_docs.Class(
            "Thing",
            ("Base",),
            "A thing.\n\nWith more to say.",
            (field("name", "str", None, "What it is\n    called."), field("size", "int", "3", "")),
            (),
        ),
    }


def test_a_docstring_fits_a_cell_of_a_table() -> None:
    assert field_docs.one_line("What | it\n    is.") == "What \\| it is."


def test_a_page_is_written_only_when_it_changes(capsys: pytest.CaptureFixture[str]) -> None:
    page = field_docs.ROOT / "CHANGELOG.md"
    before = page.stat().st_mtime_ns
    field_docs.publish(page, page.read_text(encoding="utf-8"))
    assert page.stat().st_mtime_ns == before
    assert capsys.readouterr().out == ""
