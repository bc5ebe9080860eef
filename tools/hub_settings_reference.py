"""Writes config/moothall-hub.toml and docs/reference/hub-settings.md from the docstrings of `moothall_hub.settings`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from field_docs import ROOT, classes, one_line, publish
from moothall_hub import settings

SOURCE = ROOT / "hubs/moothall_hub/settings.py"
FILE = ROOT / "config/moothall-hub.toml"
PAGE = ROOT / "docs/reference/hub-settings.md"

FILE_HEAD = """\
# A hub's settings, each with its default: take away a '#' to change one.
# An environment variable goes over the file: MOOTHALL_HUB_PORT=9000.
# Written by `make fix` from hubs/moothall_hub/settings.py.

[hub]
"""

PAGE_HEAD = """\
# Settings of a hub

Generated from `hubs/moothall_hub/settings.py` by `make fix`; change the docstrings there.

`moothall hub --config FILE` reads a TOML file such as [config/moothall-hub.toml](../../config/moothall-hub.toml), in
which every setting stands with its default, all in one section `[hub]`. An environment variable goes over the file:
`MOOTHALL_HUB_PORT=9000` is `port`. What neither names is the default. A setting that doesn't exist, or a value that
isn't allowed, stops the program with a sentence that names it.

To which centre a hub belongs is no setting: six words connect it ([How to run a hub](../how-to/hub-service.md)), and
what came of them stands in the data folder.

| setting | default | allowed | what it does |
|---|---|---|---|
"""


class Entry(NamedTuple):
    """A setting, as a file and the page describe it."""

    key: str
    default: str
    """The default, as TOML."""
    allowed: str
    doc: str


def entries() -> Iterator[Entry]:
    """Yield all settings, in the source's order."""
    defaults = settings.HubSettings()
    for field in classes(SOURCE)["HubSettings"].fields:
        value = getattr(defaults, field.name)
        yield Entry(
            field.name, f'"{value}"' if isinstance(value, str) else str(value), settings.allowed(field.name), field.doc
        )


def render_file() -> str:
    """The text of config/moothall-hub.toml."""
    parts = [
        f"\n{_comment(entry.doc)}{_comment(f'Allowed: {entry.allowed}.')}#{entry.key} = {entry.default}\n"
        for entry in entries()
    ]
    return FILE_HEAD + "".join(parts)


def render_page() -> str:
    """The text of docs/reference/hub-settings.md."""
    rows = (
        f"| `{entry.key}` | `{entry.default}` | {one_line(entry.allowed)} | {one_line(entry.doc)} |\n"
        for entry in entries()
    )
    return PAGE_HEAD + "".join(rows)


def _comment(text: str) -> str:
    return "".join(f"# {line}\n" for line in textwrap.wrap(" ".join(text.split()), 100, break_on_hyphens=False))


if __name__ == "__main__":
    publish(FILE, render_file())
    publish(PAGE, render_page())
