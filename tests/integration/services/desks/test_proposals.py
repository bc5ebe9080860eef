"""A second pass gives its proposals to a running server; the staff decide on them, and nobody else sees a word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import socketio

from moothall.adapters.system.clock import SystemClock
from moothall.app.backend import open_backend
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.commands import CorrectSegment
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SpeakerId
from moothall.core.proposals.refining import Proposal
from moothall.core.rules.authority import COMMANDS, STAFF_ROLES
from moothall.services.desks.proposals import ROWS
from moothall.services.log.act_queue import Receipt
from moothall.services.proposals.proposing import ProposeOrder
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from support.files.found import found

FLOOR, SESSION = ChannelId("floor"), SessionId("hearing")
HIDDEN = "rhubarb"


def settings(data: Path) -> Settings:
    return Settings(
        server=Server(port=0, data=str(data)), engine=EngineSettings(count=0), translation=Translation(translators=())
    )


async def held(running: RunningServer, lines: int = 3) -> None:
    """A closed session, of which a second pass heard a word that nobody has read."""
    live = await running.backend.sessions.open(SESSION)
    engine = Actor(Role.ENGINE, "e")
    acts: list[tuple[Actor, list[do.AnyCommand]]] = [
        (
            SYSTEM,
            [
                do.CreateSession(title="Hearing", languages=("en",)),
                do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
                do.OpenSession(),
                do.AttachEngine(channel=FLOOR, model="m"),
                do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana Souza"),
                do.SetSpeaker(channel=FLOOR, speaker=SpeakerId("ana")),
            ],
        )
    ]
    for n in range(lines):
        t, segment = 10_000 * n, SegmentId(f"l{n}")
        words = (le.Word("It", t, t + 200), le.Word(" was.", t + 200, t + 500))
        start = do.SegmentStart(t0=t, language="en")
        said = do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=0, words=words, start=start)
        ended = do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=t + 500, reason=le.EndReason.SENTENCE)
        acts.append((engine, [said, ended]))
    acts.append((SYSTEM, [do.CloseSession()]))
    for n, (by, commands) in enumerate(acts):
        answer = await live.writer.send(by, CommandId(f"c{n}"), commands)
        assert isinstance(answer, Receipt), answer
    found = tuple(
        Proposal(
            segment=SegmentId(f"l{n}"),
            channel=FLOOR,
            base_revision=0,
            t0=10_000 * n,
            old="It was.",
            new=f"It was {HIDDEN}." if n == 0 else f"It was {n}.",
            stays=0.9,
            machine=True,
        )
        for n in range(lines)
    )
    told = await running.office.propose(
        ProposeOrder(session=SESSION, model="better", through=live.writer.offset, proposals=found)
    )
    assert (told.kept, told.address) == (lines, f"{running.served.public}/desk/{SESSION}/refinements")


@asynccontextmanager
async def browser_of(running: RunningServer, role: Role) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser that has opened a link for the job."""
    _, token = await running.backend.links.create(role, f"session:{SESSION}", "somebody")
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False) as entered:
            assert entered.status == 303
        yield http


