"""Where the web folder is, and its files as they are served: read once, under an address that names their version."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path, PurePath

import msgspec

from moothall.adapters.store.files import shipped
from moothall.core.kernel.errors import ConfigurationError

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
}
"""What is served, by suffix; nothing else in the folder is."""

_COMMENT = re.compile(rb"^[ \t]*(?://[^\n]*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)$", re.MULTILINE)
"""A comment that has its lines to itself. No script has a text over several lines, which could hold one."""


def find_web_folder() -> Path:
    """The checkout's `web` folder, or the one inside the installed package.

    Raises ConfigurationError when neither is there.
    """
    pages = shipped("web/pages")
    if pages is not None:
        return pages.parent
    msg = "The web folder is missing: neither the checkout nor the installed package has web/pages. Install it again."
    raise ConfigurationError(msg)


class StaticFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it goes out."""

    type: str
    body: bytes
    packed: bytes
    """The body, gzip."""


def _without_comments(script: bytes) -> bytes:
    """The script without comments on lines of their own: a fifth less to load. Its lines keep their numbers."""
    return _COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), script)


@lru_cache(maxsize=512)
def _served(name: str, content: bytes) -> StaticFile:
    """A file made ready. Kept, as catalogues are: one process may run a hub beside a server, and tests run hundreds."""
    script = name.endswith(".js") and not name.startswith("vendor/")
    body = _without_comments(content) if script else content
    return StaticFile(type=TYPES[PurePath(name).suffix], body=body, packed=gzip.compress(body, 9, mtime=0))


class StaticFiles:
    """The style sheets, scripts and images under `web`, all in memory."""

    def __init__(self, folder: Path) -> None:
        """Read them; raises ConfigurationError when they can't be read."""
        self._files: dict[str, StaticFile] = {}
        digest = sha256()
        try:
            for path in sorted(folder.rglob("*")):
                if path.suffix not in TYPES or not path.is_file():
                    continue
                name = path.relative_to(folder).as_posix()
                file = _served(name, path.read_bytes())
                digest.update(f"{name}\0{len(file.body)}\0".encode() + file.body)
                self._files[name] = file
        except OSError as error:
            raise ConfigurationError(f"The web folder can't be read: {error}.") from error
        self.version = digest.hexdigest()[:12]

    @property
    def names(self) -> tuple[str, ...]:
        """Paths of all files, relative to the web folder."""
        return tuple(self._files)

    def get(self, name: str) -> StaticFile | None:
        """The file at `name`, None when there is none. Names are looked up, never opened."""
        return self._files.get(name)

    def address(self, name: str) -> str:
        """The path of the URL of `name`. Raises KeyError when there is no such file."""
        self._files[name]
        return f"/static/{self.version}/{name}"
