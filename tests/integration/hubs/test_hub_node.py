"""A hub serves its room from its own disk, without a server above."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId
from moothall.core.sessions.state import Status
from moothall.services.sessions.staff import HALL
from moothall.wire.hubs.messages import HubProgramme, Offered
from moothall_hub.app import RunningHub, hub
from moothall_hub.pairing.pairing import Pairing
from moothall_hub.settings import HubSettings
from support.halls.foreign_posts import ORIGINS, wrongly_answered
from support.hubs.node import ELSEWHERE, came_late, copied, meeting, running_hub
from support.hubs.server import WELCOME
from support.record.trees import unpacked
from support.sessions.recorder import MORNING, SESSION

FLOOR = ChannelId("floor")


@asynccontextmanager
async def hub_with_a_meeting(data: Path) -> AsyncIterator[tuple[RunningHub, ClientSession]]:
    records = meeting()
    await copied(data, SESSION, records, [FLOOR])
    late = [each for each in records if each.header.offset in range(10, 22)]
    await came_late(data, SESSION, 180_000, 482_000, late)
    async with running_hub(data) as hub, ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        yield hub, client


async def text(client: ClientSession, address: str, status: int = 200, **options: object) -> str:
    async with client.get(address, **options) as response:  # type: ignore[arg-type]
        assert response.status == status, await response.text()
        return await response.text()


async def test_before_a_meeting_its_page_and_its_wall_say_when_it_begins(tmp_path: Path) -> None:
    await copied(tmp_path, SESSION, meeting()[:2], [FLOOR])
    async with running_hub(tmp_path) as hub, ClientSession() as client:
        offered = Offered(session=SESSION, title="Plenary", place="", begins=MORNING, status=Status.CREATED)
        await hub.parts.offers.take(HubProgramme(sessions=(offered,)))
        for page in ("", "/screen"):
            assert "It is planned for Mon 24 Nov" in await text(client, f"{hub.own}/s/{SESSION}{page}?ui=en"), page


async def test_readers_find_all_that_the_server_has(tmp_path: Path) -> None:
    async with hub_with_a_meeting(tmp_path) as (hub, client):
        base = f"{hub.own}/s/{SESSION}"
        assert "Plenary &amp; &lt;hubs&gt;" in await text(client, f"{hub.own}/?ui=en")
        page = await text(client, f"{base}?ui=en")
        assert "Sentence 11." in page
        assert "not connected to any meeting" in page
        assert 'id="Report"' in page
        report = {"kind": "late", "channel": "floor"}
        async with client.post(f"{base}/report?ui=en", data=report, headers={"Origin": hub.own}) as response:
            assert "Too late" in await response.text()
        assert "Sentence 3." in await text(client, f"{base}/read?ui=en")
        for form in ("txt", "ttml", "akn"):
            assert "Sentence 0." in await text(client, f"{base}/record.{form}")
        for form in ("epub", "docx"):
            async with client.get(f"{base}/record.{form}") as response:
                assert b"Sentence 0." in unpacked(await response.read())
        assert json.loads(await text(client, f"{base}/record.json"))["session"]["title"] == "Plenary & <hubs>"
        assert json.loads(await text(client, f"{base}/lines"))["lines"]
        [line] = [each for each in json.loads(await text(client, f"{base}/lines"))["lines"] if "3." in each["text"]]
        cited = await text(client, f"{base}/cite.txt?from={line['segment']}&ui=en")
        assert cited.startswith("“Sentence 3.” — ")
        assert "Versions of the text" in await text(client, f"{base}/versions?ui=en")
        assert await text(client, f"{base}/cite.txt?from={line['segment']}&channel={ELSEWHERE}&ui=en", 404)
        assert "Sentence 11." in await text(client, f"{base}/poll")
        assert "Sentence 11." in await text(client, f"{base}/screen?ui=en")
        async with client.get(f"{base}/events") as stream:
            await stream.content.readuntil(b"\n\n")
            assert b"snapshot" in await stream.content.readuntil(b"\n\n")
        async with client.ws_connect(f"{base}/ws", origin=hub.own) as socket:
            assert "Sentence 11." in (await socket.receive_str())
        assert await text(client, f"{hub.own}/s/none", 404)
        for form in ("txt", "json"):
            absent = await text(client, f"{base}/record.{form}?channel={ELSEWHERE}&ui=en", 404)
            assert absent.startswith("This text does not come to this computer now.")
            assert await text(client, f"{base}/record.{form}?language=es", 404)
        absent = await text(client, f"{base}/record.html?beside={ELSEWHERE}&ui=en", 404)
        assert absent.startswith("This text does not come to this computer now.")


async def test_files_to_take_home_name_the_server_above(tmp_path: Path) -> None:
    """A hub's own address is of its room, and the original need not come to it."""
    await copied(tmp_path, SESSION, meeting(), [FLOOR, ELSEWHERE])
    async with running_hub(tmp_path) as hub, ClientSession() as client:
        file = f"{hub.own}/s/{SESSION}/record.txt?channel={ELSEWHERE}&ui=en"
        assert "The original: http://" in await text(client, file), "nobody knows yet of which server"
        await hub.parts.offers.welcomed(replace(WELCOME, address="https://text.example.org"))
        assert f"The original: https://text.example.org/s/{SESSION}?channel=floor" in await text(client, file)


