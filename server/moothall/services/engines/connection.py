"""An engine's link and the clock of a bench, as recognising sees them."""

from __future__ import annotations

from typing import Protocol

from moothall.wire import engine as wire


class EngineConnection(Protocol):
    """One engine's link, over any transport."""

    @property
    def name(self) -> str:
        """For logs."""
        ...

    async def receive(self) -> wire.ToServer | None:
        """The next message, None at the end; raises ProtocolError."""
        ...

    async def send(self, message: wire.ToEngine) -> None:
        """Send a message; silent when the link is gone, `receive` tells."""
        ...

    def abort(self) -> None:
        """End the link at once, without waiting for the other side; `receive` then returns None."""
        ...


class BenchClock(Protocol):
    """What a run on the CPU clock wants to know (docs/reference/replay.md)."""

    def receipt(self, at: float) -> tuple[float, int]:
        """A message made at `at` (ms on the engine's clock) arrived now."""
        ...

    def begin(self, receipt: tuple[float, int]) -> None:
        """It is that message's turn."""
        ...

    def spent_us(self) -> int:
        """CPU since its receipt."""
        ...
