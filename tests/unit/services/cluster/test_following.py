from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.store.removal_list import RemovalList
from moothall.core.backup.removed import TextRemoved
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import LogChanges, LogHead
from moothall.services.cluster.following import FOLLOW_MS, REFUSED, SOON_MS, STALE_MS, WHOLE_MS, LogFollower
from moothall.testing.log_memory import FailingLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.cluster.following import AGAIN, OTHER, PAUSED, DamagedLog, FollowingNodes, Keeper
from support.sessions.recorder import EPOCH, SESSION, Recorder


@pytest.fixture
def house() -> FollowingNodes:
    return FollowingNodes()


async def test_a_copy_follows_from_its_end_on(house: FollowingNodes) -> None:
    await house.say(300)
    running = asyncio.ensure_future(house.following.run())
    await house.clock.advance(1)
    assert await house.same()
    await house.say(2)
    await house.clock.advance(FOLLOW_MS)
    assert await house.same()
    assert house.following.reach == 302
    head = await house.own.head(SESSION)
    assert head is not None
    assert (head.epoch, head.term) == (EPOCH, 1_001_000)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_one_copy_that_cannot_be_read_holds_up_no_other(
    house: FollowingNodes, caplog: pytest.LogCaptureFixture
) -> None:
    await house.say(2)
    damaged = DamagedLog()
    for session in (SESSION, OTHER):
        await damaged.acquire(session, EPOCH, 7)
        await damaged.append(session, 7, 0, [Recorder(session=session).record(PAUSED)])
    damaged.damaged = frozenset({OTHER})
    following = LogFollower(MemorySharedLog(house.store, "n2"), damaged, house.clock)
    for _ in range(2):
        await following.catch_up()
    assert (following.looked, list(following.copies)) == (True, [SESSION])
    assert following.copies[SESSION].offset == 2
    assert caplog.text.count("session other: its copy here can't be read") == 1


async def test_a_store_that_was_emptied_and_counts_anew_is_looked_at_as_a_whole(house: FollowingNodes) -> None:
    await house.say(3)
    await house.following.catch_up()
    change = (await house.store.changed(0)).upto
    house.store.lose_all()
    house.recorder = Recorder()
    await house.say(3)
    for n in range(change + 1):  # Other logs are filled first, so that its clock is past where this node was.
        await house.keeper.acquire(SessionId(f"s{n}"), EPOCH, 1_001_000)
    await house.say()
    await house.store.changed(0)
    await house.clock.advance(WHOLE_MS)
    await house.following.catch_up()
    assert await house.same()


async def test_changes_behind_an_older_file_are_seen_though_their_numbers_were_given_before(
    house: FollowingNodes,
) -> None:
    await house.say(3)
    for n in range(6):
        await house.keeper.acquire(SessionId(f"s{n}"), EPOCH, 1_001_000)
    await house.following.catch_up()
    change = (await house.store.changed(0)).upto
    house.store.lose_end(SESSION, 2)
    house.store.start_again(change - 3)
    records = list(await house.own.read(SESSION, 2, 1))
    await house.keeper.acquire(SESSION, EPOCH, 1_001_001)  # As the keeper fills it again.
    removal = house.recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
    await house.store.append(SESSION, 1_001_001, 2, records)
    await house.store.remove(SESSION, 1_001_001, 3, [1], [removal])
    await house.store.changed(0)
    for n in range(6):
        await house.keeper.acquire(SessionId(f"s{n}"), EPOCH, 1_001_001)
    assert (await house.store.changed(0)).upto > change
    await house.following.catch_up()
    assert await house.same()
    assert (await house.own.read(SESSION, 0, 1))[0].body is None


class Deaf(MemorySharedLog):
    """A shared log that tells of no change."""

    def __init__(self, store: SharedLogStore) -> None:
        super().__init__(store, "n2")
        self.changed = self._nothing

    async def _nothing(self, after: int, count: str = "") -> LogChanges:
        return LogChanges(upto=after, count=count)


async def test_what_the_keeper_has_told_of_is_looked_for_though_no_change_tells_of_it(house: FollowingNodes) -> None:
    await house.say(3)
    await house.following.catch_up()
    house.following.shared = Deaf(house.store)
    running = asyncio.ensure_future(house.following.run())
    await house.say(2)
    await house.clock.advance(FOLLOW_MS)
    assert house.following.end(SESSION) == 3
    house.following.ring_for(SESSION, 5)
    house.following.ring_for(OTHER, 5)
    await house.clock.advance(1)
    assert await house.same()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_is_removed_is_removed_in_the_copy(house: FollowingNodes) -> None:
    await house.say(2)
    await house.following.catch_up()
    removal = house.recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
    await house.store.remove(SESSION, 1_001_000, 2, [1], [removal])
    await house.say()
    await house.following.catch_up()
    assert await house.same()
    assert (await house.own.read(SESSION, 0, 1))[0].body is None


