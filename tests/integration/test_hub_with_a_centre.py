"""A centre and a hub in one process: paired by words, a session is copied, acts go up, notes come down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, CookieJar

from hub_node import running_hub
from moothall.adapters.system_clock import SystemClock
from moothall.app import Hall, hall
from moothall.core import commands as do
from moothall.core.actors import SYSTEM, Actor, Role
from moothall.core.events import Access, ChannelKind
from moothall.core.hub_entry import Details
from moothall.core.ids import ChannelId, CommandId, NoteId, SegmentId, SessionId
from moothall.services.role_links import HALL
from moothall.services.session_writer import Receipt
from moothall.settings import Engine, Server, Settings, Translation
from moothall_hub.app import Hub
from moothall_hub.pairing import Pairing
from moothall_hub.strip import LineState

CLOCK = SystemClock()
SESSION, FLOOR = SessionId("plenary"), ChannelId("floor")
COORDINATOR = (Role.HUB, HALL, "Coordinator")


@asynccontextmanager
async def centre(data: Path, port: int = 0) -> AsyncIterator[Hall]:
    settings = Settings(
        server=Server(port=port, data=str(data)), engine=Engine(count=0), translation=Translation(translators=())
    )
    async with hall(settings) as running:
        yield running


class Meeting:
    """What happens at the centre."""

    def __init__(self, running: Hall) -> None:
        self.running = running
        self._acts = 0

    async def do(self, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
        self._acts += 1
        writer = (await self.running.sessions.open(SESSION)).writer
        answer = await writer.send(by, CommandId(f"act-{self.running.clock.monotonic()}-{self._acts}"), commands)
        assert isinstance(answer, Receipt), answer

    async def begin(self) -> None:
        made = do.CreateSession(title="Plenary", languages=("en",), access=Access.PUBLIC)
        await self.do(made, do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)), do.OpenSession())

    async def say(self, text: str) -> None:
        segment = SegmentId(f"line-{self.running.clock.monotonic()}")
        await self.do(
            do.TypeLine(channel=FLOOR, segment=segment, text=text, language="en"), by=Actor(Role.CAPTIONER, "c")
        )


async def paired(running: Hall, hub: Hub, title: str = "Kisumu") -> None:
    """Give a hub its words, and connect it with them."""
    if running.hubs.get(title.lower()) is None:
        await running.hubs.add(title, Details())
    words = await running.pairing.words(title.lower())
    assert words is not None
    done = await hub.pair(running.address, " ".join(words))
    assert isinstance(done, Pairing), done


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Wait until something is so, looking often; the test's time-out ends it."""
    while not await holds():
        await CLOCK.sleep(20)


def shows(client: ClientSession, address: str, text: str) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        async with client.get(address) as response:
            return text in await response.text()

    return look


async def test_a_session_is_copied_and_shown_while_the_centre_is_there_and_after(tmp_path: Path) -> None:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client, running_hub(tmp_path / "hub") as hub:
        page = f"{hub.own}/s/{SESSION}?ui=en"
        async with centre(tmp_path / "centre") as running:
            meeting = Meeting(running)
            await meeting.begin()
            await meeting.say("Good morning to Kisumu.")
            await paired(running, hub)
            await until(shows(client, page, "Good morning to Kisumu."))
            await until(shows(client, f"{hub.own}/?ui=en", "Live now"))
            await meeting.say("This is said now.")
            await until(shows(client, page, "This is said now."))
            await until(shows(client, page, "The line to the meeting is good."))
            port = int(running.address.rpartition(":")[2])
        await until(shows(client, page, "The line has been down since"))
        assert await shows(client, page, "This is said now.")()
        async with centre(tmp_path / "centre", port) as running:
            meeting = Meeting(running)
            await meeting.say("Said after the cut.")
            await until(shows(client, page, "Said after the cut."))
    # A hub that is started again has it all, and knows who it is.
    async with running_hub(tmp_path / "hub") as hub, ClientSession() as client:
        assert await shows(client, f"{hub.own}/s/{SESSION}", "Said after the cut.")()
        assert await shows(client, f"{hub.own}/s/{SESSION}/record.txt", "Good morning to Kisumu.")()
        assert hub.line.now().state is LineState.BEGINNING


async def forwarded(client: ClientSession, hub: Hub, desk: str) -> None:
    """Press *Pass on* at the first question of the desk."""
    act = desk.partition('value="forward:')[2].partition('"')[0]
    assert act, desk
    token = desk.partition('name="form" value="')[2].partition('"')[0]
    given = {"form": token, "session": SESSION, "act": f"forward:{act}"}
    async with client.post(f"{hub.own}/desk?ui=en", data=given, headers={"Origin": hub.own}) as response:
        assert response.status == 200, await response.text()


async def test_a_question_waits_for_the_line_and_arrives_once(tmp_path: Path) -> None:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client, running_hub(tmp_path / "hub") as hub:
        async with centre(tmp_path / "centre") as running:
            meeting = Meeting(running)
            await meeting.begin()
            await paired(running, hub)
            await until(shows(client, f"{hub.own}/s/{SESSION}?ui=en", "Plenary"))
            port = int(running.address.rpartition(":")[2])
        form = {"id": "form-1", "kind": "question", "text": "When is lunch?", "language": "en"}
        async with client.post(f"{hub.own}/s/{SESSION}/ask?ui=en", data=form, headers={"Origin": hub.own}) as response:
            page = await response.text()
            assert response.status == 200, page
            author = str(response.url)
        assert "When is lunch?" in page
        _, token = await hub.links.create(*COORDINATOR)
        async with client.get(f"{hub.own}/enter/{token}") as response:
            desk = await response.text()
            assert "When is lunch?" in desk
        await forwarded(client, hub, desk)
        await until(shows(client, author, "Waiting for the line"))
        async with centre(tmp_path / "centre", port) as running:
            await running.sessions.open(SESSION)

            async def arrived() -> bool:
                live = await running.sessions.find(SESSION)
                assert live is not None
                return len(live.state.floor.interventions) == 1

            await until(arrived)
            await until(shows(client, author, "Being checked"))
            meeting = Meeting(running)
            note = do.LeaveHubNote(note=NoteId("n1"), hub="kisumu", text="We can hear you.")
            await meeting.do(note, by=Actor(Role.MODERATOR, "m"))
            await until(shows(client, f"{hub.own}/desk?ui=en", "We can hear you."))
            live = await running.sessions.find(SESSION)
            assert live is not None
            assert len(live.state.floor.interventions) == 1


async def test_another_machine_takes_over_and_the_first_one_says_so(tmp_path: Path) -> None:
    async with (
        centre(tmp_path / "centre") as running,
        running_hub(tmp_path / "one") as one,
        running_hub(tmp_path / "two") as two,
        ClientSession() as client,
    ):
        meeting = Meeting(running)
        await meeting.begin()
        await paired(running, one)
        await until(shows(client, f"{one.own}/?ui=en", "The line to the meeting is good."))
        await paired(running, two)
        await until(shows(client, f"{one.own}/?ui=en", "Another computer has taken the place of this one."))
        await until(shows(client, f"{two.own}/?ui=en", "The line to the meeting is good."))
        async with client.get(f"{one.own}/line") as response:
            assert json.loads(await response.text())["kind"] == "fenced"
