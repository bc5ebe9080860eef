"""The copies of a hub with the search index beside them: what leaves a copy leaves the index in the same act.

A copy differs from a log in that events come before its end: those that were missed, and those that no signature
vouched for. Such a session is indexed from its first event on, once the lines of some seconds are gathered.
"""

from __future__ import annotations

from typing import Protocol

from moothall.adapters.search.index_files import SearchFiles
from moothall.core.kernel.ids import SessionId
from moothall.services.search.indexing import Indexing
from moothall_hub.mirror.copied import CopyStep, SessionCopy


class KeptCopies(Protocol):
    """Stores copies (`moothall_hub.mirror.mirror`)."""

    async def keep(self, step: CopyStep) -> None:
        """Store a step in one transaction. Raises StorageUnavailable."""
        ...

    async def drop(self, session: SessionId) -> SessionCopy:
        """Erase all that is kept of a session. Raises StorageUnavailable."""
        ...


class IndexedMirror:
    """A `CopyStore` that tells the index of each change. All else is done by the copies themselves."""

    def __init__(self, mirror: KeptCopies, index: SearchFiles, indexing: Indexing) -> None:
        self._mirror = mirror
        self.index = index
        self.indexing = indexing

    async def keep(self, step: CopyStep) -> None:
        """As the copies; when it returns, what the step erases is in no file of the index either, unless its disk does
        not answer (`Indexing.erased`).
        """
        session = step.copy.session
        try:
            await self._mirror.keep(step)
        finally:  # After an error the outcome may be unknown, and a line too few comes again by itself.
            if step.anew:
                await self.indexing.forgotten(session)
            if step.erase:
                await self.indexing.erased(session, step.erase)
            if step.renew or step.forget is not None:
                self.indexing.renewed(session)
            if step.records:
                self.indexing.note(session)

    async def drop(self, session: SessionId) -> SessionCopy:
        """As the copies, and in the index."""
        try:
            return await self._mirror.drop(session)
        finally:
            await self.indexing.forgotten(session)
