"""A real server in processes of its own, which crash tests kill."""

from __future__ import annotations

import asyncio
import io
import os
import random
import signal
import socket
import wave
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from moothall.adapters.reading.reader_client import follow
from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.adapters.system.clock import SystemClock
from moothall.cli.verifying import SOUND, verify_command
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import ChannelState, Unrecorded, Unsaved
from moothall.wire.frames import Received
from support.halls.warm import Program, start_program

FLOOR = Feed(ChannelId("floor"))
SESSION = SessionId("s")
CLOCK = SystemClock()
PORTS = range(12_000, 30_000)
"""Below the ports that systems assign by themselves, so that a killed server finds its port free again."""


def write_wave(path: Path, pcm: bytes) -> None:
    """Save PCM16 mono 16 kHz as a WAV file."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(pcm)


def engine_of(server: int) -> int | None:
    """Return the process id of a server's engine; None while it has none."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{server}/task/{server}/children").read_text().split():
            if b"moothall_models" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                return int(child)
    return None


class HallProcess:
    """`moothall serve --play` with a data folder that outlives the process."""

    def __init__(self, data: Path, audio: Path, model: str, port: int, *options: str) -> None:
        self.data = data
        self.address = f"http://127.0.0.1:{port}"
        self._arguments = [
            *("-m", "moothall", "serve", "--data", str(data), "--port", str(port), "--model", model),
            *("--play", str(audio), "--session", SESSION, *options),
        ]
        self.settings: dict[str, str] = {}
        """Environment variables that are added to this process's."""
        self.without: Collection[str] = ()
        """Environment variables that are removed."""
        self._process: Program | None = None
        self.log = data.parent / f"{data.name}.log"
        """The file with standard error of the server and its engine, of all starts."""

    async def launch(self) -> None:
        """Start the process without waiting for its doors."""
        with self.log.open("ab") as log:
            environment = {name: said for name, said in os.environ.items() if name not in self.without}
            self._process = await start_program(*self._arguments, stderr=log, env=environment | self.settings)

    async def start(self) -> None:
        """Start the server; returns once its doors are open and the session exists."""
        await self.launch()
        assert await self.opened(), self.log.read_text()

    async def opened(self) -> bool:
        """Wait until the doors are open and the session exists; returns False when the server ends instead."""
        assert self._process is not None
        assert self._process.stdout is not None
        return b"Read it at" in await self._process.stdout.readline()

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def engine_pid(self) -> int | None:
        """The engine's process id; None while there is no engine."""
        return engine_of(self.pid)

    async def kill(self) -> None:
        """Kill the server (SIGKILL)."""
        assert self._process is not None
        assert self._process.returncode is None, f"It had ended by itself: {self.log.read_text()[-4_000:]}"
        self._process.kill()
        await self._process.wait()

    def kill_engine(self) -> bool:
        """Kill the engine (SIGKILL); returns whether there was one."""
        pid = self.engine_pid
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    async def ended(self) -> int:
        """Wait until the server ends by itself; returns its exit status."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> int:
        """Stop the server by Ctrl-C (SIGINT); returns its exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
        return await self._process.wait()