async def test_help_is_here_and_the_agenda_is_above(tmp_path: Path) -> None:
    async with hub_with_a_meeting(tmp_path) as (hub, client):
        assert 'href="/help?ui=en"' in await text(client, f"{hub.own}/?ui=en")
        page = await text(client, f"{hub.own}/help?ui=en")
        assert "What a machine does" in page
        assert "Something wrong?" in page, "whoever looks after the group is told"
        assert "/agenda?ui" not in page, "of which server, nobody knows yet"
        assert "six words" in await text(client, f"{hub.own}/help/hubs?ui=en")
        await hub.parts.offers.welcomed(replace(WELCOME, address="https://text.example.org"))
        for path in ("/", "/help"):
            assert 'href="https://text.example.org/agenda?ui=en"' in await text(client, f"{hub.own}{path}?ui=en")
        await text(client, f"{hub.own}/agenda", status=404)


async def test_what_was_missed_is_a_page_of_its_own(tmp_path: Path) -> None:
    async with hub_with_a_meeting(tmp_path) as (hub, client):
        status_bar = json.loads(await text(client, f"{hub.own}/uplink?session={SESSION}&ui=en"))
        assert status_bar["kind"] == "unpaired"
        assert status_bar["missed"]["text"] == "You missed 5 minutes."
        page = await text(client, hub.own + status_bar["missed"]["address"])
        assert [f"Sentence {number}." in page for number in range(12)] == [3 <= n <= 8 for n in range(12)]
        assert "From 3:00 to 8:02" in page
        base = f"{hub.own}/s/{SESSION}/missed"
        assert "Nothing was said then." in await text(client, f"{base}?from=999999&to=9999999&ui=en")
        await text(client, f"{base}?from=soon&to=1", 400)
        await text(client, f"{base}?from=1", 400)
        assert json.loads(await text(client, f"{hub.own}/uplink"))["missed"] is None


async def test_the_wall_that_was_shown_last_is_shown_after_the_next_start(tmp_path: Path) -> None:
    async with hub_with_a_meeting(tmp_path) as (hub, client):
        async with client.get(f"{hub.own}/wall", allow_redirects=False) as response:
            assert response.headers["Location"] == f"/s/{SESSION}/screen"  # of the one meeting that is on
        await text(client, f"{hub.own}/s/{SESSION}/screen?size=150")
        await text(client, f"{hub.own}/s/none/screen", 404)
    async with running_hub(tmp_path) as hub, ClientSession() as client:
        async with client.get(f"{hub.own}/wall", allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, f"/s/{SESSION}/screen?size=150")
        assert "Sentence 11." in await text(client, f"{hub.own}/wall")


async def test_no_microphone_opens_and_the_page_says_why(tmp_path: Path) -> None:
    async with hub_with_a_meeting(tmp_path) as (hub, client):
        address = f"{hub.own}/microphone/{SESSION}?ui=en"
        assert "https" in await text(client, address)
        assert "https://text.example.org" not in await text(client, address)
        await hub.parts.pairings.keep(
            Pairing(address="https://text.example.org", hub="kisumu", title="Kisumu", key="k", keys={})
        )
        assert 'href="https://text.example.org"' in await text(client, address)


def answer(status: int = 200, **more: object) -> object:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response(
            {"hub": "kisumu", "title": "Kisumu", "key": "k", "keys": {"keys": []}, "address": "", **more}, status=status
        )

    return handler


async def enter(hub: RunningHub, client: ClientSession) -> None:
    """Open the coordinator's link."""
    _, token = await hub.parts.links.create(Role.HUB, HALL, "Coordinator")
    async with client.get(f"{hub.own}/enter/{token}", allow_redirects=False) as response:
        assert response.status == 303


def hidden(page: str) -> str:
    return page.partition('name="form" value="')[2].partition('"')[0]


