"""The link of pulses without a socket."""

from __future__ import annotations

import asyncio

from moothall.wire import pulse as wire


class PulseEnd:
    """What the server has of it: a `PulseConnection`. A test beats."""

    def __init__(self, name: str = "far") -> None:
        self._name = name
        # A test sends a few.
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()

    @property
    def name(self) -> str:
        """For logs."""
        return self._name

    async def receive(self) -> wire.Pulse | None:
        """The next one; None at the end. Raises ProtocolError."""
        frame = await self._frames.get()
        return None if frame is None else wire.decode(frame)

    async def beat(self, pulse: wire.Pulse | None) -> None:
        """Send a pulse, or with None end the link; comes back when the server has had time to take it."""
        self._frames.put_nowait(None if pulse is None else wire.encode(pulse))
        for _ in range(5):
            await asyncio.sleep(0)
