# ruff: noqa: T201 (what it prints is what it is for)
"""A process to be killed: appends events to a log, one after the other, and prints each offset once it is stored.

Usage: appending.py LOG. With `--limit BYTES` no file may grow past that size at first; when an append is refused it
prints `refused`, lifts the limit and stores 20 more.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.core.events import lines as le
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SegmentId
from support.sessions.recorder import EPOCH, SESSION, Recorder


def event(recorder: Recorder) -> le.WordsCommitted:
    number = recorder.offset
    words = (le.Word(" participation", number, number + 1),) * 5
    return le.WordsCommitted(channel=ChannelId("floor"), segment=SegmentId("s1"), first=5 * number, words=words)


async def main(path: Path, limit: int | None) -> None:
    log = await SqliteLog.open(path)
    recorder = Recorder()
    head = await log.acquire(SESSION, EPOCH)
    recorder.go_on(head)
    left = -1
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    while left:
        expected, heads = recorder.offset, dict(recorder.heads)
        record = recorder.record(event(recorder))
        try:
            await log.append(SESSION, head.term, expected, [record])
        except StorageUnavailable:
            recorder.offset, recorder.heads = expected, heads
            stored = await log.head(SESSION)
            assert stored is not None
            print(f"refused {stored.offset}", flush=True)
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            left = 20
        else:
            left -= 1
            print(expected + 1, flush=True)
    await log.close()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    asyncio.run(main(Path(arguments[0]), int(arguments[2]) if arguments[1:2] == ["--limit"] else None))
