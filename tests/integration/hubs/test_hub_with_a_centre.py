"""A centre and a hub in one process: paired by words, a session is copied, acts go up, notes come down."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar

from moothall.app.hall import RunningServer
from moothall.core import commands as do
from moothall.core.events.lines import AirSource
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, OpinionSums
from moothall.core.events.types import VoicesTold
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import NoteId, PollId
from moothall.core.opinions.rooms import RoomVotes
from moothall.core.signals import ChannelState, Sound
from moothall.services.questions.comment_votes import rooms_in
from moothall.services.sessions.role_links import Entered
from moothall.settings.sections import Translation
from moothall_hub.app import RunningHub
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.pages.routes import COOKIE
from moothall_hub.uplink.status_bar import UplinkStatus
from support.hubs.node import running_hub
from support.hubs.together import COORDINATOR, FLOOR, SESSION, Meeting, below, centre, forwarded, paired, shows, until
from support.sessions.questions import SOMEBODY, ask, name, stand

MEASURED = "it recognises nobody by their voice."


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
            await until(shows(client, page, "The connection to the meeting is good."))
            await meeting.do(do.PutOnAir(channel=FLOOR, source=AirSource.PERSON), by=Actor(Role.CAPTIONER, "c"))
            await meeting.do(do.PutOnAir(channel=FLOOR, source=AirSource.MACHINE), by=Actor(Role.CAPTIONER, "c"))
            await until(shows(client, page, "Machine text while the captioner is away"))
            await meeting.do(do.AttachEngine(channel=FLOOR, model="m", voices=VoicesTold.CHANGES))
            await until(shows(client, page, MEASURED))
            port = int(running.address.rpartition(":")[2])
        await until(shows(client, page, "The connection has been down since"))
        assert await shows(client, page, "This is said now.")()
        async with centre(tmp_path / "centre", port) as running:
            meeting = Meeting(running)
            await meeting.say("Said after the cut.")
            await until(shows(client, page, "Said after the cut."))
    # A hub that is started again has it all, and knows who it is.
    async with running_hub(tmp_path / "hub") as hub, ClientSession() as client:
        assert await shows(client, f"{hub.own}/s/{SESSION}", "Said after the cut.")()
        assert await shows(client, f"{hub.own}/s/{SESSION}?ui=en", MEASURED)()
        assert await shows(client, f"{hub.own}/s/{SESSION}/record.txt", "Good morning to Kisumu.")()
        assert hub.parts.uplink.now().state is UplinkStatus.BEGINNING


@pytest.mark.slow
async def test_a_language_that_only_a_hub_reads_is_translated_for_it(tmp_path: Path) -> None:
    echo = Translation(languages=(), translators=("echo",))
    async with (
        ClientSession() as client,
        centre(tmp_path / "centre", translation=echo) as running,
        running_hub(tmp_path / "hub") as hub,
    ):
        meeting = Meeting(running)
        await meeting.begin()
        await meeting.say("Good morning to Kisumu.")
        await paired(running, hub)
        await hub.parts.offers.set(SessionChoice(languages=("pt",)))
        page = f"{hub.own}/s/{SESSION}?channel=mt-pt&ui=en"
        await until(shows(client, page, "[pt] Good morning to Kisumu."))
        live = await running.backend.sessions.find(SESSION)
        assert live is not None
        made = {line.channel for _, line in live.state.segments.items()}
        assert made == {"floor", "mt-pt"}, "nobody reads Spanish"


async def test_a_question_waits_for_the_link_and_arrives_once(tmp_path: Path) -> None:
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
        _, token = await hub.parts.links.create(*COORDINATOR)
        async with client.get(f"{hub.own}/enter/{token}") as response:
            desk = await response.text()
            assert "When is lunch?" in desk
        await forwarded(client, hub, desk)
        await until(shows(client, author, "Waiting for the connection"))
        async with centre(tmp_path / "centre", port) as running:
            await running.backend.sessions.open(SESSION)

            async def arrived() -> bool:
                live = await running.backend.sessions.find(SESSION)
                assert live is not None
                return len(live.state.questions.interventions) == 1

            await until(arrived)
            await until(shows(client, author, "Being checked"))
            meeting = Meeting(running)
            note = do.LeaveHubNote(note=NoteId("n1"), hub="kisumu", text="We can hear you.")
            await meeting.do(note, by=Actor(Role.MODERATOR, "m"))
            await until(shows(client, f"{hub.own}/desk?ui=en", "We can hear you."))
            live = await running.backend.sessions.find(SESSION)
            assert live is not None
            assert len(live.state.questions.interventions) == 1


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
        await until(shows(client, f"{one.own}/?ui=en", "The connection to the meeting is good."))
        await paired(running, two)
        await until(shows(client, f"{one.own}/?ui=en", "Another computer has taken the place of this one."))
        await until(shows(client, f"{two.own}/?ui=en", "The connection to the meeting is good."))
        async with client.get(f"{one.own}/uplink") as response:
            assert json.loads(await response.text())["kind"] == "fenced"
        _, token = await one.parts.links.create(*COORDINATOR)
        entered = await one.parts.links.enter(token, "")
        assert isinstance(entered, Entered)
        async with client.get(f"{one.own}/setup?ui=en", cookies={COOKIE: entered.key}) as response:
            assert "Another computer speaks for Kisumu now" in await response.text()


async def test_a_hub_below_a_hub_has_all_and_what_it_asks_arrives_once(tmp_path: Path) -> None:
    async with (
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as client,
        running_hub(tmp_path / "north") as north,
        running_hub(tmp_path / "kisumu") as kisumu,
    ):
        async with centre(tmp_path / "centre") as running:
            meeting = Meeting(running)
            await meeting.begin()
            await meeting.say("Good morning to all below.")
            await paired(running, north, "North")
            await until(shows(client, f"{north.own}/s/{SESSION}", "Good morning to all below."))
            await below(north, kisumu, "Kisumu")
            page = f"{kisumu.own}/s/{SESSION}?ui=en"
            await until(shows(client, page, "Good morning to all below."))
            await meeting.say("This is said now.")
            await until(shows(client, page, "This is said now."))
            assert kisumu.parts.offers.about.hub == "north.kisumu"
            # A question at the bottom.
            form = {"id": "form-2", "kind": "question", "text": "Do you hear us?", "language": "en"}
            own = {"Origin": kisumu.own}
            async with client.post(f"{kisumu.own}/s/{SESSION}/ask?ui=en", data=form, headers=own) as response:
                author = str(response.url)
            _, token = await kisumu.parts.links.create(*COORDINATOR)
            async with client.get(f"{kisumu.own}/enter/{token}") as response:
                await forwarded(client, kisumu, await response.text())
            await until(shows(client, author, "Being checked"))
            live = await running.backend.sessions.find(SESSION)
            assert live is not None
            assert [each.text for _, each in live.state.questions.interventions.items()] == ["Do you hear us?"]
            note = do.LeaveHubNote(note=NoteId("n2"), hub="north.kisumu", text="We hear you.")
            await meeting.do(note, by=Actor(Role.MODERATOR, "m"))
            await until(shows(client, f"{kisumu.own}/desk?ui=en", "We hear you."))
        # Its own line is as good as before, and says what it is worth.
        await until(shows(client, f"{kisumu.own}/?ui=en", "The connection has been down since"))
        assert kisumu.parts.uplink.now().since is not None


ASKED = do.OpenPoll(poll=PollId("p1"), question="Shall we go on?", language="en", options=("Yes", "No"))
LEADS = Actor(Role.MODERATOR, "m")
LIST = f"/s/{SESSION}/questions?ui=en"


async def vote(client: ClientSession, hub: RunningHub, option: int) -> str:
    """Choose an answer in the hub's room with this client's browser; the page behind it."""
    sent = {"Origin": hub.own}
    async with client.post(f"{hub.own}/s/{SESSION}/hands/1?ui=en", data={"option": option}, headers=sent) as response:
        assert response.status == 200
        return await response.text()


def no_more(client: ClientSession, page: str, text: str) -> Callable[[], Awaitable[bool]]:
    """Whether a page says something no longer."""
    said = shows(client, page, text)

    async def so() -> bool:
        return not await said()

    return so


def remote(running: RunningServer, *counts: int) -> Callable[[], Awaitable[bool]]:
    """Whether the centre has counted so many for each option."""

    async def so() -> bool:
        live = await running.backend.sessions.find(SESSION)
        return live is not None and live.state.questions.polls[-1].remote == counts

    return so


async def test_a_vote_waits_for_the_link_counts_once_and_is_refused_after_the_close(tmp_path: Path) -> None:
    async with (
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as client,
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as other,
        running_hub(tmp_path / "hub") as hub,
    ):
        page = f"{hub.own}{LIST}"
        async with centre(tmp_path / "centre") as running:
            meeting = Meeting(running)
            await meeting.begin()
            await meeting.do(ASKED, by=LEADS)
            await paired(running, hub)
            await until(shows(client, page, ASKED.question))
            assert await shows(other, page, ASKED.question)()
            port = int(running.address.rpartition(":")[2])
        # There is no line.
        await until(shows(client, f"{hub.own}/?ui=en", "The connection has been down since"))
        for option in (0, 1):
            assert "It waits for the connection." in await vote(client, hub, option)
        async with centre(tmp_path / "centre", port) as running:
            await running.backend.sessions.open(SESSION)
            await until(remote(running, 0, 1))
            await until(shows(client, page, "Remote: 1. On site: 0. Together: 1."))
            await until(no_more(client, page, "It waits for the connection."))
            assert await shows(client, page, "Your choice")()
            assert "Your choice" not in await (await other.get(page)).text()
        # The line goes again; the meeting closes it before the room's votes are there.
        assert "It waits for the connection." in await vote(client, hub, 0)
        assert "It waits for the connection." in await vote(other, hub, 0)
        async with centre(tmp_path / "centre") as running:
            await Meeting(running).do(do.ClosePoll(poll=ASKED.poll), by=LEADS)
        async with centre(tmp_path / "centre", port) as running:
            for each in (client, other):
                await until(shows(each, page, "before your choice reached the meeting. It does not count."))
            assert "Your choice" in await (await client.get(page)).text(), "the one that was in time counts"
            assert await remote(running, 0, 1)()
            records = await running.backend.log.read(SESSION, 0, 1_000)
            assert not any(b"kisumu" in (each.body or b"") for each in records if each.header.type.startswith("poll."))


async def on_a_comment(client: ClientSession, hub: RunningHub, opinion: str) -> None:
    """Vote on the meeting's comment in the hub's room with this client's browser."""
    sent = {"Origin": hub.own}
    async with client.post(f"{hub.own}/s/{SESSION}/opinions/1?ui=en", data={"vote": opinion}, headers=sent) as response:
        assert response.status == 200
        assert "Comments left to vote on: 0" in await response.text()
    await hub.parts.opinions.pass_on()


