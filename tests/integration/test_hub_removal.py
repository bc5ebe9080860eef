"""Words that are removed at the centre go from the disks of hubs and those below them, and from all of their pages."""

from __future__ import annotations

from pathlib import Path

from aiohttp import ClientSession, CookieJar

from hub_node import running_hub
from hub_together import COORDINATOR, FLOOR, SESSION, Meeting, below, centre, forwarded, paired, shows, until
from moothall.app import Hall
from moothall.core import commands as do
from moothall.core.actors import Actor, Role
from moothall.core.floor.parts import Standing
from moothall.core.ids import CommandId, SegmentId
from moothall.core.removing import Interventions, Lines
from moothall.services.hub_removals import Removal
from moothall.services.orders import Receipt
from moothall.services.role_links import HALL
from moothall_hub.app import Hub
from moothall_hub.desk_ports import Choice
from removing_hall import found

SECRETARIAT = Actor(Role.SECRETARIAT, "s")
SAID, ASKED, WHO, LATER = "rhubarb", "marzipan", "Quetzalcoatl", "xylophone"
PLACES = ("", "/read", "/screen", "/record.txt", "/record.html", "/record.vtt", "/record.json", "/poll", "/questions")
"""Where a hub shows what it has, below the session's address."""


async def say(meeting: Meeting, segment: str, text: str) -> None:
    line = do.TypeLine(channel=FLOOR, segment=SegmentId(segment), text=text, language="en")
    await meeting.do(line, by=Actor(Role.CAPTIONER, "c"))


async def remove(running: Hall, selection: Lines | Interventions) -> None:
    live = await running.sessions.open(SESSION)
    answer = await live.writer.remove(SECRETARIAT, CommandId(f"remove-{live.writer.offset}"), selection)
    assert isinstance(answer, Receipt), answer


async def ask(client: ClientSession, hub: Hub, text: str, name: str) -> None:
    """Somebody in the room asks, and it is passed on."""
    form = {"id": "form-r", "kind": "question", "text": text, "language": "en", "name": name}
    async with client.post(f"{hub.own}/s/{SESSION}/ask?ui=en", data=form, headers={"Origin": hub.own}) as response:
        assert response.status == 200
    _, token = await hub.links.create(*COORDINATOR)
    async with client.get(f"{hub.own}/enter/{token}") as response:
        await forwarded(client, hub, await response.text())


async def shown(client: ClientSession, hub: Hub, text: str) -> list[str]:
    """The places of a hub at which a text stands."""
    return [place for place in PLACES if await shows(client, f"{hub.own}/s/{SESSION}{place}?ui=en", text)()]


def standing(running: Hall) -> dict[str, bool]:
    """Whether each hub has erased the newest removal, by its name."""
    newest: Removal = max(removals(running), key=lambda each: each.offset)
    return {holder.hub: newest.done(holder) is not None for holder in newest.holders}


def removals(running: Hall) -> list[Removal]:
    return list(running.hub_removals.list())


async def admin_page(client: ClientSession, running: Hall) -> str:
    _, token = await running.links.create(Role.SECRETARIAT, HALL, "secretariat")
    async with client.get(f"{running.address}/enter/{token}"):
        pass
    async with client.get(f"{running.address}/admin/hubs?ui=en") as page:
        return await page.text()


async def test_what_is_removed_goes_from_every_hub_and_the_centre_knows_from_which_not_yet(tmp_path: Path) -> None:
    north_disk, kisumu_disk = tmp_path / "north", tmp_path / "kisumu"
    async with (
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as client,
        running_hub(north_disk) as north,
    ):
        async with centre(tmp_path / "centre") as running:
            port = int(running.address.rpartition(":")[2])
            meeting = Meeting(running)
            await meeting.begin()
            await say(meeting, "a", f"What about {SAID} then.")
            await say(meeting, "b", f"And {LATER} as well.")
            await paired(running, north, "North")
            await until(shows(client, f"{north.own}/s/{SESSION}", SAID))
            async with running_hub(kisumu_disk) as kisumu:
                await below(north, kisumu, "Kisumu")
                await until(shows(client, f"{kisumu.own}/s/{SESSION}", SAID))
                await ask(client, kisumu, f"Who likes {ASKED}?", WHO)
                live = await running.sessions.open(SESSION)

                async def arrived() -> bool:
                    return len(live.state.floor.interventions) == 1

                await until(arrived)
                ((name, _),) = live.state.floor.interventions.items()
                queued = do.Stand(interventions=(name,), standing=Standing.QUEUED)
                await meeting.do(queued, by=Actor(Role.MODERATOR, "m"))
                await until(shows(client, f"{north.own}/s/{SESSION}/questions", ASKED))
                await until(shows(client, f"{kisumu.own}/s/{SESSION}/questions", ASKED))
                for hub, disk in ((north, north_disk), (kisumu, kisumu_disk)):
                    assert {"", "/record.txt", "/record.json"} <= set(await shown(client, hub, SAID))
                    assert all(found(disk, text) for text in (SAID, ASKED, LATER))
                assert found(kisumu_disk, WHO)

                await remove(running, Lines((SegmentId("a"),)))
                await remove(running, Interventions((name,)))

                async def all_erased() -> bool:
                    return standing(running) == {"north": True}

                await until(all_erased)
                for hub, disk in ((north, north_disk), (kisumu, kisumu_disk)):
                    for text in (SAID, ASKED, WHO):
                        assert found(disk, text) == []
                        assert await shown(client, hub, text) == []
                assert not await shows(client, f"{kisumu.own}/desk?ui=en", ASKED)()
                assert "Erased everywhere" in await admin_page(client, running)

            # Below, the line is down: nobody says that it is done, over a restart of the centre, until it is.
            await north.offers.set(Choice(sessions=()))
            await meeting.do(do.CloseSession())
            await remove(running, Lines((SegmentId("b"),)))

            async def erased_at_north() -> bool:
                return not found(north_disk, LATER)

            await until(erased_at_north)
            assert found(kisumu_disk, LATER)
            assert standing(running) == {"north": False}
            assert "North</bdi> · not yet, connected" in await admin_page(client, running)
        async with centre(tmp_path / "centre", port) as running:

            async def known() -> bool:
                return len(removals(running)) == 3

            await until(known)
            assert standing(running) == {"north": False}
            page = await admin_page(client, running)
            assert "Not erased everywhere yet" in page
            async with running_hub(kisumu_disk):

                async def everywhere() -> bool:
                    return standing(running) == {"north": True}

                await until(everywhere)
                assert found(kisumu_disk, LATER) == []
