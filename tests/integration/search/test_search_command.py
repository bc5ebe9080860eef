"""`moothall search`: with a server and without one, and the index checked and made anew."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from integration.search.test_search import LINES, meeting, settings
from moothall.app.hall import RunningServer, hall
from moothall.cli.main import main
from moothall.core.events.types import Access
from moothall.core.kernel.ids import SessionId


async def held(folder: Path) -> None:
    async with hall(settings(folder)) as running:
        await meeting(running, "forum", *LINES)
        await meeting(running, "closed", "A secret divide.", access=Access.STAFF)


def test_it_finds_in_the_folder_of_a_server_that_does_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(held(tmp_path))
    data = ["--data", str(tmp_path)]
    assert main(["search", "digital", "divides", *data]) == 0
    said = capsys.readouterr().out
    assert "Found: 1. Page 1 of 1." in said
    assert "The digital divide is wide." in said
    assert "/s/forum/line/l0?channel=floor" in said
    assert main(["search", "--json", "--all", "divide", *data]) == 0
    assert [each["text"] for each in json.loads(capsys.readouterr().out)["moments"]] == ["A secret divide."]
    assert main(["search", "nothing", "of", "it", *data]) == 1
    assert main(["search", *data]) == 1
    assert "What is to be found?" in capsys.readouterr().err


def test_the_index_is_checked_and_made_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(held(tmp_path))
    data = ["--data", str(tmp_path)]
    assert main(["search", "--check", *data]) == 0
    assert capsys.readouterr().out == "The index has 2 sessions.\n"
    for file in (tmp_path / "search").iterdir():
        file.unlink()
    assert main(["search", "--check", *data]) == 1
    assert "forum: the index has not what the log has" in capsys.readouterr().out
    assert main(["search", "--rebuild", *data]) == 0
    assert main(["search", "--check", *data]) == 0


async def test_it_asks_the_server_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def command(running: RunningServer, *words: str) -> int:
        return await asyncio.to_thread(main, ["search", *words, "--data", str(tmp_path)])

    async with hall(settings(tmp_path)) as running:
        await meeting(running, "forum", *LINES)
        assert running.backend.search_index.known().keys() == {SessionId("forum")}
        assert await command(running, "fosse numerique", "--language", "fr") == 0
        assert "Le fossé numérique est large." in capsys.readouterr().out
        assert await command(running, "divide", "--at", running.address) == 0
        for refused in (("divide", "--all"), ("--check",), ("--rebuild",)):
            assert await command(running, *refused) == 1
            assert "server uses" in capsys.readouterr().err
        assert await command(running, "divide", "--at", "ftp://x") == 1
        assert "no address of a server" in capsys.readouterr().err
        assert await command(running, "divide", "--at", f"{running.address}/s") == 1
        assert "gave no answer" in capsys.readouterr().err
