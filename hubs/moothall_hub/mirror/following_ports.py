"""What stands around the copies that are followed: the disk, whoever shows them, and what reads batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from moothall.core.chain import LogRecord
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall_hub.mirror.copied import Copy, Step


class Unpack(Protocol):
    """Takes a batch apart (`moothall.wire.hub_records.unpack`)."""

    def __call__(
        self, data: bytes, *, session: SessionId, epoch: Epoch, heads: Mapping[Lane, LaneHead], after: int
    ) -> Sequence[LogRecord]:
        """The events of a batch. Raises ProtocolError."""
        ...


class Copies(Protocol):
    """Where copies are kept (`moothall_hub.mirror.mirror`)."""

    async def keep(self, step: Step) -> None:
        """Store a step whole. Raises StorageUnavailable."""
        ...

    async def drop(self, session: SessionId) -> Copy:
        """Erase all that is kept of a session. Raises StorageUnavailable."""
        ...


class Shown(Protocol):
    """Whom the copies are shown to (`moothall_hub.mirror.mirrored`)."""

    async def take(self, step: Step) -> None:
        """Show what a step has brought, which is on the disk. Raises StorageUnavailable, and RecordBroken."""
        ...

    async def renew(self, session: SessionId) -> None:
        """Something came into the middle, or all was dropped: it is read anew from the disk. Raises as `take`."""
        ...
