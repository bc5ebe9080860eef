"""A newcomer's walk through docs/start/hub.md: the page's own commands are run, and its statements checked.

Only ports, folders, a short recording that a script recognises, and valid pairing words are replaced. A change to the
page needs another walk here.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import ClientSession, CookieJar

from moothall.testing.scripted import make_script, render, write_script
from support.halls.process import CLOCK, free_port, write_wave
from support.halls.terminal import TerminalCommand, in_terminal
from support.hubs.processes import LOOK_MS, Coordinator
from support.links.weak_link import weak_link_to

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/start/hub.md"
WORDS = "https://text.example.org acorn river cloud piano tiger lemon"
"""What the page gives as an example."""


def commands() -> list[str]:
    """Those of the page, in its order."""
    blocks = re.findall(r"^```\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def made(command: str, *variables: str) -> str:
    """What `make TARGET` runs last, where nothing has to be installed."""
    told = ["make", "-n", "--no-print-directory", *command.split()[1:], *variables]
    # Under `make test` the flags of that make would come along, and with them its lines on folders.
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(told, cwd=ROOT, env=own, capture_output=True, text=True, check=True)
    lines = done.stdout.replace("\\\n", " ").splitlines()
    return [line for line in lines if "/moothall" in line and " fetch " not in line][-1]


class Terminal:
    """A terminal in which a command of the page runs."""

    def __init__(self, command: TerminalCommand) -> None:
        self._command = command
        self.says = command.until

    async def ctrl_c(self) -> None:
        """Stop the command, as the page says."""
        await self._command.stop(signal.SIGINT)


@asynccontextmanager
async def terminal(command: str, folder: Path, **variables: str) -> AsyncIterator[Terminal]:
    """Run a shell command in a folder; it is stopped at the end."""
    env = {**os.environ, **variables, "PYTHONUNBUFFERED": "1"}
    async with in_terminal("/bin/sh", "-c", command, folder=folder, env=env) as running:
        here = Terminal(running)
        try:
            yield here
        finally:
            await here.ctrl_c()


async def shows(client: ClientSession, address: str, *texts: str) -> str:
    """Until a page has all of that."""
    while True:
        async with client.get(f"{address}?ui=en") as response:
            page = await response.text()
        if all(text in page for text in texts):
            return page
        await CLOCK.sleep(LOOK_MS)


def test_the_page_has_the_commands_that_are_walked_here() -> None:
    assert commands() == [
        "make demo",
        "make demo-hub",
        "python3 -m venv .venv",
        ".venv/bin/pip install '.[hub]'",
        ".venv/bin/moothall hub",
        f".venv/bin/moothall hub pair {WORDS}",
    ]


# cli/test_hub_command.py runs the same commands one by one, and test_hub_link.py what they bring about.
@pytest.mark.slow
async def test_a_newcomer_gets_there_by_what_the_page_says(tmp_path: Path) -> None:
    demo, demo_hub, _, _, hub, pair = commands()
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = make_script(1, 300)
    (tmp_path / "script.json").write_bytes(write_script(script))
    write_wave(tmp_path / "sound.wav", render(script))
    port, beside, other = (str(free_port(70 + n)) for n in range(3))
    demo = f"{made(demo, f'PORT={port}', 'FILE=sound.wav')} --model scripted:script.json"
    played = {"PORT": port, "FILE": "sound.wav"}
    # On one machine, in two terminals.
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client, terminal(demo, tmp_path, **played) as first:
        text = (await first.says("Read it at")).split()[3]
        admin = (await first.says("Admin link:")).split()[-1]
        async with terminal(made(demo_hub, f"HUB_PORT={beside}"), tmp_path, HUB_PORT=beside) as second:
            front = (await second.says("Read it at")).split()[3]
            await second.says("Coordinator's link:")
            await second.says("It speaks for Demo hub")
            at_hub = f"{front}s/{text.partition('/s/')[2]}"
            await shows(client, at_hub, "The connection to the meeting is good.", words := script.words[0].text.strip())
            await first.ctrl_c()
            await shows(client, at_hub, "The connection has been down since", words)
            async with terminal(demo, tmp_path, **played) as again:
                text = (await again.says("Read it at")).split()[3]
                await shows(client, at_hub, "The connection to the meeting is good.", words)
                await shows(client, front, "Live now", f'/s/{text.partition("/s/")[2]}?ui=en"')
                where = f" --port {other} --data {tmp_path / 'data/other'}"
                await two_machines(Way(client, tmp_path, text, admin, hub + where, pair + where))


class Way(NamedTuple):
    """Of the page's other half."""

    client: ClientSession
    folder: Path
    text: str
    """The address of the demo's text."""
    admin: str
    """The secretariat's link."""
    hub: str
    """The command that starts the hub,"""
    pair: str
    """and the one that pairs it."""


