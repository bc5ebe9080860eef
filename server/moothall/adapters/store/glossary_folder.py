"""The folder of glossary files: read at the start, and again whenever a file has changed."""

from __future__ import annotations

import logging
from pathlib import Path

from moothall.adapters.store.files import explained, read_text
from moothall.core.glossary.files import MOST_BYTES, GlossaryPart, read_glossary
from moothall.core.kernel.errors import ConfigurationError

logger = logging.getLogger(__name__)

MOST_FILES = 100

_Stamp = tuple[tuple[str, int, int], ...]
"""Name, time of the last change (ns) and size (bytes) of each file."""


class GlossaryFolder:
    """The folder of glossary files. Every method blocks, since it reads the disk."""

    def __init__(self, folder: Path | None) -> None:
        """`folder` holds the files, `*.toml`; None when there is no folder."""
        self._folder = folder
        self._stamp: _Stamp | None = None
        self._parts: tuple[GlossaryPart, ...] = ()

    def read(self) -> tuple[GlossaryPart, ...]:
        """Return the parts of all files, in order of the files' names. Raises ConfigurationError with a sentence."""
        if self._folder is None:
            return ()
        stamp = self._look(self._folder)
        if stamp != self._stamp:
            self._stamp = stamp  # A file that can't be read is not read again until it has changed.
            paths = [self._folder / name for name, _, _ in stamp]
            self._parts = tuple(part for path in paths for part in read_glossary(read_text(path), str(path)))
        return self._parts

    def read_again(self) -> tuple[GlossaryPart, ...]:
        """Read the files again while a server runs. An unreadable file keeps its last content, and is logged."""
        try:
            return self.read()
        except ConfigurationError as error:
            # The sentence may quote a term, which must not be logged.
            where = str(error).partition(":")[0]
            logger.warning("a glossary file can't be read; the earlier terms stay in use: %s", where[:200])
            return self._parts

    def _look(self, folder: Path) -> _Stamp:
        with explained(f"{folder} can't be read", "`glossaries` of [conference] names a folder of TOML files."):
            found = sorted(path for path in folder.iterdir() if path.suffix == ".toml" and path.is_file())
            known = [(path.name, path.stat()) for path in found]
        large = next((name for name, status in known if status.st_size > MOST_BYTES), None)
        if large is not None or len(known) > MOST_FILES:
            msg = f"{folder} has {len(known)} glossary files; at most {MOST_FILES} are taken, of 1 MB each."
            raise ConfigurationError(msg)
        return tuple((name, status.st_mtime_ns, status.st_size) for name, status in known)
