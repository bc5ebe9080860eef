"""Tracks whether removed words are gone from this node, and on which other nodes that isn't confirmed.

Each node goes through the list of removals that all nodes share, and checks for each whether its own log has the event
that records the removal: that event is stored in the same act that erases the words. Memory is checked too. The node
publishes how far it has come in its note, which survives the death of the node or of the keeper, and over the link of
nodes.

A removal that the node can't apply, such as one in a session that its disk refuses, doesn't hold up later ones: it is
stuck, and this node and the keeper name it until it is applied.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

from moothall.core.cluster.nodes import NodeNote
from moothall.core.cluster.removals import MOST_STUCK, NOTHING, Applied, Further, ListedRemoval, lacking, stuck
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import LogReading, SharedLog

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
"""Interval between two runs of `look`, in ms."""
STUCK_LOOKS = 5
"""Number of runs of `look` in a row after which a removal that is still not applied, while others are, counts as stuck
and not as late."""


class Removing:
    """How far this node has come in the list of removals. It checks from the first removal at each start, since its
    disk may be an older one.
    """

    def __init__(self, shared: SharedLog, node: str) -> None:
        """`node`: the name of this node."""
        self._shared = shared
        self._node = node
        # Bound: the removals that ever were, some hundred bytes each; they are rare.
        self._listed: list[ListedRemoval] = []
        self._done = 0
        """Number of removals from the start of the list that are all applied here."""
        self._gone: set[int] = set()
        """Numbers of later removals that are applied as well. Bound: as `_listed`."""
        self._further: Further | None = None
        # Bound: the removals that were late or stuck at one time.
        self._looks: dict[int, int] = {}
        """Number of runs of `look` that found a removal not applied, by its number, until it is applied."""
        self._named: set[int] = set()
        """Numbers of the removals that were logged as stuck. Bound: as `_looks`."""
        self._unread: set[SessionId] = set()
        """Sessions of which the log could not be read: each is logged once. Bound: the sessions that there are."""

    @property
    def applied(self) -> Applied:
        """How far this node has come in the list."""
        here = self._listed[self._done - 1].here if self._done else NOTHING
        return Applied(here.number, here.mark, self._further)

    @property
    def stuck(self) -> tuple[ListedRemoval, ...]:
        """Removals that can't be applied here, though later ones are."""
        return stuck(self._listed, {self._node: self.applied}).get(self._node, ())

    async def look(self, log: LogReading, settled: Callable[[SessionId], bool] = lambda _: True) -> None:
        """Continue through the list. Raises StorageUnavailable where neither the list nor any log can be read.

        `log`: this node's own log; `settled`: whether memory holds no more of a session than the log. The position
        stays at the first removal that isn't known to be applied here, and passes it once that is stuck.
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

    def _note_gone(self, removal: ListedRemoval) -> None:
        self._gone.add(removal.number)
        self._looks.pop(removal.number, None)
        if removal.number in self._named:
            self._named.discard(removal.number)
            logger.info("removal %s: it is now applied here", removal.name)

    def lacking(self, notes: Mapping[str, NodeNote], linked: Mapping[str, Applied]) -> dict[str, int]:
        """Number of removals that each other node hasn't confirmed; nodes that have confirmed all are left out.

        `notes`: the nodes' notes; `linked`: what nodes have reported over the link, which replaces what is in their
        notes.
        """
        return lacking(self._listed, self._others(notes, linked))

    def stuck_at(self, notes: Mapping[str, NodeNote], linked: Mapping[str, Applied]) -> dict[str, tuple[str, ...]]:
        """Names of the removals that a node can't apply, by the node's name, this node included. Parameters as in
        `lacking`.
        """
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
            if more is None:  # The list has lost its end, or is empty: check what is left from the start.
                self._listed, self._done = [], 0
                self._gone, self._looks, self._named, self._further = set(), {}, set(), None
                continue
            self._listed += more
            if not more:
                return

    async def _is_gone(self, removal: ListedRemoval, log: LogReading) -> bool:
        session = removal.session
        try:
            gone = await _is_applied(removal, log)
        except (RecordBroken, StorageUnavailable) as error:
            if isinstance(error, StorageUnavailable) and not await self._answers_but_for(session, log):
                raise
            if session not in self._unread:
                logger.error("session %s: what was removed may still be here. %s", session, error)
            self._unread.add(session)
            return False
        if session in self._unread:
            self._unread.discard(session)
            logger.info("session %s: its log can be read again", session)
        return gone

    async def _answers_but_for(self, session: SessionId, log: LogReading) -> bool:
        """Whether the log of another session can be read, so that not the whole disk is unavailable."""
        for other in {each.session for each in self._listed} - {session}:
            with suppress(StorageUnavailable):
                with suppress(RecordBroken):
                    await log.head(other)
                return True
        return False


async def _is_applied(removal: ListedRemoval, log: LogReading) -> bool:
    """Whether the log lacks what was removed."""
    if not removal.session:
        return not await _has_epoch(log, removal.epoch)
    head = await log.head(removal.session)
    if head is None or head.epoch != removal.epoch:
        return True
    if not removal.offset:
        return False
    found = await log.read(removal.session, removal.offset - 1, 1)
    return bool(found) and found[0].digest.hex() == removal.digest


async def _has_epoch(log: LogReading, epoch: Epoch) -> bool:
    """Whether any log in the store has this epoch."""
    for session in await log.sessions():
        head = await log.head(session)
        if head is not None and head.epoch == epoch:
            return True
    return False
