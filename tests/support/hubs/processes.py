"""A centre and hubs as real processes, paired by words, with weak links between them; shared by tests and benches."""

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
from moothall_hub.app import COPIES
from support.halls.process import CLOCK, free_port
from support.halls.warm import Program, start_program
from support.links.weak_link import GOOD, WeakLink, weak_link_to

STOP_S = 60.0
LOOK_MS = 50
AGAIN_MS = 200


class CentreProcess:
    """`bench/spoken_hall.py` with a data folder that outlives the process."""

    def __init__(self, data: Path, port: int, back_s: float = 0.0) -> None:
        self.data = data
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.log = data.parent / f"{data.name}.log"
        """The file of its standard error, of all starts."""
        self._back_s = back_s
        self._process: Program | None = None

    async def start(self) -> None:
        """Start the centre; returns once its doors are open."""
        with self.log.open("ab") as log:
            self._process = await start_program(
                spoken_hall.__file__, str(self.data), str(self.port), str(self._back_s), stdin=True, stderr=log
            )
        await self._answer()

    async def order(self, **told: object) -> dict[str, Any]:
        """Send an order as `bench/spoken_hall.py` defines them; returns the answer."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        return await self._answer()

    async def kill(self) -> None:
        """Kill the centre (SIGKILL)."""
        await _kill(self._process)

    async def stop(self) -> None:
        """Stop the centre by closing its standard input."""
        if self._process is not None and self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await asyncio.wait_for(self._process.wait(), STOP_S)

    @property
    def pid(self) -> int:
        """The centre's process id."""
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
    """`moothall hub` with a data folder that outlives the process."""

    def __init__(
        self, data: Path, port: int, *, apart: bool = False, environment: Mapping[str, str] | None = None
    ) -> None:
        """`apart`: keeps Ctrl-C on the terminal from the hub. `environment`: variables added to the test's."""
        self.data = data
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.log = data.parent / f"{data.name}.log"
        self._apart = apart
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
        self.link = ""
        """The coordinator's link, which is made before the first start."""
        self._process: Program | None = None

    async def pair(self, address: str, words: str) -> str:
        """Pair the hub, which must not run, with the server at an address; returns the command's output."""
        with self.log.open("ab") as log:
            pairing = await start_program(
                *self._command("pair", address, *words.split()), stderr=log, env=self._environment
            )
        assert pairing.stdout is not None
        said = await pairing.stdout.read()
        assert await pairing.wait() == 0, said.decode() + self.log.read_text()
        return said.decode()

    async def start(self) -> None:
        """Start the hub; returns once its doors are open."""
        if not self.link and not (self.data / COPIES).exists():
            self.link = await self._new_link()
        with self.log.open("ab") as log:
            self._process = await start_program(*self._command(), stderr=log, env=self._environment, apart=self._apart)
        assert self._process.stdout is not None
        while line := (await self._process.stdout.readline()).decode():
            if line.startswith(("It speaks for", "It is not connected")):
                return
        raise AssertionError(self.log.read_text())

    async def connect(self, address: str, words: str) -> None:
        """Pair the running hub with the server at an address on its page, as its coordinator does."""
        async with self.coordinator() as desk:
            page = await desk.press("/setup", address=address, words=words)
            assert 'id="LineNow"' in page, page  # The page of set-up leads to the desk by itself.

    async def give(self, title: str) -> str:
        """Return six pairing words for a hub below this one."""
        async with self.coordinator() as desk:
            page = await desk.press("/setup", below=title)
        return (
            page.partition('<p class="given" role="status"><strong>')[2].partition("</strong>")[0].rpartition(": ")[2]
        )

    @asynccontextmanager
    async def coordinator(self) -> AsyncIterator[Coordinator]:
        """Enter by the coordinator's link, without a browser."""
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
            async with client.get(self.link) as response:
                assert response.status == 200, await response.text()
            parts = urlsplit(self.link)
            yield Coordinator(client, f"{parts.scheme}://{parts.netloc}")

    async def uplink_status(self) -> str:
        """Return the state of the uplink as each page of the hub shows it: a kind of
        `moothall_hub.uplink.status_bar`.
        """
        async with ClientSession() as client, client.get(f"{self.address}/uplink?ui=en") as response:
            return str((await response.json())["kind"])

    async def until_uplink(self, kind: str) -> None:
        """Wait until the uplink is in this state; otherwise the test's time-out ends it."""
        while await self.uplink_status() != kind:
            await CLOCK.sleep(LOOK_MS)

    async def kill(self) -> None:
        """Kill the hub (SIGKILL)."""
        await _kill(self._process)

    async def stop(self) -> int:
        """Stop the hub by SIGTERM; returns its exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), STOP_S)

    @property
    def pid(self) -> int:
        """The hub's process id."""
        assert self._process is not None
        return self._process.pid

    async def _new_link(self) -> str:
        with self.log.open("ab") as log:
            making = await start_program(*self._command("link"), stderr=log, env=self._environment)
        assert making.stdout is not None
        said = await making.stdout.read()
        assert await making.wait() == 0, said.decode() + self.log.read_text()
        return said.decode().split()[-1]

    def _command(self, *arguments: str) -> list[str]:
        where = ["--data", str(self.data), "--port", str(self.port)]
        return ["-m", "moothall", "hub", *where, *arguments]


