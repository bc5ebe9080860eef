"""`moothall replay`: run one recording through the whole live path, to be read or measured."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from moothall.adapters.engines.child_owner import signal_child, start_child, to_the_end
from moothall.adapters.system.programs import start_logging
from moothall.app.hall import RunningServer, hall
from moothall.cli.play import quiet, settings_of, show
from moothall.cli.playing import (
    Playback,
    engine_ready,
    languages_of,
    play,
    prepare,
    require_model,
    require_sound,
    stop_signal,
)
from moothall.core.events.types import SoundKept
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import Settings

LOOK_MS = 50
READER_S = 30.0
"""The most seconds that the reader may take to notice the close."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    replay = commands.add_parser(
        "replay",
        help="one recording through the whole live path",
        description="Run one recording through the whole live path: server, engine, doors. With --jsonl it writes "
        "what a reader receives and ends by itself; without, it serves the session's page until Ctrl-C.",
    )
    replay.add_argument("file", help="a recording, or - for raw PCM16 mono at 16 kHz on standard input")
    replay.add_argument("--as-live", action="store_true", help="at the pace of real time")
    replay.add_argument("--language", default="en", help="what is spoken: en, or several: en,de")
    replay.add_argument("--model", help="recogniser; see moothall models list")
    replay.add_argument("--jsonl", metavar="OUT", help="write what a reader receives, and end")
    replay.add_argument("--data", help="folder of the log; a temporary one by default")
    replay.add_argument("--port", type=int, help="port to listen on")
    replay.set_defaults(run=_replay)


def _replay(arguments: argparse.Namespace) -> int:
    settings = quiet(settings_of(arguments))
    start_logging(settings.logging.level, settings.logging.format)
    require_model(settings.engine.model)
    with tempfile.TemporaryDirectory(prefix="moothall-") as folder:
        data = arguments.data or folder
        port = arguments.port if arguments.port is not None else (0 if arguments.jsonl else settings.server.port)
        server = msgspec.structs.replace(settings.server, data=data, port=port)
        settings = msgspec.structs.replace(settings, server=server)
        programme = Playback(
            file=arguments.file,
            title=Path(arguments.file).stem if arguments.file != "-" else "Replay",
            languages=languages_of(arguments.language),
            session=SessionId("replay"),
            exact=False,
            as_live=arguments.as_live,
            sound_kept=SoundKept.NONE,
        )
        if arguments.jsonl is None:
            asyncio.run(_serve(settings, programme))
        else:
            asyncio.run(_measure(settings, programme, Path(arguments.jsonl)))
    return 0


async def _serve(settings: Settings, programme: Playback) -> None:
    await require_sound(programme)
    async with stop_signal() as stop, hall(settings) as running:
        await show(running, programme, stop, close=True)


async def _measure(settings: Settings, programme: Playback, out: Path) -> None:
    await require_sound(programme)
    async with hall(settings) as running:
        await engine_ready(running)
        await play_to_reader(running, programme, out, (sys.executable, "-m", "moothall", "read"))


async def play_to_reader(running: RunningServer, programme: Playback, out: Path, reader: Sequence[str]) -> None:
    """Play with a reader at the ordinary door, and then append the row `usage` to the file that the reader wrote.

    `reader` is the command of the reader's process; the session's address and `--jsonl` with the file are appended to
    it.
    """
    live = await prepare(running, programme)
    child = await start_child(
        *reader, f"{running.address}/s/{live.id}", "--jsonl", str(out), env={**os.environ, "PYTHONWARNINGS": ""}
    )
    try:
        while not live.fanout.figures.readers:
            if child.returncode is not None:
                raise ConfigurationError("The reader ended before anything was played; see its message above.")
            await asyncio.sleep(LOOK_MS / 1000)
        used = await _play(running, live, programme)
        async with asyncio.timeout(READER_S):
            await child.wait()
    finally:
        if child.returncode is None:
            signal_child(child, signal.SIGKILL)
            await to_the_end(child.wait())
    with out.open("a", encoding="utf-8") as rows:
        rows.write(json.dumps({"kind": "usage", **used}) + "\n")


async def _play(running: RunningServer, live: LiveSession, programme: Playback) -> dict[str, float]:
    """Play, and return the CPU time of server, decoder and engine, and the length of the audio, all in s."""
    began = time.process_time()
    decoder = await play(running, live, programme)
    server = time.process_time() - began
    engine = sum(usage.cpu_ms for usage in running.recognising.usage) / 1000
    audio = sum(usage.audio_ms for usage in running.recognising.usage) / 1000
    return {
        "cpu_seconds": round(server + decoder + engine, 3),
        "audio_seconds": round(audio, 3),
        "server_cpu_seconds": round(server, 3),
        "decoder_cpu_seconds": round(decoder, 3),
        "engine_cpu_seconds": round(engine, 3),
    }
