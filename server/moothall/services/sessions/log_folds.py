"""Folds of sessions' logs that are continued where they ended, in slices, so that the event loop is never blocked."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.ports import LogReading
from moothall.core.views.captions import Snapshot
from moothall.record.text_fold import TextFold

SLICE = 250
"""Log records folded before the event loop gets a turn: some 5 ms."""
KEPT = 4
"""Folds that are cached to be continued. Overflow: the least recently used is dropped."""

F = TypeVar("F", bound=TextFold)
R = TypeVar("R")


@dataclass(eq=False, repr=False)
class LogFolds(Generic[F]):
    """Folds of one kind, for all sessions. `begin` makes an empty one."""

    log: LogReading
    begin: Callable[[SessionId, Epoch, ChannelId], F]

    def __post_init__(self) -> None:
        self._folds: OrderedDict[tuple[SessionId, ChannelId], F] = OrderedDict()
        self._folding = asyncio.Lock()
        self._forgotten = 0

    def forget(self, session: SessionId) -> None:
        """Drop the cached folds of a session, because something was removed from its log."""
        self._forgotten += 1
        for key in [key for key in self._folds if key[0] == session]:
            del self._folds[key]

    async def read(self, snapshot: Snapshot, take: Callable[[F], R]) -> R:
        """Return what `take` makes, in a thread, of the fold at a snapshot's position.

        Raises StorageUnavailable, and RecordBroken when the log can't be read.
        """
        async with self._folding:
            fold = await self._folded(snapshot)
            return await asyncio.to_thread(take, fold)

    async def read_at(self, snapshot: Snapshot, offset: int, take: Callable[[F], R]) -> R:
        """Return what `take` makes, in a thread, of a fold up to an earlier offset, which is not kept. What was removed
        since is not in it. Raises as `read` does.
        """
        async with self._folding:
            fold = self.begin(snapshot.session.id, snapshot.epoch, snapshot.channel)
            await self._go_on(fold, snapshot.session.id, offset)
            return await asyncio.to_thread(take, fold)

    async def _folded(self, snapshot: Snapshot) -> F:
        session = snapshot.session.id
        channel = snapshot.channel
        forgotten = self._forgotten
        fold = self._folds.pop((session, channel), None)
        if (
            fold is None
            or fold.position.epoch != snapshot.epoch
            or fold.position.offset > snapshot.offset
            or await self._go_on(fold, session, snapshot.offset)
        ):
            # What was removed before this position is no longer in the log, so a fold from the beginning is correct.
            fold = self.begin(session, snapshot.epoch, channel)
            await self._go_on(fold, session, snapshot.offset)
        if forgotten == self._forgotten:
            self._folds[session, channel] = fold
        if len(self._folds) > KEPT:
            self._folds.popitem(last=False)
        return fold

    async def _go_on(self, fold: F, session: SessionId, until: int) -> bool:
        """Fold the log up to an offset. Return whether the new part contains a removal, which makes the fold
        invalid.
        """
        removed = False
        while fold.position.offset < until:
            after = fold.position.offset
            page = await self.log.read(session, after, SLICE, fold.feed.lanes)
            page = [record for record in page if record.header.offset <= until]
            if not page:
                break
            removed = fold.take(page) or removed
            await asyncio.sleep(0)
        return removed
