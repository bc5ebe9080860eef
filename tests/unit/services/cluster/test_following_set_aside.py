from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import LogChanges
from moothall.services.cluster.following import LogFollower
from moothall.testing.house_memory import MemorySingles
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.cluster.following import AGAIN, OTHER, PAUSED, FollowingNodes, Keeper
from support.sessions.recorder import EPOCH, SESSION, Recorder


@pytest.fixture
def house() -> FollowingNodes:
    return FollowingNodes()


class MemoryAsides:
    """Ends that were set aside, by session."""

    def __init__(self) -> None:
        self.kept: dict[SessionId, list[LogRecord]] = {}
        self.asked = 0
        self.stuck = False

    async def keep(self, session: SessionId, records: Sequence[LogRecord]) -> str:
        self.kept[session] = list(records)
        self.asked += 1
        return "the folder"

    async def forget(self, session: SessionId) -> None:
        if self.stuck:
            raise StorageUnavailable("The folder can't be removed.")
        self.kept.pop(session, None)


async def diverged(house: FollowingNodes, asides: MemoryAsides, here: int, there: int) -> list[LogRecord]:
    """Of five events of a node that kept the house, another keeper has three, and goes on; what the node has behind."""
    await house.say(5)
    house.following.asides = asides
    await house.following.catch_up()
    end = list(await house.own.read(SESSION, 3, 9))
    house.store.lose_end(SESSION, 3)
    await MemorySharedLog(house.store, "n3").acquire(SESSION, EPOCH, 3_003_000)
    house.recorder = Recorder()
    for _ in range(3):
        house.recorder.record(PAUSED)
    await house.following.catch_up()
    assert list(await house.own.read(SESSION, 3, 9)) == end, "it may be filled again"
    for n in range(there):
        head = await house.store.head(SESSION)
        assert head is not None
        await house.store.append(SESSION, head.term, head.offset, [house.recorder.record(ev.SessionPaused(t=50 + n))])
    return end[:here]


@pytest.mark.parametrize("there", [1, 2, 4])
async def test_what_a_later_keeper_contradicts_is_set_aside_and_the_copy_follows(
    house: FollowingNodes, there: int, caplog: pytest.LogCaptureFixture
) -> None:
    asides = MemoryAsides()
    end = await diverged(house, asides, 2, there)
    await house.following.catch_up()
    assert asides.kept == {SESSION: end}
    assert await house.same()
    assert "2 events here that the house does not have were set aside in the folder" in caplog.text
    removal = house.recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
    await house.store.remove(SESSION, 3_003_000, removal.header.offset - 1, [1], [removal])
    await house.following.catch_up()
    assert asides.kept == {}, "the words may stand there too"


@pytest.mark.parametrize("whole", [False, True])
async def test_what_was_set_aside_goes_before_the_copy_has_the_removal(house: FollowingNodes, whole: bool) -> None:
    """So a copy that has it stands for both: whoever is killed in between does it again."""
    asides = MemoryAsides()
    await diverged(house, asides, 2, 3)
    await house.following.catch_up()
    if whole:
        await house.store.forget(SESSION)
        house.store.note_forgotten(SESSION, EPOCH)
    else:
        removal = house.recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
        await house.store.remove(SESSION, 3_003_000, removal.header.offset - 1, [1], [removal])
    asides.stuck = True
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await house.following.catch_up()
        assert (await house.own.read(SESSION, 0, 1))[0].body is not None
    asides.stuck = False
    await house.following.catch_up()
    assert asides.kept == {}
    assert (await house.own.head(SESSION) is None) if whole else await house.same()


async def test_whoever_reads_a_copy_whose_end_is_set_aside_is_told(house: FollowingNodes) -> None:
    renewed: list[SessionId] = []

    async def grown(*_: object) -> None:
        pass

    async def renew(session: SessionId) -> None:
        renewed.append(session)

    house.following.observe(grown, renew)
    asides = MemoryAsides()
    await diverged(house, asides, 2, 3)
    await house.following.catch_up()
    assert renewed == [SESSION]
    await house.store.forget(SESSION)
    house.store.note_forgotten(SESSION, EPOCH)
    await house.following.catch_up()
    assert (renewed, asides.kept) == ([SESSION, SESSION], {})


