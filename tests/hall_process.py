"""A real server in processes of its own, to be killed: what the crash tests share."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from moothall.adapters.log_sqlite import SqliteLog
from moothall.adapters.reader_client import follow
from moothall.adapters.system_clock import SystemClock
from moothall.core import events as ev
from moothall.core.event_codec import decode_event
from moothall.core.ids import ChannelId, SessionId
from moothall.core.lanes import Feed
from moothall.wire.frames import Received

FLOOR = Feed(ChannelId("floor"))
SESSION = SessionId("s")
CLOCK = SystemClock()


def write_wave(path: Path, pcm: bytes) -> None:
    """Save PCM16 mono 16 kHz as a WAV file."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(pcm)


class HallProcess:
    """`moothall serve --play` with a data folder that outlives it."""

    def __init__(self, data: Path, audio: Path, model: str, port: int, *options: str) -> None:
        self.data = data
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self._arguments = [
            *("-m", "moothall", "serve", "--data", str(data), "--port", str(port), "--model", model),
            *("--play", str(audio), "--session", SESSION, *options),
        ]
        self._process: asyncio.subprocess.Process | None = None
        self.log = data.parent / "server.log"

    async def start(self) -> None:
        """Start it; comes back once its doors are open."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._arguments, stdout=asyncio.subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert b"Read it at" in line, self.log.read_text()

    @property
    def engine_pid(self) -> int | None:
        """The engine's process, None while there is none."""
        assert self._process is not None
        pid = self._process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            command = Path(f"/proc/{child}/cmdline")
            if command.exists() and b"moothall_models" in command.read_bytes():
                return int(child)
        return None

    async def kill(self) -> None:
        """kill -9 of the server."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def kill_engine(self) -> bool:
        """kill -9 of the engine; whether there was one."""
        pid = self.engine_pid
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    async def stop(self) -> int:
        """Ctrl-C, and its exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
        return await self._process.wait()


class Witness:
    """A reader that stays through everything, and remembers what it was told had happened."""

    def __init__(self) -> None:
        self.seen: dict[int, bytes] = {}
        self.repeats = 0
        self.words: list[ev.Word] = []
        self.closed = asyncio.Event()
        self.news = asyncio.Event()

    async def watch(self, address: str) -> None:
        """Follow the session until it is closed."""
        async for frame, _ in follow(f"{address}/s/{SESSION}", FLOOR, CLOCK, tries=200):
            self._take(frame)
            self.news.set()
            if self.closed.is_set():
                return

    def _take(self, frame: Received) -> None:
        for event in frame.events:
            assert event.original is not None
            self.repeats += event.offset in self.seen
            self.seen[event.offset] = event.original
            self._note(decode_event(event.original))

    def _note(self, event: object) -> None:
        if isinstance(event, ev.WordsCommitted):
            self.words += event.words
        if isinstance(event, ev.SessionClosed):
            self.closed.set()


async def logged(data: Path) -> tuple[dict[int, bytes], list[ev.Word], list[str]]:
    """Of the session's log: bodies by offset, the committed words, and the texts of the ended segments."""
    log = await SqliteLog.open(data / "moothall.sqlite")
    try:
        records = list(await log.read(SESSION, 0, 1_000_000))
    finally:
        await log.close()
    bodies = {record.header.offset: record.body for record in records if record.body is not None}
    events = [decode_event(body) for body in bodies.values()]
    words = [word for event in events if isinstance(event, ev.WordsCommitted) for word in event.words]
    texts = [event.text for event in events if isinstance(event, ev.SegmentEnded)]
    return bodies, words, texts


@asynccontextmanager
async def watched(hall: HallProcess) -> AsyncIterator[Witness]:
    """The server running, with a witness who follows it."""
    witness = Witness()
    await hall.start()
    following = asyncio.ensure_future(witness.watch(hall.address))
    try:
        yield witness
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await hall.stop()


async def kill_at_random(hall: HallProcess, witness: Witness, rounds: int, seed: int) -> int:
    """Kill server or engine again and again, often 1-3 s after a word's end; returns how often, when it is over.

    The moments are drawn by `seed`: some follow a word that was just shown, some come at any time, also while
    everything is still starting after the kill before.
    """
    chance = random.Random(seed)
    done = 0
    while done < rounds and not witness.closed.is_set():
        if chance.random() < 0.7:
            witness.news.clear()
            await _first(witness.news.wait(), 10.0)
        await CLOCK.sleep(chance.randint(0, 3_000))
        if witness.closed.is_set():
            break
        if chance.random() < 0.5:
            await hall.kill()
            await hall.start()
            done += 1
        else:
            done += hall.kill_engine()
    return done


async def _first(waiting: object, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await waiting  # type: ignore[misc]  # any awaitable will do
    except TimeoutError:
        pass


async def wait_closed(witness: Witness, seconds: float) -> None:
    """Until the witness has seen the close."""
    async with asyncio.timeout(seconds):
        await witness.closed.wait()


async def free_port() -> int:
    """A port that nothing listens on now."""
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    return port


async def page(address: str, path: str) -> tuple[int, str]:
    """Status and text of a GET."""
    async with aiohttp.ClientSession() as http, http.get(f"{address}{path}") as response:
        return response.status, await response.text()


def plain(words: Sequence[ev.Word]) -> list[str]:
    """The words' characters, without their spaces."""
    return [word.text.strip() for word in words]
