#!/usr/bin/env python3
"""The reader of a run on the CPU clock: `moothall read`, with the server's time of each frame.

    python bench/cpu_reader.py ADDRESS --jsonl OUT

It is a process of its own, as in live operation, so that its CPU time isn't counted as the server's.
`bench/replay.py` starts it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import TextIO

from moothall.adapters.reading.reader_client import follow
from moothall.adapters.system.clock import SystemClock
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.lanes import Feed
from moothall.wire.stream_log import StreamLog


async def read(address: str, out: TextIO) -> None:
    """Write a reader's rows until the session closes; media time runs from its opening on."""
    log = StreamLog()
    async with contextlib.aclosing(follow(address, Feed(ChannelId("floor")), SystemClock())) as frames:
        async for frame, _ in frames:
            for row in log.rows(frame, 0.0 if log.opened is None else (frame.sent - log.opened) / 1000):
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
            out.flush()
            if log.closed:
                return


if __name__ == "__main__":
    with Path(sys.argv[3]).open("w", encoding="utf-8") as rows:
        asyncio.run(read(sys.argv[1], rows))