async def test_a_new_keeper_is_followed(house: FollowingNodes) -> None:
    await house.say()
    await house.following.catch_up()
    await MemorySharedLog(house.store, "n3").acquire(SESSION, EPOCH, 2_003_000)
    await house.following.catch_up()
    head = await house.own.head(SESSION)
    assert head is not None
    assert (head.term, head.offset) == (2_003_000, 1)


async def test_it_goes_on_once_the_disk_has_room_again(house: FollowingNodes, caplog: pytest.LogCaptureFixture) -> None:
    await house.say(3)
    house.own.full = True
    running = asyncio.ensure_future(house.following.run())
    await house.clock.advance(10 * FOLLOW_MS)
    assert caplog.text.count("copied events can't be stored; retrying") == 1
    house.own.full = False
    await house.clock.advance(REFUSED.last_ms)
    assert await house.same()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_session_that_the_disk_refuses_holds_up_no_other(house: FollowingNodes) -> None:
    renewed: list[SessionId] = []

    async def grown(*_: object) -> None:
        pass

    async def renew(session: SessionId) -> None:
        renewed.append(session)

    house.following.observe(grown, renew)
    await house.say()
    other = Recorder(session=OTHER)
    await house.keeper.acquire(OTHER, EPOCH, 1_001_000)
    running = asyncio.ensure_future(house.following.run())
    await house.clock.advance(1)
    house.own.refuses = {SESSION}
    await house.say(2)
    await house.store.append(OTHER, 1_001_000, 0, [other.record(PAUSED)])
    await house.clock.advance(FOLLOW_MS)
    assert (house.following.end(SESSION), house.following.end(OTHER)) == (1, 1)
    assert (house.following.follows(SESSION), house.following.follows(OTHER)) == (False, True)
    assert house.following.shows(SESSION), "what is there may be shown for a while"
    assert house.following.reached_at == FOLLOW_MS
    with pytest.raises(StorageUnavailable):
        await house.following.catch_up()
    await house.clock.advance(STALE_MS)
    assert (house.following.shows(SESSION), renewed) == (False, [SESSION])
    house.own.refuses = set()
    await house.clock.advance(REFUSED.last_ms)
    assert await house.same()
    assert house.following.shows(SESSION)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


class Counted(FailingLog):
    """A log that counts what it refuses."""

    refused = 0

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        self.refused += session in self.refuses
        await super().append(session, term, expected_offset, events)


