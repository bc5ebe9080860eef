"""Whatever shows a machine's translation says that it is one, that it is not official, which way it came, and where its
original is.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from aiohttp import ClientSession

from moothall.core.events.types import Access
from moothall.record.imports.whole_file import read_file
from moothall.services.programme.past_records import PastRecords, PublishOrder
from moothall.settings.sections import Translation
from support.halls.translated_meeting import ES, S, TranslatedMeeting, translated
from support.record.trees import unpacked

KEPT = "Translated by a machine, not official: it may be wrong. It is kept"
NOTICE = "A machine translates this text, and it makes mistakes"
NOT_OFFICIAL = "it is not official minutes"
ORIGINAL = f"The original: {{address}}/s/{S}{{door}}?channel=floor"
WAY = "Translated by a machine from English through Portuguese"
PAGES = ("", "/read", "/catch-up", "/screen", "/overlay", "/embed")
FILES = ("vtt", "srt", "ttml", "txt", "html", "epub", "docx", "json", "akn")


@asynccontextmanager
async def in_spanish(data: Path) -> AsyncIterator[tuple[TranslatedMeeting, ClientSession]]:
    """A meeting with a line in Spanish, which came through Portuguese."""
    settings = Translation(languages=("es",), translators=("echo",))
    async with translated(data, settings) as on, ClientSession() as client:
        await on.says("a", "Good morning.")
        await on.comes(lambda: bool(on.read("a", ES)))
        yield on, client


async def text(on: TranslatedMeeting, client: ClientSession, path: str) -> str:
    async with client.get(f"{on.running.address}/s/{on.live.id}{path}", params={"channel": ES, "ui": "en"}) as answer:
        assert answer.status == 200, path
        return unpacked(await answer.read()).decode()


async def test_pages_say_what_a_translation_is_and_lead_to_the_original(tmp_path: Path) -> None:
    async with in_spanish(tmp_path) as (on, client):
        for path in PAGES:
            html = await text(on, client, path)
            assert "[es] [pt] Good morning." in html, path
            assert KEPT in html or NOTICE in html, path
            assert WAY in html or f"{KEPT} · Through Portuguese" in html, path
            if path in ("", "/read"):
                assert NOT_OFFICIAL in html
            else:
                assert "not official" in html, path
        for path in ("", "/read", "/embed", "/catch-up"):
            links = [unescape(link) for link in re.findall(r'href="([^"]*)"', await text(on, client, path))]
            assert any("channel=floor" in link for link in links), path
        # A wall's code, and the room: what is heard there is the original.
        assert re.search(rf"127\.0\.0\.1:\d+/s/{S}<", await text(on, client, "/screen"))


@pytest.mark.parametrize("form", FILES)
async def test_files_say_what_a_translation_is(tmp_path: Path, form: str) -> None:
    async with in_spanish(tmp_path) as (on, client):
        told = await text(on, client, f"/record.{form}")
        original = ORIGINAL.format(address=on.running.address, door="")
        if form in ("srt", "ttml"):
            assert f"[{KEPT} · Through Portuguese · {original}]" in " ".join(told.replace("<br/>", " ").split())
        if form != "srt":
            assert NOTICE in told
            assert NOT_OFFICIAL in told
            assert WAY in told
            assert form == "html" or original in told
            assert form != "html" or f'href="{original.partition(": ")[2]}"' in told
        async with client.get(f"{on.running.address}/s/{S}/record.{form}?channel=floor&ui=en") as answer:
            spoken = unpacked(await answer.read()).decode()
        assert "Translated by" not in spoken
        assert "The original" not in spoken


async def test_what_goes_to_terminals_programs_and_players_says_what_a_translation_is(tmp_path: Path) -> None:
    async with in_spanish(tmp_path) as (on, client):

        async def first(path: str) -> str:
            async with client.get(f"{on.running.address}{path}") as answer:
                assert answer.status == 200, path
                return (await answer.content.readany()).decode()

        label = f"{KEPT} · Through Portuguese · {ORIGINAL.format(address='', door='/text')}\n"
        assert (await first(f"/s/{S}/text?channel={ES}&all=1&ui=en")).startswith(label)
        assert (await first(f"/s/{S}/text?channel=floor&all=1&ui=en")).startswith("00:00:00 Good morning.")
        spanish = "Traducción automática, no oficial: puede contener errores y se conserva · Pasando por: portugués"
        said = json.loads(await first(f"/captions?event={S}&language=es&last=-1"))
        assert said["content"] == f"{said['notice']} "
        assert said["notice"].startswith(spanish)
        assert said["notice"].endswith(f"El original: /s/{S}?channel=floor")
        piece = json.loads(await first(f"/captions?event={S}&language=es&last=0"))
        assert (piece["content"], piece["notice"]) == ("[es] [pt] Good morning. ", said["notice"])
        older = json.loads(await first(f"/text-data.ashx?event={S}&language=es&last=-1"))
        assert unquote(older["i"][0]["d"]) == said["content"]
        assert "notice" not in json.loads(await first(f"/captions?event={S}&language=en&last=0"))
        for channel, says in ((ES, True), ("floor", False)):
            listed = await first(f"/s/{S}/captions.m3u8?channel={channel}")
            (*_, newest) = re.findall(r"^captions/.+$", listed, re.MULTILINE)
            assert (f"\n\nNOTE\n{said['notice']}\n" in await first(f"/s/{S}/{newest}")) is says


@asynccontextmanager
async def past_in_spanish(data: Path) -> AsyncIterator[tuple[TranslatedMeeting, ClientSession]]:
    """A meeting of the past, imported and then translated here."""
    async with in_spanish(data) as (on, client):
        records = PastRecords(on.running.backend.programme)
        vtt = b"WEBVTT\n\n00:01.000 --> 00:02.000\nGood morning.\n"
        file = read_file(vtt, "2019-11-25 Past (en).vtt", zone=UTC, unnamed=(), young_people=False)
        await records.whole(file, by="operator")
        past = file.meeting.session
        await records.publish(PublishOrder(session=past, access=Access.PUBLIC, ground="It was held in public."))
        assert await on.running.translation.want(past, "es") == ES
        live = await on.running.backend.sessions.find(past)
        assert live is not None
        yield TranslatedMeeting(on.running, live), client


async def test_a_translation_of_an_imported_meeting_says_that_it_is_both(tmp_path: Path) -> None:
    imported = "Imported from a file: it was not written here."
    async with past_in_spanish(tmp_path) as (on, client):
        await on.comes(lambda: bool(on.read("floor-i1", ES)))
        for path in ("", "/read", "/embed", "/text?all=1", *(f"/record.{form}" for form in FILES if form != "srt")):
            said = await text(on, client, path)
            assert "[es] [pt] Good morning." in said, path
            assert "Translated by a machine, not official" in said or NOTICE in said, path
            assert imported.removesuffix(".") in said or "Imported on" in said, path  # The way may follow.
        told = " ".join((await text(on, client, "/record.srt")).split())
        assert f"[{KEPT} · {imported.removesuffix('.')} · Through Portuguese · " in told


async def test_where_single_lines_are_quoted_it_is_said_too(tmp_path: Path) -> None:
    async with in_spanish(tmp_path) as (on, client):
        house, line = on.running.address, f"/s/{S}/line/a-{ES}?channel={ES}"
        original = ORIGINAL.format(address=house, door="")

        async def told(path: str, **query: str) -> str:
            async with client.get(f"{house}{path}", params={"ui": "en", **query}) as answer:
                assert answer.status == 200, path
                return unescape(await answer.text())

        embedded = json.loads(await told("/oembed", url=f"{house}{line}"))["html"]
        assert f"{KEPT} · Through Portuguese" in embedded
        assert f'<a href="{original.partition(": ")[2]}"><bdi>{original}</bdi></a>' in unescape(embedded)
        spoken = json.loads(await told("/oembed", url=f"{house}/s/{S}/line/a?channel=floor"))["html"]
        assert "official" not in spoken
        assert "The original" not in spoken
        cited = await told(f"/s/{S}/cite", channel=ES, **{"from": f"a-{ES}"})
        unchecked = "Translated by a machine, not official, unchecked · Through Portuguese"
        assert cited.count(unchecked) == 2, "on the page, and in what it gives to be copied"
        for form in ("txt", "bib", "ris", "json"):
            assert unchecked in await told(f"/s/{S}/cite.{form}", channel=ES, **{"from": f"a-{ES}"}), form
        history = await told(f"/s/{S}/history/a-{ES}", channel=ES)
        version = await told(f"/s/{S}/versions/now", channel=ES)
        for page in (cited, history, version):
            assert f'{KEPT} · Through Portuguese · <a href="/s/{S}/line/a?channel=floor&ui=en">' in page
        assert "Read the original" not in await told(f"/s/{S}/cite", channel="floor", **{"from": "a"})
        clock, found = on.running.backend.clock, ""
        while f"channel={ES}" not in found:  # It is indexed within seconds.
            await clock.sleep(50)
            found = await told("/search", q="pt")
        assert "Spanish · Translated by a machine, not official: it may be wrong." in found
        (original,) = re.findall('<a href="([^"]*)">Read the original</a>', found)
        assert ">Good morning." in await told(original)
