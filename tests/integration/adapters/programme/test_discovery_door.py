"""What other sites find of a running server: the map of its pages, its meetings as data, boxes and quoted lines."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from lxml import etree

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from support.halls.removal import HIDDEN, OTHER, SESSION, asked, at_a_desk, held


def settings(folder: Path, *framers: str) -> Settings:
    return Settings(
        server=Server(port=0, data=str(folder), embed=framers),
        engine=EngineSettings(count=0),
        translation=Translation(translators=()),
    )


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with hall(settings(tmp_path, "https://ministry.example")) as running:
        await held(running)
        await held(running, OTHER)
        await done(running, do.ArrangeSession(access=ev.Access.STAFF, sound=ev.SoundKept.NONE), OTHER)
        yield running


async def done(running: RunningServer, command: do.AnyCommand, session: SessionId = SESSION) -> None:
    live = await running.backend.sessions.open(session)
    answer = await live.writer.send(SYSTEM, CommandId(f"do-{type(command).__name__}".lower()), command)
    assert isinstance(answer, Receipt), answer


async def get(running: RunningServer, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(running.address + path, headers={"Accept-Language": "en", **headers}) as response,
    ):
        return response.status, {name.title(): value for name, value in response.headers.items()}, await response.text()


async def embedded(running: RunningServer, path: str, more: str = "") -> tuple[int, dict[str, Any]]:
    status, headers, text = await get(running, f"/oembed?url={quote(running.address + path, safe='')}{more}")
    if status == 200:
        assert headers["Access-Control-Allow-Origin"] == "*"
    return status, json.loads(text) if status == 200 else {}


def data_in(page: str) -> list[dict[str, Any]]:
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return [event for text in found for event in json.loads(text)["@graph"]]


async def test_the_map_lists_the_pages_that_everybody_may_read(running: RunningServer) -> None:
    _, headers, text = await get(running, "/sitemap.xml")
    spaces = {"m": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = etree.fromstring(text.encode())
    places = [each.text for each in found.findall("m:url/m:loc", spaces)]
    assert places == [running.address + path for path in ("/", "/agenda", "/help", f"/s/{SESSION}")]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found.findall("m:url/m:lastmod", spaces)[0].text)
    assert (await get(running, "/sitemap.xml", **{"If-None-Match": headers["Etag"]}))[0] == 304
    _, _, robots = await get(running, "/robots.txt")
    assert f"Sitemap: {running.address}/sitemap.xml" in robots
    assert "Disallow: /admin\n" in robots
    for path in ("/*bundle.zip", "/records.jsonl", "/proceedings."):
        assert f"Disallow: {path}\n" in robots


async def test_a_record_and_the_agenda_describe_the_meeting_as_data(running: RunningServer) -> None:
    _, _, live = await get(running, f"/s/{SESSION}")
    assert "ld+json" not in live
    assert "oembed" not in live
    await done(running, do.CloseSession())
    for path in (f"/s/{SESSION}", "/agenda"):
        _, _, page = await get(running, path)
        [event] = data_in(page)
        assert event["@type"] == "Event"
        assert event["url"] == f"{running.address}/s/{SESSION}"
        assert event["name"] == "Hearing"
        assert event["inLanguage"] == ["en"]
        files = {each["encodingFormat"]: each["contentUrl"] for each in event["recordedIn"]["encoding"]}
        assert (await get(running, files["text/vtt"].removeprefix(running.address)))[2].startswith("WEBVTT")


async def test_a_meeting_is_embedded_as_a_box_where_other_sites_may_show_it(
    running: RunningServer, tmp_path: Path
) -> None:
    await done(running, do.CloseSession())
    _, _, page = await get(running, f"/s/{SESSION}")
    [address] = re.findall(r'application/json\+oembed" href="(.*?)"', page)
    status, _, text = await get(running, address.replace("&amp;", "&"))
    assert status == 200
    made = json.loads(text)
    assert (made["type"], made["title"], made["width"]) == ("rich", "Hearing", 480)
    [image] = re.findall(r'property="og:image" content="(.*?)"', page)
    assert made["thumbnail_url"] == image.replace("&amp;", "&")
    assert image.startswith(f"{running.address}/s/{SESSION}/card.png?ui=en&amp;v=")
    async with aiohttp.ClientSession() as http, http.get(made["thumbnail_url"]) as response:
        assert (response.status, response.content_type) == (200, "image/png")
        assert (await response.read())[16:24] == struct.pack(">II", 1200, 630)
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    [box] = re.findall(r'<iframe src="(.*?)"', made["html"])
    assert (await get(running, box.removeprefix(running.address)))[0] == 200
    _, small = await embedded(running, f"/s/{SESSION}", "&maxwidth=300&maxheight=1")
    assert (small["width"], small["height"]) == (300, 120)
    assert (await get(running, f"/oembed?format=xml&url={running.address}/s/{SESSION}"))[0] == 501


async def test_without_framers_a_meeting_is_a_link(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        _, made = await embedded(running, f"/s/{SESSION}")
        assert made["type"] == "link"
        assert "html" not in made


async def test_a_line_is_quoted_with_how_its_words_came_about_until_it_is_removed(running: RunningServer) -> None:
    for path in (f"/s/{SESSION}/line/b", f"/s/{SESSION}?channel=floor#line-b"):
        _, made = await embedded(running, path)
        assert HIDDEN in made["html"]
        assert "Ana Souza" in made["html"]
        assert "Written by a machine" in made["html"]
        assert f'cite="{running.address}/s/{SESSION}/line/b?channel=floor"' in made["html"]
        assert made["cache_age"] == 300
    async with at_a_desk(running, Role.SECRETARIAT) as client:
        assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
    assert (await embedded(running, f"/s/{SESSION}/line/b"))[0] == 404


@pytest.mark.parametrize(
    "path", [f"/s/{OTHER}", f"/s/{OTHER}/line/a", "/s/nosuchone", "/agenda", f"/s/{SESSION}/line/x"]
)
async def test_what_may_not_be_read_is_not_embedded(running: RunningServer, path: str) -> None:
    assert (await embedded(running, path))[0] == 404
    assert (await get(running, f"/oembed?url=https://elsewhere.example{path}"))[0] == 404


async def test_what_is_no_address_is_not_embedded(running: RunningServer) -> None:
    for wrong in ("", "http://[", "http://[::1", "//[a]b/s/x", "\x00", "/s/a/line/b#line-["):
        assert (await get(running, f"/oembed?url={quote(wrong, safe='')}"))[0] == 404, wrong
