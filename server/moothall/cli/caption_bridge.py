"""`moothall caption-bridge`: a local TCP port for captioning software, and the connection to the server."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import aiohttp

from moothall.adapters.captioning.bridge import HOST, PORT, Bridge, Target, target_of
from moothall.adapters.system.clock import SystemClock
from moothall.wire.captioning.link import left


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    bridge = commands.add_parser(
        "caption-bridge",
        help="a local port for captioning software",
        description="Listen where CAT software sends its text (TCP, 127.0.0.1:9740), and carry it to a meeting "
        "(docs/how-to/caption-with-your-software.md).",
    )
    bridge.add_argument(
        "link",
        nargs="?",
        default="-",
        help="the captioner's link or the address for captioning software, in quotation marks; without it, it is asked "
        "for, so that it stands in no list of commands",
    )
    bridge.add_argument("--port", type=int, default=PORT, help=f"the local port (default: {PORT})")
    bridge.set_defaults(run=_bridge)


def _bridge(arguments: argparse.Namespace) -> int:
    if arguments.link == "-":
        print("Captioner's link or address for captioning software: ", end="", flush=True)
    link = sys.stdin.readline() if arguments.link == "-" else arguments.link
    asyncio.run(carry(target_of(link), arguments.port, Path.cwd()))
    return 0


async def carry(target: Target, port: int, folder: Path) -> None:
    """Carry text until cancelled. Raises ConfigurationError as `Bridge.run` does. Text that was not sent by then is
    written to a file in `folder`.
    """
    async with aiohttp.ClientSession() as http:
        bridge = Bridge(target, http, SystemClock(), _tell)
        try:
            await bridge.run(port=port, listening=_listens)
        finally:
            if text := left(bridge.unsent):
                _tell(keep(text, folder))


def keep(text: str, folder: Path) -> str:
    """Write text that can no longer be sent to a file that only its owner can read. Return a sentence that names the
    file, or contains the text where no file can be written.
    """
    try:
        handle, path = tempfile.mkstemp(prefix="captions-not-sent-", suffix=".txt", dir=folder)
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        return f"This was not sent, and can't be written down here ({error.strerror or error}):\n{text}"
    return f"{len(text)} characters were not sent. They are in {path}"


def _listens(port: int) -> None:
    _tell(f"Set your captioning software to TCP, {HOST}, port {port}. Ctrl-C ends this.")


def _tell(sentence: str) -> None:
    print(sentence, flush=True)
