"""Writes config/moothall.toml and docs/reference/settings.md from the docstrings in `moothall.settings`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from field_docs import ROOT, classes, one_line, publish
from moothall.settings import loading as settings

SOURCE = ROOT / "server/moothall/settings/sections.py"
FILE = ROOT / "config/moothall.toml"
PAGE = ROOT / "docs/reference/settings.md"

FILE_HEAD = """\
# Moothall's settings, each with its default: take away a '#' to change one.
# An environment variable goes over the file: MOOTHALL_SERVER__PORT=9000, lists with commas.
# Written by `make fix` from server/moothall/settings/sections.py.
"""

PAGE_HEAD = """\
# Settings

Generated from `server/moothall/settings/sections.py` by `make fix`; change the docstrings there.

`moothall serve --config FILE` reads a TOML file such as [config/moothall.toml](../../config/moothall.toml), in which
every setting stands with its default. An environment variable goes over the file: `MOOTHALL_SERVER__PORT=9000` is
`port` of `[server]`; lists are written with commas. What neither names is the default. A section or setting that
doesn't exist, or a value that isn't allowed, stops the program with a sentence that names it.

Secrets are in no setting: a setting names the file that holds them.

Settings with ⟳ count at once after `moothall reload` (or SIGHUP), and the files that they name are read again, changed
or not; the others take a restart. Where something is wrong with the new ones all stays as it was.
"""

MARK = " ⟳"


class Entry(NamedTuple):
    """A setting, as the file and the page describe it."""

    key: str
    default: str
    """The default, as TOML."""
    allowed: str
    doc: str
    reloaded: bool
    """Whether `moothall reload` applies a change, without a restart."""


def sections() -> Iterator[tuple[str, str, list[Entry]]]:
    """Yield name, docstring and settings of each section."""
    known = classes(SOURCE)
    for section, kind in settings.sections().items():
        entries = [
            Entry(
                field.name,
                _toml(getattr(kind(), field.name)),
                settings.allowed(section, field.name),
                field.doc,
                (section, field.name) in settings.RELOADED,
            )
            for field in known[kind.__name__].fields
        ]
        yield section, known[kind.__name__].doc, entries


def render_file() -> str:
    """The text of config/moothall.toml."""
    parts = [FILE_HEAD]
    for section, doc, entries in sections():
        parts.append(f"\n[{section}]\n{_comment(doc)}")
        parts += [
            f"\n{_comment(entry.doc)}{_comment(f'Allowed: {entry.allowed}.')}#{entry.key} = {entry.default}\n"
            for entry in entries
        ]
    return "".join(parts)


def render_page() -> str:
    """The text of docs/reference/settings.md."""
    parts = [PAGE_HEAD]
    for section, doc, entries in sections():
        rows = "".join(
            f"| `{entry.key}`{MARK if entry.reloaded else ''} | `{entry.default}` | {one_line(entry.allowed)} | "
            f"{one_line(entry.doc)} |\n"
            for entry in entries
        )
        parts.append(
            f"\n## [{section}]\n\n{doc}\n\n| setting | default | allowed | what it does |\n|---|---|---|---|\n{rows}"
        )
    return "".join(parts)


def _toml(value: object) -> str:
    match value:
        case tuple():
            return "[" + ", ".join(_toml(part) for part in value) + "]"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
    return str(value)


def _comment(text: str) -> str:
    return "".join(f"# {line}\n" for line in textwrap.wrap(" ".join(text.split()), 100, break_on_hyphens=False))


if __name__ == "__main__":
    publish(FILE, render_file())
    publish(PAGE, render_page())
