"""`moothall hub` as people run it: a process that prints addresses, reports its state, and is stopped."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from moothall.cli.main import main as moothall
from moothall_hub.cli import main
from support.halls.process import PORTS
from support.halls.terminal import TerminalCommand, in_terminal

WORDS = ("acorn", "actor", "agree", "album", "amber", "anchor")


def started(*arguments: str) -> AbstractAsyncContextManager[TerminalCommand]:
    """Run a hub in a terminal."""
    return in_terminal(sys.executable, "-m", "moothall", "hub", *arguments)


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM])
async def test_it_prints_its_addresses_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    async with started("--data", str(tmp_path), "--port", "0", "--lan") as hub:
        first = await hub.until("Read it at http://")
        assert "▀" in hub.said  # The code, for phones.
        link = (await hub.until("Coordinator's link: ")).split()[-1]
        await hub.until("not connected to a meeting yet")
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client, client.get(link) as response:
            assert response.status == 200
            assert str(response.url).endswith("/setup")
        assert "http://" in first
        assert await hub.stop(number) == 0


async def test_it_is_stopped_where_a_script_has_left_it_behind_without_ctrl_c(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        starting = started("--data", str(tmp_path), "--port", "0", "--host", "127.0.0.1")
        async with starting as hub:
            await hub.until("not connected to a meeting yet")
            assert await asyncio.wait_for(hub.stop(signal.SIGTERM), 60) == 0
    finally:
        signal.signal(signal.SIGINT, before)


async def test_a_journal_gets_no_link(tmp_path: Path) -> None:
    """Others read what a service writes."""
    data = ("--data", str(tmp_path), "--port", "0", "--host", "127.0.0.1")
    hub = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moothall", "hub", *data), stdout=asyncio.subprocess.PIPE
    )
    assert hub.stdout is not None
    said = ""
    while "not connected to a meeting yet" not in said:
        said += (row := (await hub.stdout.readline()).decode())
        assert row, said
    hub.send_signal(signal.SIGTERM)
    await hub.wait()
    assert "'moothall hub link' makes one" in said
    assert "/enter/" not in said
    async with started(*data) as shown:  # None was made, so it is still the first.
        await shown.until("Coordinator's link: ")


async def test_the_link_is_shown_once_and_made_anew_when_it_is_lost(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path), "--port", "0", "--host", "127.0.0.1")
    async with started(*data) as hub:
        await hub.until("Coordinator's link: ")
        await hub.stop(signal.SIGTERM)
    async with started(*data) as hub:
        await hub.until("'moothall hub link' makes another")
        await hub.stop(signal.SIGTERM)


def run(*arguments: str) -> int:
    return main(arguments)


def test_link_and_status_of_a_hub_that_does_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ("--data", str(tmp_path / "hub"))
    assert run("status", *data, "--port", "1") == 1
    assert capsys.readouterr().out == "No hub answers at port 1 of this machine.\nIt is not paired.\n"
    assert run("link", *data, "--port", "8123") == 0
    first = capsys.readouterr().out
    assert first.startswith("Coordinator's link: http://localhost:8123/enter/")
    assert run("link", *data, "--port", "8123") == 0
    assert capsys.readouterr().out != first


def test_what_is_wrong_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--config", str(tmp_path / "none.toml")) == 1
    assert capsys.readouterr().err.startswith(f"moothall hub: {tmp_path / 'none.toml'} can't be read")
    assert run("pair", "127.0.0.1:1", *WORDS, "--data", str(tmp_path)) == 1
    assert capsys.readouterr().err.startswith("moothall hub: Nobody answers at this address.")
    assert run("pair", "127.0.0.1:1", "one", "word", "--data", str(tmp_path)) == 1
    assert "not six of the words" in capsys.readouterr().err
    assert run("--data", str(tmp_path), "--port", "0", "--host", "127.0.0.1", "--beside", str(tmp_path)) == 1
    assert "Start 'make demo' first" in capsys.readouterr().err


async def test_six_words_pair_a_hub_and_status_says_with_whom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def answer(_: web.Request) -> web.Response:
        told = {"hub": "kisumu", "title": "Kisumu", "key": "k", "keys": {"keys": []}, "address": "https://a.example"}
        return web.json_response(told)

    app = web.Application()
    app.add_routes([web.post("/hub/pair", answer)])
    server = TestServer(app)
    await server.start_server()
    data = ("--data", str(tmp_path))
    assert await asyncio.to_thread(run, "pair", str(server.make_url("")), *WORDS, *data) == 0
    assert capsys.readouterr().out == "This computer speaks for Kisumu now, at https://a.example.\n"
    assert await asyncio.to_thread(run, "status", *data, "--port", "1") == 1
    assert "It speaks for Kisumu, at https://a.example." in capsys.readouterr().out
    port = str(PORTS.start + os.getpid() % 1_000)
    async with started(*data, "--port", port, "--host", "127.0.0.1") as hub:
        await hub.until("It speaks for Kisumu")
        assert await asyncio.to_thread(run, "status", *data, "--port", port) == 0
        # The second is what it says some seconds later.
        assert re.search("connecting to the meeting|The connection has been down since", capsys.readouterr().out)
        async with ClientSession() as client, client.get(f"http://127.0.0.1:{port}/uplink") as response:
            assert json.loads(await response.text())["kind"] != "good"
    await server.close()


def test_the_servers_command_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        moothall(["--help"])
    assert "moothall hub …" in capsys.readouterr().out


def test_options_may_stand_before_and_behind_the_command() -> None:
    from moothall_hub.cli import hub_parser, settings_of

    def ports(*arguments: str) -> Sequence[int]:
        return [settings_of(hub_parser().parse_args(arguments)).port]

    assert ports("--port", "1", "status") == [1]
    assert ports("status", "--port", "2") == [2]
    assert ports("--port", "1", "status", "--port", "2") == [2]
