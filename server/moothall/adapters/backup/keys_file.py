"""The keys file: all secrets of a server, stored apart from its backup and readable by its owner only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from moothall.adapters.backup.folder import write_file
from moothall.adapters.store.files import explained
from moothall.adapters.store.signing import FILE_NAME as SIGNING_KEY
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.ports import BookEntry

FORMAT = 1
_Row = tuple[str, str, bytes]


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the file, as JSON; bytes are in base64."""

    format: int = FORMAT
    files: dict[str, bytes]
    """Files by name: `signing.key` of the data folder, and the secret files that the settings name."""
    entries: tuple[_Row, ...]
    """Secret entries of the book: namespace, key and body."""

    def book(self) -> Sequence[BookEntry]:
        """The entries as the book's own type."""
        return [BookEntry(*row) for row in self.entries]


def write_keys(path: Path, files: Mapping[str, bytes], entries: Sequence[BookEntry]) -> None:
    """Write the keys into the file at `path`.

    Raises ConfigurationError when the file holds something else or another server's keys, which may be the only copy.
    """
    if path.exists():
        known = read_keys(path).files.get(SIGNING_KEY)
        if known is not None and known != files.get(SIGNING_KEY):
            raise ConfigurationError(f"{path} holds another signing key. Name another file with --keys.")
    rows = tuple((each.namespace, each.key, each.body) for each in entries if each.body is not None)
    write_file(path, msgspec.json.encode(Keys(files=dict(files), entries=rows)) + b"\n")


def read_keys(path: Path) -> Keys:
    """Read the keys from a file. Raises ConfigurationError when it can't be read or isn't a keys file."""
    with explained(f"The keys {path} can't be read"):
        data = path.read_bytes()
    try:
        found = read_json(data, Keys)
    except Unreadable as error:
        raise ConfigurationError(f"{path} holds no keys of a backup.") from error
    if found.format > FORMAT:
        raise ConfigurationError(f"The keys {path} were written by a newer release. Use that release.")
    return found
