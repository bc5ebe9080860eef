"""Two nodes behind real nginx, set up as docs/how-to/many-machines.md says: a desk and a reader outlive the keeper."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from support.cluster.nodes import NodeProcess, prepared
from support.cluster.process import RedisProcesses
from support.halls.process import SESSION, Witness, free_port
from support.links.proxies import PAGE, missing, proxy

ANSWER_S = 10.0
"""Of what a keeper took that was killed nobody hears any more: it is sent again."""
AGAIN_S = 0.2
LOST = (socketio.exceptions.SocketIOError, aiohttp.ClientError, OSError)


def before_nodes(text: str, to: int, ports: list[int]) -> str:
    """A configuration for one server as the page changes it for two nodes, without TLS."""
    page = PAGE.with_name("many-machines.md").read_text(encoding="utf-8")
    upstream, lines = re.findall(r"^```nginx\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    for host, port in zip(("10.0.0.1", "10.0.0.2"), ports, strict=True):
        assert f"{host}:8080" in upstream
        upstream = upstream.replace(f"{host}:8080", f"127.0.0.1:{port}")
    assert f"proxy_pass http://127.0.0.1:{to};" in text
    text = text.replace(f"proxy_pass http://127.0.0.1:{to};", lines).replace("server {", f"{upstream}server {{", 1)
    return re.sub(r"^ *(?:http2|ssl_).*\n", "", text, flags=re.MULTILINE).replace(" ssl;", ";")


class StockDesk:
    """A desk with python-socketio's own client as it comes: it polls, goes over to a WebSocket, and comes back."""

    def __init__(self, address: str, token: str, **options: Any) -> None:
        """`options`: where it doesn't connect by its defaults."""
        self.address, self._token, self._options = address, token, options
        self.transports: list[str] = []
        """By which it was connected, each time that it had joined."""
        self._joined = asyncio.Event()
        self._joining: set[asyncio.Task[None]] = set()

    async def open(self, http: aiohttp.ClientSession) -> None:
        """Come in and connect."""
        async with http.get(f"{self.address}/enter/{self._token}", allow_redirects=False) as entered:
            assert entered.status == 303
        self.io = io = socketio.AsyncClient(http_session=http, handle_sigint=False)
        io.on("connect", self._connected, namespace="/desk")
        io.on("disconnect", lambda *_: self._joined.clear(), namespace="/desk")
        io.on("*", lambda *_: None, namespace="/desk")
        await io.connect(self.address, namespaces=["/desk"], **self._options)

    def _connected(self) -> None:
        task = asyncio.ensure_future(self._join())
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

    async def _join(self) -> None:
        try:
            answer = await self.io.call("join", {"session": SESSION}, namespace="/desk", timeout=ANSWER_S)
        except LOST:
            return  # It connects again.
        if "refusal" not in answer:
            self.transports.append(self.io.transport())
            self._joined.set()
        else:
            await self.io.disconnect()

    async def act(self, name: str, command: dict[str, Any]) -> None:
        """Send until it is answered, by the same id."""
        while True:
            await self._joined.wait()
            body = {"id": name, "commands": [command]}
            try:
                answer = await self.io.call("act", body, namespace="/desk", timeout=ANSWER_S)
            except LOST:
                await asyncio.sleep(AGAIN_S)
                continue
            code = answer.get("refusal", {}).get("code")
            if code is None:
                return
            assert code in {"unavailable", "busy"}, answer
            await asyncio.sleep(AGAIN_S)

    async def type_at_once(self, first: int, count: int) -> list[str]:
        """Send lines one behind the other without waiting for answers, then wait for all; their texts."""
        answered = [asyncio.get_running_loop().create_future() for _ in range(count)]
        texts = []
        for number, future in enumerate(answered, first):
            texts.append(f"Line {number}.")
            body = {"id": f"type:{number}", "commands": [line(number)]}
            await self.io.emit("act", body, namespace="/desk", callback=future.set_result)
        async with asyncio.timeout(ANSWER_S):
            assert all("refusal" not in answer for answer in await asyncio.gather(*answered))
        return texts


def line(number: int) -> dict[str, Any]:
    return {"do": "type", "channel": "floor", "segment": f"s{number}", "text": f"Line {number}.", "language": "en"}


@pytest.mark.parametrize(
    ("options", "last"),
    [
        pytest.param({}, "websocket", id="defaults"),
        # As the desk of test_forwarded_hall.py, in turn at two nodes, there without nginx.
        pytest.param({"transports": ["polling"]}, "polling", id="polls alone", marks=pytest.mark.slow),
    ],
)
async def test_a_stock_client_and_a_reader_outlive_the_keeper(
    tmp_path: Path, redis_processes: RedisProcesses, options: dict[str, Any], last: str
) -> None:
    if why := missing("nginx"):
        pytest.skip(why)
    redis = redis_processes.empty("valkey")
    first, second = (NodeProcess(tmp_path, number, redis.port) for number in (1, 2))
    planned = await prepared(first.data, SESSION)
    second.sign_like(first)
    port, between = free_port(50), free_port(51)
    witness = Witness()
    jar = aiohttp.CookieJar(unsafe=True)
    try:
        await first.start()
        await first.until("keeps the house")
        await second.start()
        ports = [first.port, second.port]
        async with (
            proxy("nginx", tmp_path / "nginx", port, between, change=lambda text: before_nodes(text, between, ports)),
            aiohttp.ClientSession(cookie_jar=jar) as http,
            asyncio.TaskGroup() as group,
        ):
            desk = StockDesk(f"http://127.0.0.1:{port}", planned.token, **options)
            await desk.open(http)
            await desk.act("open", {"do": "open"})
            reading = group.create_task(witness.watch(desk.address))
            await witness.until(lambda: witness.snapshots)
            typed = await desk.type_at_once(1, 12)
            await first.kill()
            for number in range(13, 20):
                await desk.act(f"type:{number}", line(number))
                typed.append(f"Line {number}.")
            assert second.keeps
            typed += await desk.type_at_once(20, 8)
            await desk.act("close", {"do": "close"})
            await reading
            await desk.io.disconnect()
    finally:
        await first.stop()
        await second.stop()
    assert len(desk.transports) > 1
    assert set(desk.transports) == {last}
    records = second.records(planned.session)
    events = {each.header.offset: each.body for each in records if each.body is not None}
    ended = [event.text for event in map(decode_event, events.values()) if isinstance(event, le.SegmentEnded)]
    assert ended == typed
    assert (witness.snapshots, witness.repeats, witness.losses) == (1, 0, 0)
    assert witness.text == "".join(f" {text}" for text in typed)
    assert all(events[offset] == body for offset, body in witness.seen.items())