class Refilled(MemorySharedLog):
    """A shared log that is emptied, or made anew, between the look at its head and the look at its events."""

    def __init__(self, store: SharedLogStore, then: str) -> None:
        super().__init__(store, "n9")
        self._then = then
        self.changed = self._changed_meanwhile

    async def _changed_meanwhile(self, after: int, count: str = "") -> LogChanges:
        told, then = await self._store.changed(after, count), self._then
        self._then = ""
        if then == "emptied":
            await self.begin_anew(SESSION, EPOCH, 9_009_000, 0)
        elif then == "made anew":
            await MemorySharedLog(self._store, "n1").forget(SESSION)
            await self.acquire(SESSION, AGAIN, 9_009_000)
            await self.append(SESSION, 9_009_000, 0, [Recorder(epoch=AGAIN).record(PAUSED)])
        return told


@pytest.mark.parametrize(("then", "left"), [("emptied", 5), ("made anew", 1)])
async def test_a_log_that_is_just_being_filled_again_contradicts_no_copy(
    house: FollowingNodes, then: str, left: int
) -> None:
    """Else the copy would be cut that may be the last one there is, or kept aside what was erased."""
    await house.say(5)
    await house.following.catch_up()
    await house.keeper.acquire(SESSION, EPOCH, 2_001_000)
    await house.say()
    asides = MemoryAsides()
    await LogFollower(Refilled(house.store, then), house.own, house.clock, asides=asides).catch_up()
    assert asides.asked == 0
    assert len(await house.own.read(SESSION, 0, 9)) == left


async def test_what_became_of_events_that_this_node_alone_had_is_noted(house: FollowingNodes) -> None:
    house.following.asides, house.following.singles = MemoryAsides(), (singles := MemorySingles())
    await house.say(3)
    await house.following.catch_up()
    head = await house.own.head(SESSION)
    assert head is not None
    await singles.begin(SESSION, EPOCH, 4)
    own = Recorder()
    own.go_on(head)
    await house.own.append(SESSION, head.term, 3, [own.record(PAUSED)])
    house.following.copies.clear()
    house.following._looked = False
    await house.following.catch_up()
    assert singles.open == {SESSION}  # Nobody has contradicted it yet.
    await house.store.append(SESSION, head.term, 3, await house.own.read(SESSION, 3, 1))
    house.recorder.go_on(await house.store.head(SESSION) or head)
    await house.say()
    await house.following.catch_up()
    assert singles.said == [(SESSION, 4, "first"), (SESSION, 5, "through")]
    await singles.begin(SESSION, EPOCH, 6)
    await singles.begin(OTHER, EPOCH, 1)
    await house.store.forget(SESSION)
    house.store.note_forgotten(SESSION, EPOCH)
    await house.following.catch_up()
    assert singles.said[-1] == (SESSION, 0, "aside")
    assert singles.open == {OTHER}


async def test_an_end_that_this_node_alone_had_and_that_is_set_aside_is_noted(house: FollowingNodes) -> None:
    await diverged(house, MemoryAsides(), 2, 3)
    house.following.singles = singles = MemorySingles(SESSION)
    await house.following.catch_up()
    [(session, through, what)] = singles.said
    assert (session, what) == (SESSION, "aside")
    assert through < 5


async def test_a_removal_that_comes_from_the_keeper_takes_what_was_set_aside_too(house: FollowingNodes) -> None:
    keeper = house.following.archive = Keeper()
    house.following.asides = asides = MemoryAsides()
    await house.say(2)
    running = asyncio.ensure_future(house.following.run())
    await house.clock.advance(1)
    asides.kept[SESSION] = list(await house.own.read(SESSION, 1, 1))
    removal = house.recorder.record(ev.BodyRemoved(offsets=(2,), reason="not-recorded", by="staff-1"))
    keeper.records = [*await house.store.read(SESSION, 0, 9), removal]
    house.store.away = True
    house.following.ring_for(SESSION, 3)
    await house.clock.advance(1)
    assert house.following.end(SESSION) == 3
    assert asides.kept == {}
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
