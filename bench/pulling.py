#!/usr/bin/env python3
"""The memory of a server and its decoder while a stream sends four hours of sound at once.

    python bench/pulling.py [--seconds 90]

A server on this machine pours MP3 as fast as it is read, up to four hours of it; Moothall takes it as fast as it is
spoken. Measured are each ten seconds the memory of this process, in which server and stream are, and of the decoder,
and how much of the stream has left its server. Memory is what is no file's (`RssAnon`): the rest is shared with other
programs, and changes as they come and go. Ends with 1 when either has grown by more than 5 MB from the second
measurement on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package has the stream's server.

from moothall.app.hall import hall
from moothall.cli.main import command_parser
from moothall.cli.pulling import pull, pulled_session
from moothall.services.capture.pulling import PullState
from moothall.settings.sections import EngineSection, Server, Settings, Streams, Translation
from scoring import machine, markdown
from support.sound.stream_servers import OK, ffmpeg, http_server

EVERY_S, MOST_GROWN_MB = 10.0, 5.0
HOURS, KBIT = 4, 64


def memory_mb(pid: int) -> float:
    """Return the memory of a process that is no file's, in MB."""
    rows = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith("RssAnon:")) * 1_024 / 1e6


def decoder() -> int:
    """The process id of the decoder, the only child."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text("utf-8").split()
    return int(children[-1])


async def measure(seconds: float, folder: Path) -> bool:
    """Measure and print; returns whether memory stayed flat."""
    path, whole = folder / "minute.mp3", HOURS * 3_600 * KBIT * 1_000 // 8
    ffmpeg("-f", "lavfi", "-i", "sine=440:duration=60", "-ac", "1", "-b:a", f"{KBIT}k", str(path))
    minute, rows = path.read_bytes(), list[tuple[float, float, float]]()
    settings = Settings(
        server=Server(port=0, data=str(folder / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
        streams=Streams(allowed_networks=("127.0.0.0/8",)),
    )

    async def radio(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        while server.sent < whole:
            await server.pour(writer, minute)
        await reader.read()

    async with http_server() as server, hall(settings) as running:
        server.answers["/four-hours"] = radio
        address = f"{server.address}/four-hours"
        wanted = pulled_session(command_parser("serve").parse_args(["serve", "--pull", address]))
        await pull(running, wanted, address)
        clock = running.backend.clock
        while [each.state for each in running.streams.of(wanted.session)] != [PullState.SOUND]:
            await clock.sleep(100)
        for _ in range(round(seconds / EVERY_S) + 1):
            rows.append((memory_mb(os.getpid()), memory_mb(decoder()), server.sent / 1e6))
            await clock.sleep(round(EVERY_S * 1_000))
    shown = [[f"{number * EVERY_S:.0f}", *(f"{each:.1f}" for each in row)] for number, row in enumerate(rows)]
    print(markdown(["s", "server and stream, MB", "decoder, MB", "sent of the stream, MB"], shown))
    return all(rows[-1][at] - rows[1][at] <= MOST_GROWN_MB for at in (0, 1))


def main() -> int:
    """Run the bench; returns 1 when memory has grown."""
    parser = argparse.ArgumentParser(description="Measure the memory of a stream that sends four hours at once.")
    parser.add_argument("--seconds", type=float, default=90.0, help="how long (90)")
    asked = parser.parse_args()
    print(*machine(), sep="\n")
    with tempfile.TemporaryDirectory() as folder:
        return 0 if asyncio.run(measure(asked.seconds, Path(folder))) else 1


if __name__ == "__main__":
    sys.exit(main())
