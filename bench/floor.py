#!/usr/bin/env python3
"""Questions under load: the delay until an act at a desk is seen, and the load of 500 questions and 50,000 supports.

    python bench/floor.py [--readers 2000] [--acts 300] [--questions 500] [--supports 50000] [--minutes 5]

The server runs in a process on core 0, with real doors, log and files; everybody else on core 1: the readers
(bench/fanout_readers.c, needs gcc), two moderators over Socket.IO, the authors over server-sent events. Somebody speaks
all the time. First a moderator acts, and each act is timed until the other moderator's page has received it, until the
author's stream has it, and until the author's page, requested then, shows it. Then the questions and supports arrive at
an even rate, each support from another one of as many browsers, five browsers to an address (127.x.y.z), while a
moderator goes on acting once a second. It ends with 1 when anything is lost or counted twice. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from floor_people import HERE, MEETING, OTHERS_CORE, Author, Desk, Server, Supports, stand

PAUSE_S = 0.05
"""The pause between two acts, in s."""
PATIENCE_S = 20.0
MODERATE = ("queued", "called", "answered")
"""The statuses that each question is given, one act each."""
TALK = [
    *("access", "water", "school", "cable", "village", "council", "price", "budget", "women", "youth", "border", "law"),
    *("satellite", "radio", "language", "data", "rural", "health", "trust", "standard", "island", "teacher", "market"),
    *("energy", "river", "privacy", "open", "tax", "clinic", "library"),
]
"""The words of which questions are made."""


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def row(name: str, ms: Sequence[float]) -> str:
    p50, p99, most = percentile(ms, 0.5), percentile(ms, 0.99), max(ms, default=0.0)
    return f"{name:46} {len(ms):>6} {p50:>8.1f} {p99:>8.1f} {most:>8.1f}"


SAID = {"queued": "In the queue", "called": "it is your turn", "answered": ">Answered<"}


class Bench:
    def __init__(self, options: argparse.Namespace, server: Server, one: Desk, other: Desk, author: Author) -> None:
        self.options = options
        self.server = server
        self.one = one
        self.other = other
        self.author = author

    async def seen(self) -> list[str]:
        """Do act after act, each until everybody has seen it; returns the rows of the table."""
        at_desk, at_author, on_page = list[float](), list[float](), list[float]()
        for n in range(-(-self.options.acts // len(MODERATE))):
            name, page = await self.author.ask(f"Question {n} of the bench?")
            await asyncio.wait_for(self.other.seen(name, "being-checked"), PATIENCE_S)
            for status in MODERATE:
                began = time.perf_counter()
                desk, stream, text, _ = await asyncio.wait_for(
                    asyncio.gather(
                        self.other.seen(name, status),
                        self.author.seen(name, status),
                        self._on_page(name, status, page),
                        self.one.act(stand(name, status)),
                    ),
                    PATIENCE_S,
                )
                at_desk.append(1_000 * (desk - began))
                at_author.append(1_000 * (stream - began))
                on_page.append(1_000 * (text - began))
                await asyncio.sleep(PAUSE_S)
        return [
            row("act → told to the other desk", at_desk),
            row("act → at the author's browser", at_author),
            row("act → the author's page, asked for then", on_page),
        ]

    async def _on_page(self, name: str, status: str, page: str) -> float:
        await self.author.seen(name, status)
        text = await self.author.page(page)
        assert SAID[status] in text, (status, re.findall(r'class="stands[^<]*<', text))
        return time.perf_counter()

    async def flood(self) -> tuple[list[str], bool]:
        """Send questions and supports while a moderator acts; returns the rows of the table, and whether
        every one was counted once.
        """
        options, before = self.options, await self.server.figures()
        names = [(await self.author.ask(f"Which of the {n} options?"))[0] for n in range(10)]
        await self.one.act(*(stand(name, "queued") for name in names))
        numbers = await self._numbers(names)
        supports, asked, acts, told = list[float](), list[float](), list[float](), list[float]()
        wanted = Supports(self.server, numbers, options.supports, options.minutes * 60)
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            acting = group.create_task(self._go_on(acts, told, over))
            asking = group.create_task(self._ask_all(asked))
            supports += await wanted.send()
            await asking
            over.set()
            await acting
        await asyncio.sleep(3)  # The last count is published within a second.
        after = await self.server.figures()
        counted = {name: after["supports"][name] for name in names}
        right = counted == {name: wanted.of[number] for name, number in zip(names, numbers, strict=True)}
        came = after["questions"] - before["questions"] == options.questions + len(names)
        used = after["cpu_s"] - before["cpu_s"]
        return [
            row("support → taken", supports),
            row("question → taken, and its page", asked),
            row("act at the desk → acknowledged", acts),
            row("act at the desk → shown there", told),
            f"supports counted {sum(counted.values())} of {sum(wanted.of.values())} (browsers, each once a question)",
            f"questions there {after['questions'] - before['questions']} of {options.questions + len(names)}",
            f"CPU of the server {used:.0f} s in {wanted.took:.0f} s",
        ], right and came

    async def _numbers(self, names: Sequence[str]) -> list[int]:
        page = await self.author.page(f"{self.server.address}{MEETING}/questions")
        found = {name: int(number) for number, name in re.findall(r'id="No-(\d+)".*?data-of="(\w+)"', page, re.DOTALL)}
        return [found[name] for name in names]

    async def _ask_all(self, took: list[float]) -> None:
        every = self.options.minutes * 60 / self.options.questions
        start = time.perf_counter()
        for n in range(self.options.questions):
            await asyncio.sleep(max(0.0, start + n * every - time.perf_counter()))
            began = time.perf_counter()
            await self.author.ask(f"Question {n}: {' '.join(random.sample(TALK, 9))}?")
            took.append(1_000 * (time.perf_counter() - began))

    async def _go_on(self, took: list[float], told: list[float], over: asyncio.Event) -> None:
        """Put off new questions, one a second."""
        while not over.is_set():
            fresh = [name for name, status in self.one.status.items() if status == "being-checked"]
            if fresh:
                began = time.perf_counter()
                took.append(await self.one.act(stand(fresh[0], "later")))
                seen = await asyncio.wait_for(self.one.seen(fresh[0], "later"), PATIENCE_S)
                told.append(1_000 * (seen - began))
            await asyncio.sleep(1)


async def readers(folder: Path, server: Server, many: int) -> asyncio.subprocess.Process:
    """Start the readers that only read, in a process of their own; returns when they have joined."""
    program, request = folder / "readers", folder / "request"
    subprocess.run(["gcc", "-O2", "-o", program, HERE / "fanout_readers.c"], check=True)  # noqa: ASYNC221  # nothing else runs yet
    request.write_text(f"GET {MEETING}/events HTTP/1.1\r\nHost: bench\r\n\r\n")
    arguments = (program, str(server.port), str(many), str(OTHERS_CORE), request)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def run(options: argparse.Namespace) -> int:
    jar, tall = aiohttp.CookieJar, aiohttp.ClientTimeout(total=60)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = await Server.start(folder / "data")
        crowd = await readers(folder, server, options.readers)
        desks = [aiohttp.ClientSession(cookie_jar=jar(unsafe=True), timeout=tall) for _ in range(2)]
        async with desks[0], desks[1], aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=tall) as http:
            one, other = (Desk(session) for session in desks)
            for desk, session, link in zip((one, other), desks, server.links, strict=True):
                await (await session.get(f"{server.address}/enter/{link}")).read()
                await desk.join(server.address)
            author = Author(http, server.address)
            async with asyncio.TaskGroup() as group:
                following = group.create_task(author.follow())
                bench = Bench(options, server, one, other, author)
                print(f"{options.readers} readers, load {os.getloadavg()[0]:.1f}")
                print(f"{'':46} {'n':>6} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}")
                for line in await bench.seen() if options.acts else []:
                    print(line)
                lines, right = await bench.flood() if options.supports else ([], True)
                for line in lines:
                    print(line)
                following.cancel()
            await one.leave()
            await other.leave()
        crowd.terminate()
        await crowd.wait()
        await server.stop()
    print(f"load {os.getloadavg()[0]:.1f}")
    return 0 if right else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=2_000)
    parser.add_argument("--acts", type=int, default=300)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--supports", type=int, default=50_000)
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    os.sched_setaffinity(0, {OTHERS_CORE})
    return asyncio.run(run(options))


if __name__ == "__main__":
    sys.exit(main())