async def test_what_the_disk_refuses_is_tried_again_with_patience_and_the_shared_logs_are_asked_once_a_round() -> None:
    house = FollowingNodes()
    house.own = own = Counted()
    shared, asked = MemorySharedLog(house.store, "n2"), list[SessionId]()

    async def head(session: SessionId) -> LogHead | None:
        asked.append(session)
        return await house.store.head(session)

    shared.head = head
    house.following = LogFollower(shared, own, house.clock)
    other = Recorder(session=OTHER)
    await house.say()
    await house.keeper.acquire(OTHER, EPOCH, 1_001_000)
    await house.store.append(OTHER, 1_001_000, 0, [other.record(PAUSED)])
    own.refuses = {SESSION, OTHER}
    running = asyncio.ensure_future(house.following.run())
    await house.clock.advance(1)
    assert (own.refused, len(asked)) == (2, 1)
    for _ in range(60_000 // FOLLOW_MS):
        await house.clock.advance(FOLLOW_MS)
    assert own.refused < 50
    assert len(asked) == own.refused // 2
    await house.say()
    await house.clock.advance(FOLLOW_MS)
    before = own.refused
    own.refuses = {OTHER}
    with pytest.raises(StorageUnavailable):
        await house.following.catch_up()
    assert (await house.same(), own.refused) == (True, before + 1), "all are tried at once"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


class Reluctant(FailingLog):
    """A log that forgets nothing for a while."""

    remembers = False

    async def forget(self, session: SessionId) -> None:
        if self.remembers:
            raise StorageUnavailable("The disk is full.")
        await super().forget(session)


async def test_a_copy_that_can_t_be_forgotten_goes_before_anything_of_a_later_log_comes(house: FollowingNodes) -> None:
    house.own, without_sound = (own := Reluctant()), list[SessionId]()

    async def erase_sound(session: SessionId) -> None:
        without_sound.append(session)

    house.following = LogFollower(MemorySharedLog(house.store, "n2"), own, house.clock, erase_sound=erase_sound)
    await house.say(2)
    await house.following.catch_up()
    own.remembers = True
    await house.keeper.forget(SESSION)
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await house.following.catch_up()
        assert house.following.end(SESSION) == 2
        house.recorder = Recorder(epoch=AGAIN)
        if await house.store.head(SESSION) is None:
            await house.keeper.acquire(SESSION, AGAIN, 1_001_000)
            await house.say()
        assert SESSION in without_sound, "it goes before its log, by which it is known"
    own.remembers = False
    await house.following.catch_up()
    assert await house.same()
    assert house.following.end(SESSION) == 1


async def test_what_can_t_be_stored_while_the_shared_logs_go_away_is_come_back_to(house: FollowingNodes) -> None:
    await house.say(2)
    house.own.refuses = {SESSION}
    with pytest.raises(StorageUnavailable):
        await house.following.catch_up()
    house.store.away = True
    with pytest.raises(StorageUnavailable):
        await house.following.catch_up()
    house.store.away, house.own.refuses = False, set()
    await house.following.catch_up()
    assert await house.same()


async def test_a_copy_that_is_ahead_stays_and_counts(house: FollowingNodes) -> None:
    await house.say(5)
    await house.following.catch_up()
    house.store.lose_end(SESSION, 2)
    await house.following.catch_up()
    assert len(await house.own.read(SESSION, 0, 9)) == house.following.reach == 5


async def test_a_copy_counts_also_when_the_shared_log_is_lost(house: FollowingNodes) -> None:
    await house.say(5)
    await house.following.catch_up()
    house.store.lose_all()
    begun = LogFollower(MemorySharedLog(house.store, "n2"), house.own, house.clock)
    await begun.catch_up()
    assert begun.reach == 5


async def test_a_copy_that_contradicts_is_left_alone_and_the_others_follow(
    house: FollowingNodes, caplog: pytest.LogCaptureFixture
) -> None:
    await house.say(2)
    await house.following.catch_up()
    house.store.lose_end(SESSION, 1)
    house.recorder = Recorder()
    house.recorder.record(PAUSED)
    await house.store.append(SESSION, 1_001_000, 1, [house.recorder.record(ev.SessionPaused(t=n)) for n in (2, 3)])
    other = SessionId("other")
    await house.keeper.acquire(other, EPOCH, 1_001_000)
    await house.store.append(other, 1_001_000, 0, [Recorder(other).record(PAUSED)])
    await house.following.catch_up()
    await house.following.catch_up()
    assert caplog.text.count("contradict") == 1
    assert len(await house.own.read(SESSION, 0, 9)) == 2
    assert len(await house.own.read(other, 0, 9)) == 1


async def test_a_session_that_was_made_apart_is_left_alone(
    house: FollowingNodes, caplog: pytest.LogCaptureFixture
) -> None:
    await house.own.acquire(SESSION, Epoch("apart"))
    await house.say()
    await house.following.catch_up()
    assert "made apart" in caplog.text
    assert list(await house.own.read(SESSION, 0, 9)) == []


async def test_a_log_that_says_what_was_removed_and_can_t_be_read_is_left_alone(
    house: FollowingNodes, caplog: pytest.LogCaptureFixture
) -> None:
    await house.say()
    removal = house.recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
    await house.store.remove(SESSION, 1_001_000, 1, [1, 2], [removal])
    again = house.recorder.record(PAUSED)
    await house.store.remove(SESSION, 1_001_000, 2, [2], [again])
    await house.following.catch_up()
    assert "can't be read" in caplog.text


class CountedLog(FailingLog):
    """Counts how often it was asked where a log stands."""

    asked = 0

    async def head(self, session: SessionId) -> LogHead | None:
        self.asked += 1
        return await super().head(session)


async def test_a_take_over_looks_at_no_copy_that_has_not_changed(house: FollowingNodes) -> None:
    own = CountedLog()
    await house.say(2)
    for n in range(5):
        await house.keeper.acquire(SessionId(f"s{n}"), EPOCH, 1_001_000)
    before = LogFollower(house.following.shared, own, house.clock)
    await before.catch_up()
    await house.say()
    own.asked = 0
    again = LogFollower(house.following.shared, own, house.clock, copies=before.copies)
    await again.catch_up()
    assert own.asked == 0
    assert again.reach == 3
    await house.clock.advance(WHOLE_MS)
    await again.catch_up()
    assert own.asked == 0


async def test_each_node_writes_down_what_it_removes(house: FollowingNodes, tmp_path: Path) -> None:
    """So that a backup of any node, restored, brings nothing of it back."""
    removals = RemovalList(tmp_path / "removals.jsonl")
    own = await SqliteLog.open(tmp_path / "log.sqlite", removals=removals)
    following = LogFollower(house.following.shared, own, house.clock)
    await house.say(2)
    await following.catch_up()
    removal = house.recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
    await house.store.remove(SESSION, 1_001_000, 2, [1], [removal])
    await following.catch_up()
    assert [each.body is None for each in await own.read(SESSION, 0, 9)] == [True, False, False]
    await own.close()
    assert [line.session for line in removals.lines() if isinstance(line, TextRemoved)] == [SESSION]


async def test_a_session_that_is_erased_goes_from_the_copies_and_comes_back_with_none(house: FollowingNodes) -> None:
    await house.say(3)
    await house.following.catch_up()
    gone: list[SessionId] = []

    async def forgotten(session: SessionId) -> None:
        gone.append(session)

    async def grown(*_: object) -> None:
        pass

    house.following.observe(grown, forgotten)
    await house.keeper.forget(SESSION)
    await house.keeper.acquire(SESSION, Epoch("again"), 1_001_001)
    await house.following.catch_up()
    assert gone == [SESSION]
    head = await house.own.head(SESSION)
    assert head is not None
    assert (head.epoch, head.offset) == ("again", 0)
    house.store.note_forgotten(SESSION, EPOCH)
    await house.following.catch_up()
    assert await house.own.head(SESSION) == head, "that was the one before"


async def test_what_is_to_be_done_then_is_done_when_all_copies_are_there(house: FollowingNodes) -> None:
    reached: list[int] = []

    async def then() -> None:
        reached.append(house.following.end(SESSION))

    house.following.then = then
    await house.say(3)
    running = asyncio.ensure_future(house.following.run())
    await house.clock.advance(1)
    await house.say()
    house.store.away = True
    await house.clock.advance(FOLLOW_MS)
    assert reached == [3]
    house.store.away = False
    await house.clock.advance(FOLLOW_MS)
    assert reached == [3, 4]
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_it_is_known_since_when_the_last_event_has_been_here_where_it_came_at_once(house: FollowingNodes) -> None:
    await house.say()
    await house.following.catch_up()
    assert house.following.came == {}, "it may have been written long ago"
    await house.clock.advance(SOON_MS - 1)
    await house.say()
    await house.following.catch_up()
    assert house.following.came == {SESSION: (2, SOON_MS - 1)}
    await house.clock.advance(SOON_MS)
    await house.following.catch_up()
    assert house.following.came == {SESSION: (2, SOON_MS - 1)}
    await house.clock.advance(SOON_MS)
    await house.say()
    await house.following.catch_up()
    assert house.following.came == {}
    await house.say()
    await house.following.catch_up()
    assert SESSION in house.following.came
    await house.keeper.forget(SESSION)
    await house.following.catch_up()
    assert house.following.came == {}


async def test_what_is_read_here_comes_from_the_keeper_while_the_shared_logs_are_away(house: FollowingNodes) -> None:
    keeper = house.following.archive = Keeper()
    await house.say(2)
    running = asyncio.ensure_future(house.following.run())
    await house.clock.advance(1)
    keeper.records = [*await house.store.read(SESSION, 0, 9), *(house.recorder.record(PAUSED) for _ in range(300))]
    house.store.away = True
    await house.clock.advance(FOLLOW_MS)
    assert house.following.end(SESSION) == 2  # Nobody has told of more.
    house.following.ring_for(SESSION, 302)
    house.following.ring_for(OTHER, 1)
    await house.clock.advance(1)
    assert house.following.end(SESSION) == 302
    keeper.records.append(house.recorder.record(PAUSED))
    records, keeper.records = keeper.records, None
    house.following.ring_for(SESSION, 303)
    await house.clock.advance(1)
    assert house.following.end(SESSION) == 302
    house.store.away = False
    head = await house.store.head(SESSION)
    assert head is not None
    await house.store.append(SESSION, head.term, 2, records[2:])
    await house.clock.advance(FOLLOW_MS)
    assert await house.same()
    assert house.following.end(SESSION) == 303
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