def voted_in_rooms(running: RunningServer, **agree: int) -> Callable[[], Awaitable[bool]]:
    """Whether the centre has the votes of one person of each of these rooms, by hub."""
    rooms = {
        hub.replace("_", "."): RoomVotes(people=1, sums={name("c"): OpinionSums(agree=n, disagree=1 - n, passed=0)})
        for hub, n in agree.items()
    }

    async def so() -> bool:
        box = running.backend.ballots.box.boxes.get(SESSION)
        return box is not None and rooms_in(box) == rooms

    return so


async def test_a_vote_below_a_hub_is_passed_up_and_counted_once(tmp_path: Path) -> None:
    async with (
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as client,
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as other,
        running_hub(tmp_path / "north") as north,
        running_hub(tmp_path / "kisumu") as kisumu,
    ):
        async with centre(tmp_path / "centre") as running:
            meeting = Meeting(running)
            await meeting.begin()
            await meeting.do(ASKED, by=LEADS)
            await meeting.do(ask("c", "Open it.", kind=InterventionKind.COMMENT), by=SOMEBODY)
            for command in (stand(InterventionStatus.QUEUED, "c"), do.SwitchVoting(on=True)):
                await meeting.do(command, by=LEADS)
            await meeting.do(do.PutToVote(comments=(name("c"),)), by=LEADS)
            await paired(running, north, "North")
            await until(shows(other, f"{north.own}{LIST}", ASKED.question))
            await below(north, kisumu, "Kisumu")
            await until(shows(client, f"{kisumu.own}{LIST}", ASKED.question))
            for each, hub in ((client, kisumu), (other, north)):
                await until(shows(each, f"{hub.own}/s/{SESSION}/opinions?ui=en", "Comments left to vote on: 1"))
            port = int(running.address.rpartition(":")[2])
        await until(shows(client, f"{kisumu.own}/?ui=en", "The connection has been down since"))
        await vote(client, kisumu, 0)
        await vote(other, north, 1)
        await on_a_comment(client, kisumu, "agree")
        await on_a_comment(other, north, "disagree")
        async with centre(tmp_path / "centre", port) as running:
            await running.backend.sessions.open(SESSION)
            await until(remote(running, 1, 1))
            await until(voted_in_rooms(running, north=0, north_kisumu=1))
            for each, hub in ((client, kisumu), (other, north)):
                await until(shows(each, f"{hub.own}{LIST}", "Remote: 1. On site: 0. Together: 1."))
            await vote(client, kisumu, 1)
            await on_a_comment(client, kisumu, "disagree")
            await until(remote(running, 0, 2))
            await until(voted_in_rooms(running, north=0, north_kisumu=0))
            # The meeting closes it: what the hub below says after that comes back refused.
            await Meeting(running).do(do.ClosePoll(poll=ASKED.poll), by=LEADS)
            await until(shows(client, f"{kisumu.own}{LIST}", "It is closed. This is the result."))
            assert "Your choice" in await vote(client, kisumu, 0)
            assert await remote(running, 0, 2)()


