"""A centre and hubs as real processes, paired by words, with lines between them: what their tests and benches share."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, CookieJar

import spoken_hall
from support.halls.process import CLOCK, free_port
from support.halls.warm import Program, start_program
from support.links.weak_line import GOOD, WeakLine, weak_line_to

STOP_S = 60.0
LOOK_MS = 50
AGAIN_MS = 200


class CentreProcess:
    """`bench/spoken_hall.py` with a data folder that outlives it."""

    def __init__(self, data: Path, port: int, back_s: float = 0.0) -> None:
        self.data = data
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.log = data.parent / f"{data.name}.log"
        """What it wrote on standard error, all starts together."""
        self._back_s = back_s
        self._process: Program | None = None

    async def start(self) -> None:
        """Comes back once its doors are open."""
        with self.log.open("ab") as log:
            self._process = await start_program(
                spoken_hall.__file__, str(self.data), str(self.port), str(self._back_s), stdin=True, stderr=log
            )
        await self._answer()

    async def order(self, **told: object) -> dict[str, Any]:
        """As `bench/spoken_hall.py` says."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        return await self._answer()

    async def kill(self) -> None:
        """kill -9."""
        await _kill(self._process)

    async def stop(self) -> None:
        """End it orderly."""
        if self._process is not None and self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await asyncio.wait_for(self._process.wait(), STOP_S)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    async def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, self.log.read_text()
        answer: dict[str, Any] = json.loads(line)
        return answer


class HubProcess:
    """`moothall hub` with a data folder that outlives it."""

    def __init__(
        self, data: Path, port: int, *, apart: bool = False, environment: Mapping[str, str] | None = None
    ) -> None:
        """`apart`: a Ctrl-C on the terminal isn't for it. `environment`: variables beside those of the test."""
        self.data = data
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.log = data.parent / f"{data.name}.log"
        self._apart = apart
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
        self.link = ""
        """The coordinator's, which the first start prints."""
        self._process: Program | None = None

    async def pair(self, address: str, words: str) -> str:
        """Pair it with the server at an address; what it said. It must not run."""
        with self.log.open("ab") as log:
            pairing = await start_program(
                *self._command("pair", address, *words.split()), stderr=log, env=self._environment
            )
        assert pairing.stdout is not None
        said = await pairing.stdout.read()
        assert await pairing.wait() == 0, said.decode() + self.log.read_text()
        return said.decode()

    async def start(self) -> None:
        """Comes back once its doors are open."""
        with self.log.open("ab") as log:
            self._process = await start_program(*self._command(), stderr=log, env=self._environment, apart=self._apart)
        assert self._process.stdout is not None
        while line := (await self._process.stdout.readline()).decode():
            if "/enter/" in line:
                self.link = line.split()[-1]
            if line.startswith(("It speaks for", "It is not connected")):
                return
        raise AssertionError(self.log.read_text())

    async def connect(self, address: str, words: str) -> None:
        """Pair it with the server at an address while it runs, on its page, as its coordinator does."""
        async with self.coordinator() as desk:
            page = await desk.press("/setup", address=address, words=words)
            assert 'id="LineNow"' in page, page  # One is taken to the desk by itself.

    async def give(self, title: str) -> str:
        """Six words for a hub below it."""
        async with self.coordinator() as desk:
            page = await desk.press("/setup", below=title)
        return (
            page.partition('<p class="given" role="status"><strong>')[2].partition("</strong>")[0].rpartition(": ")[2]
        )

    @asynccontextmanager
    async def coordinator(self) -> AsyncIterator[Coordinator]:
        """Whoever has its link, without a browser."""
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
            async with client.get(self.link) as response:
                assert response.status == 200, await response.text()
            parts = urlsplit(self.link)
            yield Coordinator(client, f"{parts.scheme}://{parts.netloc}")

    async def line(self) -> str:
        """How its line is, as each of its pages says it: a kind of `moothall_hub.uplink.status_bar`."""
        async with ClientSession() as client, client.get(f"{self.address}/uplink?ui=en") as response:
            return str((await response.json())["kind"])

    async def until_line(self, kind: str) -> None:
        """Wait until it is so; the test's time-out ends it."""
        while await self.line() != kind:
            await CLOCK.sleep(LOOK_MS)

    async def kill(self) -> None:
        """kill -9."""
        await _kill(self._process)

    async def stop(self) -> int:
        """Ctrl-C, and its exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), STOP_S)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def _command(self, *arguments: str) -> list[str]:
        where = ["--data", str(self.data), "--port", str(self.port)]
        return ["-m", "moothall", "hub", *where, *arguments]


class Coordinator:
    """A hub's coordinator, who presses buttons."""

    def __init__(self, client: ClientSession, address: str) -> None:
        self._client = client
        self._address = address

    async def page(self, path: str) -> str:
        """A page of theirs."""
        async with self._client.get(f"{self._address}{path}{'&' if '?' in path else '?'}ui=en") as response:
            assert response.status == 200, await response.text()
            return await response.text()

    async def press(self, path: str, to: str = "", /, **fields: str) -> str:
        """Send a form of the page, to where it goes; the page that follows."""
        form = (await self.page(path)).partition('name="form" value="')[2].partition('"')[0]
        async with self._client.post(
            f"{self._address}{to or path}?ui=en", data={"form": form, **fields}, headers={"Origin": self._address}
        ) as response:
            page = await response.text()
            assert response.status == 200, page
            return page


class House(NamedTuple):
    """A centre, a hub, and a hub below that, with the lines between them."""

    centre: CentreProcess
    north: HubProcess
    kisumu: HubProcess
    upper: WeakLine
    lower: WeakLine


@asynccontextmanager
async def house(folder: Path, number: int) -> AsyncIterator[House]:
    """All of them paired and linked; `number` as for `free_port`, and the two that follow."""
    centre = CentreProcess(folder / "centre", free_port(number))
    north, kisumu = (HubProcess(folder / name, free_port(number + n)) for n, name in enumerate(("north", "kisumu"), 1))
    async with weak_line_to(centre.port, GOOD) as upper, weak_line_to(north.port, GOOD) as lower:
        try:
            await asyncio.gather(centre.start(), north.start(), kisumu.start())
            await north.connect(upper.address, (await centre.order(hub="North"))["words"])
            await kisumu.connect(lower.address, await north.give("Kisumu"))
            await north.until_line("good")
            await kisumu.until_line("good")
            yield House(centre, north, kisumu, upper, lower)
        finally:
            await asyncio.gather(kisumu.stop(), north.stop(), centre.stop())


async def let_in_questions(hub: HubProcess, session: str) -> None:
    """Have the questions of its room go up without anybody's reading them first."""
    async with hub.coordinator() as desk:
        while "You read them first." not in await desk.page("/desk"):
            await CLOCK.sleep(LOOK_MS)
        await desk.press("/desk", session=session, act="mode:open")


async def ask(hub: HubProcess, session: str, number: int) -> None:
    """Somebody in its room asks. Whoever isn't told that it is kept presses again."""
    form = {"id": f"form-{number}", "kind": "question", "text": f"Is this no. {number}?", "language": "en"}
    async with ClientSession() as client:
        while True:
            try:
                async with client.post(
                    f"{hub.address}/s/{session}/ask",
                    data=form,
                    headers={"Origin": hub.address},
                    allow_redirects=False,
                ) as response:
                    if response.status == 303:
                        return
            except (ClientError, OSError):
                pass
            await CLOCK.sleep(AGAIN_MS)


async def _kill(process: Program | None) -> None:
    assert process is not None
    process.kill()
    await process.wait()