async def test_the_coordinator_connects_the_computer_and_nobody_else_does(tmp_path: Path) -> None:
    above = web.Application()
    above.add_routes([web.post("/hub/pair", answer())])  # type: ignore[arg-type]
    async with running_hub(tmp_path) as hub, ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        await text(client, f"{hub.own}/setup", 403)
        async with client.post(f"{hub.own}/setup", data={"address": "a", "words": "b"}) as response:
            assert response.status == 403
        assert 'href="/desk"' not in await text(client, f"{hub.own}/")
        await enter(hub, client)
        assert 'href="/desk"' in await text(client, f"{hub.own}/")  # Back to it, from each page.
        page = await text(client, f"{hub.own}/staff?ui=en")  # To where it begins.
        assert "The six words" in page
        words = "acorn actor agree album amber anchor"
        form = {"form": hidden(page), "address": "127.0.0.1:1", "words": words}
        own = {"Origin": hub.own}
        async with client.post(f"{hub.own}/setup?ui=en", data=form) as response:
            assert response.status == 403  # It names no origin.
        async with client.post(f"{hub.own}/setup?ui=en", data=form, headers=own) as response:
            page = await response.text()
            assert response.status == 503
            assert "Nobody answers at this address." in page
            assert 'value="127.0.0.1:1"' in page
            assert f'value="{words}"' in page  # Nobody types six words twice for one letter.
        server = TestServer(above)
        await server.start_server()
        form = {"form": hidden(page), "address": str(server.make_url("")), "words": words}
        async with client.post(f"{hub.own}/setup?ui=en", data=form, headers=own) as response:
            assert (response.status, response.url.path) == (200, "/desk")
        assert "This computer speaks for Kisumu, at http://127.0.0.1" in await text(client, f"{hub.own}/setup?ui=en")
        await server.close()
        assert hub.parts.pairings.now is not None
        assert hub.parts.pairings.now.hub == "kisumu"


@pytest.mark.parametrize("origin", ORIGINS)
async def test_no_form_is_taken_from_elsewhere_whoever_has_sent_it(tmp_path: Path, origin: str | None) -> None:
    async with hub_with_a_meeting(tmp_path) as (hub, client):
        await enter(hub, client)
        names = {"session": SESSION, "token": "guess", "number": "1"}
        posts = [(route, route[5:].format(**names)) for route in hub.served.routes if route.startswith("POST ")]
        assert ("POST /desk", "/desk") in posts
        assert await wrongly_answered(client, hub.own, posts, origin) == []


async def test_pages_of_others_send_nothing(tmp_path: Path) -> None:
    async with hub_with_a_meeting(tmp_path) as (hub, client):
        for origin, status in ((hub.own, 200), ("http://elsewhere.example", 403)):
            await text(client, f"{hub.own}/s/{SESSION}/poll", status, headers={"Origin": origin})


async def test_a_port_or_folder_that_is_taken_is_said(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "one") as hub:
        port = int(hub.own.rpartition(":")[2])
        with pytest.raises(ConfigurationError, match="can't listen"):
            async with running_hub(tmp_path / "two", port=port):
                pass
        with pytest.raises(ConfigurationError, match="Another hub"):
            async with running_hub(tmp_path / "one"):
                pass
    assert HubSettings().budget is None
    assert HubSettings(budget_mb_per_day=2.5).budget == 2_500_000


async def test_a_hub_that_begins_anew_is_where_it_was(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as handed:
        for _ in range(2):
            settings = HubSettings(data=str(tmp_path), host="127.0.0.1", port=1)
            async with hub(settings, listener=handed.dup()) as again, ClientSession() as client:
                assert again.own == f"http://127.0.0.1:{handed.getsockname()[1]}"
                await text(client, f"{again.own}/", 200)


async def test_hubs_below_come_in_by_words_and_by_no_page(tmp_path: Path) -> None:
    words = "acorn actor agree album amber anchor"
    node = "0123456789abcdef"
    async with running_hub(tmp_path) as hub, ClientSession() as client:
        address = f"{hub.own}/hub/pair"

        async def status(body: object, **headers: str) -> int:
            async with client.post(address, json=body, headers=headers) as response:
                assert response.content_type == "application/json"
                return response.status

        assert await status({"words": words, "node": node}) == 503  # It is nobody's itself.
        pairing = Pairing(address="https://text.example.org", hub="north", title="North", key="k", keys={"keys": []})
        await hub.parts.pairings.keep(pairing)
        assert await status({"words": words, "node": node}, Origin=hub.own) == 403
        assert await status([]) == 400
        assert await status({"words": words, "node": "me"}) == 400
        assert await status({"words": words, "node": node}) == 403
        assert await hub.parts.below.give(" ") is None
        given = await hub.parts.below.give("Kisumu")
        assert given is not None
        assert [(each.title, each.here) for each in hub.parts.below.list()] == [("Kisumu", False)]
        assert await status({"words": " ".join(given), "node": node}, Origin=hub.own) == 403, "a page, with right words"
        async with client.post(address, json={"words": " ".join(given), "node": node}) as response:
            told = json.loads(await response.text())
        assert (told["hub"], told["title"], told["address"]) == ("kisumu", "Kisumu", "https://text.example.org")
        assert told["keys"] == {"keys": []}
        assert await status({"words": " ".join(given), "node": node}) == 403
        async with client.post(address, data={"words": words}) as response:
            assert response.status == 403
        for _ in range(6):
            answered = await status({"words": words, "node": node})
        assert answered == 429
