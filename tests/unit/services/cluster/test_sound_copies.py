from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import Spool, SpooledPiece
from moothall.services.cluster.sound_copies import LOOK_MS, OfferedSound, SoundCopies
from moothall.services.sound.live_audio import LiveAudio
from moothall.testing.clock import ManualClock
from moothall.wire.cluster.node_sound import MOST_SAMPLES, SpooledSound
from support.sound.spools import SESSION, pcm

STREAM, OTHER = SourceId("live-pull-0"), SourceId("live-pull-9")


class Keeper:
    """A keeper with some spools, which can be asked or not."""

    def __init__(self, spools: DiskSpools) -> None:
        self.spools = spools
        self.audio: dict[SourceId, LiveAudio] = {}
        self.open: dict[SourceId, Spool] = {}
        self.offered = OfferedSound(lambda: [(SESSION, audio) for audio in self.audio.values()])
        self.away = False
        self.then: Spool | None = None
        """Is made silent between the list and the next piece."""

    async def begin(self, source: SourceId, clock: ManualClock) -> None:
        self.open[source] = await self.spools.open(SESSION, source)
        self.audio[source] = LiveAudio(source, self.open[source], 0, clock)

    async def say(self, source: SourceId, first: int, count: int) -> None:
        self.open[source].append(pcm(first, count))
        self.audio[source].acknowledged = await self.open[source].sync()

    async def listed(self) -> Sequence[SpooledSound]:
        self._refuse()
        return self.offered.listed()

    async def read(self, session: SessionId, source: SourceId, first: int) -> SpooledPiece | None:
        self._refuse()
        if self.then is not None:
            spool, self.then = self.then, None
            await spool.silence(0, 5)
        return await self.offered.read(session, source, first)

    def _refuse(self) -> None:
        if self.away:
            raise StorageUnavailable("It is dead.")


class House:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.keeper = Keeper(DiskSpools(folder / "keeper", file_samples=100))
        self.copies = SoundCopies(self.keeper, self.clock, most_of_one=1_000, most_of_all=1_500)
        self.folder = folder / "node"

    async def saved(self, source: SourceId = STREAM) -> tuple[int, bytes]:
        """What a node that takes the house over goes on with: the first sample, and all of them."""
        spools = DiskSpools(self.folder, file_samples=100)
        await self.copies.save(spools)
        spool = await spools.open(SESSION, source)
        found = spool.start, await spool.read(spool.start, 9_999)
        await spool.close()
        return found


@pytest.fixture
async def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    await made.keeper.begin(STREAM, made.clock)
    return made


async def test_a_node_goes_on_with_what_a_keeper_had_that_died_with_its_disk(house: House) -> None:
    await house.keeper.say(STREAM, 0, 250)
    running = asyncio.ensure_future(house.copies.run())
    await house.clock.advance(0)
    while house.copies.samples < 250:
        await house.clock.advance(LOOK_MS)
    await house.keeper.say(STREAM, 250, 30)
    while house.copies.samples < 280:
        await house.clock.advance(LOOK_MS)
    house.keeper.away = True
    await house.clock.advance(10 * LOOK_MS)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not list(house.folder.glob("**/*")), "nothing of it is on a disk before"
    assert await house.saved() == (0, pcm(0, 280))
    assert house.copies.samples == 0


async def test_long_sound_comes_in_pieces_and_only_what_is_safe(house: House) -> None:
    house.copies.most_of_one = house.copies.most_of_all = 9_600_000
    await house.keeper.say(STREAM, 0, 100)
    house.keeper.open[STREAM].append(bytes(2 * (MOST_SAMPLES + 50)))
    house.keeper.audio[STREAM].acknowledged = await house.keeper.open[STREAM].sync() - 50
    await house.copies.look()
    assert house.copies.samples == MOST_SAMPLES + 100


async def test_what_is_made_silent_there_is_silent_here(house: House) -> None:
    await house.keeper.say(STREAM, 0, 250)
    await house.copies.look()
    await house.keeper.open[STREAM].silence(100, 150)
    await house.copies.look()
    await house.keeper.open[STREAM].begin_memory_only(240)
    await house.keeper.say(STREAM, 250, 50)
    await house.copies.look()
    assert await house.saved() == (0, pcm(0, 100) + bytes(100) + pcm(150, 90) + bytes(120))


async def test_what_is_made_silent_while_it_is_copied_is_copied_anew(house: House) -> None:
    await house.keeper.say(STREAM, 0, 250)
    house.keeper.then = house.keeper.open[STREAM]
    await house.copies.look()
    assert house.copies.samples == 0
    await house.copies.look()
    assert await house.saved() == (0, bytes(10) + pcm(5, 245))


async def test_what_is_heard_or_given_up_is_forgotten(house: House) -> None:
    await house.keeper.say(STREAM, 0, 250)
    await house.copies.look()
    await house.keeper.open[STREAM].trim(200)
    await house.copies.look()
    assert house.copies.samples == 50
    house.keeper.audio.clear()
    await house.copies.look()
    assert house.copies.samples == 0


async def test_a_source_that_begins_anew_is_copied_anew(house: House) -> None:
    """Its channel failed, and another one has its spool; or it has been trimmed behind what is here."""
    await house.keeper.say(STREAM, 0, 250)
    await house.copies.look()
    await house.keeper.open[STREAM].close()
    await house.keeper.begin(STREAM, house.clock)
    await house.copies.look()
    await house.keeper.say(STREAM, 250, 250)
    await house.keeper.open[STREAM].trim(400)
    await house.copies.look()
    assert await house.saved() == (400, pcm(400, 100))


async def test_the_oldest_goes_where_there_is_too_much(house: House) -> None:
    await house.keeper.say(STREAM, 0, 1_300)
    await house.copies.look()
    assert house.copies.samples == 1_000
    await house.keeper.begin(OTHER, house.clock)
    await house.keeper.say(OTHER, 0, 900)
    await house.copies.look()
    assert house.copies.samples == 1_500
    assert await house.saved(OTHER) == (150, pcm(150, 750))


async def test_what_is_trimmed_or_gone_meanwhile_costs_nothing(house: House) -> None:
    await house.keeper.say(STREAM, 0, 250)
    assert await house.keeper.offered.read(SESSION, OTHER, 0) is None
    await house.keeper.open[STREAM].trim(200)
    assert await house.keeper.offered.read(SESSION, STREAM, 0) is None

    async def gone(session: SessionId, source: SourceId, first: int) -> SpooledPiece | None:
        return None

    house.keeper.read = gone  # type: ignore[method-assign]
    await house.copies.look()
    assert house.copies.samples == 0
    assert await house.saved() == (0, b"")


async def test_what_this_node_has_itself_is_kept_and_what_it_had_before_is_not(house: House) -> None:
    spools = DiskSpools(house.folder, file_samples=100)
    for source, through in ((STREAM, 250), (OTHER, 120)):
        await house.keeper.begin(OTHER, house.clock) if source == OTHER else None
        await house.keeper.say(source, 0, 250)
        spool = await spools.open(SESSION, source)
        spool.append(bytes(2 * through))
        await spool.close()
    await house.copies.look()
    assert await house.saved() == (0, bytes(500))
    assert await house.saved(OTHER) == (0, pcm(0, 250))


async def test_a_disk_that_refuses_loses_no_more_than_that(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await house.keeper.say(STREAM, 0, 250)
    await house.copies.look()
    house.folder.write_text("not a folder")
    await house.copies.save(DiskSpools(house.folder))
    assert "is lost. The disk refused" in caplog.text
