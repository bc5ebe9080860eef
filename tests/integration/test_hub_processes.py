"""A centre and a hub as processes of their own: the line is cut, both are killed, and all of it is there, verified."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hall_process import CLOCK, free_port
from hub_house import CentreProcess, HubProcess
from moothall.adapters.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.core.ids import SessionId
from moothall_hub.app import COPIES
from moothall_hub.copied import Copy
from moothall_hub.mirror import Mirror
from weak_line import GOOD, WeakLine, weak_line_to

SESSION = SessionId("plenary")
LOOK_MS = 100
BACK_S = 7_200


class Scene:
    """A centre, a hub that is paired with it by words, and the line between them."""

    def __init__(self, centre: CentreProcess, hub: HubProcess, line: WeakLine) -> None:
        self.centre = centre
        self.hub = hub
        self.line = line

    async def copied(self) -> Copy:
        """What the hub's disk says once it is whole and vouched for, up to what the centre has said by now."""
        offset = (await self.centre.order(sign=True))["offset"]
        mirror = await Mirror.open(self.hub.data / COPIES)
        try:
            while True:
                copy = await mirror.copy(SESSION) or Copy(session=SESSION)
                assert copy.broken is None, copy.broken
                if copy.whole and copy.verified >= offset:
                    return copy
                await CLOCK.sleep(LOOK_MS)
        finally:
            await mirror.close()

    async def require_the_same(self, copy: Copy) -> None:
        """The hub holds the events of its lanes as the centre's log has them, each once."""
        assert copy.known is not None
        reader = LogReader(open_for_reading(self.centre.data / FILE_NAME))
        try:
            written = reader.read(SESSION, 0, 1_000_000, copy.known.lanes)
        finally:
            reader.close()
        mirror = await Mirror.open(self.hub.data / COPIES)
        try:
            held = await mirror.read(SESSION, 0, 1_000_000, copy.known.lanes)
        finally:
            await mirror.close()
        assert list(held) == [record for record in written if record.header.offset <= copy.offset]


@asynccontextmanager
async def scene(folder: Path, number: int) -> AsyncIterator[Scene]:
    centre = CentreProcess(folder / "centre", free_port(number), BACK_S)
    await centre.start()
    words = (await centre.order(hub="Kisumu"))["words"]
    await centre.order(say=120)
    async with weak_line_to(centre.port, GOOD) as line:
        hub = HubProcess(folder / "hub", free_port(number + 1))
        assert "Kisumu" in await hub.pair(line.address, words)
        await hub.start()
        yield Scene(centre, hub, line)
        await hub.stop()
    await centre.stop()


@pytest.mark.timeout(150)
async def test_a_hub_that_was_killed_while_the_line_was_down_has_it_all_when_it_is_up(tmp_path: Path) -> None:
    async with scene(tmp_path, 40) as made:
        await made.require_the_same(await made.copied())
        made.line.cut()
        await made.hub.kill()
        await made.centre.order(say=300)
        await made.hub.start()
        made.line.mend()
        await made.require_the_same(await made.copied())


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(3))
async def test_both_are_killed_at_random_and_nothing_is_lost_or_doubled(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable is what it has to be
    async with scene(tmp_path, 42) as made:
        for _ in range(20):
            await made.centre.order(say=chance.randint(5, 60))
            await CLOCK.sleep(chance.randint(0, 1_500))
            match chance.choice(("hub", "hub", "centre", "line")):
                case "hub":
                    await made.hub.kill()
                    await made.hub.start()
                case "centre":
                    await made.centre.kill()
                    await made.centre.start()
                case _:
                    made.line.cut()
                    await CLOCK.sleep(chance.randint(0, 500))
                    made.line.mend()
        await made.require_the_same(await made.copied())
