"""Describes a model in a folder of one's own: the entry for a `manifest.toml`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.manifest import FORMAT, Manifest, parse
from moothall_models.recognizers.transducers.kinds import kind_of

PIECE = 1 << 20


def describe(folder: Path, name: str, languages: Sequence[str], licence: str) -> str:
    """The entry of the model in `folder`, by the files in it.

    Raises ConfigurationError when the folder holds no model that can be run, or the entry would be wrong; OSError when
    a file can't be read.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        raise ConfigurationError(f"There is no folder {folder}. Name the one that holds the model's files.")
    kind = kind_of(folder)
    if kind is None:
        msg = (
            f"In {folder} is no model that can be run here (docs/how-to/streaming-models.md says which files it needs)."
        )
        raise ConfigurationError(msg)
    # Files whose names begin with a dot are those of tools, and a model has none.
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path.relative_to(folder)))
    rows = [
        f"  {{ name = {_quoted(path.relative_to(folder).as_posix())}, size = {path.stat().st_size}, "
        f'sha256 = "{_hash(path)}" }},'
        for path in paths
    ]
    entry = "\n".join(
        [
            "[[model]]",
            f"name = {_quoted(name)}",
            'task = "recognise"',
            f"about = {_quoted(f'your own: {kind.value}')}",
            f"languages = [{', '.join(map(_quoted, languages))}]",
            f"licence = {_quoted(licence)}",
            "files = [",
            *rows,
            "]",
            f'sources = [{{ kind = "folder", path = {_quoted(str(folder))} }}]',
            "",
        ]
    )
    read_entry(entry)
    return entry


def read_entry(entry: str) -> Manifest:
    """The manifest of an entry alone. Raises ConfigurationError where it is wrong."""
    return parse(f"format = {FORMAT}\n{entry}", "The entry")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are its own, too."""
    return json.dumps(text, ensure_ascii=False)
