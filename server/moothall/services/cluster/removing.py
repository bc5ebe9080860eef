"""Whether what was removed is gone from a node, and from which other nodes it isn't known to be.

Each node goes along the list of removals that all share, and looks at each whether its own log has the event that says
so: that event is stored in the act by which the words are erased. What it has in memory is asked for too. It says how
far it has come in its note, which stays where it is when the node or the keeper dies, and over the link of nodes.

A removal that the node can't apply, such as one whose session its disk refuses, holds up none behind it: it is stuck,
and named here and by the keeper until it is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

from moothall.core.cluster.nodes import NodeNote
from moothall.core.cluster.removals import MOST_STUCK, NOTHING, Applied, Further, Removal, lacking, stuck
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import LogReading, SharedLog

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
"""Between two looks at the list."""
STUCK_LOOKS = 5
"""A removal that so many looks in turn have found here, while others go, isn't just late."""


class Removing:
    """How far this node has come. It begins with the first removal at each start: its disk may be an older one."""

    def __init__(self, shared: SharedLog, node: str) -> None:
        """`node`: its name."""
        self._shared = shared
        self._node = node
        # Bound: the removals that there were, some hundred bytes each; they are rare.
        self._listed: list[Removal] = []
        self._done = 0
        """How many of these, from the first on, are gone from here."""
        self._gone: set[int] = set()
        """Numbers of those behind that are gone as well. Bound: as that of the list."""
        self._further: Further | None = None
        # Bound: the removals that were late or stuck at a time.
        self._looks: dict[int, int] = {}
        """How many looks have found a removal here, by its number, until it is gone."""
        self._named: set[int] = set()
        """Numbers of those that were said to be stuck. Bound: the same."""
        self._told = False

    @property
    def applied(self) -> Applied:
        """How far it has come."""
        here = self._listed[self._done - 1].here if self._done else NOTHING
        return Applied(here.number, here.mark, self._further)

    @property
    def stuck(self) -> tuple[Removal, ...]:
        """Those that can't be applied here, though later ones are."""
        return stuck(self._listed, {self._node: self.applied}).get(self._node, ())

    async def look(self, log: LogReading, settled: Callable[[SessionId], bool] = lambda _: True) -> None:
        """Go on along the list. Raises StorageUnavailable where the list or no log at all can be read.

        `log`: this node's own; `settled`: whether its memory holds no more of a session than that. It stays at the
        first removal that isn't known to be gone from here, and passes it once that is stuck.
        """
        await self._read()
        left, last, late = list[int](), self._done, False
        for removal in self._listed[self._done :]:
            number = removal.number
            if number in self._gone or (await self._is_gone(removal, log) and settled(removal.session)):
                self._note_gone(removal)
                last = last if late else number
                continue
            if len(left) == MOST_STUCK:
                break
            self._looks[number] = self._looks.get(number, 0) + 1
            late = late or self._looks[number] < STUCK_LOOKS
            left.append(number)
        while self._done < len(self._listed) and self._listed[self._done].number in self._gone:
            self._done += 1
            self._gone.discard(self._done)
        before = tuple(number for number in left if number < last)
        self._further = Further(last, self._listed[last - 1].mark, before) if before else None
        for removal in self.stuck:
            if removal.number not in self._named:
                self._named.add(removal.number)
                logger.error(
                    "removal %s: it can't be applied here, and this disk still holds what was removed", removal.name
                )

    def _note_gone(self, removal: Removal) -> None:
        self._gone.add(removal.number)
        self._looks.pop(removal.number, None)
        if removal.number in self._named:
            self._named.discard(removal.number)
            logger.info("removal %s: it is applied here by now", removal.name)

    def lacking(self, notes: Mapping[str, NodeNote], linked: Mapping[str, Applied]) -> dict[str, int]:
        """How many removals each other node hasn't confirmed; those that have confirmed all are left out.

        `linked`: what nodes say over the link, in place of what stands in their notes.
        """
        return lacking(self._listed, self._others(notes, linked))

    def stuck_at(self, notes: Mapping[str, NodeNote], linked: Mapping[str, Applied]) -> dict[str, tuple[str, ...]]:
        """Names of the removals that a node can't apply, by the node's name, this one's too; as `lacking`."""
        found = stuck(self._listed, {**self._others(notes, linked), self._node: self.applied})
        return {node: tuple(each.name for each in left) for node, left in sorted(found.items())}

    def _others(self, notes: Mapping[str, NodeNote], linked: Mapping[str, Applied]) -> dict[str, Applied]:
        nodes = {name: note.applied for name, note in notes.items()} | dict(linked)
        nodes.pop(self._node, None)
        return nodes

    async def _read(self) -> None:
        while True:
            here = self._listed[-1].here if self._listed else NOTHING
            more = await self._shared.removals(here)
            if more is None:  # It has lost its end, or all of it: what is left is looked at anew.
                self._listed, self._done = [], 0
                self._gone, self._looks, self._named, self._further = set(), {}, set(), None
                continue
            self._listed += more
            if not more:
                return

    async def _is_gone(self, removal: Removal, log: LogReading) -> bool:
        try:
            if not removal.session:
                return not await _has_epoch(log, removal.epoch)
            head = await log.head(removal.session)
            if head is None or head.epoch != removal.epoch:
                return True
            if not removal.offset:
                return False
            found = await log.read(removal.session, removal.offset - 1, 1)
            return bool(found) and found[0].digest.hex() == removal.digest
        except (RecordBroken, StorageUnavailable) as error:
            if isinstance(error, StorageUnavailable) and not await self._answers_but_for(removal.session, log):
                raise
            if not self._told:
                logger.error("session %s: what was removed may still be here. %s", removal.session, error)
            self._told = True
            return False

    async def _answers_but_for(self, session: SessionId, log: LogReading) -> bool:
        """Whether the log of another session can be read: then it is not all of the disk that is away."""
        for other in {each.session for each in self._listed} - {session}:
            with suppress(StorageUnavailable):
                with suppress(RecordBroken):
                    await log.head(other)
                return True
        return False


async def _has_epoch(log: LogReading, epoch: Epoch) -> bool:
    """Whether any log there has it."""
    for session in await log.sessions():
        head = await log.head(session)
        if head is not None and head.epoch == epoch:
            return True
    return False
