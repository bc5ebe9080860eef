"""News of a running server: what happens to a meeting and its record is in both feeds, and nothing of hidden ones."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import aiohttp
import pytest
from lxml import etree
from msgspec.structs import replace

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.record.imports.whole_file import read_file
from moothall.services.log.act_queue import Receipt
from moothall.services.programme.past_records import PastRecords, PublishOrder
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from support.halls.removal import FLOOR, HIDDEN, OTHER, SESSION, asked, at_a_desk, held

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def settings(folder: Path) -> Settings:
    return Settings(
        server=Server(port=0, data=str(folder)), engine=EngineSettings(count=0), translation=Translation(translators=())
    )


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        await held(running, OTHER)
        arrange = do.ArrangeSession(access=ev.Access.STAFF, sound=ev.SoundKept.NONE)
        await done(running, arrange, OTHER)
        yield running


async def done(running: RunningServer, command: do.AnyCommand, session: SessionId = SESSION) -> None:
    live = await running.backend.sessions.open(session)
    answer = await live.writer.send(SYSTEM, CommandId(f"do-{type(command).__name__}".lower()), command)
    assert isinstance(answer, Receipt), answer


async def mended(running: RunningServer) -> None:
    live = await running.backend.sessions.open(SESSION)
    command = do.CorrectSegment(
        channel=FLOOR, segment=SegmentId("a"), base_revision=0, base_words=2, text="Good morning."
    )
    answer = await live.writer.send(Actor(Role.CAPTIONER, "c"), CommandId("mend"), command)
    assert isinstance(answer, Receipt), answer


async def get(running: RunningServer, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(running.address + path, headers={"Accept-Language": "en", **headers}) as response,
    ):
        return response.status, {name.title(): value for name, value in response.headers.items()}, await response.read()


async def tags(running: RunningServer, query: str = "") -> list[str]:
    _, headers, body = await get(running, f"/news.json{query}")
    assert headers["Content-Type"] == "application/feed+json; charset=utf-8"
    items = json.loads(body)["items"]
    assert len({item["id"] for item in items}) == len(items)
    assert {item["url"] for item in items} <= {f"{running.address}/s/{SESSION}"}
    _, headers, body = await get(running, f"/news.atom{query}")
    assert headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert HIDDEN.encode() not in body
    assert [entry.findtext("a:id", None, ATOM) for entry in etree.fromstring(body).findall("a:entry", ATOM)] == [
        item["id"] for item in items
    ]
    return sorted(item["tags"][0] for item in items)


async def test_what_happens_to_a_meeting_and_its_record_is_news(running: RunningServer, tmp_path: Path) -> None:
    assert await tags(running) == ["begun"]
    await done(running, do.CloseSession())
    await done(running, do.SealRecord(version=ev.SealVersion.CHECKED))
    await mended(running)
    async with at_a_desk(running, Role.SECRETARIAT) as client:
        assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
    assert await tags(running) == ["begun", "closed", "mended", "sealed", "withdrawn"]


async def test_news_are_the_same_after_a_restart(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        await done(running, do.CloseSession())
        await mended(running)
        before = await tags(running)
    async with hall(settings(tmp_path)) as running:
        assert await tags(running) == before == ["begun", "closed", "mended"]


PAST = SessionId("2019-11-25-past")
RECORD = {
    "format": "moothall.record",
    "version": 1,
    "session": {"id": PAST, "title": "Past", "languages": ["en"], "opened": 1_574_676_000_000},
    "text": {"channel": "floor", "kind": "floor", "languages": ["en"]},
    "lines": [{"id": "a", "language": "en", "text": "Hello.", "origin": "machine", "mended": True, "t0": 0, "t1": 900}],
}
"""A record with a line that was corrected where it was made."""


async def of_past(running: RunningServer) -> list[str]:
    _, _, body = await get(running, f"/news.json?session={PAST}")
    return sorted(item["tags"][0] for item in json.loads(body)["items"])


async def test_an_imported_meeting_has_news_while_others_may_read_it_and_never_began_here(tmp_path: Path) -> None:
    file = read_file(json.dumps(RECORD).encode(), "past.json", zone=UTC, unnamed=(), young_people=False)
    order = PublishOrder(session=PAST, access=ev.Access.PUBLIC, ground="It was held in public.")
    async with hall(settings(tmp_path)) as running:
        records = PastRecords(running.backend.programme)
        await records.whole(file, by="operator")
        assert (await get(running, f"/news.json?session={PAST}"))[0] == 404
        await records.publish(order)
        assert await of_past(running) == ["closed", "sealed"]
    async with hall(settings(tmp_path)) as running:
        assert await of_past(running) == ["closed", "sealed"]
        live = await running.backend.sessions.open(PAST)
        command = do.CorrectSegment(channel=FLOOR, segment=SegmentId("a"), base_revision=1, base_words=0, text="Hi.")
        assert isinstance(await live.writer.send(Actor(Role.CAPTIONER, "c"), CommandId("mend"), command), Receipt)
        assert await of_past(running) == ["closed", "mended", "sealed"]
        await PastRecords(running.backend.programme).publish(replace(order, access=ev.Access.STAFF))
        assert (await get(running, f"/news.json?session={PAST}"))[0] == 404


async def test_news_are_those_of_a_language_a_place_or_a_meeting(running: RunningServer) -> None:
    assert await tags(running, "?language=en") == ["begun"]
    assert await tags(running, "?language=ru") == []
    assert await tags(running, f"?session={SESSION}") == ["begun"]
    for query in (f"?session={OTHER}", "?session=nosuchone", "?room=nowhere"):
        assert (await get(running, f"/news.atom{query}"))[0] == 404


async def test_news_that_are_known_are_not_sent_again(running: RunningServer) -> None:
    for path in ("/news.atom", "/news.json"):
        _, headers, _ = await get(running, path)
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert (await get(running, path, **{"If-None-Match": headers["Etag"]}))[0] == 304
    await done(running, do.CloseSession())
    assert (await get(running, path, **{"If-None-Match": headers["Etag"]}))[0] == 200


async def test_the_agenda_names_the_news(running: RunningServer) -> None:
    _, _, page = await get(running, "/agenda")
    assert b'<link rel="alternate" type="application/atom+xml" href="/news.atom"' in page
