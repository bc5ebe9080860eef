"""`moothall replay`: one recording through the whole live path, to be read or to be measured."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from moothall.adapters.engines.child_owner import signal_child, start_child, to_the_end
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.system.clock import CpuClock
from moothall.app.hall import Hall, hall
from moothall.cli.play import quiet, settings_of, show
from moothall.cli.playing import (
    Programme,
    engine_ready,
    languages_of,
    play,
    prepare,
    require_model,
    require_sound,
    start_logging,
    told_to_stop,
)
from moothall.core.chain import GENESIS, SALT_BYTES, Header, seal
from moothall.core.events.types import SoundKept
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import CommandId, Epoch, SessionId
from moothall.core.kernel.lanes import SESSION
from moothall.settings.sections import Settings

ROUNDS = 61
BODY = b'{"type":"words.committed","text":"' + b"x" * 270 + b'"}'
"""About as much as a commit of a few words."""
SCRATCH = "append-time.sqlite"
LOOK_MS = 50
READER_S = 30.0
"""How long the reader may take to see the close."""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add it to the parser."""
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
    replay.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: measure as on one idle core")
    replay.add_argument("--jsonl", metavar="OUT", help="write what a reader receives, and end")
    replay.add_argument("--data", help="folder of the log; a temporary one by default")
    replay.add_argument("--port", type=int, help="port to listen on")
    replay.set_defaults(run=_replay)


def _replay(arguments: argparse.Namespace) -> int:
    if arguments.clock == "cpu" and arguments.jsonl is None:
        msg = "--clock cpu is for measuring: name a file with --jsonl."
        raise ConfigurationError(msg)
    settings = quiet(settings_of(arguments))
    start_logging(settings.logging.level)
    require_model(settings.engine.model)
    with tempfile.TemporaryDirectory(prefix="moothall-") as folder:
        data = arguments.data or folder
        port = arguments.port if arguments.port is not None else (0 if arguments.jsonl else settings.server.port)
        server = msgspec.structs.replace(settings.server, data=data, port=port)
        settings = msgspec.structs.replace(settings, server=server)
        programme = Programme(
            file=arguments.file,
            title=Path(arguments.file).stem if arguments.file != "-" else "Replay",
            languages=languages_of(arguments.language),
            session=SessionId("replay"),
            exact=False,
            as_live=arguments.as_live and arguments.clock == "wall",
            sound_kept=SoundKept.NONE,
        )
        if arguments.jsonl is None:
            asyncio.run(_serve(settings, programme))
        else:
            asyncio.run(_measure(settings, programme, Path(arguments.jsonl), cpu=arguments.clock == "cpu"))
    return 0


async def _serve(settings: Settings, programme: Programme) -> None:
    await require_sound(programme)
    async with told_to_stop() as stop, hall(settings) as running:
        await show(running, programme, stop, close=True)


async def _measure(settings: Settings, programme: Programme, out: Path, *, cpu: bool) -> None:
    """Play with a reader on the ordinary door, then add the line of what it cost."""
    await require_sound(programme)
    data = Path(settings.server.data)
    clock = CpuClock(await measure_append_us(data)) if cpu else None
    arguments = ["--clock", "cpu", "--channels", "1"] if cpu else []
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(hall(settings, clock=clock, bench=clock, engine_arguments=arguments))
        live = await prepare(running, programme)
        await engine_ready(running)
        reader = await start_child(
            sys.executable, "-m", "moothall", "read", f"{running.address}/s/{live.id}",
            "--jsonl", str(out), "--clock", "cpu" if cpu else "wall",
            env={**os.environ, "PYTHONWARNINGS": ""},
        )  # fmt: skip
        try:
            while not live.fanout.figures.readers:
                if reader.returncode is not None:
                    msg = "The reader ended before anything was played; it said why above."
                    raise ConfigurationError(msg)
                await asyncio.sleep(LOOK_MS / 1000)
            used = await _play(running, programme)
            async with asyncio.timeout(READER_S):
                await reader.wait()
        finally:
            if reader.returncode is None:
                signal_child(reader, signal.SIGKILL)
                await to_the_end(reader.wait())
    with out.open("a", encoding="utf-8") as rows:
        rows.write(json.dumps({"kind": "usage", **used}) + "\n")


async def _play(running: Hall, programme: Programme) -> dict[str, float]:
    """Play, and return the CPU of server and engine and the length of the audio, s."""
    live = await prepare(running, programme)
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


async def measure_append_us(folder: Path) -> int:
    """Median time of one durable append to a log in `folder`, µs: the constant that the CPU clock adds.

    The scratch log is removed (docs/reference/replay.md).
    """
    path, session = folder / SCRATCH, SessionId("bench")
    log = await SqliteLog.open(path)
    try:
        head = await log.acquire(session, Epoch("0"))
        times, digest = [], GENESIS
        for offset in range(1, ROUNDS + 1):
            header = Header(
                session=session,
                epoch=head.epoch,
                offset=offset,
                lane=SESSION,
                prev=offset - 1,
                type="words.committed",
                at=0,
                role=Role.ENGINE,
                actor="bench",
                cause=CommandId(str(offset)),
                n=0,
            )
            record = seal(digest, header, bytes(SALT_BYTES), BODY)
            digest = record.digest
            began = time.perf_counter_ns()
            await log.append(session, head.term, offset - 1, [record])
            times.append(time.perf_counter_ns() - began)
        return round(statistics.median(times) / 1000)
    finally:
        await log.close()
        await asyncio.to_thread(_remove, folder)


def _remove(folder: Path) -> None:
    for left in folder.glob(f"{Path(SCRATCH).stem}.*"):
        left.unlink(missing_ok=True)
