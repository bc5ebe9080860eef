"""`moothall demo-cluster`: two nodes of one house on this machine, and a meeting that survives when one of them is
killed.

Everything is a process of its own, as on separate machines: Valkey or Redis, two nodes, and nginx where it is
installed. A sender sends the sample to the microphone's door, as a page would. After a take-over it reconnects by
itself and sends again what was not recognised.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, NamedTuple

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.sound.audio_file import AudioFile
from moothall.adapters.sound.sender import RATE, Sender
from moothall.adapters.store.files import explained
from moothall.adapters.store.signing import FILE_NAME, Ed25519Signer
from moothall.cli.play import find_sample
from moothall.cli.playing import require_model, stop_signal
from moothall.core.events.types import Access
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.programme.office import AdminLinkOrder
from moothall.settings.sections import EngineSection

SESSION = "demo"
HOST = "127.0.0.1"
MOST_SOUND_S = 3_600
"""The most seconds of the sample that are played."""
STARTED_S, ENDED_S = 60.0, 20.0
LOOK_S = 0.1
ALONE_S = 10.0
"""Seconds to wait for another node to keep the house before a killed node is started again in any case."""
NGINX = """\
daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 2000; }
http {
access_log off;
client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
upstream moothall {
SERVERS
}
server {
    listen 127.0.0.1:PORT;
    location / {
        proxy_pass http://moothall;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Forwarded "";
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_connect_timeout 1s;
        proxy_buffering off;
        proxy_read_timeout 75s;
        client_max_body_size 9m;
    }
}
}
"""
"""The configuration of docs/how-to/many-machines.md, without TLS, and in the foreground."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    demo = commands.add_parser(
        "demo-cluster",
        help="two servers of one house: kill one, and the meeting goes on",
        description="Run two nodes, Valkey or Redis, and nginx where it is installed, on this machine; play the sample "
        "into a meeting, and say which process to kill. Ctrl-C ends all of it.",
    )
    demo.add_argument("--file", type=Path, help="a recording of your own instead of the sample")
    demo.add_argument("--port", type=int, default=8080, help="of the proxy; nodes and Redis take the three behind it")
    demo.add_argument("--data", type=Path, default=Path("data/demo-cluster"), help="folder of all that is kept")
    demo.add_argument("--model", default=EngineSection().model, help="recogniser; see moothall models list")
    demo.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace) -> int:
    require_model(arguments.model)
    sample = find_sample()
    recording = arguments.file or sample.audio
    title = arguments.file.stem if arguments.file else sample.title
    asyncio.run(_run(arguments.data.resolve(), arguments.port, arguments.model, _Recording(recording, title)))
    return 0


class _Recording(NamedTuple):
    path: Path
    title: str


async def _run(folder: Path, port: int, model: str, recording: _Recording) -> None:
    async with AudioFile(recording.path) as audio:
        sound = await audio.read(MOST_SOUND_S * RATE)
    store = _program("valkey-server") or _program("redis-server")
    if not store:
        raise ConfigurationError("The demo needs Valkey or Redis; on Debian: apt-get install valkey-server")
    nodes = [_Node("north", folder, port + 1), _Node("south", folder, port + 2)]
    with explained(f"The demo can't be prepared in {folder}"):
        for each in nodes:
            each.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "redis").mkdir(exist_ok=True)
        _write_settings(nodes, folder, port, model, behind=bool(_program("nginx")))
        Ed25519Signer.open(nodes[0].data / FILE_NAME)
        shutil.copy2(nodes[0].data / FILE_NAME, nodes[1].data / FILE_NAME)
    redis = [store, "--bind", HOST, "--port", str(port + 3), "--dir", str(folder / "redis")]
    redis += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    house = _House()
    async with stop_signal() as stop, _service(redis, folder, port + 3), asyncio.TaskGroup() as group:
        tasks = [group.create_task(house.keep(each)) for each in nodes]
        tasks.append(group.create_task(_play(house, nodes, folder, recording.title, sound)))
        await stop.wait()
        for task in tasks:
            task.cancel()


def _write_settings(nodes: Sequence[_Node], folder: Path, port: int, model: str, *, behind: bool) -> None:
    """Write the settings of nodes and proxy. `behind` says whether there is a proxy before the nodes."""
    proxy = f'public_address = "http://{HOST}:{port}"\ntrusted_proxies = ["{HOST}"]\n' if behind else ""
    for number, node in enumerate(nodes, 1):
        node.config.write_text(
            f"[server]\nport = {node.port}\ndata = {json.dumps(str(node.data))}\n{proxy}\n"
            f'[engine]\nmodel = {json.dumps(model)}\n\n[metrics]\nhost = ""\n\n[logging]\nlevel = "warning"\n\n'
            f'[cluster]\nredis = "redis://{HOST}:{port + 3}"\nnode = "{node.name}"\nnumber = {number}\n'
            f'address = "{node.address}"\nkey_file = {json.dumps(str(folder / "nodes.key"))}\n',
            encoding="utf-8",
        )
    servers = "\n".join(f"server {HOST}:{node.port} fail_timeout=2s;" for node in nodes)
    (folder / "nginx.conf").write_text(NGINX.replace("SERVERS", servers).replace("PORT", str(port)), encoding="utf-8")


