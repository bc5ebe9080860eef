"""Handing a frame to the readers of a feed, one after the other, without waiting for any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from moothall.services.readers.feed import Subscription
from moothall.services.readers.slow_readers import SlowReaders
from moothall.wire.outbox import Outgoing

WALK = 100
"""Readers served before the loop gets a turn: some 1 ms. An act at a desk takes several turns on its way."""


async def walk(slow: SlowReaders, served: Sequence[tuple[Outgoing, Sequence[Subscription]]]) -> None:
    """Give each of the readers their bytes; `slow` has those who have no room for them."""
    for outgoing, readers in served:
        for start in range(0, len(readers), WALK):
            if start:
                await asyncio.sleep(0)
            _serve(slow, outgoing, readers[start : start + WALK])


def _serve(slow: SlowReaders, outgoing: Outgoing, readers: Sequence[Subscription]) -> None:
    """The hot path: no task, no queue and no allocation for a reader that keeps up."""
    data = outgoing.data
    for reader in readers:
        outlet = reader.outlet
        if reader.gone:
            continue
        try:
            if outlet.is_closing():
                slow.unsubscribe(reader)
            elif reader.outbox is None and not outlet.get_write_buffer_size():
                outlet.write(data)
            elif not outgoing.pulse:
                slow.offer(reader, outgoing)
        except Exception as error:  # whatever a door does with it: one reader doesn't stop the others
            slow.drop(reader, error)
