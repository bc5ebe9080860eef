"""An engine's link, as recognising sees it. By itself: adapters and fakes implement it."""

from __future__ import annotations

from typing import Protocol

from moothall.wire import engine as wire


class EngineConnection(Protocol):
    """One engine's link, whatever carries it."""

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
        """End the link at once, whatever the other side does; `receive` tells."""
        ...
