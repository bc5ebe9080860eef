"""Words removed at the centre go from the disks of hubs and the hubs below them, and from all of their pages."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

from moothall.adapters.reading.reader_client import follow
from moothall.app.hall import RunningServer
from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, NoteId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.removal.selection import Interventions, Lines
from moothall.core.retention.periods import KeptKind
from moothall.core.signals import Unrecorded
from moothall.services.hubs.removals import HubRemoval
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.staff import HALL
from moothall_hub.app import RunningHub
from moothall_hub.mirror.offers import SessionChoice
from support.files.found import found
from support.halls.due import days_pass
from support.halls.room_before import room_before
from support.hubs.node import running_hub
from support.hubs.together import COORDINATOR, FLOOR, SESSION, Meeting, below, centre, forwarded, paired, shows, until

SECRETARIAT = Actor(Role.SECRETARIAT, "s")
SAID, ASKED, WHO, LATER, NOTED = "rhubarb", "marzipan", "Quetzalcoatl", "xylophone", "saffron"
FORMS = ("txt", "html", "vtt", "json", "ttml", "akn")
PLACES = ("", "/read", "/screen", *(f"/record.{form}" for form in FORMS), "/poll", "/questions")
"""Where a hub shows what it has, below the session's address."""


async def say(meeting: Meeting, segment: str, text: str) -> None:
    line = do.TypeSegment(channel=FLOOR, segment=SegmentId(segment), text=text, language="en")
    await meeting.do(line, by=Actor(Role.CAPTIONER, "c"))


async def remove(running: RunningServer, selection: Lines | Interventions) -> None:
    live = await running.backend.sessions.open(SESSION)
    answer = await live.writer.remove(SECRETARIAT, CommandId(f"remove-{live.writer.offset}"), selection)
    assert isinstance(answer, Receipt), answer


async def ask(client: ClientSession, hub: RunningHub, text: str, name: str) -> None:
    """Somebody in the room asks, and it is passed on."""
    form = {"id": "form-r", "kind": "question", "text": text, "language": "en", "name": name}
    async with client.post(f"{hub.own}/s/{SESSION}/ask?ui=en", data=form, headers={"Origin": hub.own}) as response:
        assert response.status == 200
    _, token = await hub.parts.links.create(*COORDINATOR)
    async with client.get(f"{hub.own}/enter/{token}") as response:
        await forwarded(client, hub, await response.text())


async def shown(client: ClientSession, hub: RunningHub, text: str) -> list[str]:
    """The places of a hub at which a text stands."""
    return [place for place in PLACES if await shows(client, f"{hub.own}/s/{SESSION}{place}?ui=en", text)()]


def status(running: RunningServer) -> dict[str, bool]:
    """Whether each hub has erased the newest removal, by its name."""
    newest: HubRemoval = max(removals(running), key=lambda each: each.offset)
    return {holder.hub: newest.done(holder) is not None for holder in newest.holders}


def removals(running: RunningServer) -> list[HubRemoval]:
    return list(running.backend.hub_removals.list())


async def admin_page(client: ClientSession, running: RunningServer) -> str:
    _, token = await running.backend.links.create(Role.SECRETARIAT, HALL, "secretariat")
    async with client.get(f"{running.address}/enter/{token}"):
        pass
    async with client.get(f"{running.address}/admin/hubs?ui=en") as page:
        return await page.text()


