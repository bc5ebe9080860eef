#!/usr/bin/env python3
"""A busy meeting: 500 questions and 50,000 supports in five minutes, on a server that has one core.

    python bench/ballots.py                           # five minutes
    python bench/ballots.py --seconds 0               # as fast as it goes

The server is a process of its own on core 0; whoever sends is on the other cores, on loopback. The questions come
through the form, a moderator approves them over Socket.IO in acts of ten, then 5,000 browsers from as many addresses
say of ten questions each that they would ask them too, evenly over the time. Meanwhile each second the moderator does
something.

It prints how long it took until a form was answered (a ballot is on the disk then) and until an act at the desk was,
and the CPU time of the server. It ends with 1 when the log's numbers aren't those that were sent.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import resource
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import socketio

from moothall.adapters.asking_request import COOKIE
from moothall.adapters.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.adapters.system_clock import SystemClock
from moothall.app_house import quiet_house
from moothall.core import events as ev
from moothall.core.actors import SYSTEM, Role
from moothall.core.commands import OpenSession
from moothall.core.errors import Refusal
from moothall.core.event_codec import decode_event
from moothall.core.ids import CommandId, SessionId
from moothall.core.programme.plan import Planned
from moothall.core.session import State, evolve
from moothall.services.role_links import HALL
from moothall.settings import Server, Settings

SESSION = SessionId("s")
AT_ONCE = 64
"""Forms on their way at a time."""
TEN = 10


class Served:
    """A server in a process of its own, and its only core."""

    def __init__(self, data: Path, port: int, token: str) -> None:
        self.data = data
        self.address = f"http://127.0.0.1:{port}"
        self.token = token

    def state(self) -> tuple[State, int]:
        """The session as its log has it, and how often it says that ballots were counted."""
        reader = LogReader(open_for_reading(self.data / FILE_NAME))
        try:
            records = reader.read(SESSION, 0, 1_000_000)
        finally:
            reader.close()
        state, counted = State(id=SESSION), 0
        for record in records:
            event = None if record.body is None else decode_event(record.body)
            state = evolve(state, event)
            counted += isinstance(event, ev.SupportCounted)
        return state, counted


@asynccontextmanager
async def served(data: Path) -> AsyncIterator[Served]:
    """Prepare a meeting and start the server; afterwards it is stopped."""
    async with quiet_house(Settings(server=Server(data=str(data))), SystemClock()) as house:
        made = await house.programme.make(Planned(session=SESSION, title="Open hall", languages=("en",)))
        assert not isinstance(made, Refusal), made
        live = await house.sessions.open(SESSION)
        await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
        _, token = await house.links.create(Role.MODERATOR, HALL, "Moderator")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    config = data.with_suffix(".toml")
    config.write_text('[engine]\ncount = 0\n[server]\ntrusted_proxies = ["127.0.0.1"]\n', encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moothall", "serve", "--config", str(config), "--data", str(data), "--port", str(port)),
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, {0}),
    )
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield Served(data, port, token)
    finally:
        process.terminate()
        await process.communicate()


async def posted(http: aiohttp.ClientSession, served: Served, path: str, visitor: int, **form: str) -> float:
    """Send a form as the browser `visitor`, from an address of its own; how long it took, ms."""
    began = time.perf_counter()
    headers = {
        "Origin": served.address,
        "Cookie": f"{COOKIE}=visitor-{visitor:014}",
        "X-Forwarded-For": f"10.{visitor >> 16}.{visitor >> 8 & 255}.{visitor & 255}",
    }
    async with http.post(
        f"{served.address}/s/{SESSION}/{path}", headers=headers, data=form, allow_redirects=False
    ) as answer:
        assert answer.status == 303, await answer.text()
    return 1000 * (time.perf_counter() - began)


@asynccontextmanager
async def desk(served: Served) -> AsyncIterator[socketio.AsyncClient]:
    """A moderator's page."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{served.address}/enter/{served.token}", allow_redirects=False):
            client = socketio.AsyncClient(reconnection=False, http_session=http)
        await client.connect(served.address, namespaces=["/desk"], transports=["websocket"])
        try:
            await client.call("join", {"session": SESSION}, namespace="/desk", timeout=30)
            yield client
        finally:
            await client.disconnect()