class Witness:
    """A reader that stays through everything, and remembers every event that it received."""

    def __init__(self) -> None:
        self.seen: dict[int, bytes] = {}
        self.snapshots = 0
        self.repeats = 0
        self.losses = 0
        self.words: list[le.Word] = []
        self.attached = 0
        """The number of engines attached so far."""
        self.unsaved = ""
        self.unrecorded = ""
        """Text that is shown and not recorded, as it is on the screen."""
        self.text = ""
        """The texts of the ended lines, joined."""
        self.state: ChannelState | None = None
        self.heard = 0
        """Media ms that have been spoken at least, by the last state of the channel."""
        self.closed = False
        self._position = 0
        self._news = asyncio.Event()

    async def watch(self, address: str) -> None:
        """Follow the session until it is closed."""
        async for frame, _ in follow(f"{address}/s/{SESSION}", FLOOR, CLOCK, tries=200):
            self._take(frame)
            self._news.set()
            if self.closed:
                return

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until `holds` is true of what the witness has seen."""
        while not holds():
            await self.news()

    async def more_words(self, than: int) -> None:
        """Wait until more words than `than` have arrived, or the session is closed."""
        await self.until(lambda: len(self.words) > than or self.closed)

    async def news(self) -> None:
        """Wait for the next frame."""
        self._news.clear()
        await self._news.wait()

    def _take(self, frame: Received) -> None:
        if frame.snapshot is not None:
            self.snapshots += 1
            self._position = frame.snapshot.offset
        if frame.events:
            self.losses += frame.prev > self._position
            self._position = frame.events[-1].offset
        for event in frame.events:
            assert event.original is not None
            self.repeats += event.offset in self.seen
            self.seen[event.offset] = event.original
            self._note(decode_event(event.original))
        for signal_ in frame.signals:
            if isinstance(signal_, Unsaved):
                self.unsaved = signal_.text
            elif isinstance(signal_, Unrecorded):
                self.unrecorded = signal_.text
            elif isinstance(signal_, ChannelState):
                self.state = signal_
                # Its delay counts from what is recognised, which is behind what is heard, but not behind the words.
                recognised = self.words[-1].t1 if self.words else 0
                self.heard = max(signal_.t, recognised + signal_.lag)

    def _note(self, event: object) -> None:
        match event:
            case le.WordsCommitted():
                self.words += event.words
            case le.SegmentEnded():
                self.text += f" {event.text}"
            case ev.EngineAttached():
                self.attached += 1
            case ev.SessionClosed():
                self.closed = True
            case _:
                pass


class Seam(msgspec.Struct, frozen=True):
    """The moment at which an engine continued the words of another one."""

    t: int
    """End of the last committed word, in media ms."""
    words: int
    """The number of words before it."""


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a session's log."""

    bodies: dict[int, bytes]
    """Bodies by offset."""
    words: list[le.Word]
    """All committed words."""
    texts: list[str]
    """Texts of the ended segments."""
    seams: list[Seam]
    gaps: int


def logged(data: Path) -> Logged:
    """Return the contents of the session's log in a data folder, whether its server runs, was killed or has stopped."""
    reader = LogReader(open_for_reading(data / FILE_NAME))
    try:
        records = reader.read(SESSION, 0, 1_000_000)
    finally:
        reader.close()
    bodies = {record.header.offset: record.body for record in records if record.body is not None}
    words: list[le.Word] = []
    texts: list[str] = []
    seams: list[Seam] = []
    gaps = 0
    for event in map(decode_event, bodies.values()):
        match event:
            case le.WordsCommitted():
                words += event.words
            case le.SegmentEnded():
                texts.append(event.text)
            case ev.EngineAttached():
                seams.append(Seam(words[-1].t1 if words else 0, len(words)))
            case ev.GapNoted():
                gaps += 1
            case _:
                pass
    return Logged(bodies=bodies, words=words, texts=texts, seams=seams[1:], gaps=gaps)


def require_nothing_lost(witness: Witness, log: Logged) -> None:
    """Assert that the log has everything that the witness received, once, in order and unchanged, and
    that nothing is missing.
    """
    assert witness.snapshots == 1, "The reader should have followed from the beginning, without a fresh start."
    assert (witness.repeats, witness.losses) == (0, 0)
    changed = [offset for offset, body in witness.seen.items() if log.bodies.get(offset) != body]
    assert not changed, f"The reader was told something else than the log holds at {changed}."
    assert sorted(log.bodies) == list(range(1, len(log.bodies) + 1))
    assert witness.words == log.words


def require_intact(data: Path) -> None:
    """Assert that `moothall verify` finds every chain intact."""
    said = io.StringIO()
    assert verify_command(data, None, said) == SOUND, said.getvalue()
    assert "s: intact; " in said.getvalue()
    assert "signed through event" in said.getvalue()


@asynccontextmanager
async def watched(hall: HallProcess) -> AsyncIterator[Witness]:
    """Run the server, with a witness that follows it."""
    witness = Witness()
    await hall.start()
    async with asyncio.TaskGroup() as group:
        following = group.create_task(witness.watch(hall.address))
        try:
            await witness.until(lambda: witness.snapshots)
            yield witness
        finally:
            following.cancel()
            await hall.stop()


def free_port(number: int) -> int:
    """Return a port on which nothing listens now; tests that run at the same time pass different numbers."""
    chance = random.Random(f"{os.getpid()} {number}")  # noqa: S311  # only to be spread
    while True:
        port = chance.choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def plain(words: Sequence[le.Word]) -> list[str]:
    """Return the words' texts, without their spaces."""
    return [word.text.strip() for word in words]
