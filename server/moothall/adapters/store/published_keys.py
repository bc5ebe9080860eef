"""The public keys of a server as somebody saved them, or as the server publishes them: `/.well-known/moothall.json`."""

from __future__ import annotations

import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from moothall.core.kernel.decoding import read_json
from moothall.core.kernel.errors import ConfigurationError

PATH = "/.well-known/moothall.json"
MOST_BYTES = 64 << 10
WITHIN_S = 20.0


def read_keys(source: str) -> dict[str, object]:
    """The document at `source`: a file, or an address, of a server or of its document.

    Raises ConfigurationError when it can't be read or is none.
    """
    parts = urlsplit(source)
    try:
        if parts.scheme in ("http", "https"):
            address = source if parts.path.strip("/") else source.rstrip("/") + PATH
            with urllib.request.urlopen(address, timeout=WITHIN_S) as answer:  # noqa: S310  # http and https alone
                data = answer.read(MOST_BYTES)
        else:
            data = Path(source).read_bytes()
        return read_json(data, dict[str, object])
    except (OSError, HTTPException, ValueError) as error:
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or "it is no JSON object"
        msg = f"The public keys can't be read from {source}: {why}."
        raise ConfigurationError(msg) from error
