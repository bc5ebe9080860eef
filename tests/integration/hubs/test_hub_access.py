"""A meeting that is no longer public goes from hubs and the hubs below them, with an uplink or without."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientPayloadError, ClientSession, CookieJar

from moothall.app.hall import RunningServer
from moothall.core import commands as do
from moothall.core.events.types import Access, ChannelKind, SoundKept
from moothall.core.kernel.actors import Role
from moothall.services.sessions.staff import HALL
from moothall_hub.app import RunningHub
from moothall_hub.mirror.offers import SessionChoice
from support.files.found import found
from support.hubs.node import running_hub
from support.hubs.together import CLOCK, FLOOR, SESSION, Meeting, below, centre, paired, until

TITLE = "Marzipan"
PLACES = ("", "/screen", "/record.txt")
"""Where a hub shows what it has, below the session's address."""


async def arranged(meeting: Meeting, access: Access) -> None:
    await meeting.do(do.ArrangeSession(access=access, sound=SoundKept.NONE, listed=True))


async def shown(client: ClientSession, hub: RunningHub) -> list[str]:
    """The places of a hub at which the meeting is."""
    there = []
    for place in ("/", *(f"/s/{SESSION}{place}" for place in PLACES)):
        async with client.get(f"{hub.own}{place}?ui=en") as response:
            if response.status == 200 and (place != "/" or TITLE in await response.text()):
                there.append(place)
    return there


async def admin_page(client: ClientSession, running: RunningServer) -> str:
    _, token = await running.backend.links.create(Role.SECRETARIAT, HALL, "secretariat")
    async with (
        client.get(f"{running.address}/enter/{token}"),
        client.get(f"{running.address}/admin/hubs?ui=en") as page,
    ):
        return await page.text()


def answers(client: ClientSession, hub: RunningHub, status: int) -> Callable[[], Awaitable[bool]]:
    """Whether a hub has the meeting's lines, which cost less to ask for than a page."""

    async def look() -> bool:
        async with client.get(f"{hub.own}/s/{SESSION}/lines") as response:
            if response.status == status:
                return True
        await CLOCK.sleep(50)
        return False

    return look


@pytest.mark.parametrize("on", [False, True])
async def test_a_meeting_that_not_everybody_may_read_any_more_goes_from_every_hub(tmp_path: Path, on: bool) -> None:
    north_disk, kisumu_disk = tmp_path / "north", tmp_path / "kisumu"
    async with (
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as client,
        running_hub(north_disk) as north,
        centre(tmp_path / "centre") as running,
    ):
        meeting = Meeting(running)
        made = do.CreateSession(title=TITLE, languages=("en",), access=Access.PUBLIC)
        await meeting.do(made, do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)))
        if on:
            await meeting.do(do.OpenSession())
        await paired(running, north, "North")
        await north.parts.offers.set(SessionChoice(sessions=(SESSION,)))

        async def there(*hubs: RunningHub) -> None:
            for hub in hubs:
                await until(answers(client, hub, 200))

        async def nowhere(*hubs: RunningHub) -> None:
            for hub in hubs:
                await until(answers(client, hub, 404))

        async def all_erased() -> bool:
            return not running.backend.hub_removals.list()

        async def no_trace(*disks: Path) -> bool:
            if not any(found(disk, TITLE) for disk in disks):
                return True
            await CLOCK.sleep(200)
            return False

        async with running_hub(kisumu_disk) as kisumu:
            await below(north, kisumu, "Kisumu")
            await kisumu.parts.offers.set(SessionChoice(sessions=(SESSION,)))
            await there(north, kisumu)
            assert len(await shown(client, kisumu)) > len(PLACES) - 1
            async with client.get(f"{kisumu.own}/s/{SESSION}/events") as reading:
                await arranged(meeting, Access.LINK)
                with suppress(ClientPayloadError):
                    await reading.read()  # It is cut off.
            await nowhere(north, kisumu)
            await until(all_erased)
            await until(lambda: no_trace(north_disk, kisumu_disk))
            assert await shown(client, kisumu) == []
            await arranged(meeting, Access.PUBLIC)
            await there(north, kisumu)
        await arranged(meeting, Access.STAFF)
        await nowhere(north)
        assert "Not everybody may read it since" in await admin_page(client, running)
        assert not await all_erased(), "a group below that has no line has it still"
        async with running_hub(kisumu_disk) as kisumu:
            await nowhere(kisumu)
            await until(all_erased)
            await until(lambda: no_trace(north_disk, kisumu_disk))
