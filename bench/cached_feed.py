#!/usr/bin/env python3
"""The cached feed: 20,000 readers at nginx, and the load that reaches the server.

    python bench/cached_feed.py [--readers 1 2000 20000] [--seconds 20] [--joins 50] [--lines 755]

The server is bench/floor_hall.py in a process on core 0: real doors, log and files, LINES lines and somebody who speaks
all the time. nginx is the cache as docs/how-to/cached-feed.md sets it up, on core 0 as well; a relay between the two
counts the requests. The readers are in this process on core 1 (bench/cached_crowd.py): each asks for the contents every
5 s over plain HTTP, without gzip. Every second, `--joins` of them leave, and as many new ones ask for the whole text.
Then words are removed, and the bench measures when the cache stops giving them out.

It ends with 1 when the server was asked more than 5 times a second, an answer was broken, the assembled text isn't the
record, or removed words were given out for longer than 10 s. Needs nginx. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.request import Request, urlopen

import aiohttp
import socketio

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package runs nginx as a process.

from cached_crowd import Crowd, lines_of, record_lines
from floor_people import MEETING, OTHERS_CORE, SERVER_CORE, Server
from moothall.wire.cached_feed import CachedText
from scoring import machine
from support.halls.process import free_port
from support.links.cache import Counted, cache

PATH = f"{MEETING}/cached/floor"
MOST_A_SECOND, BOUND_S = 5.0, 10.0
EVERY_S = 5.0
WARM_S = 6.0
REMOVED = "t7"
COLUMNS = (
    "readers",
    "requests a second",
    "at the server a second",
    "for contents",
    "server, cores",
    "nginx, cores",
    "nginx, µs a request",
    "bytes of contents",
    "said until read, s p50 / p99",
    "asked late, ms p99",
)
_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """Return the ids of a process and of its running children."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def cpu(pid: int) -> float:
    """Return the CPU time of a process and of its running children, in s."""
    total = 0
    for each in family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def at(times: list[float], share: float) -> float:
    """Return the quantile of `times` at `share`; NaN when there are none."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))] if times else float("nan")


def get(port: int, path: str) -> tuple[int, bytes]:
    """Request a path on a new connection; returns the status and the body."""
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers={"Host": "hall.example.org"})) as answer:
            return answer.status, answer.read()
    except OSError as error:
        return getattr(error, "code", 0), b""


class Ports:
    """The server, nginx and the relay, with their ports."""

    def __init__(self, server: Server, nginx: int, nginx_pid: int, counted: Counted) -> None:
        self.server, self.nginx, self.nginx_pid, self.counted = server, nginx, nginx_pid, counted


def phase(ports: Ports, readers: int, options: argparse.Namespace) -> bool:
    """Run `readers` readers for a while; returns whether the server was asked rarely enough and no answer was wrong."""
    connections = min(400, max(1, readers // 20))
    joins = options.joins * readers / max(options.readers)
    crowd = Crowd(ports.nginx, PATH, readers, every=EVERY_S, connections=connections, joins=joins)
    crowd.know(*whole(ports.nginx))
    crowd.run(WARM_S)
    crowd.begin()
    asked, began = ports.counted.asked.copy(), time.perf_counter()
    server, nginx = cpu(ports.server.pid), cpu(ports.nginx_pid)
    crowd.run(options.seconds)
    took = time.perf_counter() - began
    server, nginx = cpu(ports.server.pid) - server, cpu(ports.nginx_pid) - nginx
    asked = ports.counted.asked - asked
    crowd.close()
    requests, counts = crowd.counts["contents"] + crowd.counts["page"], crowd.counts
    row = (
        f"{readers}",
        f"{requests / took:.0f}",
        f"{asked.total() / took:.2f}",
        f"{asked[PATH] / took:.2f}",
        f"{server / took:.3f}",
        f"{nginx / took:.3f}",
        f"{1e6 * nginx / max(1, requests):.0f}",
        f"{crowd.bytes['contents'] / max(1, counts['contents']):.0f}",
        f"{at(crowd.delay, 0.5):.1f} / {at(crowd.delay, 0.99):.1f}",
        f"{1e3 * at(crowd.late, 0.99):.0f}",
    )
    print(f"| {' | '.join(row)} |   {dict(counts)}", flush=True)
    wrong = counts["broken"] or sum(counts[name] for name in counts if name[:1] in "45" and name != "404")
    return asked.total() / took <= MOST_A_SECOND and not wrong


async def remove(server: Server) -> None:
    """Remove a line, as a technician."""
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an IP address too
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(f"{server.address}/enter/{server.technician}", allow_redirects=False):
            client = socketio.AsyncClient(http_session=http)
        await client.connect(server.address, namespaces=["/desk"], transports=["websocket"], wait_timeout=60)
        await client.call("join", {"session": "bench"}, namespace="/desk")
        wish = {"id": "gone", "removes": {"type": "lines", "segments": [REMOVED]}}
        answer = await client.call("remove", wish, namespace="/desk", timeout=60)
        assert "receipt" in answer, answer
        await client.disconnect()


def gone(ports: Ports, folder: Path) -> bool:
    """Whether the cache stops giving out removed words in time; a reader asks for their old page all the while."""
    text, _ = whole(ports.nginx)
    line = next(line.text.encode() for line in text.lines if line.segment == REMOVED)
    assert text.contents is not None
    pages = [f"{PATH}/{name}" for name in text.contents.pages]
    old = next(page for page in pages if line in get(ports.nginx, page)[1])
    asyncio.run(remove(ports.server))
    began = last = time.perf_counter()
    while (now := time.perf_counter()) - began < 2 * BOUND_S:
        if line in get(ports.nginx, old)[1] or line in b"".join(get(ports.nginx, p)[1] for p in _pages(ports.nginx)):
            last = now
        time.sleep(0.1)
    print(f"removed words were given out for {last - began:.1f} s more")
    while any(line in file.read_bytes() for file in _files(folder)):
        assert time.perf_counter() - began < 60
        time.sleep(0.2)
    print(
        f"and were in no file of the cache {max(2 * BOUND_S, time.perf_counter() - began):.0f} s after (looked at then)"
    )
    return last - began <= BOUND_S


def _pages(port: int) -> list[str]:
    """Return the addresses of the contents and pages of the current text."""
    contents = json.loads(get(port, PATH)[1])
    return [PATH, *(f"{PATH}/{name}" for name in contents.get("pages", ()))]


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def whole(port: int) -> tuple[CachedText, bytes]:
    """Return the text of a reader who has just joined, and the contents from which it was built."""
    text = CachedText()
    while True:
        contents = get(port, PATH)[1]
        for name in text.take(contents):
            status, page = get(port, f"{PATH}/{name}")
            if status == 200:
                text.fill(name, page)
        if text.whole:
            return text, contents


def same(ports: Ports) -> bool:
    """Whether the assembled text equals the record. Somebody goes on speaking, so only the lines
    that both have are compared.
    """
    text = lines_of(whole(ports.nginx)[0])
    record = record_lines(get(ports.server.port, f"{MEETING}/record.json")[1])
    equal = len(text) > 20 and record[: len(text)] == text
    print(
        f"{len(text)} lines by the cache, {len(record)} in the record a moment later: {'the same' if equal else 'NOT'}"
    )
    return equal


async def started(options: argparse.Namespace, folder: Path, done: threading.Event, told: list[Ports]) -> None:
    """Run server, relay and nginx until `done` is set; appends their ports to `told`."""
    server = await Server.start(folder / "data", lines=options.lines)
    port = free_port(9)
    async with Counted(server.port).running() as counted, cache(folder / "nginx", port, counted.port) as pid:
        for each in family(pid):
            os.sched_setaffinity(each, {SERVER_CORE})
        told.append(Ports(server, port, pid, counted))
        await asyncio.to_thread(done.wait)
    await server.stop()


def main() -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, nargs="+", default=[1, 2_000, 20_000])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--joins", type=float, default=50)
    parser.add_argument("--lines", type=int, default=755)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    print("\n".join(machine()))
    done, told = threading.Event(), list[Ports]()
    with tempfile.TemporaryDirectory() as folder:
        thread = threading.Thread(target=lambda: asyncio.run(started(options, Path(folder), done, told)))
        thread.start()
        try:
            while not told and thread.is_alive():
                time.sleep(0.1)
            os.sched_setaffinity(0, {OTHERS_CORE})
            print(f"| {' | '.join(COLUMNS)} |")
            good = [phase(told[0], readers, options) for readers in options.readers]
            good += [same(told[0]), gone(told[0], Path(folder) / "nginx" / "cache")]
        finally:
            done.set()
            thread.join()
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
