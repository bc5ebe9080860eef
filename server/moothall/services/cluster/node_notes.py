"""Exchanges notes with the other nodes of the house through Redis, once a second."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.cluster.nodes import (
    QUIET_MS,
    NodeNote,
    Seen,
    awaited,
    candidates_before,
    living,
    looked,
    same_number,
    unlisted,
)
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.ports import Clock, NodeNotes

logger = logging.getLogger(__name__)

TELL_MS = 1_000
"""Interval between two notes of a node, in ms."""


@dataclass(eq=False, repr=False)
class Others:
    """This node and what it knows of the other nodes. The owner of `run` owns it."""

    notes: NodeNotes
    clock: Clock
    _: KW_ONLY
    node: str
    note: Callable[[], NodeNote]
    """Returns this node's note, without the beat, which this class counts."""

    def __post_init__(self) -> None:
        self._beat = 0
        self._seen: dict[str, Seen] = {}
        self.met: dict[str, NodeNote] = {}
        """The newest note of each other node that this node has seen, kept even if Redis has lost it since. Bound: the
        nodes that ever were in the house."""
        self.last_living = frozenset[str]()
        """Names of the other nodes that were alive at the last exchange."""

    @property
    def living(self) -> dict[str, NodeNote]:
        """Notes of the live nodes by name, this node included: those that have written a note recently."""
        return living(self._seen, self.clock.monotonic())

    @property
    def heard(self) -> bool:
        """Whether this node knows which nodes are alive: it has recently read its own note."""
        return self.node in self.living

    @property
    def before(self) -> int:
        """Number of live nodes that would take the house over before this one."""
        return candidates_before(self.node, self.living)

    @property
    def same_number(self) -> str | None:
        """Name of a live node with the same number as this one; None where there is none."""
        return same_number(self.node, self.note().number, self.living)

    @property
    def awaited(self) -> str | None:
        """Name of the node that this one waits for while neither it nor Redis has any data; None where it need not wait
        (`moothall.core.cluster.nodes.awaited`).
        """
        return awaited(self.node, self.note().nodes, self.living)

    def unlisted(self, keeper: str | None) -> str | None:
        """Name of a live node, or of the keeper (which may be cut off), whose list of all nodes lacks this one; None
        where there is none. Notes of nodes that are gone for good are ignored.
        """
        notes = self.living
        if keeper is not None and keeper in self._seen:
            notes[keeper] = self._seen[keeper].note
        return unlisted(self.node, notes)

    async def run(self) -> None:
        """Exchange notes every `TELL_MS` until cancelled. A note that can't be written is replaced by the next one."""
        while True:
            try:
                await self.exchange()
            except StorageUnavailable as error:
                logger.debug("cluster: this node's note can't be written (%s)", type(error).__name__)
            await self.clock.sleep(TELL_MS)

    @property
    def all(self) -> dict[str, NodeNote]:
        """The newest note of every node that this node knows of, nodes that are gone included."""
        return {name: each.note for name, each in self._seen.items()}

    async def exchange(self) -> None:
        """Write this node's note and read those of the others. Raises StorageUnavailable."""
        await self._tell(left=False)
        notes = dict(await self.notes.all())
        self._seen = looked(self._seen, notes, self.clock.monotonic())
        self.met |= {name: note for name, note in notes.items() if name != self.node}
        self.last_living = frozenset(self.living) - {self.node}

    async def retire(self, node: str) -> tuple[str, ...]:
        """Delete the note of a node that is gone for good; return the names of the live nodes that still have it in
        their lists of all nodes.

        Raises ConfigurationError where it is this node, an unknown node, or a live one; and StorageUnavailable. A node
        that was only away comes back with its next note.
        """
        if node == self.node:
            raise ConfigurationError(f"Node {node} is this one, and keeps the house. Retire it from another node.")
        await self.exchange()
        seen, now = self._seen.get(node), self.clock.monotonic()
        if seen is None:
            known = ", ".join(sorted(self._seen.keys() - {self.node})) or "none"
            raise ConfigurationError(f"The house has no node {node}. Other nodes that it knows: {known}.")
        lives = f"Node {node} lives: it has said so within the last {QUIET_MS // 1_000} s. Stop it first."
        if node in self.living:
            raise ConfigurationError(lives)
        if not await self.notes.drop(node, seen.note):
            raise ConfigurationError(lives)
        del self._seen[node]
        self.met.pop(node, None)
        logger.info("cluster: node %s was taken out of the house", node)
        return tuple(sorted(name for name, note in living(self._seen, now).items() if node in note.nodes))

    async def leave(self) -> None:
        """Write a note that this node stops. A failure is ignored."""
        try:
            await self._tell(left=True)
        except StorageUnavailable as error:
            logger.debug("cluster: this node's note can't be written (%s)", type(error).__name__)

    async def _tell(self, *, left: bool) -> None:
        self._beat += 1
        await self.notes.tell(self.node, msgspec.structs.replace(self.note(), beat=self._beat, left=left))
