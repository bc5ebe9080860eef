"""An OpenSearch has the lines of public meetings, and nothing that was removed, as soon as it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp.test_utils import TestServer

from moothall.adapters.search.opensearch import APART_MS, OpenSearch
from moothall.core.events import types as ev
from moothall.core.events.base import Event
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SegmentId
from support.search.hall import Hall, opened, text_offsets
from support.search.open_search import INDEX, PASSWORD, USER, OpenSearchServer
from support.sessions.recorder import SESSION, Recorder

LOGIN = f"{USER}:{PASSWORD}"


@asynccontextmanager
async def exporting(hall: Hall, folder: Path, server: TestServer) -> AsyncIterator[OpenSearch]:
    address = str(server.make_url(f"/{INDEX}"))
    export = OpenSearch(folder, address, login=LOGIN, public="https://hall.example.org", clock=hall.clock)
    hall.indexing.beside.append(export)
    yield export
    hall.indexing.beside.remove(export)
    await export.close()


@asynccontextmanager
async def at(folder: Path) -> AsyncIterator[tuple[Hall, OpenSearchServer, TestServer]]:
    search = OpenSearchServer()
    server = TestServer(search.app())
    async with server, opened(folder) as hall:
        yield hall, search, server


async def said(hall: Hall, *lines: str, name: str = "") -> list[SegmentId]:
    segments = [hall.told.line(text, 0, 900, name=name) for text in lines]
    await hall.store()
    await follow(hall)
    return segments


async def follow(hall: Hall) -> None:
    await hall.clock.advance(APART_MS)
    await hall.indexing.catch_up()
    while await hall.indexing.write_beside():
        pass


def begun(hall: Hall) -> list[Event]:
    """What a meeting begins with."""
    events = (decode_event(each.body or b"") for each in hall.told.records)
    return [event for event in events if isinstance(event, Event)]


def texts(search: OpenSearchServer) -> list[str]:
    return sorted(each["text"] for each in search.documents.values())


async def test_finished_lines_of_public_meetings_are_sent_once(tmp_path: Path) -> None:
    async with at(tmp_path) as (hall, search, server), exporting(hall, tmp_path, server):
        one, two = await said(hall, "The divide is wide.", "It costs a lot.", name="Ana Souza")
        assert set(search.documents) == {f"{SESSION}/{one}", f"{SESSION}/{two}"}
        sent = search.documents[f"{SESSION}/{one}"]
        assert sent["by"] == "moothall"
        assert (sent["title"], sent["name"], sent["language"]) == ("Plenary", "Ana Souza", "en")
        assert sent["address"] == f"https://hall.example.org/s/{SESSION}/line/{one}?channel=floor"
        assert sent["at"].endswith("+00:00") or sent["at"].endswith("Z")
        before = len(search.requests)
        await follow(hall)
        assert len(search.requests) == before
        await said(hall, "And more.")
        assert search.requests[before:] == [f"POST /{INDEX}/_bulk"]
        assert len(search.documents) == 3


async def test_what_is_removed_goes_by_its_id_and_waits_on_the_disk_while_nobody_answers(tmp_path: Path) -> None:
    async with at(tmp_path) as (hall, search, server):
        async with exporting(hall, tmp_path, server):
            one, two, three = await said(hall, "One.", "Two.", "Three.")
            await hall.remove(*text_offsets(hall, one))
            await follow(hall)
            assert texts(search) == ["Three.", "Two."]
            search.status = 503
            await hall.remove(*text_offsets(hall, two))
            await follow(hall)
            assert texts(search) == ["Three.", "Two."]
        search.status = 200
        search.refuses[f"{SESSION}/{two}"] = 429
        async with exporting(hall, tmp_path, server) as export:  # The server was started again meanwhile.
            await follow(hall)
            assert texts(search) == ["Three.", "Two."]
            search.refuses.clear()
            await follow(hall)
            assert set(search.documents) == {f"{SESSION}/{three}"}
            await hall.indexed.forget(SESSION)
            await follow(hall)
            assert search.documents == {}
            assert export._at == {}


async def test_what_is_removed_while_it_is_on_its_way_goes_behind_it(tmp_path: Path) -> None:
    async with at(tmp_path) as (hall, search, server), exporting(hall, tmp_path, server) as export:
        one = hall.told.line("One.", 0, 900)
        hall.told.line("Two.", 0, 900)
        bulk = export._bulk

        async def meanwhile(operations: Sequence[bytes], how: str = "") -> None:
            export._bulk = bulk  # type: ignore[method-assign]  # as it was
            await hall.remove(*text_offsets(hall, one))
            await bulk(operations, how)
            assert texts(search) == ["One.", "Two."]

        export._bulk = meanwhile  # type: ignore[method-assign]  # between what is noted and what is sent
        await hall.store()
        await follow(hall)
        assert texts(search) == ["Two."]


async def test_a_meeting_that_is_not_public_any_more_goes_and_comes_back(tmp_path: Path) -> None:
    async with at(tmp_path) as (hall, search, server), exporting(hall, tmp_path, server):
        await said(hall, "One.")
        for access, left in ((ev.Access.LINK, []), (ev.Access.PUBLIC, ["One."]), (ev.Access.STAFF, [])):
            hall.told.tell(ev.SessionArranged(access=access, sound=ev.SoundKept.NONE, listed=True))
            await hall.store()
            await follow(hall)
            assert texts(search) == left
        hall.told.tell(ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.NONE, listed=False))
        await hall.store()
        await follow(hall)
        assert search.documents == {}


async def test_nothing_is_sent_of_meetings_with_young_people(tmp_path: Path) -> None:
    async with at(tmp_path) as (hall, search, server), exporting(hall, tmp_path, server):
        created = ev.SessionCreated(title="Youth", languages=("en",), access=ev.Access.PUBLIC, young_people=True)
        recorder = hall.told.recorder = Recorder(SESSION)
        hall.told.records = [recorder.record(created), *(recorder.record(each) for each in begun(hall)[1:])]
        await said(hall, "One.")
        assert search.documents == {}
        assert f"POST /{INDEX}/_bulk" not in search.requests


async def test_a_lost_list_takes_out_what_was_sent_and_nothing_of_others(tmp_path: Path) -> None:
    async with at(tmp_path) as (hall, search, server):
        search.documents["theirs"] = {"by": "somebody", "text": "Theirs."}
        search.documents["old"] = {"by": "moothall", "text": "What was removed."}
        async with exporting(hall, tmp_path, server):
            await said(hall, "One.")
        assert texts(search) == ["One.", "Theirs."]
        (tmp_path / "search" / "opensearch.sqlite3").write_bytes(b"no database" * 1_000)
        search.documents["old"] = {"by": "moothall", "text": "What was removed."}
        async with exporting(hall, tmp_path, server):
            await follow(hall)
        assert texts(search) == ["One.", "Theirs."]
