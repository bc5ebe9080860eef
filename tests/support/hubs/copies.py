"""A hub's copies without a disk, and the hub's side of a session that it follows."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Lane, SessionId
from moothall.core.ports import LogHead
from moothall.services.reading.mirrored import MirroredSessions
from moothall.wire.hubs.messages import FeedPart
from moothall_hub.mirror import copying
from moothall_hub.mirror.checking import Broken
from moothall_hub.mirror.copied import CopyStep, SessionCopy, dropped
from support.hubs.log_above import FLOOR, SIGNED, Disk, LogAbove, Served
from support.sessions.recorder import SESSION


class MemoryCopies:
    """The `Copies` of one session; it can be unavailable or damaged."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.away = False
        self.damaged = False
        self.reads = 0

    async def copy(self, session: SessionId) -> SessionCopy | None:
        self._look()
        return self.disk.copy if session == SESSION else None

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        self._look()
        self.reads += 1
        found = [each for _, each in sorted(self.disk.records.items()) if session == SESSION]
        wanted = [each for each in found if each.header.offset > after and (lanes is None or each.header.lane in lanes)]
        return wanted[:limit]

    async def head(self, session: SessionId) -> LogHead | None:
        raise NotImplementedError

    async def sessions(self) -> Sequence[SessionId]:
        return [SESSION] if self.disk.copy.epoch is not None else []

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        raise NotImplementedError

    def _look(self) -> None:
        if self.away:
            raise StorageUnavailable("The disk is away.")
        if self.damaged:
            raise RecordBroken("The disk is damaged.")


class Followed:
    """A hub that follows a log, stores batches, and shows them."""

    def __init__(self, log: LogAbove, copies: MemoryCopies, sessions: MirroredSessions) -> None:
        self.log = log
        self.copies = copies
        self.sessions = sessions
        self.served: Served | None = None

    @property
    def copy(self) -> SessionCopy:
        return self.copies.disk.copy

    async def follow(self, *channels: ChannelId, little: int = 1_000, back: int = 0) -> None:
        asked, message = copying.follow(self.copy, channels or (FLOOR,), words=True)
        self.served = Served(self.log, message, little=little, back=back)
        await self.took(copying.began(asked, self.served.live))

    async def live(self, most: int = 100) -> None:
        assert self.served is not None
        await self.took(copying.batch(self.copy, FeedPart.LIVE, self.served.now(most), SIGNED))

    async def missed(self, most: int = 100) -> None:
        assert self.served is not None
        found = self.served.missed(most)
        assert isinstance(found, tuple)
        await self.took(copying.batch(self.copy, FeedPart.MISSED, found[1], SIGNED, number=found[0]))

    async def own(self) -> None:
        assert self.served is not None
        await self.took(copying.batch(self.copy, FeedPart.OWN, self.served.own(), SIGNED))

    async def drop(self) -> None:
        self.copies.disk.records.clear()
        self.copies.disk.copy = dropped(self.copy)
        await self.sessions.renew(SESSION)

    async def took(self, found: CopyStep | Broken) -> None:
        assert isinstance(found, CopyStep), found
        self.copies.disk.keep(found)
        await self.sessions.take(found)