async def acted(client: socketio.AsyncClient, name: str, command: dict[str, object]) -> float:
    """Do something at the desk; how long until it was acknowledged, ms."""
    began = time.perf_counter()
    answer = await client.call("act", {"id": name, "commands": [command]}, namespace="/desk", timeout=30)
    assert "receipt" in answer, answer
    return 1000 * (time.perf_counter() - began)


async def supports(served: Served, questions: int, many: int, seconds: float) -> list[float]:
    """All ballots, evenly over the time; how long each took, ms."""
    took: list[float] = []
    began, left = time.perf_counter(), iter(range(many))

    async def some(http: aiohttp.ClientSession) -> None:
        for number in left:
            due = began + number * seconds / many - time.perf_counter()
            if due > 0:
                await asyncio.sleep(due)
            visitor, nth = divmod(number, TEN)
            question = (visitor * 7 + nth * 53) % questions
            took.append(await posted(http, served, f"asked/{question + 1}/support", visitor))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(some(http))
    return took


async def lead(client: socketio.AsyncClient, ids: Sequence[str]) -> list[float]:
    """Until cancelled: put another one first each second."""
    took: list[float] = []
    try:
        while True:
            first = ids[len(took) % len(ids)]
            took.append(await acted(client, f"lead-{len(took)}", {"do": "arrange-queue", "first": [first]}))
            await asyncio.sleep(1)
    except asyncio.CancelledError:
        return took


def spread(took: Sequence[float]) -> str:
    """Median, the worst of a hundred, and the worst, as cells of a table."""
    ordered = sorted(took)
    return f"{statistics.median(ordered):.1f} | {ordered[int(len(ordered) * 0.99)]:.1f} | {ordered[-1]:.1f}"


async def measure(questions: int, many: int, seconds: float) -> bool:
    """Print the table; whether the log has the numbers that were sent."""
    with tempfile.TemporaryDirectory(prefix="moothall-") as folder:
        async with served(Path(folder) / "data") as server:
            asking: list[float] = []
            async with aiohttp.ClientSession() as http:
                for number in range(questions):
                    text = f"Who pays for the water of place {number}, and by when?"
                    form = {"kind": "question", "text": text, "language": "en", "id": f"form-{number}", "name": ""}
                    asking.append(await posted(http, server, "ask", 100_000 + number, **form))
            async with desk(server) as client:
                ids = [str(each.id) for _, each in server.state()[0].floor.interventions.items()]
                acts = [
                    await acted(
                        client,
                        f"approve-{first}",
                        {"do": "stand", "interventions": ids[first : first + TEN], "standing": "queued"},
                    )
                    for first in range(0, questions, TEN)
                ]
                leading = asyncio.ensure_future(lead(client, ids))
                began = time.perf_counter()
                took = await supports(server, questions, many, seconds)
                lasted = time.perf_counter() - began
                leading.cancel()
                acts_meanwhile = await leading
            await asyncio.sleep(2.5)  # The last second's are counted.
            state, counted = server.state()
            total = sum(each.support for _, each in state.floor.interventions.items())
        cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = cpu.ru_utime + cpu.ru_stime
    print(f"{platform.machine()}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}")
    print(f"{questions} questions, {many:,} supports in {lasted:.0f} s; load {os.getloadavg()[0]:.1f}\n")
    print("| | p50 ms | p99 ms | max ms |\n|---|--:|--:|--:|")
    for name, times in (
        ("a question is kept", asking),
        ("ten are approved", acts),
        ("a support is kept", took),
        ("an act meanwhile", acts_meanwhile),
    ):
        print(f"| {name} | {spread(times)} |")
    print(
        f"\nCPU of the server, start included: {used:.1f} s. Counted in the log {counted} times; {total:,} of {many:,}."
    )
    return total == many


def main() -> None:
    """Measure, as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--supports", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=300, help="over how long the supports come; 0: at once")
    given = parser.parse_args()
    os.sched_setaffinity(0, os.sched_getaffinity(0) - {0} or {0})
    if not asyncio.run(measure(given.questions, given.supports, given.seconds)):
        sys.exit(1)


if __name__ == "__main__":
    main()