async def test_what_is_removed_goes_from_every_hub_and_the_centre_knows_from_which_not_yet(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
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
                live = await running.backend.sessions.open(SESSION)

                async def arrived() -> bool:
                    return len(live.state.questions.interventions) == 1

                await until(arrived)
                ((name, _),) = live.state.questions.interventions.items()
                queued = do.SetStatus(interventions=(name,), status=InterventionStatus.QUEUED)
                await meeting.do(queued, by=Actor(Role.MODERATOR, "m"))
                await until(shows(client, f"{north.own}/s/{SESSION}/questions", ASKED))
                await until(shows(client, f"{kisumu.own}/s/{SESSION}/questions", ASKED))
                for hub, disk in ((north, north_disk), (kisumu, kisumu_disk)):
                    assert {"", "/record.txt", "/record.json"} <= set(await shown(client, hub, SAID))
                    assert all(found(disk, text) for text in (SAID, ASKED, LATER))
                assert found(kisumu_disk, WHO)

                told = do.LeaveHubNote(note=NoteId("n1"), hub="north.kisumu", text=f"We love {NOTED}.")
                await meeting.do(told, by=Actor(Role.MODERATOR, "m"))
                await until(shows(client, f"{kisumu.own}/desk?ui=en", NOTED))
                pairings = [each.parts.pairings.now for each in (north, kisumu)]
                keys = [each.key for each in pairings if each is not None]

                await remove(running, Lines((SegmentId("a"),)))
                await remove(running, Interventions((name,)))

                async def all_erased() -> bool:
                    return status(running) == {"north": True}

                await until(all_erased)
                for hub, disk in ((north, north_disk), (kisumu, kisumu_disk)):
                    for text in (SAID, ASKED, WHO):
                        assert found(disk, text) == []
                        assert await shown(client, hub, text) == []
                assert not await shows(client, f"{kisumu.own}/desk?ui=en", ASKED)()
                assert "Erased everywhere" in await admin_page(client, running)

            # Below, the line is down: nobody says that it is done, over a restart of the centre, until it is.
            await north.parts.offers.set(SessionChoice(sessions=()))
            await meeting.do(do.CloseSession())
            await remove(running, Lines((SegmentId("b"),)))

            async def erased_at_north() -> bool:
                return not found(north_disk, LATER)

            await until(erased_at_north)
            assert found(kisumu_disk, LATER)
            assert status(running) == {"north": False}
            assert "North</bdi> · not yet, connected" in await admin_page(client, running)
        async with centre(tmp_path / "centre", port) as running:

            async def known() -> bool:
                return len(removals(running)) == 3

            await until(known)
            assert status(running) == {"north": False}
            page = await admin_page(client, running)
            assert "Not erased everywhere yet" in page
            async with running_hub(kisumu_disk):

                async def everywhere() -> bool:
                    return status(running) == {"north": True}

                await until(everywhere)
                assert found(kisumu_disk, LATER) == []
    assert len(keys) == 2
    for text in (SAID, ASKED, WHO, LATER, NOTED, *keys, "/enter/", "Bearer"):
        assert text not in caplog.text


async def test_what_is_due_goes_from_a_hub_too_and_it_says_so(tmp_path: Path) -> None:
    disk = tmp_path / "north"
    async with ClientSession() as client, running_hub(disk) as north, centre(tmp_path / "centre") as running:
        meeting = Meeting(running)
        await meeting.begin()
        await say(meeting, "a", f"What about {SAID} then.")
        await paired(running, north, "North")
        await until(shows(client, f"{north.own}/s/{SESSION}", SAID))
        told = do.LeaveHubNote(note=NoteId("n1"), hub="north", text=f"We love {NOTED}.")
        await meeting.do(told, by=Actor(Role.MODERATOR, "m"))
        await meeting.do(do.CloseSession())

        async def noted() -> bool:
            return bool(found(disk, NOTED))

        await until(noted)
        retention = running.backend.retention
        assert await retention.state({KeptKind.TEXT: "40 days", KeptKind.STAFF: "35 days"}, "office") is None

        async def erased() -> bool:
            return status(running) == {"north": True}

        for days, gone, left in ((35, NOTED, SAID), (5, SAID, "Plenary")):
            before = len(removals(running))
            await days_pass(running, days)
            assert len(removals(running)) == before + 1
            await until(erased)
            assert found(disk, gone) == []
            assert found(disk, left)
        assert await shown(client, north, SAID) == []


async def test_what_is_not_recorded_never_stays_on_a_hub(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What was said just before goes from its disk again, and what is said meanwhile never gets there."""
    caplog.set_level(logging.DEBUG)
    disk, engine, chair = tmp_path / "hub", Actor(Role.ENGINE, "e"), Actor(Role.CHAIR, "c")
    async with ClientSession() as client, running_hub(disk) as hub, centre(tmp_path / "centre") as running:
        meeting = Meeting(running)
        await meeting.begin()
        await meeting.do(do.AttachEngine(channel=FLOOR, model="m"))
        live = await running.backend.sessions.open(SESSION)

        async def speak(segment: str, *texts: str) -> None:
            now = live.state.media_now(running.backend.clock.wall())
            words = tuple(le.Word(text, now + n, now + n + 1) for n, text in enumerate(texts))
            await meeting.do(
                do.CommitWords(
                    channel=FLOOR,
                    generation=1,
                    segment=SegmentId(segment),
                    first=0,
                    words=words,
                    start=do.SegmentStart(t0=now, language="en"),
                ),
                do.EndSegment(
                    channel=FLOOR, generation=1, segment=SegmentId(segment), t1=now + 9, reason=le.EndReason.SENTENCE
                ),
                by=engine,
            )

        await paired(running, hub)
        await room_before(running.backend, running.live, SESSION)
        await speak("a", "Between", f" us, {SAID}.")
        await until(shows(client, f"{hub.own}/s/{SESSION}", SAID))
        assert found(disk, SAID)
        await meeting.do(do.BeginNotRecorded(back=30_000), by=chair)
        live.writer.signal(Unrecorded(channel=FLOOR, text=f"And {LATER} too.", language="en"))
        async for frame, _ in follow(f"{running.address}/s/{SESSION}", Feed(FLOOR), running.backend.clock):
            if any(isinstance(signal, Unrecorded) and LATER in signal.text for signal in frame.signals):
                break  # Whoever reads at the centre sees it.

        async def erased() -> bool:
            return status(running) == {"kisumu": True}

        await until(erased)
        await meeting.do(do.EndNotRecorded(), by=chair)
        await speak("c", "Recorded", " again.")
        await until(shows(client, f"{hub.own}/s/{SESSION}", "Recorded again."))
        for text in (SAID, LATER):
            assert found(disk, text) == []
            assert await shown(client, hub, text) == []
            assert text not in caplog.text


async def test_a_break_as_a_hubs_desk_and_readers_see_it_and_nothing_of_it_is_in_the_hubs_files(tmp_path: Path) -> None:
    """Begun 30 s ago, ended from now; begun again, and ended from 20 s ago."""
    disk = tmp_path / "hub"
    told, kept = "Break. The text goes on when the meeting does.", "Break from"
    async with (
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as client,
        centre(tmp_path / "centre") as running,
        running_hub(disk) as hub,
    ):
        meeting = Meeting(running)
        await meeting.begin()
        live = await running.backend.sessions.open(SESSION)
        await paired(running, hub)
        await say(meeting, "a", f"{SAID} in confidence.")
        page = f"{hub.own}/s/{SESSION}?ui=en"
        await until(shows(client, page, SAID))
        assert found(disk, SAID)
        _, token = await hub.parts.links.create(*COORDINATOR)
        async with client.get(f"{hub.own}/enter/{token}"):
            pass
        desk = f"{hub.own}/desk?ui=en"
        assert not await shows(client, desk, f">{told}<")()
        # Set back to before what was said: it goes, from the hub's disk as well.
        await meeting.do(do.PauseSession(back=30_000), by=SECRETARIAT)
        await until(shows(client, desk, f">{told}<"))
        await until(shows(client, page, told))

        async def gone() -> bool:
            return not found(disk, SAID)

        await until(gone)
        assert await shown(client, hub, SAID) == []
        # What an engine would show of a break is never in the log, and no signal of it comes along.
        live.writer.signal(Unrecorded(channel=FLOOR, text=NOTED, language="en"))
        await meeting.do(do.ResumeSession(), by=SECRETARIAT)
        await until(shows(client, page, kept))

        async def over() -> bool:
            return not await shows(client, desk, f">{told}<")()

        await until(over)
        # From 20 s ago: not before somebody had said that it began, and readers are told where the text begins.
        await meeting.do(do.PauseSession(), by=SECRETARIAT)
        await until(shows(client, desk, f">{told}<"))
        await meeting.do(do.ResumeSession(back=20_000), by=SECRETARIAT)
        await until(over)
        await say(meeting, "b", f"And {LATER} as well.")
        await until(shows(client, page, LATER))
        assert not found(disk, SAID)
        assert not found(disk, NOTED)
        # The same, in the same words, as at the centre.
        for place in ("", "/read", "/record.txt", "/record.html"):
            spans = []
            for house in (running.address, hub.own):
                async with client.get(f"{house}/s/{SESSION}{place}?ui=en") as response:
                    spans.append(re.findall(r"(?:Break|Text) from [^<\n]*", await response.text()))
            assert spans[0] == spans[1]
            assert spans[0], place
