"""Somebody at a desk has words removed from a running server: they leave every file of its folder."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import RunningServer, hall
from moothall.cli.verifying import SOUND, verify_command
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.services.desks.moving import move_lines
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.settings.sections import EngineSection as EngineSettings
from moothall.settings.sections import Server, Settings, Translation
from support.files.found import found
from support.halls.removal import FLOOR, HIDDEN, OTHER, SESSION, asked, at_a_desk, concerned, held
from support.halls.room_before import room_before

ALONE = Translation(translators=())
"""Nobody translates: on a quick machine translations of a line would be there when its lines are counted."""


@pytest.mark.parametrize(
    "selection",
    [
        {"type": "span", "t0": 2_500, "t1": 3_000},
        {"type": "lines", "segments": ["b"]},
        {"type": "speaker", "speaker": "ana", "name": True},
    ],
    ids=lambda selection: str(selection["type"]),
)
async def test_words_leave_every_file_while_the_server_runs(tmp_path: Path, selection: dict[str, Any]) -> None:
    settings = Settings(server=Server(port=0, data=str(tmp_path)), engine=EngineSettings(count=0), translation=ALONE)
    async with hall(settings) as running:
        await held(running)
        assert found(tmp_path, HIDDEN)
        async with at_a_desk(running, Role.CAPTIONER) as client:
            assert (await asked(client, "r", selection))["refusal"]["code"] == "forbidden"
            assert (await concerned(client, selection))["refusal"]["code"] == "forbidden"
        assert found(tmp_path, HIDDEN)
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            assert await concerned(client, selection) == {"lines": 1}
            answer = await asked(client, "r", selection)
            assert "receipt" in answer, answer
            assert found(tmp_path, HIDDEN) == []
            assert bool(found(tmp_path, "Ana Souza")) == (selection["type"] != "speaker")
            assert await asked(client, "r", selection) == answer
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{running.address}/s/{SESSION}/record.txt") as response,
        ):
            assert "Good day." in (await response.text())
    assert found(tmp_path, HIDDEN) == []


async def test_what_was_caught_of_the_last_seconds_is_in_no_file_when_the_answer_comes(tmp_path: Path) -> None:
    settings = Settings(server=Server(port=0, data=str(tmp_path)), engine=EngineSettings(count=0), translation=ALONE)
    async with hall(settings) as running:
        await held(running)
        live = running.backend.sessions.loaded(SESSION)
        assert live is not None
        # What was said lies behind now: a break takes out what is in it.
        assert isinstance(await live.writer.send(SYSTEM, CommandId("later"), do.MapClock(t=10_000)), Receipt)
        await room_before(running.backend, running.live, SESSION)
        assert found(tmp_path, HIDDEN)
        chair = Actor(Role.CHAIR, "x")
        answer = await live.writer.send(chair, CommandId("off"), do.BeginNotRecorded(back=30_000))
        assert isinstance(answer, Receipt)
        assert found(tmp_path, HIDDEN) == []
        assert found(tmp_path, "Good") == []
    async with hall(settings) as running:
        live = await running.backend.sessions.find(SESSION)
        assert live is not None
        assert not live.state.recorded
        assert len(live.state.segments) == 0


async def moved(running: RunningServer, start: SessionId, end: SessionId) -> str:
    """Ana's line is moved minutes after it was said; what it is called where it stands."""
    await held(running, start)
    writers = []
    for session in (start, end):
        live = await running.backend.sessions.open(session)
        acts: list[do.AnyCommand] = [do.MapClock(t=300_000)]
        if session == end:
            acts = [
                do.CreateSession(title="Another", languages=("en",)),
                do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
                do.OpenSession(),
                *acts,
            ]
        assert isinstance(await live.writer.send(SYSTEM, CommandId("late"), acts), Receipt)
        writers.append(live.writer)
    answer = await move_lines(
        writers[0],
        writers[1],
        Actor(Role.TECHNICIAN, "t"),
        CommandId("m"),
        channel=FLOOR,
        segments=(SegmentId("b"),),
        to_channel=FLOOR,
        clock=SystemClock(),
    )
    assert isinstance(answer, Receipt), answer
    (name,) = (name for name, _ in writers[1].state.segments.items())
    return name


def require_sound(data: Path) -> None:
    """Every chain verifies, with something removed in both sessions."""
    said = io.StringIO()
    assert verify_command(data, None, said) == SOUND, said.getvalue()
    first, second = (line for line in said.getvalue().splitlines() if ": intact" in line)
    for line, session in ((first, SESSION), (second, OTHER)):
        assert line.startswith(f"{session}: intact; "), line
        assert "removed by its keepers" in line


@pytest.mark.parametrize("start", [SESSION, OTHER])
async def test_a_line_that_was_moved_leaves_every_file_also_where_the_link_is_not_for_its_other_session(
    tmp_path: Path, start: SessionId
) -> None:
    settings = Settings(server=Server(port=0, data=str(tmp_path)), engine=EngineSettings(count=0), translation=ALONE)
    async with hall(settings) as running:
        name = await moved(running, start, OTHER if start == SESSION else SESSION)
        selection = {"type": "lines", "segments": ["b" if start == SESSION else name]}
        assert found(tmp_path, HIDDEN)
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            assert await concerned(client, selection) == {"lines": 1}
            answer = await asked(client, "r", selection)
            assert "receipt" in answer, answer
            assert found(tmp_path, HIDDEN) == []  # The log and its WAL among them.
            assert await asked(client, "r", selection) == answer
    assert found(tmp_path, HIDDEN) == []
    require_sound(tmp_path)


@pytest.mark.parametrize("start", [SESSION, OTHER])
async def test_killed_between_the_logs_the_same_request_goes_on(tmp_path: Path, start: SessionId) -> None:
    data, left = tmp_path / "data", tmp_path / "left"
    settings = Settings(server=Server(port=0, data=str(data)), engine=EngineSettings(count=0), translation=ALONE)
    async with hall(settings) as running:
        name = await moved(running, start, OTHER if start == SESSION else SESSION)
        other = await running.backend.sessions.open(OTHER)

        def hear(publication: Publication) -> None:
            """As a kill leaves them when the words have left the one log, and not yet the other."""
            if any(isinstance(event, ev.BodyRemoved) for event in publication.events):
                left.mkdir()
                for file in data.iterdir():
                    if file.is_file() and file.name != "lock":
                        shutil.copy(file, left / file.name)

        other.writer.listen(hear)
        selection = {"type": "lines", "segments": ["b" if start == SESSION else name]}
        async with at_a_desk(running, Role.TECHNICIAN) as client:
            assert "receipt" in await asked(client, "r", selection)
        assert found(left, HIDDEN)
    settings = Settings(server=Server(port=0, data=str(left)), engine=EngineSettings(count=0), translation=ALONE)
    async with hall(settings) as running, at_a_desk(running, Role.TECHNICIAN) as client:
        assert "receipt" in await asked(client, "r", selection)
        assert found(left, HIDDEN) == []
    require_sound(left)
