"""What is in an answer, archives in archives unpacked."""

from __future__ import annotations

import io
import zipfile


def unpacked(body: bytes) -> bytes:
    """The bytes of an answer; of a ZIP file those of all files in it, with their names."""
    if not body.startswith(b"PK\x03\x04"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return b"\0".join(part for name in archive.namelist() for part in (name.encode(), unpacked(archive.read(name))))
