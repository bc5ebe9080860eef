"""A centre, a hub and a hub below it as processes: links are cut, all are killed, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.core.kernel.ids import SessionId
from moothall_hub.app import COPIES
from moothall_hub.mirror.copied import SessionCopy
from moothall_hub.mirror.mirror import Mirror
from support.halls.process import CLOCK
from support.hubs.processes import House, HubProcess, house

SESSION = SessionId("plenary")
LOOK_MS = 100
AGAIN_MS = 200
SEEDS = [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "0,1,2").split(",")]
ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "20"))


class Scene:
    """The three of them, and somebody at the bottom who asks."""

    def __init__(self, all_of: House, client: ClientSession) -> None:
        self.house = all_of
        self.asked: list[str] = []
        """What somebody was told was kept."""
        self._client = client

    async def ask(self) -> None:
        """Ask something in the room of the hub below; whoever isn't told that it is kept presses again."""
        text = f"Is this the question no. {len(self.asked) + 1}?"
        form = {"id": f"form-{len(self.asked)}", "kind": "question", "text": text, "language": "en"}
        while not await self._kept(form):
            await CLOCK.sleep(AGAIN_MS)
        self.asked.append(text)

    async def require_nothing_lost(self) -> None:
        """Both copies are whole and vouched for, and each question is at the centre, once."""
        signed = (await self.house.centre.order(sign=True))["offset"]
        for hub in (self.house.north, self.house.kisumu):
            await self._require_the_same(hub, await _copied(hub, signed))
        while len(asked := (await self.house.centre.order(look=True))["asked"]) < len(self.asked):
            await CLOCK.sleep(LOOK_MS)
        assert sorted(asked) == sorted(self.asked)

    async def _kept(self, form: Mapping[str, str]) -> bool:
        address = self.house.kisumu.address
        try:
            async with self._client.post(
                f"{address}/s/{SESSION}/ask", data=form, headers={"Origin": address}, allow_redirects=False
            ) as response:
                return response.status == 303
        except (ClientError, OSError):
            return False

    async def _require_the_same(self, hub: HubProcess, copy: SessionCopy) -> None:
        """It holds the events of its lanes as the centre's log has them, each once."""
        assert copy.known is not None
        reader = LogReader(open_for_reading(self.house.centre.data / FILE_NAME))
        try:
            written = reader.read(SESSION, 0, 1_000_000, copy.known.lanes)
        finally:
            reader.close()
        mirror = await Mirror.open(hub.data / COPIES)
        try:
            held = await mirror.read(SESSION, 0, 1_000_000, copy.known.lanes)
        finally:
            await mirror.close()
        assert list(held) == [record for record in written if record.header.offset <= copy.offset]


async def _copied(hub: HubProcess, offset: int) -> SessionCopy:
    """What a hub's disk says once it is whole and vouched for, up to there."""
    mirror = await Mirror.open(hub.data / COPIES)
    try:
        while True:
            copy = await mirror.copy(SESSION) or SessionCopy(session=SESSION)
            assert copy.broken is None, copy.broken
            if copy.whole and copy.verified >= offset:
                return copy
            await CLOCK.sleep(LOOK_MS)
    finally:
        await mirror.close()


@asynccontextmanager
async def scene(folder: Path, number: int) -> AsyncIterator[Scene]:
    async with house(folder, number) as all_of, ClientSession() as client:
        await all_of.centre.order(say=60)
        async with all_of.kisumu.coordinator() as desk:
            while "You read them first." not in await desk.page("/desk"):
                await CLOCK.sleep(LOOK_MS)
            await desk.press("/desk", session=SESSION, act="mode:open")
        yield Scene(all_of, client)


async def test_each_of_them_is_killed_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    async with scene(tmp_path, 40) as made:
        centre, north, kisumu, upper, lower = made.house
        await made.ask()
        upper.cut()
        await asyncio.gather(centre.order(say=300), made.ask())
        await asyncio.gather(north.kill(), kisumu.kill())
        await asyncio.gather(north.start(), kisumu.start())
        await made.ask()
        upper.mend()
        lower.cut()
        await asyncio.gather(centre.kill(), made.ask())
        lower.mend()
        await centre.start()
        await made.require_nothing_lost()


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", SEEDS)
async def test_killed_and_cut_at_random_while_somebody_asks_nothing_is_lost_or_doubled(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable is what it has to be

    over = asyncio.Event()

    async def asking(made: Scene) -> None:
        while not over.is_set():
            await made.ask()
            await CLOCK.sleep(chance.randint(0, 2_000))

    async with scene(tmp_path, 43) as made:
        async with asyncio.TaskGroup() as group:
            group.create_task(asking(made))
            for _ in range(ROUNDS):
                await made.house.centre.order(say=chance.randint(5, 60))
                await CLOCK.sleep(chance.randint(0, 1_500))
                await _trouble(made.house, chance)
            over.set()
        await made.require_nothing_lost()


async def _trouble(all_of: House, chance: random.Random) -> None:
    """Something breaks, and is there again a moment later."""
    match chance.choice(("bottom", "bottom", "middle", "middle", "all", "centre", "upper", "lower")):
        case "bottom":
            await all_of.kisumu.kill()
            await all_of.kisumu.start()
        case "middle":
            await all_of.north.kill()
            await all_of.north.start()
        case "centre":
            await all_of.centre.kill()
            await all_of.centre.start()
        case "all":
            processes = (all_of.kisumu, all_of.north, all_of.centre)
            await asyncio.gather(*(process.kill() for process in processes))
            await asyncio.gather(*(process.start() for process in processes))
        case which:
            link = all_of.upper if which == "upper" else all_of.lower
            link.cut()
            await CLOCK.sleep(chance.randint(0, 3_000))
            link.mend()
