"""Reads a copy of a public tree: its static files at an address, or in a folder (c2sp.org/tlog-tiles)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from moothall.adapters.http.bodies import up_to
from moothall.adapters.store.files import explained
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.proof.notes import MOST_NOTE_BYTES
from moothall.core.proof.tiles import TILE_BYTES, WIDTH, TileName

PATIENCE_S = 20.0


class TreeCopy:
    """A copy. Every method raises ConfigurationError where the copy can't be read."""

    def __init__(self, source: str, session: aiohttp.ClientSession | None) -> None:
        """`session` is None for a folder."""
        self._source = source.rstrip("/")
        self._session = session

    async def checkpoint(self) -> bytes:
        """Its newest checkpoint."""
        found = await self._file("checkpoint", MOST_NOTE_BYTES)
        if found is None:
            raise ConfigurationError(f"{self._source} has no checkpoint: it is no copy of a public tree.")
        return found

    async def tile(self, name: TileName) -> bytes:
        """The hashes of a tile; those of the full one, where the partial one isn't there any more."""
        for each in (name, TileName(name.level, name.n, WIDTH)):
            found = await self._file(f"tile/{each.path}", TILE_BYTES)
            if found is not None:
                return found
        raise ConfigurationError(f"{self._source} lacks the tile {name.path}.")

    async def _file(self, path: str, most: int) -> bytes | None:
        if self._session is None:
            return await asyncio.to_thread(self._of_folder, path, most)
        try:
            async with self._session.get(f"{self._source}/{path}") as answer:
                return await up_to(answer.content, most) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ConfigurationError(f"{self._source} can't be reached: {type(error).__name__}.") from error

    def _of_folder(self, path: str, most: int) -> bytes | None:
        file = Path(self._source) / path
        with explained(f"{file} can't be read"):
            if not file.is_file():
                return None
            with file.open("rb") as opened:
                return opened.read(most)


@asynccontextmanager
async def tree_copy(source: str) -> AsyncIterator[TreeCopy]:
    """A copy at an `http` address or in a folder, while inside the context."""
    if not source.startswith(("http://", "https://")):
        yield TreeCopy(source, None)
        return
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield TreeCopy(source, session)
