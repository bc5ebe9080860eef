"""A centre and a hub as processes of their own: the line is cut, both are killed, and all of it is there, verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from hall_process import CLOCK, free_port
from hub_house import CentreProcess, HubProcess
from moothall_hub.app import COPIES
from moothall_hub.copied import Copy
from moothall_hub.mirror import Mirror
from weak_line import GOOD, weak_line_to

LOOK_MS = 100


async def copy_of(hub: HubProcess, session: str = "plenary") -> Copy | None:
    """What the hub's disk says, whether it runs or not."""
    if not (hub.data / COPIES).exists():
        return None
    mirror = await Mirror.open(hub.data / COPIES)
    try:
        return await mirror.copy(session)  # type: ignore[arg-type]
    finally:
        await mirror.close()


async def until_it_has(hub: HubProcess, offset: int) -> Copy:
    """Wait until the hub's copy is whole up to an event."""
    while True:
        copy = await copy_of(hub)
        if copy is not None and copy.broken is None and copy.whole and copy.offset >= offset:
            return copy
        await CLOCK.sleep(LOOK_MS)


@pytest.mark.timeout(120)
async def test_a_hub_is_paired_by_words_and_copies_what_is_said(tmp_path: Path) -> None:
    centre = CentreProcess(tmp_path / "centre", free_port(40), back_s=600)
    await centre.start()
    words = (await centre.order(hub="Kisumu"))["words"]
    await centre.order(say=120)
    async with weak_line_to(centre.port, GOOD) as line:
        hub = HubProcess(tmp_path / "hub", free_port(41))
        assert "Kisumu" in await hub.pair(line.address, words)
        await hub.start()
        offset = (await centre.order(look=True))["offset"]
        copy = await until_it_has(hub, offset - 10)
        line.cut()
        await hub.kill()
        await centre.order(say=300)
        await hub.start()
        line.mend()
        offset = (await centre.order(look=True))["offset"]
        copy = await until_it_has(hub, offset - 10)
        assert copy.verified > 0
        await hub.stop()
    await centre.stop()
