"""Those who take part in bench/floor.py: the server, moderators, somebody who asks, browsers that support questions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec
import socketio

from moothall.wire.event_stream import EventStream

SERVER_CORE, OTHERS_CORE = 0, 1
HERE = Path(__file__).parent
MEETING = "/s/bench"
BROWSERS_AN_ADDRESS = 5
BROWSERS = 5_000


class Server:
    """The process of bench/floor_hall.py."""

    def __init__(self, process: asyncio.subprocess.Process, known: dict[str, Any]) -> None:
        self._process = process
        self.address: str = known["address"]
        self.links: list[str] = known["links"]
        self.technician: str = known["technician"]
        self.pid = process.pid
        self.port = int(self.address.rpartition(":")[2])

    @classmethod
    async def start(cls, data: Path, *, files: int | None = None, log: Path | None = None, lines: int = 0) -> Server:
        """Start the server; returns when its doors are open.

        `files`: how many files it may have open, as `ulimit -n` sets it. `log`: the file for its log; None for stderr.
        `lines`: how many lines the text has at the beginning.
        """
        pipe = asyncio.subprocess.PIPE
        program = [sys.executable, str(HERE / "floor_hall.py"), str(data), str(SERVER_CORE), str(lines)]
        if files is not None:
            program[:0] = ["prlimit", f"--nofile={files}:{files}"]
        with contextlib.ExitStack() as stack:
            told = None if log is None else stack.enter_context(log.open("wb"))
            process = await asyncio.create_subprocess_exec(
                *program, stdin=pipe, stdout=pipe, stderr=told, limit=1 << 24
            )
        assert process.stdout is not None
        return cls(process, json.loads(await process.stdout.readline()))

    async def figures(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        return dict(json.loads(await self._process.stdout.readline()))

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


class Desk:
    """A moderator's page, without a browser."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._io = socketio.AsyncClient(http_session=http)
        self.status: dict[str, str] = {}
        self.news = asyncio.Condition()
        self._io.on("interventions", self._told, namespace="/desk")
        self._io.on("*", lambda *_: None, namespace="/desk")

    async def join(self, address: str) -> None:
        await self._io.connect(address, namespaces=["/desk"], transports=["websocket"])
        answer = await self._io.call("join", {"session": "bench"}, namespace="/desk")
        await self._told(answer["news"]["interventions"])

    async def _told(self, body: dict[str, Any]) -> None:
        async with self.news:
            self.status |= {item["id"]: item["status"] for item in body["items"]}
            self.news.notify_all()

    async def seen(self, name: str, status: str) -> float:
        async with self.news:
            await self.news.wait_for(lambda: self.status.get(name) == status)
        return time.perf_counter()

    async def act(self, *commands: dict[str, Any]) -> float:
        """Send commands; returns the ms until they were acknowledged."""
        began = time.perf_counter()
        wish = {"id": f"bench-{random.getrandbits(64):x}", "commands": list(commands)}
        answer = await self._io.call("act", wish, namespace="/desk", timeout=60)
        assert "refusal" not in answer, answer
        return 1_000 * (time.perf_counter() - began)

    async def leave(self) -> None:
        await self._io.disconnect()


def stand(name: str, status: str) -> dict[str, Any]:
    return {"do": "set-status", "interventions": [name], "status": status}


class Author:
    """The author of questions: the stream that their page follows, and the page."""

    def __init__(self, http: aiohttp.ClientSession, address: str) -> None:
        self._http = http
        self._address = address
        self.status: dict[str, str] = {}
        self.news = asyncio.Condition()

    async def ask(self, text: str) -> tuple[str, str]:
        """Ask a question; returns its name, and its page's address."""
        fields = {"id": f"{random.getrandbits(64):x}", "kind": "question", "text": text, "language": "en"}
        headers = {"Origin": self._address}
        async with self._http.post(f"{self._address}{MEETING}/ask", data=fields, headers=headers) as answer:
            assert answer.status == 200, answer.status
            return str(answer.url).rpartition(".")[2].partition("?")[0], str(answer.url)

    async def follow(self) -> None:
        stream = EventStream()
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._http.get(f"{self._address}{MEETING}/events?feed=lines", timeout=timeout) as answer:
            async for data in answer.content.iter_any():
                for each in stream.feed(data):
                    await self._take(msgspec.json.decode(each.data))

    async def _take(self, frame: dict[str, Any]) -> None:
        bodies = [event["body"] for event in frame.get("events", ())]
        async with self.news:
            self.status |= {
                b["intervention"]: b["status"] for b in bodies if b["type"] == "intervention.status-changed"
            }
            self.news.notify_all()

    async def seen(self, name: str, status: str) -> float:
        async with self.news:
            await self.news.wait_for(lambda: self.status.get(name) == status)
        return time.perf_counter()

    async def page(self, address: str) -> str:
        async with self._http.get(address, headers={"Accept-Language": "en"}) as answer:
            return await answer.text()


class Supports:
    """Browsers that support questions, some of them twice."""

    def __init__(self, server: Server, numbers: Sequence[int], many: int, seconds: float) -> None:
        self._port, self._origin, self._seconds = server.port, server.address, seconds
        rng = random.Random(7)  # noqa: S311  # the same at each run
        pairs = [(browser, number) for browser in range(BROWSERS) for number in numbers]
        rng.shuffle(pairs)
        chosen = pairs[:many] if many <= len(pairs) else [*pairs, *rng.choices(pairs, k=many - len(pairs))]
        self.of = {number: len({b for b, each in chosen if each == number}) for number in numbers}
        self._by_address: dict[int, list[tuple[float, int, int]]] = {}
        for n, (browser, number) in enumerate(chosen):
            at = n * seconds / len(chosen)
            self._by_address.setdefault(browser // BROWSERS_AN_ADDRESS, []).append((at, browser, number))
        self._cookies: dict[int, str] = {}
        self.took = 0.0

    async def send(self) -> list[float]:
        """Send all supports at their times; returns the ms of each. Before that each browser gets its cookie."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            for browser in sorted({browser for each in self._by_address.values() for _, browser, _ in each}):
                async with http.get(f"http://127.0.0.1:{self._port}{MEETING}/questions") as answer:
                    self._cookies[browser] = answer.cookies["asker"].value
        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._send(where, start)) for where in self._by_address]
        self.took = time.perf_counter() - start
        return [ms for task in tasks for ms in task.result()]

    async def _send(self, where: int, start: float) -> list[float]:
        source = (f"127.1.{where // 250}.{where % 250 + 1}", 0)
        took = []
        for at, browser, number in self._by_address[where]:
            await asyncio.sleep(max(0.0, start + at - time.perf_counter()))
            body = urlencode({"n": 1})
            head = (
                f"POST {MEETING}/asked/{number}/support HTTP/1.1\r\nHost: bench\r\nOrigin: {self._origin}\r\n"
                f"Cookie: asker={self._cookies[browser]}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            )
            began = time.perf_counter()
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=source)
            writer.write(head.encode())
            answer = await reader.read()
            took.append(1_000 * (time.perf_counter() - began))
            assert b" 303 " in answer.split(b"\r\n")[0], answer
            writer.close()
        return took
