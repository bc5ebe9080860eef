"""Whether what was removed is gone from a node, and from which other nodes it isn't known to be.

Each node goes along the list of removals that all share, and looks at each whether its own log has the event that says
so: that event is stored in the act by which the words are erased. What it has in memory is asked for too. It says how
far it has come in its note, which stays where it is when the node or the keeper dies, and over the link of nodes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from moothall.core.cluster.nodes import NodeNote
from moothall.core.cluster.removals import NOTHING, Applied, Removal, lacking
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import LogReading, SharedLog

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
"""Between two looks at the list."""


class Removing:
    """How far this node has come. It begins with the first removal at each start: its disk may be an older one."""

    def __init__(self, shared: SharedLog, node: str) -> None:
        """`node`: its name."""
        self._shared = shared
        self._node = node
        # Bound: the removals that there were, some hundred bytes each; they are rare.
        self._listed: list[Removal] = []
        self._done = 0
        """How many of these are gone from here."""
        self._told = False

    @property
    def applied(self) -> Applied:
        """How far it has come."""
        return self._listed[self._done - 1].here if self._done else NOTHING

    async def look(self, log: LogReading, settled: Callable[[SessionId], bool] = lambda _: True) -> None:
        """Go on along the list. Raises StorageUnavailable.

        `log`: this node's own; `settled`: whether its memory holds no more of a session than that. It stays at the
        first removal that isn't known to be gone from here.
        """
        await self._read()
        while self._done < len(self._listed):
            removal = self._listed[self._done]
            if not (await self._is_gone(removal, log) and settled(removal.session)):
                return
            self._done += 1

    def lacking(self, notes: Mapping[str, NodeNote], linked: Mapping[str, Applied]) -> dict[str, int]:
        """How many removals each other node hasn't confirmed; those that have confirmed all are left out.

        `linked`: what nodes say over the link, in place of what stands in their notes.
        """
        nodes = {name: note.applied for name, note in notes.items()} | dict(linked)
        nodes.pop(self._node, None)
        return lacking(self._listed, nodes)

    async def _read(self) -> None:
        while True:
            here = self._listed[-1].here if self._listed else NOTHING
            more = await self._shared.removals(here)
            if more is None:  # It has lost its end, or all of it: what is left is looked at anew.
                self._listed, self._done = [], 0
                continue
            self._listed += more
            if not more:
                return

    async def _is_gone(self, removal: Removal, log: LogReading) -> bool:
        try:
            head = await log.head(removal.session)
            if head is None or head.epoch != removal.epoch:
                return True
            if not removal.offset:
                return False
            found = await log.read(removal.session, removal.offset - 1, 1)
            return bool(found) and found[0].digest.hex() == removal.digest
        except RecordBroken as error:
            if not self._told:
                logger.error("session %s: what was removed may still be here. %s", removal.session, error)
            self._told = True
            return False
