"""Similar lines stand apart from those that have the words: on the page, in JSON and on the command line."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from integration.search.test_search import done, meeting, page, search, settings, texts
from moothall.adapters.search.search_door import JsonResults
from moothall.app.hall import RunningServer, hall
from moothall.cli.search.command import print_results
from moothall.core import commands as do
from moothall.core.events.types import Access
from support.search import installed

EN, FR, OTHER = "The digital divide is wide.", "Le fossé numérique est large.", "We protect children online."


@pytest.fixture(autouse=True)
def with_the_extra() -> Iterator[None]:
    with installed():
        yield


async def over(running: RunningServer, session: str, *lines: str, access: Access = Access.PUBLIC) -> None:
    """Hold a meeting to its end, and have its meanings known."""
    await meeting(running, session, *lines, access=access)
    assert not await running.backend.indexing.write_beside()  # It is on.
    await done(running, session, "close", do.CloseSession())
    await running.backend.indexing.catch_up()
    while await running.backend.indexing.write_beside():
        pass


async def test_a_question_in_french_finds_the_answer_in_english_apart_from_what_has_the_words(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await over(running, "one", EN, FR, OTHER)
        await over(running, "hidden", EN, access=Access.STAFF)
        body = await search(running, "fossé numérique")
        assert (texts(body), body["total"]) == ([FR], 1)
        assert [(each["text"], each["marks"]) for each in body["similar"]] == [(EN, [])]
        for more in ({"language": "fr"}, {"page": "2"}, {"year": "1999"}, {"meeting": "hidden"}):
            assert (await search(running, "fossé numérique", **more))["similar"] == []
        assert [each["text"] for each in (await search(running, "fossé", language="en"))["similar"]] == [EN]
        text = await page(running, q="enfants", ui="en")
        exact, similar = text.split('id="Similar"')
        assert "No line was found" in exact
        assert OTHER not in exact
        assert OTHER in similar
        assert "often wrong" in similar
        assert 'id="Similar"' not in await page(running, q="rhubarb")
        out = io.StringIO()
        print_results(msgspec.convert(body, JsonResults), out)
        assert out.getvalue().index(FR) < out.getvalue().index("Similar, without") < out.getvalue().index(EN)