class Coordinator:
    """A hub's coordinator, who presses buttons."""

    def __init__(self, client: ClientSession, address: str) -> None:
        self._client = client
        self._address = address

    async def page(self, path: str) -> str:
        """Return a page of the coordinator's."""
        async with self._client.get(f"{self._address}{path}{'&' if '?' in path else '?'}ui=en") as response:
            assert response.status == 200, await response.text()
            return await response.text()

    async def press(self, path: str, to: str = "", /, **fields: str) -> str:
        """Send a form of a page, to `to` or to the page itself; returns the next page."""
        form = (await self.page(path)).partition('name="form" value="')[2].partition('"')[0]
        async with self._client.post(
            f"{self._address}{to or path}?ui=en", data={"form": form, **fields}, headers={"Origin": self._address}
        ) as response:
            page = await response.text()
            assert response.status == 200, page
            return page


class House(NamedTuple):
    """A centre, a hub, and a hub below that, with the links between them."""

    centre: CentreProcess
    north: HubProcess
    kisumu: HubProcess
    upper: WeakLink
    lower: WeakLink


@asynccontextmanager
async def house(folder: Path, number: int) -> AsyncIterator[House]:
    """Run, pair and link all three; `number` and the two after it are numbers for `free_port`."""
    centre = CentreProcess(folder / "centre", free_port(number))
    north, kisumu = (HubProcess(folder / name, free_port(number + n)) for n, name in enumerate(("north", "kisumu"), 1))
    async with weak_link_to(centre.port, GOOD) as upper, weak_link_to(north.port, GOOD) as lower:
        try:
            await asyncio.gather(centre.start(), north.start(), kisumu.start())
            await north.connect(upper.address, (await centre.order(hub="North"))["words"])
            await kisumu.connect(lower.address, await north.give("Kisumu"))
            await north.until_uplink("good")
            await kisumu.until_uplink("good")
            yield House(centre, north, kisumu, upper, lower)
        finally:
            await asyncio.gather(kisumu.stop(), north.stop(), centre.stop())


async def let_in_questions(hub: HubProcess, session: str) -> None:
    """Have the questions of a hub's room passed on without anybody reading them first."""
    async with hub.coordinator() as desk:
        while "You read them first." not in await desk.page("/desk"):
            await CLOCK.sleep(LOOK_MS)
        await desk.press("/desk", session=session, act="mode:open")


async def ask(hub: HubProcess, session: str, number: int) -> None:
    """Ask as somebody in a hub's room; sends again until the hub confirms that the question is stored."""
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
