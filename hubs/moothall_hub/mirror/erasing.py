"""What has to go from a hub beside its copies once words were removed, and who says so upwards.

The copy's own bytes are gone by then (`moothall_hub.mirror.mirror`). What the room asked itself stands in its own
book too, and hubs below have copies: `Erased` goes up only when all of these are done. What is open still the server
above asks for again on each new link (`Recall`), so nothing of this is kept here.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import Clock
from moothall.wire.hub.messages import Erased

logger = logging.getLogger(__name__)

RETRY_MS = 1_000
"""How long to wait when the disk refuses."""
ALL = 0
"""In place of a removal's offset: all of the session has to go, since it is no more or not everybody may read it."""


class RoomErasing(Protocol):
    """What the room did itself (`moothall_hub.room.questions`)."""

    async def erase_removed(self, session: SessionId) -> None:
        """Erase what the meeting has removed. Raises StorageUnavailable."""
        ...

    async def forget(self, session: SessionId) -> None:
        """Erase all of a session that the hub may not have any more. Raises StorageUnavailable."""
        ...


class ErasingBelow(Protocol):
    """What the hubs below hold (`moothall.services.hubs.removals`)."""

    def removed(self, session: SessionId, epoch: Epoch, offset: int, at: int) -> None:
        """A `body.removed` was carried out here."""
        ...

    async def gone(self, session: SessionId) -> None:
        """Nobody below may have a session any more. Raises StorageUnavailable."""
        ...

    def outstanding(self, session: SessionId, offset: int) -> bool:
        """Whether one of them holds it still; `ALL`: anything of the session."""
        ...


class Erasing:
    """Erases removed words outside the copies, and reports `Erased` when all is done. A report may be sent twice."""

    def __init__(self, say: Callable[[Erased], None], clock: Clock) -> None:
        self._say = say
        self._clock = clock
        self._room: RoomErasing | None = None
        self._below: ErasingBelow | None = None

    def has(self, *, room: RoomErasing, below: ErasingBelow) -> None:
        """Who else has to erase; said before there is a line."""
        self._room, self._below = room, below

    def begun(self, session: SessionId, epoch: Epoch | None, offsets: Sequence[int]) -> None:
        """The copy has erased what these `body.removed` name; those below are told of them after this."""
        for offset in offsets:
            if self._below is not None and epoch is not None:
                self._below.removed(session, epoch, offset, self._clock.wall())

    async def erased(self, session: SessionId, offsets: Sequence[int]) -> None:
        """The room does so too. Waits while the disk refuses."""
        if self._room is not None:
            await self._until_done(session, self._room.erase_removed)
        for offset in offsets:
            self.clear(session, offset)

    async def gone(self, session: SessionId) -> None:
        """The copy is gone, as the hub may not have it any more. Waits while the disk refuses."""
        if self._room is not None:
            await self._until_done(session, self._room.forget)
        if self._below is not None:
            await self._until_done(session, self._below.gone)
        self.clear(session, ALL)

    def clear(self, session: SessionId, offset: int) -> None:
        """Say that it is done here, unless somebody below hasn't."""
        if self._below is None or not self._below.outstanding(session, offset):
            self._say(Erased(session=session, offset=offset))

    async def _until_done(self, session: SessionId, act: Callable[[SessionId], Awaitable[None]]) -> None:
        while True:
            try:
                await act(session)
            except StorageUnavailable:
                logger.warning("session %s: the hub can't erase removed words at the moment", session)
                await self._clock.sleep(RETRY_MS)
                continue
            return
