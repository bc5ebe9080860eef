"""`moothall log`: the tree of a running server that stands still is brought back, or succeeded by another."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from moothall.app.hall import RunningServer, hall
from moothall.cli.main import main
from moothall.core.proof.notes import read_head, read_note
from moothall.core.proof.tiles import TileName
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.hubs.together import Meeting
from support.proof.ahead import AheadClock


@asynccontextmanager
async def served(data: Path, clock: AheadClock) -> AsyncIterator[RunningServer]:
    settings = Settings(
        server=Server(port=0, data=str(data)), engine=EngineSection(count=0), translation=Translation(translators=())
    )
    async with hall(settings, clock=clock) as running:
        yield running


async def command(*arguments: str) -> int:
    return await asyncio.to_thread(main, ["log", *arguments])


async def copied(running: RunningServer, folder: Path) -> None:
    """Save the static files, as a mirror does."""
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{running.address}/log/checkpoint") as answer:
            note = await answer.read()
        path = TileName(0, 0, read_head(read_note(note).text).size).path
        (folder / "tile" / path).parent.mkdir(parents=True)
        (folder / "checkpoint").write_bytes(note)
        async with http.get(f"{running.address}/log/tile/{path}") as answer:
            (folder / "tile" / path).write_bytes(await answer.read())


async def test_what_is_missing_comes_from_a_copy_or_another_tree_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock, data, mirror = AheadClock(), tmp_path / "data", tmp_path / "mirror"
    async with served(data, clock) as running:
        await Meeting(running).begin()
        await clock.grow(running)
    fetching, succeeding = (Path(shutil.copytree(data, tmp_path / name)) for name in ("fetching", "succeeding"))
    async with served(data, clock) as running:
        await Meeting(running).say("More.")
        await clock.grow(running)
        newest = running.proof.tree.shown
        assert newest is not None
        await copied(running, mirror)
        assert await command("succeed", "--data", str(data)) == 1
        assert "there is nothing to succeed" in capsys.readouterr().err
    async with served(fetching, clock) as running:
        await running.proof.tree.grow()
        await running.proof.tree.seen_by_witness(newest.note, newest.head.size)
        assert running.proof.tree.standing.behind
        assert await command("fetch", str(tmp_path / "nowhere"), "--data", str(fetching)) == 1
        assert "has no checkpoint" in capsys.readouterr().err
        assert await command("fetch", str(mirror), "--data", str(fetching)) == 0
        assert "The server signs again." in capsys.readouterr().out
        assert running.proof.tree.shown is not None
        assert running.proof.tree.shown.note.text == newest.note.text
    async with served(succeeding, clock) as running:
        await running.proof.tree.grow()
        await running.proof.tree.seen_by_witness(newest.note, newest.head.size)
        assert await command("succeed", "--data", str(succeeding)) == 0
        assert "/log/1" in capsys.readouterr().out
        await clock.grow(running)
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{running.address}/log/1/checkpoint") as answer:
                assert (await answer.text()).split("\n")[0].endswith("/log/1")
            async with http.get(f"{running.address}/log/successions") as answer:
                lines = (await answer.text()).split("\n")
            assert lines[0] == "moothall-succession-1"
            assert lines[4] == str(newest.head.size)
            async with http.get(f"{running.address}/log/checkpoint") as answer:
                assert (await answer.text()).split("\n")[0].endswith("/log")
