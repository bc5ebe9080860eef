"""Reads a log onwards from the heads of a hub's lanes. Only these positions are kept in memory."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.chain import LogRecord
from moothall.core.events.types import Heads, LaneHead
from moothall.core.kernel.ids import Lane, SessionId
from moothall.services.hubs.ports import LinkSource

PAGE = 100
"""The most events of one read."""


class Torn(Exception):
    """The log does not continue from the head of a lane: a copy has got a hole meanwhile, or the log was begun anew."""


class LaneCursor:
    """Reads the events of some lanes after the head of each, in the order of the log."""

    def __init__(
        self, source: LinkSource, session: SessionId, lanes: frozenset[Lane], heads: Heads, after: int | None = None
    ) -> None:
        """`after`: the offset after which to read, if no event of these lanes lies between it and any of the heads."""
        self._source = source
        self._session = session
        self.lanes = lanes
        self.heads: dict[Lane, LaneHead] = {lane: heads[lane] for lane in lanes if lane in heads}
        self._offset = min(map(self._at, lanes), default=0) if after is None else after

    def _at(self, lane: Lane) -> int:
        head = self.heads.get(lane)
        return 0 if head is None else head.offset

    def follow_also(self, lanes: frozenset[Lane]) -> None:
        """Read these lanes as well, from their first events."""
        self.lanes |= lanes
        self._offset = min(map(self._at, self.lanes), default=0)

    async def read(self, through: int | None = None) -> Sequence[LogRecord]:
        """The next events, at most `PAGE`, up to the offset `through` where given; empty at the end.

        The same events are returned again until `take` was called with them.
        """
        while self.lanes and (through is None or self._offset < through):
            ahead = [at for at in map(self._at, self.lanes) if at > self._offset]
            bound = min(ahead if through is None else [*ahead, through], default=None)
            lanes = frozenset(lane for lane in self.lanes if self._at(lane) <= self._offset)
            page = await self._source.read(self._session, self._offset, PAGE, lanes)
            found = page if bound is None else [record for record in page if record.header.offset <= bound]
            if found or bound is None:
                return found
            self._offset = bound
        return ()

    def take(self, records: Sequence[LogRecord]) -> None:
        """Advance past records that were read. Raises Torn where one doesn't follow the previous event of its lane."""
        for record in records:
            header = record.header
            if header.prev != self._at(header.lane):
                msg = f"Event {header.offset} of lane {header.lane} follows event {header.prev}, which isn't here."
                raise Torn(msg)
            self.heads[header.lane] = LaneHead(offset=header.offset, digest=record.digest.hex())
            self._offset = header.offset


def within(records: Sequence[LogRecord], most: int) -> Sequence[LogRecord]:
    """The leading records whose headers and bodies have at most `most` bytes together, but at least one record."""
    size = 0
    for number, record in enumerate(records):
        size += len(record.header_bytes) + len(record.body or b"")
        if number and size > most:
            return records[:number]
    return records


def weight(records: Sequence[LogRecord]) -> int:
    """Bytes of the headers and bodies of some records."""
    return sum(len(record.header_bytes) + len(record.body or b"") for record in records)