async def test_questions_are_translated_for_hubs_and_for_those_below_them(tmp_path: Path) -> None:
    echo = Translation(languages=(), translators=("echo",))
    async with (
        ClientSession() as client,
        running_hub(tmp_path / "north") as north,
        running_hub(tmp_path / "kisumu") as kisumu,
    ):
        lists = [f"{hub.own}/s/{SESSION}/questions?ui=pt" for hub in (kisumu, north)]
        async with centre(tmp_path / "centre", translation=echo) as running:
            meeting = Meeting(running)
            await meeting.begin()
            await paired(running, north, "North")
            await below(north, kisumu, "Kisumu")
            await meeting.do(ask("q1", "Do you hear us?"), by=SOMEBODY)
            await meeting.do(stand(InterventionStatus.QUEUED, "q1"), by=LEADS)
            for page in (f"{running.address}/s/{SESSION}/questions/1/pt", *lists):
                await until(shows(client, page, "[pt] Do you hear us?"))
            async with client.get(f"{kisumu.own}/s/{SESSION}/questions/1/pt?ui=en") as response:
                told = await response.json()
            assert (told["text"], told["from"]) == ("[pt] Do you hear us?", "en")
        # What is there stays while there is no line; nothing else can be made.
        for page in lists:
            await until(shows(client, page, "[pt] Do you hear us?"))
        await until(no_more(client, f"{kisumu.own}/?ui=en", "The connection to the meeting is good."))
        async with client.get(f"{kisumu.own}/s/{SESSION}/questions/1/fr?ui=en") as response:
            assert response.status == 404


