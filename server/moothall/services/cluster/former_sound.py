"""Deletes the spools that a node has from the time when it kept the house, once the house has gone on without them.

The next keeper asks the senders for what a session's log lacks, or goes on with its copy of the sound
(`sound_copies.py`). From then on nobody asks for the former keeper's spool, and nobody there learns which parts of it
were not to be recorded, or were removed. So it is deleted as soon as another node has taken the session's log over, or
the log was erased: before the node may keep the house again, and also when it was away meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import LogHead
from moothall.services.cluster.two_copies import keeper_of

logger = logging.getLogger(__name__)


class FormerSpools(Protocol):
    """The spools on a disk, of which nobody has any open."""

    async def kept(self) -> Sequence[tuple[SessionId, SourceId]]:
        """Every spool, by session and source (`SpoolStore`). Raises StorageUnavailable."""
        ...

    async def delete(self, session: SessionId, source: SourceId) -> None:
        """Delete a spool. Raises StorageUnavailable."""
        ...


class FormerSound:
    """The spools on this node's disk while it stands by. Nothing else makes or opens any meanwhile."""

    def __init__(self, spools: FormerSpools, number: int) -> None:
        """`number`: of this node."""
        self._spools = spools
        self._number = number
        # Bound: the spools that there are.
        self._left: set[tuple[SessionId, SourceId]] | None = None
        """Spools that are still there; None before they were looked for."""
        # Bound: as `_left`, and one for the list of them.
        self._refused: set[SessionId | None] = set()
        """Sessions of which a spool could not be deleted at the last attempt; None: the spools could not be listed."""

    async def look(self, copies: Mapping[SessionId, LogHead]) -> None:
        """Delete the spools without which the house has gone on. What the disk refuses is tried again by the next call.

        `copies`: the head of each log here, which is up to date with the shared one.
        """
        refused: dict[SessionId | None, StorageUnavailable] = {}
        try:
            self._left = {*await self._spools.kept()} if self._left is None else self._left
        except StorageUnavailable as error:
            refused[None] = error
        left = set() if self._left is None else self._left
        for session, source in sorted(left):
            head = copies.get(session)
            if head is not None and keeper_of(head.term) in (0, self._number):
                continue
            try:
                await self._spools.delete(session, source)
            except StorageUnavailable as error:
                refused[session] = error
                continue
            left.discard((session, source))
            logger.info("session %s: sound of a former keeper, of source %s, is deleted", session, source)
        for which in refused.keys() - self._refused:
            logger.error("session %s: its sound here can't be deleted; retrying. %s", which or "any", refused[which])
        self._refused = {*refused}

    def settled(self, session: SessionId) -> bool:
        """Whether this disk has no spool of the session that has to go."""
        return self._left is not None and session not in self._refused
