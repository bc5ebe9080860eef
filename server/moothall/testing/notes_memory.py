"""Nodes' notes in memory, that can be away."""

from __future__ import annotations

from collections.abc import Mapping

from moothall.core.cluster.nodes import NodeNote
from moothall.core.kernel.errors import StorageUnavailable


class MemoryNotes:
    """The `NodeNotes` of tests; several nodes share it."""

    def __init__(self) -> None:
        self.notes: dict[str, NodeNote] = {}
        self.away = False
        """Whether nobody can reach it."""

    async def tell(self, node: str, note: NodeNote) -> None:
        """Write this node's note (`NodeNotes`)."""
        self._refuse_when_away()
        self.notes[node] = note

    async def all(self) -> Mapping[str, NodeNote]:
        """Every node's newest note (`NodeNotes`)."""
        self._refuse_when_away()
        return dict(self.notes)

    async def leave(self, node: str) -> None:
        """Take this node's note away (`NodeNotes`)."""
        self._refuse_when_away()
        self.notes.pop(node, None)

    def _refuse_when_away(self) -> None:
        if self.away:
            raise StorageUnavailable("The nodes can't be told.")
