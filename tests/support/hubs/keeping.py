# ruff: noqa: T201 (what it prints is what it is for)
"""A process to be killed: stores step after step on a hub's disk, and acts of the room, and prints each.

Usage: keeping.py FOLDER SEED [STEPS].
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from moothall.wire.hubs.messages import ActDone
from moothall_hub.mirror import store as mirror_sqlite
from moothall_hub.mirror.mirror import Mirror
from moothall_hub.outbox import store as outbox_sqlite
from moothall_hub.outbox.outbox import HubOutbox
from support.hubs.disk_story import act, steps


async def main(folder: Path, seed: int, most: int | None) -> None:
    mirror = await Mirror.open(folder / mirror_sqlite.FILE_NAME)
    outbox = await HubOutbox.open(folder / outbox_sqlite.FILE_NAME)
    print("open", flush=True)
    for n, (step, _) in enumerate(steps(seed)):
        if n == most:
            break
        await mirror.keep(step)
        print(f"step {n}", flush=True)
        await outbox.pass_on(act(n))
        print(f"act {n}", flush=True)
        if n % 3 == 0:
            await outbox.answered(act(n // 3).id, ActDone(id=act(n // 3).id))
            print(f"answered {n // 3}", flush=True)
    await outbox.close()
    await mirror.close()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    asyncio.run(main(Path(arguments[0]), int(arguments[1]), int(arguments[2]) if arguments[2:] else None))