async def _play(house: _House, nodes: Sequence[_Node], folder: Path, title: str, sound: bytes) -> None:
    """Plan the meeting, print where everything is, and send the sound until the meeting is closed."""
    caller = Caller((await house.keeper()).data)
    title = title.replace('"', "'")
    plan = f'title,id,room,languages\n"{title}",{SESSION},Hall,en\n'
    await caller.import_programme(plan.encode(), zone="", access=Access.PUBLIC, apply=True)
    link = await caller.admin_link(new=True)
    sending = await caller.admin_link(new=True, order=AdminLinkOrder(without_sign_in=True)) or ""
    port = nodes[0].port - 1
    nginx, doors = _program("nginx"), [f"http://{HOST}:{port}"]
    if not nginx:
        print("nginx is not installed, so nothing stands before the nodes; on Debian: apt-get install nginx-light")
        doors = [node.address for node in nodes]
    command = [nginx, "-p", str(folder), "-c", "nginx.conf", "-e", "nginx.log"]
    async with _service(command, folder, port) if nginx else nullcontext():
        print(f"Read it at {' or '.join(f'{each}/s/{SESSION}' for each in doors)} (Ctrl-C ends all).")
        print(f"Admin link: {link}\nThen: {doors[0]}/desk/{SESSION} works on this text.")
        house.say_how_to_kill()
        await Sender(doors, sending.rpartition("/")[2], f"/s/{SESSION}/audio", sound).run()
        print(f"The meeting is closed, and its record stays. To begin anew: rm -r {folder}", flush=True)
        await asyncio.get_running_loop().create_future()


class _Node:
    """The name, files, address and process of a node."""

    def __init__(self, name: str, folder: Path, port: int) -> None:
        self.name, self.port = name, port
        self.data, self.config, self.log = (folder / f"{name}{suffix}" for suffix in ("", ".toml", ".log"))
        self.address = f"http://{HOST}:{port}"
        self.pid = 0


class _House:
    """Runs nodes, and knows from their output which one keeps the house."""

    def __init__(self) -> None:
        self._keeper: _Node | None = None
        self._kept = asyncio.Event()
        self._telling = False

    async def keeper(self) -> _Node:
        """Wait until a node keeps the house, and return it."""
        while self._keeper is None:
            await self._kept.wait()
        return self._keeper

    async def keep(self, node: _Node) -> None:
        """Run a node until cancelled, again after it was killed. Raises ConfigurationError where it does not start."""
        while True:
            await self._ran(node)
            self._says(node, keeps=False)
            print(f"Node {node.name} was killed. It is started again once the other keeps the house.", flush=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(ALONE_S):
                    await self.keeper()

    async def _ran(self, node: _Node) -> None:
        command = [sys.executable, "-m", "moothall", "serve", "--config", str(node.config)]
        # without variables that override settings
        environment = {name: value for name, value in os.environ.items() if "__" not in name}
        stood = False
        with node.log.open("ab") as log:
            async with _process(command, asyncio.subprocess.PIPE, log, environment) as process:
                node.pid = process.pid
                assert process.stdout is not None  # noqa: S101  # stdout is a pipe
                while line := (await process.stdout.readline()).decode():
                    if line.startswith("Node "):
                        stood = True
                        self._says(node, keeps="keeps the house" in line)
        if not stood:
            raise ConfigurationError(f"Node {node.name} doesn't start; {node.log} says why.")

    def _says(self, node: _Node, *, keeps: bool) -> None:
        if keeps:
            self._keeper = node
            self._kept.set()
            if self._telling:
                self.say_how_to_kill()
        elif self._keeper is node:
            self._keeper = None
            self._kept.clear()

    def say_how_to_kill(self) -> None:
        """Print how to kill the keeper, now and each time that another node keeps the house."""
        self._telling = True
        if self._keeper is not None:
            name, pid = self._keeper.name, self._keeper.pid
            told = f"Node {name} keeps the house. To see that the text goes on without it, and lacks no word"
            print(f"{told}: kill -9 {pid}", flush=True)


@asynccontextmanager
async def _service(command: Sequence[str], folder: Path, port: int) -> AsyncIterator[None]:
    """Run a program while inside, from when its port answers. Raises ConfigurationError."""
    name = Path(command[0]).name
    path = folder / f"{name}.log"
    with path.open("ab") as log:
        async with _process(command, log, log, os.environ) as process, asyncio.timeout(STARTED_S) as starting:
            while True:
                if process.returncode is not None:
                    raise ConfigurationError(f"{name} doesn't start on port {port}; {path} says why.")
                with suppress(OSError):
                    (await asyncio.open_connection(HOST, port))[1].close()
                    break
                await asyncio.sleep(LOOK_S)
            starting.reschedule(None)
            yield


@asynccontextmanager
async def _process(
    command: Sequence[str], out: IO[bytes] | int, log: IO[bytes], environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a process while inside the context. Ctrl-C does not reach it, so that all processes are ended in order."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=out, stderr=log, env=dict(environment), start_new_session=True
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(ENDED_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _program(name: str) -> str:
    """The path of a program; empty where it is not installed. Debian has servers outside users' PATH."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))) or ""
