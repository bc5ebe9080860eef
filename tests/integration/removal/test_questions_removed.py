"""A question's words, and the lines spoken during it, leave a running server: its desks, its doors, and every file."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from moothall.app.hall import RunningServer, hall
from moothall.cli.verifying import SOUND, verify_command
from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, InterventionId, SegmentId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from support.files.found import found
from support.halls.readers import until
from support.halls.removal import FLOOR, HIDDEN, SESSION, asked, at_a_desk, concerned, held
from support.halls.room_before import room_before

Q, LATER = InterventionId("q"), InterventionId("later")
PRIVATE = "marmalade"
MODERATOR = Actor(Role.MODERATOR, "m1")


def settings(folder: Path) -> Settings:
    return Settings(
        server=Server(port=0, data=str(folder)), engine=EngineSettings(count=0), translation=Translation(translators=())
    )


async def done(running: RunningServer, name: str, *commands: do.AnyCommand, by: Actor = MODERATOR) -> None:
    live = await running.backend.sessions.open(SESSION)
    answer = await live.writer.send(by, CommandId(name), commands)
    assert isinstance(answer, Receipt), answer


async def questions(running: RunningServer, line: str | None = "a", age: int = 0) -> None:
    """One that was called and answered in writing, and one that waits; asked `age` ms ago."""
    participant = Actor(Role.PARTICIPANT, "p")
    for name, text in ((Q, f"Is there {PRIVATE}?"), (LATER, "And tea?")):
        ask = do.Ask(
            intervention=name,
            kind=InterventionKind.REQUEST,
            text=text,
            language="en",
            asker=f"by-{name}",
            name=f"Ms. {PRIVATE}" if name == Q else "",
            age=age,
        )
        await done(running, f"ask-{name}", ask, by=participant)
    await done(running, "approve", do.SetStatus(interventions=(Q, LATER), status=InterventionStatus.QUEUED))
    await done(running, "call", do.SetStatus(interventions=(Q,), status=InterventionStatus.CALLED))
    answered = do.SetStatus(
        interventions=(Q,), status=InterventionStatus.ANSWERED, segment=None if line is None else SegmentId(line)
    )
    await done(running, "answered", answered)
    await done(running, "write", do.WriteAnswer(intervention=Q, text=f"No {PRIVATE}.", language="en"))


async def page(running: RunningServer, path: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{running.address}/s/{SESSION}/{path}") as response:
        assert response.status == 200
        return await response.text()


def told(client: socketio.AsyncClient) -> list[dict[str, Any]]:
    """What comes to a desk of its questions."""
    bodies: list[dict[str, Any]] = []
    client.on("interventions", bodies.append, namespace="/desk")
    return bodies


async def test_a_question_leaves_every_file_and_every_page(tmp_path: Path) -> None:
    selection = {"type": "interventions", "interventions": ["q"]}
    async with hall(settings(tmp_path)) as running:
        await held(running)
        await questions(running)
        assert PRIVATE in await page(running, "questions")
        assert PRIVATE in await page(running, "record.json")
        async with at_a_desk(running, Role.MODERATOR) as client:
            assert (await asked(client, "r", selection))["refusal"]["code"] == "forbidden"
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            bodies = told(client)
            assert await concerned(client, selection) == {"lines": 0}
            answer = await asked(client, "r", selection)
            assert "receipt" in answer, answer
            assert await asked(client, "r", selection) == answer
            assert found(tmp_path, PRIVATE) == []
            await until(lambda: bool(bodies))
            item = next(item for item in bodies[-1]["items"] if item["id"] == "q")
            assert (item["number"], item["removed"], item["text"], item["status"]) == (1, True, "", "written")
            undone = await client.call("undo", {"id": "write"}, namespace="/desk", timeout=60)
            assert undone["refusal"]["code"] == "unknown"
        for path in ("questions", "record.json", "record.txt", "record.html"):
            text = await page(running, path)
            assert PRIVATE not in text
            assert "What was written here was removed for good." in text or path == "record.json"
        record = json.loads(await page(running, "record.json"))
        assert [each["removed"] for each in record["interventions"]] == [True, False]
        assert record["figures"]["answered"] == 1
    assert found(tmp_path, PRIVATE) == []
    said = io.StringIO()
    assert verify_command(tmp_path, None, said) == SOUND, said.getvalue()
    assert said.getvalue().startswith(f"{SESSION}: intact; words were removed by its keepers, 1 time")
    async with hall(settings(tmp_path)) as running:
        live = await running.backend.sessions.find(SESSION)
        assert live is not None
        assert [each.number for each in live.state.questions.with_status(InterventionStatus.WRITTEN)] == [1]
        assert [turn.intervention for turn in live.state.questions.turns] == [Q]


@pytest.mark.parametrize("how", ["not-recorded", "request"])
async def test_what_was_being_said_leaves_the_desks_with_the_words(tmp_path: Path, how: str) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        live = await running.backend.sessions.open(SESSION)
        # The lines of `held` end at 3.4 s. They lie behind now, or the break would take them out, and the questions
        # were asked in the last of them.
        await done(running, "clock", do.MapClock(t=10_000), by=Actor(Role.SYSTEM, "s"))
        await room_before(running.backend, running.live, SESSION)
        await questions(running, age=7_000)
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            bodies = told(client)
            news = (await client.call("join", {"session": SESSION}, namespace="/desk", timeout=60))["news"]
            assert HIDDEN in json.dumps(news["interventions"])
            if how == "request":
                assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
            else:
                off = do.BeginNotRecorded(back=30_000)
                await done(running, "off", off, by=Actor(Role.CHAIR, "x"))
            await until(lambda: bool(bodies))
            assert all(item["said"] is None or HIDDEN not in item["said"]["text"] for item in bodies[-1]["items"])
            news = (await client.call("join", {"session": SESSION}, namespace="/desk", timeout=60))["news"]
            assert HIDDEN not in json.dumps(news)
        assert found(tmp_path, HIDDEN) == []
        assert FLOOR in live.state.channels
        # What stood on a desk is in no record either.
        assert HIDDEN not in await page(running, "record.json")


async def test_what_is_asked_while_nothing_is_recorded_is_kept_and_nothing_that_was_said(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        await room_before(running.backend, running.live, SESSION)
        await done(running, "off", do.BeginNotRecorded(back=30_000), by=Actor(Role.CHAIR, "x"))
        await questions(running, line=None)
        live = await running.backend.sessions.open(SESSION)
        async with at_a_desk(running, Role.MODERATOR) as client:
            news = (await client.call("join", {"session": SESSION}, namespace="/desk", timeout=60))["news"]
            items = news["interventions"]["items"]
            assert [(item["number"], item["said"]) for item in items] == [(1, None), (2, None)]
        assert not live.state.recorded
        assert PRIVATE in await page(running, "record.txt")
        assert found(tmp_path, HIDDEN) == []


async def test_no_way_leads_to_an_answer_whose_line_was_removed(tmp_path: Path) -> None:
    async with hall(settings(tmp_path)) as running:
        await held(running)
        await questions(running)
        await done(running, "call-2", do.SetStatus(interventions=(LATER,), status=InterventionStatus.CALLED))
        answered = do.SetStatus(interventions=(LATER,), status=InterventionStatus.ANSWERED, segment=SegmentId("b"))
        await done(running, "answered-2", answered)
        assert "/moment/" in await page(running, "questions")
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            assert "receipt" in await asked(client, "r", {"type": "lines", "segments": ["b"]})
        text = await page(running, "questions")
        assert "And tea?" in text
        assert "/moment/" not in text
