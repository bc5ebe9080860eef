"""Alterations of events on their way to a hub: batches are unpacked, altered and packed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from moothall.core.chain import Header, LogRecord, body_digest
from moothall.core.events.types import LaneHead
from moothall.core.kernel.ids import Epoch, Lane
from moothall.wire.hubs import messages as hub
from moothall.wire.hubs.records import pack, unpack
from support.hubs.tampering import Tamperer

Altered = Callable[[Sequence[LogRecord]], Sequence[LogRecord]]
"""Returns the events that replace those of a batch."""


class Batches:
    """The batches of one session that a tamperer forwards. Setting `alter` begins the tampering."""

    def __init__(self, tamperer: Tamperer) -> None:
        self.alter: Altered | None = None
        self.first: int | None = None
        """The first event that was altered, or else the first of the batch."""
        self._epoch = Epoch("")
        self._heads: dict[hub.FeedPart, dict[Lane, LaneHead]] = {}
        self._tamperer = tamperer
        tamperer.alter = self._passes

    def _passes(self, message: hub.ToHub) -> Sequence[hub.ToHub]:
        if isinstance(message, hub.Live):
            self._epoch = message.epoch
            follow = next(said for said in reversed(self._tamperer.up) if isinstance(said, hub.Follow))
            known = {} if follow.known is None else follow.known.heads
            self._heads = {
                hub.FeedPart.LIVE: dict(message.heads),
                hub.FeedPart.MISSED: dict(known),
                hub.FeedPart.OWN: {},
            }
        if not isinstance(message, hub.Batch) or message.part is hub.FeedPart.OWN:
            return (message,)
        heads = self._heads[message.part]
        before = dict(heads)
        records = unpack(message.data, session=message.session, epoch=self._epoch, heads=heads, after=0)
        for record in records:
            heads[record.header.lane] = LaneHead(record.header.offset, record.digest.hex())
        if self.alter is None:
            return (message,)
        altered = self.alter(records)
        if list(altered) == records:
            return (message,)
        if self.first is None:
            self.first = records[0].header.offset
        return (
            msgspec.structs.replace(
                message, data=pack(altered, session=message.session, epoch=self._epoch, heads=before)
            ),
        )


def with_body(record: LogRecord, old: bytes, new: bytes) -> LogRecord:
    """Return the event with `old` replaced by `new` in its body, and a body digest to match;
    unchanged if it lacks `old`.
    """
    if record.body is None or record.salt is None or old not in record.body:
        return record
    body = record.body.replace(old, new)
    return msgspec.structs.replace(record, body=body, body_digest=body_digest(record.salt, body))


def with_header(record: LogRecord, **fields: object) -> LogRecord:
    """Return the event with fields of its header replaced."""
    header: Header = msgspec.structs.replace(record.header, **fields)
    return msgspec.structs.replace(record, header=header, header_bytes=msgspec.json.encode(header))
