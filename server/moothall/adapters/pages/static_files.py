"""Finds the web folder and reads the files that are served from it: once, under an address with their version."""

from __future__ import annotations

import gzip
import os
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path, PurePath

import msgspec

from moothall.adapters.pages.joining import FORM, LATE, Scripts
from moothall.adapters.store.files import shipped
from moothall.core.kernel.errors import ConfigurationError

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml; charset=utf-8",
}
"""Content types by suffix; files with any other suffix are not served."""

JOINED_BY = "+"
MOST_IN_ONE = 12
"""The most names in one address: no page has more scripts or style sheets."""
MOST_JOINED = 64
"""The most joined files in the cache, some 100 KB each; the least recently used is dropped. The pages have about 40."""

_SHEET_COMMENT = re.compile(rb"/\*(?:[^*]|\*(?!/))*\*/\n?|^[ ]+|^\n| (?=\{)|(?<=[:,]) (?!\")", re.MULTILINE)
"""Matches what is removed from a style sheet: comments, empty lines, and the spaces at the beginning of a line, before
braces and behind colons and commas, unless a quotation mark follows, as in `content: ": "`. No sheet has another such
space in a string.
"""
_COMMENT = re.compile(rb"^[ \t]*(?://[^\n]*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)$|^[ \t]+|[ \t]+// [^\n'\"`]*$", re.MULTILINE)
"""Matches what is removed from a script: a comment that has its lines to itself, the spaces at the beginning of a line,
and a comment behind code, unless it has a quotation mark, as the end of a string has. No script has a string over
several lines, which could contain one of these.
"""


def find_web_folder() -> Path:
    """Return the checkout's `web` folder, or the one in the installed package.

    Raises ConfigurationError when neither exists.
    """
    pages = shipped("web/pages")
    if pages is not None:
        return pages.parent
    msg = "The web folder is missing: neither the checkout nor the installed package has web/pages. Install it again."
    raise ConfigurationError(msg)


class StaticFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is sent."""

    type: str
    body: bytes
    packed: bytes
    """The body in gzip."""


def _without_comments(script: bytes) -> bytes:
    """Blank out comments, and spaces before code: a fourth less to load. Line numbers stay the same."""
    return _COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), script)


@lru_cache(maxsize=512)
def _served(name: str, content: bytes) -> StaticFile:
    """Prepare a file to be sent. Cached, as catalogues are: a process may run a hub beside a server, and tests run
    hundreds.
    """
    body = _without_comments(content) if _is_script(name) else content
    return _file(name, body)


def _file(name: str, body: bytes) -> StaticFile:
    return StaticFile(type=TYPES[PurePath(name).suffix], body=body, packed=gzip.compress(body, 9, mtime=0))


def _is_script(name: str) -> bool:
    return name.endswith(".js") and not name.startswith("vendor/")


@lru_cache(maxsize=4)
def _scripts(version: str, files: tuple[tuple[str, bytes], ...]) -> Scripts:
    return Scripts({name: body.decode() for name, body in files}, lambda name: _address(version, name))


@lru_cache(maxsize=MOST_JOINED)
def _joined(scripts: Scripts, names: tuple[str, ...], *, late: bool) -> StaticFile:
    return _file(names[0], (scripts.late(names[0]) if late else scripts.joined(*names)).encode())


@lru_cache(maxsize=MOST_JOINED)
def _sheets(bodies: tuple[bytes, ...]) -> StaticFile:
    return _file("all.css", _SHEET_COMMENT.sub(b"", b"\n".join(bodies)))


def _address(version: str, name: str) -> str:
    return f"/static/{version}/{name}"


def _written(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """The names of all files to be served, each with its time of change in ns and its size in bytes, in order
    of names.
    """
    found, top = [], os.path.join(folder, "")
    for directory, _, names in os.walk(folder):
        for name in names:
            if os.path.splitext(name)[1] in TYPES:
                path = os.path.join(directory, name)
                stat = os.stat(path)
                found.append((path.removeprefix(top).replace(os.sep, "/"), stat.st_mtime_ns, stat.st_size))
    return tuple(sorted(found))


@lru_cache(maxsize=4)
def _read(folder: Path, written: tuple[tuple[str, int, int], ...]) -> tuple[dict[str, StaticFile], str]:
    """The files by name, and the version of all of them together. Cached until a file is written anew."""
    files: dict[str, StaticFile] = {}
    digest = sha256(FORM)
    for name, _, _ in written:
        files[name] = file = _served(name, (folder / name).read_bytes())
        digest.update(f"{name}\0{len(file.body)}\0".encode() + file.body)
    return files, digest.hexdigest()[:12]


class StaticFiles:
    """The style sheets, scripts and images under `web`, all in memory. The style sheets of a page are joined to one
    file, and so are its scripts.
    """

    def __init__(self, folder: Path) -> None:
        """Read all files. Raises ConfigurationError when they can't be read."""
        try:
            self._files, self.version = _read(folder, _written(folder))
        except OSError as error:
            raise ConfigurationError(f"The web folder can't be read: {error}.") from error
        scripts = tuple((name, file.body) for name, file in self._files.items() if _is_script(name))
        self._scripts = _scripts(self.version, scripts)

    @property
    def names(self) -> tuple[str, ...]:
        """Paths of all files, relative to the web folder."""
        return tuple(self._files)

    def get(self, name: str) -> StaticFile | None:
        """The file with this name, or several style sheets or scripts as one file: their names joined by JOINED_BY.

        None when one of them doesn't exist. Names are looked up in memory, never opened.
        """
        names = tuple(name.removeprefix(LATE).split(JOINED_BY))
        several, late = len(names) > 1, name.startswith(LATE)
        if len(set(names)) < len(names) or len(names) > MOST_IN_ONE or not self._files.keys() >= set(names):
            return None
        if all(map(_is_script, names)) and not (several and late):
            return _joined(self._scripts, names, late=late)
        if late or (several and not all(each.endswith(".css") for each in names)):
            return None
        return _sheets(tuple(self._files[each].body for each in names)) if several else self._files[name]

    def address(self, *names: str) -> str:
        """The path of the URL of one file, or of several style sheets or scripts as one file. Raises KeyError for an
        unknown name.
        """
        name = JOINED_BY.join(names)
        if self.get(name) is None:
            raise KeyError(name)
        return _address(self.version, name)
