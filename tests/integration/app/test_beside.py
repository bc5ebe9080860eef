"""What stands beside the index follows the settings, and leaves nothing where they want none."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace

from moothall.adapters.search.export_file import FILE_NAME
from moothall.adapters.search.opensearch import OpenSearch
from moothall.app.record.beside import keep_export, keep_meaning, leave_export
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.settings.sections import SearchSection, Server, Settings
from support.search import installed
from support.search.hall import Hall, opened

S = SessionId("plenary")


def settings(folder: Path, **search: object) -> Settings:
    return Settings(server=Server(data=str(folder)), search=replace(SearchSection(), **search))


async def test_meaning_follows_where_the_extra_is_and_leaves_nothing_where_it_is_not_wanted(tmp_path: Path) -> None:
    vectors = tmp_path / "search" / "public-vectors.sqlite3"
    async with opened(tmp_path) as hall:
        async with AsyncExitStack() as stack:
            assert await keep_meaning(stack, settings(tmp_path), hall.indexing, hall.clock) is None
        with installed():
            async with AsyncExitStack() as stack:
                meaning = await keep_meaning(stack, settings(tmp_path), hall.indexing, hall.clock)
                assert meaning is not None
                assert hall.indexing.beside == [meaning]
                await meaning.erase(S, [1])
                assert vectors.exists()
            assert hall.indexing.beside == []
            assert await keep_meaning(stack, settings(tmp_path, meaning=False), hall.indexing, hall.clock) is None
        assert not vectors.exists()


async def test_an_opensearch_is_followed_while_it_is_named_and_forgotten_by_a_node_that_stands_by(
    tmp_path: Path,
) -> None:
    address = "http://127.0.0.1:9/moothall"
    key, sent = tmp_path / "key", tmp_path / "search" / FILE_NAME

    async def has_followed(hall: Hall, wanted: Settings) -> bool:
        async with AsyncExitStack() as stack:
            await keep_export(stack, wanted, hall.indexing, hall.clock)
            for each in hall.indexing.beside:
                assert isinstance(each, OpenSearch)
                await each.erase(S, [1])
            return bool(hall.indexing.beside)

    async with opened(tmp_path) as hall:
        wanted = settings(tmp_path, opensearch=address, opensearch_key_file=str(key))
        with pytest.raises(ConfigurationError, match="user:password"):
            await has_followed(hall, wanted)
        key.write_text("hall:secret\n")
        assert await has_followed(hall, wanted)
        assert sent.exists()
        await leave_export(wanted)
        assert not sent.exists()
        assert await has_followed(hall, wanted)
        assert not await has_followed(hall, settings(tmp_path))
        assert not sent.exists()
        sent.parent.rename(tmp_path / "elsewhere")
        sent.parent.write_text("a file in place of the folder")
        assert not await has_followed(hall, settings(tmp_path))  # A server begins all the same.
        sent.parent.unlink()
        (tmp_path / "elsewhere").rename(sent.parent)