async def next_state(stream: ClientResponse) -> dict[str, object]:
    """What comes next of the sound, past any pulses."""
    async for line in stream.content:
        for signal in json.loads(line[6:]).get("signals", ()) if line.startswith(b"data: {") else ():
            if signal["kind"] == "state":
                return dict(signal)
    raise AssertionError


async def test_readers_below_are_told_of_the_sound_as_readers_of_the_centre_are(tmp_path: Path) -> None:
    late = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=63_000, t=0)
    async with (
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as client,
        running_hub(tmp_path / "north") as north,
        running_hub(tmp_path / "kisumu") as kisumu,
    ):
        async with centre(tmp_path / "centre") as running:
            meeting = Meeting(running)
            await meeting.begin()
            await paired(running, north, "North")
            await until(shows(client, f"{north.own}/s/{SESSION}?ui=en", "Plenary"))
            await below(north, kisumu, "Kisumu")
            await until(shows(client, f"{kisumu.own}/s/{SESSION}?ui=en", "Plenary"))
            live = await running.backend.sessions.find(SESSION)
            assert live is not None
            streams = [
                await client.get(f"{each}/s/{SESSION}/events", headers={"Accept-Encoding": "identity"})
                for each in (running.address, north.own, kisumu.own)
            ]
            live.writer.signal(late)
            told = [await next_state(stream) for stream in streams]
            assert told == [{"kind": "state", "channel": FLOOR, "sound": "speech", "lag": 63_000, "t": 0}] * 3
            _, token = await kisumu.parts.links.create(*COORDINATOR)
            async with client.get(f"{kisumu.own}/enter/{token}") as response:
                page = await response.text()
                assert ">Text delayed 63\N{NO-BREAK SPACE}s" in page, page
        # The centre is gone: nobody knows how late the text is.
        for stream in streams[1:]:
            while (await next_state(stream))["lag"]:
                pass
            stream.close()
        assert ">Text delayed" not in await (await client.get(f"{kisumu.own}/desk?ui=en")).text()


async def test_a_loop_is_refused(tmp_path: Path) -> None:
    async with (
        ClientSession() as client,
        running_hub(tmp_path / "north") as north,
        running_hub(tmp_path / "kisumu") as kisumu,
        centre(tmp_path / "centre") as running,
    ):
        await Meeting(running).begin()
        await paired(running, north, "North")
        await until(shows(client, f"{north.own}/?ui=en", "The connection to the meeting is good."))
        await below(north, kisumu, "Kisumu")
        await until(shows(client, f"{kisumu.own}/?ui=en", "The connection to the meeting is good."))
        await below(kisumu, north, "North again")
        await until(shows(client, f"{north.own}/?ui=en", "does not let this computer in"))
        assert north.parts.uplink.now().reason == "This hub's uplink leads back to itself."
