"""Readers of `rooms.py`: thousands in one C process, and one of each floor here, whose text is scored."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from moothall.adapters.reading.reader_client import follow
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import Clock
from moothall.core.signals import ChannelState
from moothall.wire.stream_log import StreamLog

SOURCE = Path(__file__).with_name("room_readers.c")
FLOOR = Feed(ChannelId("floor"))
MINUTE = 60_000


def targets(sessions: Sequence[SessionId], languages: Sequence[str]) -> list[str]:
    """What readers ask for: of each session the floor, as it is spoken, and each translation."""
    channels = ["floor", *(f"mt-{language}" for language in languages)]
    return [f"/s/{session}/events?channel={channel}&feed=live" for channel in channels for session in sessions]


class RoomReaders:
    """The C process."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Its id; None without readers."""
        return None if self._process is None else self._process.pid

    async def start(self, count: int, asked: Sequence[str], rate: float) -> None:
        """Let `count` readers join, `rate` of them a second."""
        program, file = self._folder / "room_readers", self._folder / "targets"
        subprocess.run(["gcc", "-O2", "-o", program, SOURCE], check=True)  # noqa: ASYNC221  # nothing is measured yet
        file.write_text("".join(f"{each}\n" for each in asked), encoding="utf-8")
        self._process = await asyncio.create_subprocess_exec(
            *(program, str(self._port), str(count), str(rate), file),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

    async def joined(self) -> None:
        """Wait until all have a first frame."""
        assert self._process is not None
        assert self._process.stdout is not None
        assert await self._process.stdout.readline() == b"ready\n"

    async def counts(self) -> dict[str, Any]:
        """What they have counted since they began; {} without readers."""
        if self._process is None:
            return {}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        return dict(json.loads(await self._process.stdout.readline()))

    async def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._process.wait()


class FloorReader:
    """A reader of a floor, who writes down what was shown, in s since the microphone's first sample."""

    def __init__(self, address: str, clock: Clock) -> None:
        self.began = 0
        """Unix ms of the microphone's first sample."""
        self.rows = 0
        self.lag_now = 0
        """How late the text is at the moment, as readers are told, ms."""
        self.told: dict[int, int] = {}
        """The most that readers were told, ms, by the minute."""
        self.shown: list[float] = []
        """When anything was shown, s."""
        self.over = asyncio.Event()
        """Set once the session is closed."""
        self._address = address
        self._clock = clock

    async def run(self, path: Path) -> None:
        """Read until the session is closed."""
        log = StreamLog()
        with path.open("w", encoding="utf-8") as out:
            async with aclosing(follow(self._address, FLOOR, self._clock)) as frames:
                async for frame, arrived in frames:
                    for signal in frame.signals:
                        if isinstance(signal, ChannelState) and self.began:
                            self.lag_now = signal.lag
                            minute = (arrived - self.began) // MINUTE
                            self.told[minute] = max(self.told.get(minute, 0), signal.lag)
                    at = (arrived - self.began) / 1_000
                    for row in log.rows(frame, at):
                        if "t0" in row and log.opened is not None:
                            later = (self.began - log.opened) / 1_000
                            row |= {"t0": row["t0"] - later, "t1": row["t1"] - later}
                        out.write(json.dumps(row, ensure_ascii=False) + "\n")
                        self.rows += 1
                        if row["text"]:
                            self.shown.append(at)
                    if log.closed:
                        self.over.set()
                        return
