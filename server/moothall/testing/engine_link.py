"""An engine link without a socket: two ends in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from moothall.wire import engine as wire
from moothall.wire import pulse
from moothall.wire.kinds import UnknownKind

M = TypeVar("M")

ROOM = 64
"""The most frames that may be in transit in each direction; then the sender waits, as on a slow connection."""


class Pipe:
    """One direction of a link: frames in their order, until the link is cut."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[bytes | None] = asyncio.Queue(ROOM)
        self.cut = False

    async def put(self, frame: bytes) -> None:
        """Send a frame, and wait while the pipe is full. Does nothing once it is cut."""
        if not self.cut:
            await self.frames.put(frame)

    async def get(self) -> bytes | None:
        """Wait for the next frame; None once the pipe is cut."""
        if self.cut:
            return None
        frame = await self.frames.get()
        return None if self.cut else frame

    def close(self) -> None:
        """Cut the pipe."""
        self.cut = True
        while not self.frames.empty():  # Frames in transit are lost, and a sender that waits for room continues.
            self.frames.get_nowait()
        self.frames.put_nowait(None)


async def next_known(pipe: Pipe, decode: Callable[[bytes], M]) -> M | None:
    """Wait for the next message of a known kind, as the real links do; None at the end. Raises ProtocolError."""
    while (frame := await pipe.get()) is not None:
        with suppress(UnknownKind):
            return decode(frame)
    return None


class EngineEnd:
    """The engine's end of the link."""

    def __init__(self, to_engine: Pipe, to_server: Pipe) -> None:
        self._to_engine = to_engine
        self._to_server = to_server

    async def receive(self) -> wire.ToEngine | None:
        """The next message; None when the link was cut. Raises ProtocolError."""
        return await next_known(self._to_engine, wire.decode_to_engine)

    async def send(self, message: wire.ToServer) -> None:
        """Send a message. Does nothing once the link is cut."""
        await self.send_frame(wire.encode(message))

    async def send_frame(self, frame: bytes) -> None:
        """Send a frame that need not be a message of this release."""
        await self._to_server.put(frame)


class EngineServerEnd:
    """The server's end of the link: an `EngineConnection`."""

    def __init__(self, to_engine: Pipe, to_server: Pipe, name: str) -> None:
        self._to_engine = to_engine
        self._to_server = to_server
        self._name = name

    @property
    def name(self) -> str:
        """The engine's name for logs."""
        return self._name

    async def receive(self) -> wire.ToServer | None:
        """The next message; None when the link was cut. Raises ProtocolError."""
        return await next_known(self._to_server, wire.decode_to_server)

    async def send(self, message: wire.ToEngine) -> None:
        """Send a message. Does nothing once the link is cut."""
        await self.send_frame(wire.encode(message))

    async def send_frame(self, frame: bytes) -> None:
        """Send a frame that need not be a message of this release."""
        await self._to_engine.put(frame)

    def abort(self) -> None:
        """End the link at once; frames in transit are lost."""
        self.cut()

    def cut(self) -> None:
        """End the link at once; frames in transit are lost."""
        self._to_engine.close()
        self._to_server.close()


def engine_link(name: str = "engine") -> tuple[EngineEnd, EngineServerEnd]:
    """Both ends of a new link."""
    to_engine, to_server = Pipe(), Pipe()
    return EngineEnd(to_engine, to_server), EngineServerEnd(to_engine, to_server, name)


class PulseEnd:
    """The server's end of a pulse link: a `PulseConnection`. The test sends the pulses."""

    def __init__(self, name: str = "far") -> None:
        self._name = name
        # Bounded by the few pulses that a test sends.
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()

    @property
    def name(self) -> str:
        """The name of the process, for logs."""
        return self._name

    async def receive(self) -> pulse.ProcessPulse | None:
        """The next pulse; None at the end. Raises ProtocolError."""
        frame = await self._frames.get()
        return None if frame is None else pulse.decode(frame)

    async def beat(self, beat: pulse.ProcessPulse | None) -> None:
        """Send a pulse, or with None end the link. Returns when the server has had time to take it."""
        self._frames.put_nowait(None if beat is None else pulse.encode(beat))
        for _ in range(5):
            await asyncio.sleep(0)