class Desk:
    """A page that has joined."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client

    async def ask(self, event: str, **data: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self.client.call(event, data, namespace="/desk", timeout=60)
        return answer


@asynccontextmanager
async def at_a_desk(running: RunningServer, role: Role) -> AsyncIterator[Desk]:
    async with browser_of(running, role) as http:
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        await client.connect(running.address, namespaces=["/desk"], transports=["websocket"], wait_timeout=60)
        try:
            joined = await client.call("join", {"session": SESSION}, namespace="/desk", timeout=60)
            assert HIDDEN not in str(joined)
            yield Desk(client)
        finally:
            await client.disconnect()


async def fates(desk: Desk) -> str:
    answer = await desk.ask("proposals")
    return str(answer["fates"])


def text_of(running: RunningServer, name: str) -> str:
    live = running.backend.sessions.loaded(SESSION)
    line = None if live is None else live.state.segments.get(SegmentId(name))
    return "" if line is None else line.whole


async def test_only_who_may_correct_lines_is_shown_what_is_proposed(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        for role in sorted(STAFF_ROLES):
            corrects = CorrectSegment in COMMANDS[role]
            async with at_a_desk(running, role) as desk:
                shown = await desk.ask("proposals")
                assert (HIDDEN in str(shown)) is corrects, role
                for message in ("accept", "leave-lines", "take-up"):
                    answer = await desk.ask(message, id=f"{role}-{message}", run="", segments=["l0"])
                    assert answer["refusal"]["code"] == ("stale" if corrects else "forbidden"), (role, message)
        assert text_of(running, "l0") == "It was."


async def test_at_no_door_anybody_else_reads_a_word_of_it(tmp_path: Path) -> None:
    """As integration/reading/test_strangers.py, with proposals in the house: at every address that takes no form."""
    async with hall(settings(tmp_path)) as running:
        await held(running)
        routes = [route.removeprefix("GET ") for route in running.served.routes if route.startswith("GET ")]
        assert "/desk/{session}/refinements" in routes
        values = {"session": SESSION, "room": "r", "link": "l", "token": "t", "version": "v", "name": "n"}
        values |= {"segment": "l0", "number": "1", "language": "pt", "hub": "kisumu", "ms": "0", "pass": "p"}
        values |= {"channel": "floor", "page": "0-25-aaaaaaaa", "tree": "1", "path": "0/000.p/1", "style": "txt"}
        values |= {"first": "now", "second": "now", "person": "p1", "secret": "guess"}
        values |= {"question": "q1", "call": "c1", "document": "d1", "recipient": "r1", "message": "m1", "log": "d1"}
        addresses = [
            route.format(**values, form=form)
            for route in routes
            for form in (("json", "txt", "vtt", "srt", "html") if "{form}" in route else ("",))
            if route not in ("/s/{session}/ws", "/socket.io/")
        ]
        assert len(addresses) > 30
        for role in (None, Role.READER, Role.HUB, *sorted(STAFF_ROLES)):
            async with aiohttp.ClientSession() if role is None else browser_of(running, role) as http:
                for address in addresses:
                    # Of what goes on, the first piece is all that is already there.
                    async with http.get(running.address + address, allow_redirects=False) as answer:
                        streams = address.endswith(("/events", "/text", "/low"))
                        body = await answer.content.readany() if streams else await answer.read()
                    assert HIDDEN.encode() not in body, (role, address)
                    if address.endswith("/refinements"):
                        corrects = role is not None and CorrectSegment in COMMANDS[role]
                        assert answer.status == (200 if corrects else 401 if role in (None, Role.READER) else 404), role


async def test_lines_are_accepted_left_and_taken_back_and_the_log_keeps_both_texts(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        async with at_a_desk(running, Role.CAPTIONER) as desk:
            shown = await desk.ask("proposals")
            run = shown["run"]
            assert (shown["model"], shown["fates"]) == ("better", "www")
            row = shown["rows"][0]
            assert (row["old"], row["new"]) == (
                [["It", False], [" was.", True]],
                [["It", False], [f" was {HIDDEN}.", True]],
            )
            assert (row["segment"], row["t0"], row["t1"], row["language"], row["name"], row["now"]) == (
                "l0", 0, 500, "en", "Ana Souza", None
            )  # fmt: skip
            first = await desk.ask("accept", id="a1", run=run, segments=["l0"])
            assert await fates(desk) == "aww"
            assert text_of(running, "l0") == f"It was {HIDDEN}."
            assert (await desk.ask("accept", id="a1", run=run, segments=["l0"]))["receipt"] == first["receipt"]
            assert await desk.ask("leave-lines", id="a2", run=run, segments=["l1"]) == {}
            again = await desk.ask("leave-lines", id="a2", run=run, segments=["l1"])
            assert again["refusal"]["code"] == "stale"
            assert await fates(desk) == "alw"
            assert "receipt" in await desk.ask("accept", id="a3", run=run, kind="all")
            assert await fates(desk) == "ala"
            assert (await desk.ask("accept", id="a4", run=run, kind="all"))["refusal"]["code"] == "stale"
            wrongs: list[dict[str, object]] = [{"id": ""}, {"segments": []}, {"kind": "all", "segments": ["l1"]}]
            for wrong in wrongs:
                answer = await desk.ask("accept", **{"id": "a5", "run": run, "segments": ["l1"], **wrong})
                assert answer["refusal"]["code"] == "invalid", wrong
            sly = {"do": "correct", "channel": FLOOR, "segment": "l1", "base_revision": 0, "base_words": 2}
            answer = await desk.ask("act", id="a6", commands=[{**sly, "text": "Mine.", "accepted": True}])
            assert answer["refusal"]["code"] == "invalid"
            assert await desk.ask("take-up", id="a8", run=run, segments=["l1"]) == {}
            assert "receipt" in await desk.ask("undo", id="a1")
            assert await fates(desk) == "wwa"  # as before it was accepted
            assert (await desk.ask("take-up", id="a7", run=run, segments=["l1"]))["refusal"]["code"] == "stale"
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{running.address}/s/{SESSION}/record.json") as response:
                lines = (await response.json())["lines"]
            async with http.get(f"{running.address}/s/{SESSION}/record.txt?sources=1") as response:
                text = await response.text()
        machine = "Written by a machine"
        accepted = f"{machine} · Mended by the machine, accepted by a person"
        assert [(line["text"], line["source"]) for line in lines] == [
            ("It was.", machine), ("It was.", machine), ("It was 2.", accepted)
        ]  # fmt: skip
        assert text.count("accepted by a person") == 1


async def test_they_are_there_after_a_restart_page_by_page(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running, ROWS + 5)
        async with at_a_desk(running, Role.TECHNICIAN) as desk:
            run = (await desk.ask("proposals"))["run"]
            await desk.ask("leave-lines", id="l", run=run, segments=["l1"])
    async with hall(settings(tmp_path)) as running, at_a_desk(running, Role.TECHNICIAN) as desk:
        shown = await desk.ask("proposals")
        assert (shown["run"], len(shown["rows"]), shown["fates"]) == (run, ROWS, f"wl{'w' * (ROWS + 3)}")
        rest = await desk.ask("proposals", first=ROWS)
        assert [row["n"] for row in rest["rows"]] == list(range(ROWS, ROWS + 5))
        (one,) = (await desk.ask("proposals", segments=["l1"]))["rows"]
        assert one["n"] == 1
        correct = {"do": "correct", "channel": FLOOR, "segment": "l1", "base_revision": 0, "base_words": 2}
        assert "receipt" in await desk.ask("act", id="m", commands=[{**correct, "text": "Mine."}])
        (one,) = (await desk.ask("proposals", segments=["l1"]))["rows"]
        assert one["now"] == "Mine."


async def test_a_removal_takes_the_words_out_of_every_file(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        assert found(tmp_path, HIDDEN)
        async with at_a_desk(running, Role.SECRETARIAT) as desk:
            answer = await desk.ask("remove", id="r", removes={"type": "lines", "segments": ["l0"]})
            assert "receipt" in answer, answer
            assert found(tmp_path, HIDDEN) == []
            assert await fates(desk) == "ww"


async def test_a_rehearsal_takes_its_proposals_along(tmp_path: Path) -> None:

    async with hall(settings(tmp_path)) as running:
        await held(running)
    async with AsyncExitStack() as stack:
        house = await open_backend(stack, settings(tmp_path), SystemClock())
        assert house.proposals.kept(SESSION) is not None
        await house.erase(SESSION)
        assert house.proposals.kept(SESSION) is None