async def two_machines(way: Way) -> None:
    """The secretariat, the coordinator, the room, and a cable that is pulled."""
    client, folder = way.client, way.folder
    centre, session = way.text.split("/s/")
    async with weak_link_to(int(centre.rpartition(":")[2])) as cable:
        # The secretariat.
        async with client.get(way.admin):
            secretariat = Coordinator(client, centre)
        fields = {"title": "Kisumu", "city": "Kisumu", "coordinator": "Achieng"}
        six = _words(await secretariat.press("/admin/hubs", **fields))
        # The coordinator, on the other computer.
        async with terminal(way.hub, folder) as there:
            await there.says("Read it at http://")
            link = (await there.says("Coordinator's link:")).split()[-1]
            own = link.partition("/enter/")[0]
            await shows(client, link, "Connect this computer")
            page = await Coordinator(client, own).press("/setup", address=cable.address, words=six)
            assert 'id="LineNow"' in page, page  # One is taken to the desk by itself.
            await shows(client, f"{own}/setup", "This computer speaks for Kisumu")
            await shows(client, f"{own}/", "Live now", f'/s/{session}?ui=en"')
            await shows(client, f"{own}/desk", "Languages, beside what is spoken")
            # The room.
            room = f"{own}/s/{session}"
            await shows(
                client, room, "Read at my own pace", f"/s/{session}/ask?channel=floor&amp;ui=en", "Download the text"
            )
            for wall in (f"{room}/screen", f"{own}/wall"):
                async with client.get(wall) as response:
                    assert response.status == 200, wall
                    assert str(response.url).partition("?")[0] == f"{room}/screen"
            # Cut the line.
            cable.cut()
            await shows(client, room, "The connection has been down since")
            form = {"id": "form-1", "kind": "question", "text": "Do you hear us?", "language": "en"}
            async with client.post(f"{room}/ask?ui=en", data=form, headers={"Origin": own}) as response:
                assert "Kept here." in await response.text()
            cable.mend()
            await shows(client, room, "The connection to the meeting is good.")
            await there.ctrl_c()
        # With a terminal, while the hub does not run.
        six = _words(await secretariat.press("/admin/hubs/kisumu", "/admin/hubs/kisumu/words"))
        assert WORDS in way.pair
        async with terminal(way.pair.replace(WORDS, f"{cable.address} {six}"), folder) as there:
            await there.says("This computer speaks for Kisumu now")


def _words(sheet: str) -> str:
    """Those of a sheet for a group."""
    six = re.findall(r"<li>([a-z]+)</li>", sheet.partition('<ol class="six"')[2].partition("</ol>")[0])
    assert len(six) == 6, sheet
    return " ".join(six)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_what_the_page_installs_is_all_that_a_hub_needs(tmp_path: Path) -> None:
    _, _, *install, hub, _ = commands()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout  # noqa: ASYNC221
    for name in filter(None, listed.decode().split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    path = f"{Path(sys.base_prefix, 'bin')}:{os.environ['PATH']}"
    for command in install:
        done = await asyncio.create_subprocess_shell(command, cwd=tmp_path, env={**os.environ, "PATH": path})
        assert await done.wait() == 0, command
    async with terminal(f"{hub} --port {free_port(73)}", tmp_path) as there:
        front = (await there.says("Read it at")).split()[3]
        await there.says("It is not connected to a meeting yet")
        async with ClientSession() as client:
            await shows(client, front, "This computer is not connected to any meeting yet.")
    libraries = {path.name.lower() for path in (tmp_path / ".venv").glob("lib/*/site-packages/*")}
    assert not any(name.startswith(("numpy", "onnxruntime", "ctranslate2", "torch", "av-")) for name in libraries)
