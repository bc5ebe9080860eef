"""Packs files into one (ZIP): those of an e-book or of a document, which `moothall.record.epub` and `docx` write, and
those of a bundle.

A module of its own, though short: the pure layers know neither `io` nor the clock, and `zipfile` needs both.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

BEGAN = (1980, 1, 1, 0, 0, 0)
"""The time of each file in the archive, the first that ZIP knows, so that equal records give equal files."""


def packed(files: Mapping[str, str], *, stored: str = "") -> bytes:
    """The archive. The file with the name `stored` is not compressed: programs know a book by it, as its first
    bytes.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(entry_of(name, packed=name == stored), text.encode())
    return made.getvalue()


def entry_of(name: str, *, packed: bool) -> zipfile.ZipInfo:
    """The entry of a file in an archive; `packed`: it isn't compressed, since it is already or has to be found."""
    entry = zipfile.ZipInfo(name, BEGAN)
    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
