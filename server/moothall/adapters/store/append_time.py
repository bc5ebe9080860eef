"""How long a durable append takes on this machine: the constant that the CPU clock adds (docs/reference/replay.md)."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.core.chain import GENESIS, SALT_BYTES, Header, seal
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import CommandId, Epoch, SessionId
from moothall.core.kernel.lanes import SESSION

ROUNDS = 61
BODY = b'{"type":"words.committed","text":"' + b"x" * 270 + b'"}'
"""About as much as a commit of a few words."""
NAME = "append-time.sqlite"


async def measure_append_us(folder: Path) -> int:
    """Median time of one append to a log in `folder`, µs. The scratch log is removed."""
    path, session = folder / NAME, SessionId("bench")
    log = await SqliteLog.open(path)
    try:
        head = await log.acquire(session, Epoch("0"))
        times, digest = [], GENESIS
        for offset in range(1, ROUNDS + 1):
            header = Header(
                session=session,
                epoch=head.epoch,
                offset=offset,
                lane=SESSION,
                prev=offset - 1,
                type="words.committed",
                at=0,
                role=Role.ENGINE,
                actor="bench",
                cause=CommandId(str(offset)),
                n=0,
            )
            record = seal(digest, header, bytes(SALT_BYTES), BODY)
            digest = record.digest
            began = time.perf_counter_ns()
            await log.append(session, head.term, offset - 1, [record])
            times.append(time.perf_counter_ns() - began)
        return round(statistics.median(times) / 1000)
    finally:
        await log.close()
        await asyncio.to_thread(_remove, folder)


def _remove(folder: Path) -> None:
    for left in folder.glob(f"{Path(NAME).stem}.*"):
        left.unlink(missing_ok=True)
