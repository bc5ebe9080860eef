"""Reads classes, their fields and the docstring under each field from Python source, without importing it."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Field(NamedTuple):
    """A field or an enumeration's member, as the source declares it."""

    name: str
    type: str
    default: str | None
    doc: str


class Class(NamedTuple):
    """A class, as the source declares it."""

    name: str
    bases: tuple[str, ...]
    doc: str
    fields: tuple[Field, ...]
    members: tuple[Field, ...]
    """The members of an enumeration."""


def classes(path: Path) -> dict[str, Class]:
    """Return the classes of a module by name, in the source's order."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: _class(node) for node in module.body if isinstance(node, ast.ClassDef)}


def module_doc(path: Path) -> str:
    """Return a module's docstring; empty when it has none."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def one_line(text: str) -> str:
    """Return a docstring as one line with `|` escaped, for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def publish(path: Path, text: str) -> None:
    """Write a generated page if its text has changed, and print its path then."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


def _class(node: ast.ClassDef) -> Class:
    fields, members = [], []
    for statement, after in zip(node.body, [*node.body[1:], None], strict=True):
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)) if "ClassVar" not in ast.unparse(statement.annotation):
                default = None if statement.value is None else ast.unparse(statement.value)
                fields.append(Field(name, ast.unparse(statement.annotation), default, _doc(after)))
            case ast.Assign(targets=[ast.Name(id=name)]):
                members.append(Field(name, "", ast.unparse(statement.value), _doc(after)))
    bases = tuple(ast.unparse(base) for base in node.bases)
    return Class(node.name, bases, ast.get_docstring(node) or "", tuple(fields), tuple(members))


def _doc(statement: ast.stmt | None) -> str:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return textwrap.dedent(text).strip()
    return ""
