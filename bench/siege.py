#!/usr/bin/env python3
"""A siege: slow bodies and readers hold more connections than the server may have files; does a visitor get through?

    python bench/siege.py [--seconds 60] [--slow 1100] [--readers 1100] [--files 1024] [--addresses 40] [--again 0.5]
                          [--within]

The server is bench/floor_hall.py on core 0, with `ulimit -n 1024`, soft and hard. In this process, on core 1, are
`--slow` connections that post a question of 40,000 bytes, a byte each 3 s, and dial again `--again` seconds after they
were cut; and `--readers` readers over SSE, who come back as `Retry-After` says. Both use `--addresses` addresses
(127.0.x.y). In a process of its own a visitor opens the session's page twice a second, each time on a new connection,
and every second time posts a question; the visitor has an address of its own, or with `--within` the first of the
others'.

It ends with 1 when one of the visitor's requests failed or their p95 is above 300 ms, or the log has a traceback or
more than a line a minute about connections that couldn't be accepted. Linux only; needs prlimit.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import select
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from floor_people import MEETING, OTHERS_CORE, Server
from storm import STATUS, Crowd, told

BAR_MS = 300.0
BYTE_EACH_S = 3.0
CHANCE = random.Random(2)  # noqa: S311
BODY = 40_000
VISITOR = "127.9.9.9"
PATIENCE_S = 10.0
FLOOD = b"can't accept"


class Slow:
    """Connections with bodies that never end."""

    def __init__(self, port: int, many: int, addresses: int, again: float) -> None:
        self._port, self._addresses, self._again = port, addresses, again
        self._poll = select.epoll()
        self._by_file: dict[int, tuple[socket.socket, int]] = {}
        self._due: dict[int, float] = {n: time.perf_counter() + 2 * n / many for n in range(many)}
        """When each connection dials, by its number."""
        self._next: dict[int, float] = {}
        """When each connection sends its next byte, by file descriptor."""
        self.dialled = 0
        self.answers: Counter[str] = Counter()

    @property
    def held(self) -> int:
        return len(self._by_file)

    def turn(self) -> None:
        """Do what is due, and handle what is ready on the sockets, without waiting."""
        now = time.perf_counter()
        for n in [n for n, due in self._due.items() if due <= now][:200]:
            del self._due[n]
            self._dial(n)
        for file in [file for file, due in self._next.items() if due <= now]:
            self._next[file] = now + BYTE_EACH_S
            self._send(file, b"x")
        for file, events in self._poll.poll(0, 512):
            if file not in self._by_file:
                continue
            if events & (select.EPOLLERR | select.EPOLLHUP):
                self._cut(file, "")
            elif events & select.EPOLLOUT:
                head = f"POST {MEETING}/ask HTTP/1.1\r\nHost: bench\r\nContent-Length: {BODY}\r\n"
                self._send(file, f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\ntext=".encode())
                if file in self._by_file:
                    self._poll.modify(file, select.EPOLLIN)
                    self._next[file] = now + CHANCE.uniform(0, BYTE_EACH_S)
            else:
                try:
                    data = self._by_file[file][0].recv(65_536)
                except ConnectionError:
                    data = b""
                match = STATUS.match(data)
                self._cut(file, match[1].decode() if match else "")

    def _dial(self, n: int) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((address(n % self._addresses), 0))
        sock.connect_ex(("127.0.0.1", self._port))
        self.dialled += 1
        self._by_file[sock.fileno()] = sock, n
        self._poll.register(sock, select.EPOLLOUT)

    def _send(self, file: int, data: bytes) -> None:
        try:
            self._by_file[file][0].send(data)
        except OSError:
            self._cut(file, "")

    def _cut(self, file: int, answer: str) -> None:
        self.answers[answer or "cut"] += 1
        sock, n = self._by_file.pop(file)
        self._next.pop(file, None)
        sock.close()
        self._due[n] = time.perf_counter() + self._again * CHANCE.uniform(0.5, 1.5)


def address(n: int) -> str:
    """Return the nth address, as bench/storm.py assigns them."""
    return f"127.0.{1 + n // 250}.{1 + n % 250}"


class Visitor:
    """A visitor who opens the page and asks questions."""

    def __init__(self, port: int, source: str) -> None:
        self._port, self._source = port, source

    async def visit(self, seconds: float) -> dict[str, Any]:
        """Send requests twice a second for `seconds`; returns the ms of each, -1 for a failure, and the reasons."""
        took: dict[str, list[float]] = {"page": [], "question": []}
        why: Counter[str] = Counter()
        start = time.perf_counter()
        for n in range(int(2 * seconds)):
            await asyncio.sleep(max(0.0, start + n / 2 - time.perf_counter()))
            body = urlencode(
                {"id": f"{random.getrandbits(64):x}", "kind": "question", "language": "en", "text": "Why?"}
            )
            post = (
                f"POST {MEETING}/ask HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nOrigin: http://127.0.0.1:{self._port}\r\n"
                f"Accept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
            )
            get = f"GET {MEETING} HTTP/1.1\r\nHost: bench\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
            for name, request, wanted in (("page", get, "200"), ("question", post, "303"))[: 1 + n % 2]:
                began = time.perf_counter()
                try:
                    answer = await asyncio.wait_for(self._ask(request.encode()), PATIENCE_S)
                except (OSError, TimeoutError) as error:
                    answer = type(error).__name__.encode()
                match = STATUS.match(answer)
                status = match[1].decode() if match else answer[:40].decode(errors="replace") or "nothing"
                took[name].append(1e3 * (time.perf_counter() - began) if status == wanted else -1)
                if status != wanted:
                    why[f"{name}: {status}"] += 1
        return {**took, "why": dict(why)}

    async def _ask(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(self._source, 0))
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def besiege(server: Server, options: argparse.Namespace, slow: Slow, crowd: Crowd) -> dict[str, Any]:
    """Run slow connections and readers at once; the visitor begins 5 s later."""
    source = address(0) if options.within else VISITOR
    program = (sys.executable, __file__, "--visitor", source, "--port", str(server.port))
    visiting: asyncio.subprocess.Process | None = None
    start = time.perf_counter()
    shown = 0.0
    while visiting is None or visiting.returncode is None:
        now = time.perf_counter()
        slow.turn()
        for reader in [each for each in crowd.readers if each.sock is None and each.due <= now][:100]:
            crowd.dial(reader)
        crowd.turn()
        await asyncio.sleep(0)
        if visiting is None and now - start > 5:
            visiting = await asyncio.create_subprocess_exec(
                *program, "--seconds", str(options.seconds), stdout=asyncio.subprocess.PIPE
            )
            before, shown = await server.figures(), now
        elif visiting is not None and now - shown > 10:
            shown = now
            print(
                f"  {now - start:3.0f} s: {slow.held} slow, {sum(each.status == 200 for each in crowd.readers)} readers"
            )
    after = await server.figures()
    cpu, waited = (100 * (after[name] - before[name]) / options.seconds for name in ("cpu_s", "waited_s"))
    print(f"the server: CPU {cpu:.0f} %, waited for its core {waited:.0f} % of the time, lag {after['lag_ms']} ms")
    print(f"files {after['files']}")
    print(f"refused {after['refused']}")
    assert visiting.stdout is not None
    return dict(json.loads(await visiting.stdout.read()))


async def run(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        server = await Server.start(Path(folder) / "data", files=options.files, log=log)
        slow = Slow(server.port, options.slow, options.addresses, options.again)
        crowd = Crowd(server.port, options.readers, options.addresses)
        behind = f"{options.addresses} addresses{', the visitor behind the first' if options.within else ''}"
        print(
            f"{options.slow} slow bodies and {options.readers} readers behind {behind}, load {os.getloadavg()[0]:.1f}"
        )
        took = await besiege(server, options, slow, crowd)
        print(
            f"slow bodies: dialled {slow.dialled} times, answers {dict(slow.answers)}; readers told {dict(told(crowd))}"
        )
        text = log.read_bytes()
        await server.stop()
        return verdict(took, text, options.seconds)


def verdict(took: dict[str, Any], log: bytes, seconds: float) -> int:
    wrong = [f"{took['why']}"] if took["why"] else []
    for name in ("page", "question"):
        ms = sorted(each for each in took[name] if each >= 0)
        p50, p95, most = (ms[len(ms) * share // 100] if ms else -1 for share in (50, 95, 99))
        failed = len(took[name]) - len(ms)
        print(f"{name}: {len(ms)} came, {failed} failed; p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {most:.0f} ms")
        if failed or p95 > BAR_MS:
            wrong.append(f"{name}: p95 {p95:.0f} ms, {failed} failed")
    floods, traces = log.count(FLOOD), log.count(b"Traceback")
    print(f"log: {len(log)} bytes, {log.count(b'Traceback')} tracebacks, {floods} lines about connections not taken")
    print(f"load {os.getloadavg()[0]:.1f}")
    if traces or floods > 1 + seconds // 60:
        wrong.append("the log")
        print(log[:4_000].decode(errors="replace"))
    print("not reached: " + "; ".join(wrong) if wrong else f"reached: p95 within {BAR_MS:.0f} ms, nothing failed")
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--slow", type=int, default=1_100)
    parser.add_argument("--readers", type=int, default=1_100)
    parser.add_argument("--files", type=int, default=1_024)
    parser.add_argument("--addresses", type=int, default=40)
    parser.add_argument("--again", type=float, default=0.5)
    parser.add_argument("--within", action="store_true")
    parser.add_argument("--visitor", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.sched_setaffinity(0, {OTHERS_CORE})
    if options.visitor:
        print(json.dumps(asyncio.run(Visitor(options.port, options.visitor).visit(options.seconds))))
        return 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    return asyncio.run(run(options))


if __name__ == "__main__":
    sys.exit(main())
