"""The overview's socket, apart from walls: sound levels, what all meetings share, and who doesn't count as a reader."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp

from integration.desks.test_control_wall import overview
from moothall.core.kernel.actors import Role
from support.desks.meeting import FLOOR, S, meeting


async def test_levels_are_told_and_a_fault_of_the_machine_is_seen_to_once(tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, overview(on, Role.TECHNICIAN) as client:
        told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        for name in ("levels", "cards"):
            client.on(name, lambda body, name=name: told.put_nowait((name, body)), namespace="/control")
        assert "cards" in await client.call("join", {}, namespace="/control")
        while (message := await told.get())[0] != "levels":
            pass
        assert message[1] == {S: None}
        await on.running.backend.clock.sleep(1)
        wish = {"session": "", "kind": "disk", "name": "Ann"}
        refused = await client.call("see-to", wish, namespace="/control")
        assert refused["refusal"]["code"] == "unknown", "there is no such fault"


async def test_trends_come_when_they_have_changed_to_pages_that_say_so(tmp_path: Path) -> None:
    trends = {"delays", "rates"}
    async with meeting(tmp_path) as on, overview(on, Role.TECHNICIAN) as client:
        told: asyncio.Queue[Any] = asyncio.Queue()
        client.on("cards", told.put_nowait, namespace="/control")
        await client.call("join", {}, namespace="/control")
        while not (await told.get())["cards"]:
            pass
        for wish, again in (({"trends": "changed"}, False), ({}, True)):  # The second is a page of an older release.
            (card,) = (await client.call("join", wish, namespace="/control"))["cards"]
            assert trends <= card.keys()
            shown = (card["delays"], card["rates"])
            while not told.empty():
                told.get_nowait()
            (card,) = (await told.get())["cards"]
            if (card.get("delays", shown[0]), card.get("rates", shown[1])) == shown:
                assert (trends <= card.keys()) == again


async def test_a_microphone_page_reads_along_and_is_no_reader(tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        events = f"{on.running.address}/s/{S}/events?channel=floor&feed=live"
        async with http.get(f"{events}&as=microphone") as stranger:
            await stranger.content.readline()
            assert on.live.fanout.readers[FLOOR] == 1, "whoever has no link of the staff is a reader"
            async with http.get(await on.link(Role.TECHNICIAN)):
                pass
            named = f"{events}&as=microphone&reader=m1"
            async with http.get(named) as microphone, http.get(named) as again:
                await microphone.content.readline()
                await again.content.readline()
                assert on.live.fanout.readers[FLOOR] == 1
                async with http.get(events) as reader:
                    await reader.content.readline()
                    assert on.live.fanout.readers[FLOOR] == 2
        while on.live.fanout.figures.readers:
            await on.running.backend.clock.sleep(20)
        assert on.live.fanout.readers[FLOOR] == 0
