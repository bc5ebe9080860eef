"""The nodes of a house, as they tell one another each second through Redis."""

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
"""Between two notes of a node."""


@dataclass(eq=False, repr=False)
class Others:
    """This node among the others. `run` owns it."""

    notes: NodeNotes
    clock: Clock
    _: KW_ONLY
    node: str
    note: Callable[[], NodeNote]
    """What it says of itself; the beat is counted here."""

    def __post_init__(self) -> None:
        self._beat = 0
        self._seen: dict[str, Seen] = {}
        self.met: dict[str, NodeNote] = {}
        """The newest note of each other that this node has seen, also where Redis has lost it since. Bound: the nodes
        that there were."""
        self.last_living = frozenset[str]()
        """Names of those that had said something lately when this node last looked, without its own."""

    @property
    def living(self) -> dict[str, NodeNote]:
        """Those that have said something lately, this one too."""
        return living(self._seen, self.clock.monotonic())

    @property
    def heard(self) -> bool:
        """Whether this node knows who lives: it has seen its own note of late."""
        return self.node in self.living

    @property
    def before(self) -> int:
        """How many of them would take the house over before this one."""
        return candidates_before(self.node, self.living)

    @property
    def same_number(self) -> str | None:
        """A living node that has this one's number, if any."""
        return same_number(self.node, self.note().number, self.living)

    @property
    def awaited(self) -> str | None:
        """Whom this node waits for if it has nothing, where Redis has nothing either (`awaited`)."""
        return awaited(self.node, self.note().nodes, self.living)

    def unlisted(self, keeper: str | None) -> str | None:
        """A living node, or the one that has the lease and may be cut off, whose list of all nodes lacks this one, if
        any. What a node that is gone for good has noted counts no more.
        """
        notes = self.living
        if keeper is not None and keeper in self._seen:
            notes[keeper] = self._seen[keeper].note
        return unlisted(self.node, notes)

    async def run(self) -> None:
        """Tell and look until cancelled; what can't be told is told the next time."""
        while True:
            try:
                await self.exchange()
            except StorageUnavailable as error:
                logger.debug("cluster: nodes can't be told (%s)", type(error).__name__)
            await self.clock.sleep(TELL_MS)

    @property
    def all(self) -> dict[str, NodeNote]:
        """The newest note of each that ever was in the house, of those too that are gone."""
        return {name: each.note for name, each in self._seen.items()}

    async def exchange(self) -> None:
        """Tell the others, and look at what they tell. Raises StorageUnavailable."""
        await self._tell(left=False)
        notes = dict(await self.notes.all())
        self._seen = looked(self._seen, notes, self.clock.monotonic())
        self.met |= {name: note for name, note in notes.items() if name != self.node}
        self.last_living = frozenset(self.living) - {self.node}

    async def retire(self, node: str) -> tuple[str, ...]:
        """Take out the note of a node that is gone for good; which living nodes have it in their lists of all nodes.

        Raises ConfigurationError where that is this node, one that nobody knows, or one that lives; StorageUnavailable.
        One that was only away comes back by its next note.
        """
        if node == self.node:
            raise ConfigurationError(f"Node {node} is this one, and keeps the house. Another node can take it out.")
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
        """Say that this node stops; no matter if it can't be said."""
        try:
            await self._tell(left=True)
        except StorageUnavailable as error:
            logger.debug("cluster: nodes can't be told (%s)", type(error).__name__)

    async def _tell(self, *, left: bool) -> None:
        self._beat += 1
        await self.notes.tell(self.node, msgspec.structs.replace(self.note(), beat=self._beat, left=left))
