"""`moothall read`: follow a session from a script, and write what a reader sees and when."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import TextIO

from moothall.adapters.cached.cached_client import follow_cached
from moothall.adapters.reading.reader_client import follow
from moothall.adapters.store.files import explained
from moothall.adapters.system.clock import SystemClock
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, is_name
from moothall.core.kernel.lanes import Feed
from moothall.wire.frames import Received
from moothall.wire.stream_log import CachedLog, StreamLog, StreamRow


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    read = commands.add_parser(
        "read",
        help="follow a session from a script",
        description="Follow a session until it closes, writing what a reader sees as JSON lines "
        "(docs/reference/replay.md).",
    )
    read.add_argument("address", help="the session's page, such as http://127.0.0.1:8080/s/demo")
    read.add_argument("--channel", default="floor", help="which text: floor, what is spoken, or a language")
    read.add_argument(
        "--cached",
        action="store_true",
        help="finished lines alone, by the addresses that a cache in front of the server answers",
    )
    read.add_argument("--jsonl", metavar="FILE", default="-", help="where to write; - is standard output")
    read.set_defaults(run=_read)


def _read(arguments: argparse.Namespace) -> int:
    with contextlib.ExitStack() as stack:
        out: TextIO = sys.stdout
        if arguments.jsonl != "-":
            with explained(f"{arguments.jsonl} can't be written"):
                out = stack.enter_context(Path(arguments.jsonl).open("w", encoding="utf-8"))
        channel = ChannelId(arguments.channel)
        if not is_name(channel):
            raise ConfigurationError(f"No text is called {channel!r}. --channel takes a name such as floor or mt-es.")
        address = arguments.address.rstrip("/")
        asyncio.run(_cached(address, channel, out) if arguments.cached else _follow(address, Feed(channel), out))
    return 0


async def _follow(address: str, feed: Feed, out: TextIO) -> None:
    log = StreamLog()
    async with contextlib.aclosing(follow(address, feed, SystemClock())) as frames:
        async for frame, arrived in frames:
            _write(out, log.rows(frame, _media_time(log, frame, arrived)))
            if log.closed:
                return


async def _cached(address: str, channel: ChannelId, out: TextIO) -> None:
    log = CachedLog()
    async with contextlib.aclosing(follow_cached(address, channel, SystemClock())) as texts:
        async for text, arrived in texts:
            opened = None if text.contents is None else text.contents.opened
            _write(out, log.rows(text.lines, 0 if opened is None else (arrived - opened) / 1000))


def _write(out: TextIO, rows: list[StreamRow]) -> None:
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
    out.flush()


def _media_time(log: StreamLog, frame: Received, wall: int) -> float:
    """The media time at a wall time (Unix ms), in seconds, by the newest mapping of the log."""
    media, mapped = log.clock or (0, frame.sent)
    return (media + wall - mapped) / 1000
