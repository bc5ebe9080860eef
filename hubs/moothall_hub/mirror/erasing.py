"""Erase removed words everywhere on a hub outside the copies, and report upwards when all is done.

The copy's own bytes are erased before (`moothall_hub.mirror.mirror`). The questions of the room are in a book of their
own, and hubs below have copies: `Erased` is sent up only when all of these are done. Nothing of this is stored here,
since the server above asks again on each new link for what is outstanding (`Recall`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import Clock
from moothall.wire.hubs.messages import Erased

logger = logging.getLogger(__name__)

RETRY_MS = 1_000
"""Milliseconds until the next attempt when the disk refuses."""
ALL = 0
"""Used as a removal's offset where the whole session has to go, since it was deleted or is no longer public."""


class RoomErasing(Protocol):
    """Erases what the room itself wrote (`moothall_hub.room.questions`)."""

    async def erase_removed(self, session: SessionId) -> None:
        """Erase what the meeting has removed. Raises StorageUnavailable."""
        ...

    async def forget(self, session: SessionId) -> None:
        """Erase everything of a session that the hub may no longer have. Raises StorageUnavailable."""
        ...


class ErasingBelow(Protocol):
    """Erases what the hubs below hold (`moothall.services.hubs.removals`)."""

    def removed(self, session: SessionId, epoch: Epoch, offset: int, at: int) -> None:
        """Note that the `body.removed` at `offset` was carried out here at `at` (Unix ms), and pass it on downwards."""
        ...

    async def gone(self, session: SessionId) -> None:
        """Have the hubs below delete a session that they may no longer have. Raises StorageUnavailable."""
        ...

    def outstanding(self, session: SessionId, offset: int) -> bool:
        """Whether a hub below still holds what the removal at `offset` names; with `ALL`: anything of the session."""
        ...


class HubErasure:
    """Erases removed words outside the copies, and reports `Erased` when all is done. A report may be sent twice."""

    def __init__(self, say: Callable[[Erased], None], clock: Clock) -> None:
        self._say = say
        self._clock = clock
        self._room: RoomErasing | None = None
        self._below: ErasingBelow | None = None

    def has(self, *, room: RoomErasing, below: ErasingBelow) -> None:
        """Connect the others that have to erase. Called once, before there is an uplink."""
        self._room, self._below = room, below

    def begun(self, session: SessionId, epoch: Epoch | None, offsets: Sequence[int]) -> None:
        """Note that the copy has erased what these `body.removed` name, and notify the hubs below."""
        for offset in offsets:
            if self._below is not None and epoch is not None:
                self._below.removed(session, epoch, offset, self._clock.wall())

    async def erased(self, session: SessionId, offsets: Sequence[int]) -> None:
        """Have the room erase what these removals name. Waits while the disk refuses."""
        if self._room is not None:
            await self._until_done(session, self._room.erase_removed)
        for offset in offsets:
            self.clear(session, offset)

    async def gone(self, session: SessionId) -> None:
        """Have the room and the hubs below erase a session whose copy was deleted for good. Waits while the disk
        refuses.
        """
        if self._room is not None:
            await self._until_done(session, self._room.forget)
        if self._below is not None:
            await self._until_done(session, self._below.gone)
        self.clear(session, ALL)

    def clear(self, session: SessionId, offset: int) -> None:
        """Report upwards that a removal is done here, unless a hub below still has to do it."""
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
