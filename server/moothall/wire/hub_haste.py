"""Which events of a hub's feed somebody waits for: the others go with the next ones, for a frame less.

A frame costs what WebSocket and TLS put around it, 30 bytes, and a batch what its first event can't infer. Who follows
finished lines alone sees nothing of a line before its end, so its beginning goes with it: a fifth of the line's bytes.
"""

from __future__ import annotations

from moothall.core.chain import LogRecord

WAIT_MS = 10_000
"""How long what may wait waits at most."""


def may_wait(record: LogRecord, *, words: bool) -> bool:
    """Whether nothing that people see hangs on this event, where words are followed as they come or not."""
    return record.header.type == "clock.mapped" or (not words and record.header.type == "segment.opened")
