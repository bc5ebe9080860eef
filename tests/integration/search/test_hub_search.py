"""A hub finds what its copies have, with an uplink or without, by the server's own search."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from integration.search.test_search import words_in
from moothall.core.events import types as ev
from moothall.core.kernel.ids import SegmentId
from moothall.core.search.lines import text_in
from moothall_hub.app import RunningHub
from moothall_hub.mirror.copied import CopyStep
from support.hubs.node import FLOOR, copied, meeting, running_hub
from support.sessions.recorder import SESSION


async def search(hub: RunningHub, words: str, **query: str) -> dict[str, Any]:
    """What is found in the room, once the index has what the copies have."""
    await hub.parts.indexed.indexing.catch_up()
    headers, params = {"Accept": "application/json"}, {"q": words, **query}
    async with aiohttp.ClientSession() as http, http.get(f"{hub.own}/search", params=params, headers=headers) as answer:
        assert answer.status == 200
        body: dict[str, Any] = await answer.json()
        return body


async def texts(hub: RunningHub, words: str, **query: str) -> list[str]:
    return [moment["text"] for moment in (await search(hub, words, **query))["moments"]]


async def test_a_hub_without_an_uplink_finds_what_it_has_and_leads_to_its_own_pages(tmp_path: Path) -> None:
    published = ev.SessionArranged(access=ev.Access.PUBLIC, sound=ev.SoundKept.PUBLISHED, listed=True)
    await copied(tmp_path, SESSION, meeting(published), [FLOOR])
    async with running_hub(tmp_path) as hub, aiohttp.ClientSession() as http:
        found = await search(hub, "sentence 7")
        assert [each["text"] for each in found["moments"]] == [" Sentence 7."]
        moment = found["moments"][0]
        assert (moment["title"], moment["sound"]) == ("Plenary & <hubs>", None)
        async with http.get(hub.own + moment["address"]) as line:
            assert line.status == 200
            assert "Sentence 7." in await line.text()
        async with http.get(f"{hub.own}/?ui=fr") as front:
            assert 'href="/search?ui=fr"' in await front.text()
        for ui, direction in (("fr", "ltr"), ("ar", "rtl")):
            async with http.get(f"{hub.own}/search?q=sentence&ui={ui}") as page:
                text = await page.text()
                assert page.headers["X-Robots-Tag"] == "noindex"
                assert re.search(rf'<html[^>]* lang="{ui}"[^>]* dir="{direction}"', text)
                assert '<form method="get" action="/search"' in text  # It needs no script.
                assert re.search(r'<p class="text" lang="en" dir="ltr">.*Sentence</mark>', text)
                assert "/sound/" not in text
        assert (await search(hub, "sentence", **{"in": "links"}))["total"] == 0


@pytest.mark.parametrize("access", [ev.Access.LINK, ev.Access.STAFF])
async def test_a_hub_finds_no_meeting_that_is_not_for_everybody_any_more(tmp_path: Path, access: ev.Access) -> None:
    arranged = ev.SessionArranged(access=access, sound=ev.SoundKept.NONE, listed=True)
    await copied(tmp_path, SESSION, meeting(arranged), [FLOOR])
    async with running_hub(tmp_path) as hub:
        assert await texts(hub, "7") == []
        assert (await search(hub, "7", **{"in": "links"}))["total"] == 0


async def test_what_leaves_a_copy_leaves_the_index_of_the_hub_in_the_same_act(tmp_path: Path) -> None:
    records = meeting()
    await copied(tmp_path, SESSION, records, [FLOOR])
    async with running_hub(tmp_path) as hub:
        store, copy = hub.parts.uplink.copies, await hub.parts.mirror.copy(SESSION)
        assert copy is not None
        assert await texts(hub, "7") == [" Sentence 7."]
        (gone,) = (each for each in records if text_in(each, SegmentId("line-7")))
        await store.keep(CopyStep(copy=copy, erase=(gone.header.offset,)))
        assert "7" not in words_in(tmp_path).split()
        assert "8" in words_in(tmp_path).split()
        assert await texts(hub, "7") == []
        assert await texts(hub, "8") == [" Sentence 8."]
        await store.drop(SESSION)
        assert words_in(tmp_path).strip() == ""
        assert await texts(hub, "8") == []


async def test_lines_that_arrive_late_are_found_and_so_are_those_of_a_copy_that_began_anew(tmp_path: Path) -> None:
    records = meeting()
    missed = [each for each in records if text_in(each, SegmentId("line-3")) is not None]
    await copied(tmp_path, SESSION, records, [FLOOR])
    async with running_hub(tmp_path) as hub:
        store, copy = hub.parts.uplink.copies, await hub.parts.mirror.copy(SESSION)
        assert copy is not None
        await store.drop(SESSION)
        early = [each for each in records if each not in missed and each.header.lane in copy.known.heads]  # type: ignore[union-attr]
        await store.keep(CopyStep(copy=copy, records=tuple(early)))
        assert await texts(hub, "3") == []
        assert await texts(hub, "11") == [" Sentence 11."]
        await store.keep(CopyStep(copy=replace(copy, fills=1), records=tuple(missed), renew=True))
        assert await texts(hub, "3") == [" Sentence 3."]
        await store.keep(CopyStep(copy=copy, records=tuple(early), anew=True))
        assert "3" not in words_in(tmp_path).split()
        assert await texts(hub, "3") == []
        assert await texts(hub, "11") == [" Sentence 11."]
