from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.cluster.removals import NOTHING, Applied
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import ProtocolError, Refusal, StorageUnavailable
from moothall.core.kernel.ids import CommandId, Epoch, Position, SegmentId, SessionId
from moothall.core.ports import LogChanges
from moothall.core.removal.selection import Lines
from moothall.core.signals import ChannelState, Partial, Sound, Unrecorded
from moothall.services.cluster.following import STALE_MS, LogFollower
from moothall.services.cluster.reading import BEHIND_MS, CACHED_MS, CUT_OFF_MS, NodeReading
from moothall.services.reading.mirrored import STORAGE_MS
from moothall.testing import loop
from moothall.testing.log_shared import MemorySharedLog
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.cluster.node_link import (
    AskWithout,
    Compare,
    FollowSession,
    LeaveSession,
    News,
    NodeErased,
    ReadHere,
    Tick,
    Without,
)
from moothall.wire.frames import Format
from support.cluster.reading import LIVE, Store, frames, house, partial
from support.memory.fanout import settle
from support.memory.hall import FLOOR, SESSION


def test_a_reader_gets_what_is_copied_and_no_signal_before_what_it_was_told_behind() -> None:
    async def story() -> None:
        async with house() as made:
            outlet, _ = await made.reader()
            (first,) = frames(outlet)
            assert first.snapshot is not None
            made.live.writer.signal(partial("It is said"))
            made.exchange()
            await settle()
            assert [each.text for each in frames(outlet)[-1].signals if isinstance(each, Partial)] == ["It is said"]
            await made.line()
            made.live.writer.signal(partial("And the"))
            made.exchange()
            made.live.writer.signal(partial("And the next"))
            made.exchange()
            await settle()
            assert len(frames(outlet)) == 2, "the line isn't copied yet"
            await made.copied()
            shown = frames(outlet)[2:]
            assert [bool(each.events) for each in shown] == [True, False] or shown[0].signals
            (told,) = [each for frame in shown for each in frame.signals]
            assert told == partial("And the next")

    loop.run(story())


def test_words_that_are_never_stored_come_over_the_link_alone() -> None:
    async def story() -> None:
        async with house() as made:
            outlet, _ = await made.reader()
            made.live.writer.signal(Unrecorded(channel=FLOOR, text="Between us", language="en"))
            made.exchange()
            await settle()
            assert b"Between us" in outlet.sent
            await made.copied()
            for log in (made.store, made.own):
                assert all(b"Between us" not in (each.body or b"") for each in await log.read(SESSION, 0, 999))

    loop.run(story())


def test_who_begins_to_follow_is_told_the_signals_of_the_moment() -> None:
    async def story() -> None:
        async with house() as made:
            made.live.writer.signal(partial("Half a"))
            made.live.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=100, t=5))
            await settle()
            outlet, _ = await made.reader()
            assert {each.key for each in frames(outlet)[-1].signals} == {"partial:floor", "state:floor"}

    loop.run(story())


def test_readers_are_counted_at_the_keeper_until_they_or_their_node_are_gone() -> None:
    async def story() -> None:
        async with house() as made:
            _, joined = await made.reader()
            made.exchange()
            assert made.live.fanout.readers == {FLOOR: 1}
            assert made.live.fanout.figures.readers == 1
            (await made.found()).unsubscribe(joined)
            made.exchange()
            assert made.live.fanout.readers == {FLOOR: 0}
            await made.reader()
            made.exchange()
            assert made.live.fanout.readers == {FLOOR: 1}
            made.elsewhere.end(made.link)
            made.elsewhere.end(made.link)
            assert made.live.fanout.readers == {FLOOR: 0}
            made.live.writer.signal(partial("Nobody"))
            await settle()
            assert made.link.take() == []

    loop.run(story())


def test_a_new_link_is_told_all_again() -> None:
    async def story() -> None:
        async with house() as made:
            await made.reader()
            assert made.reading.say() == []
            made.reading.linked(up=False)
            assert made.reading.source.lost
            made.reading.linked(up=True)
            assert made.reading.source.lost is False
            assert made.reading.say() == [
                NodeErased(applied=NOTHING),
                FollowSession(session=SESSION),
                ReadHere(session=SESSION, readers={FLOOR: 1}),
            ]

    loop.run(story())


def test_how_fresh_it_is_counts_from_what_the_keeper_said_last() -> None:
    async def story() -> None:
        async with house() as made:
            await made.hall.clock.sleep(700)
            assert made.reading.source.age == 700
            made.reading.hear(Tick())
            assert made.reading.source.age == 0

    loop.run(story())


def test_what_the_keeper_alone_knows_isnt_found() -> None:
    async def story() -> None:
        async with house() as made:
            other = SessionId("other")
            await made.hall.session(other, Access.LINK)
            assert await made.reading.find(SessionId("nothing")) is None
            assert await made.reading.find(other) is None, "it isn't copied yet"
            await made.copied()
            assert await made.reading.find(other) is None
            made.own.away = True
            assert await made.reading.find(SESSION) is None, "the disk refuses"
            made.own.away = False
            assert await made.found()

    loop.run(story())


def test_news_of_what_nobody_reads_here_are_passed_over_and_unreadable_ones_cut_the_link() -> None:
    async def story() -> None:
        async with house() as made:
            made.reading.hear(News(session=SESSION, offset=99, signals=b"[]"))
            with pytest.raises(ProtocolError, match=r"Signals of 1 bytes can't be read\."):
                made.reading.hear(News(session=SESSION, offset=99, signals=b"["))

    loop.run(story())


def test_a_session_that_nobody_reads_any_more_is_left() -> None:
    async def story() -> None:
        async with house() as made:
            await made.live.writer.send(SYSTEM, CommandId("close"), do.CloseSession())
            await made.copied()
            _, joined = await made.reader()
            (await made.found()).unsubscribe(joined)
            await made.hall.clock.sleep(700_000)
            assert made.reading.say() == [LeaveSession(session=SESSION)]

    loop.run(story())


def test_another_life_of_the_log_gives_every_reader_a_snapshot() -> None:
    """The shared log has lost its end: its positions are told apart from then on."""

    async def story() -> None:
        async with house() as made:
            await made.line()
            await made.copied()
            outlet, _ = await made.reader()
            before = (await made.found()).position.epoch
            made.store.lost = 1
            await made.line()
            await made.copied()
            assert (await made.found()).position.epoch != before
            assert frames(outlet)[-1].snapshot is not None

    loop.run(story())


def test_readers_of_a_session_that_is_erased_are_sent_away() -> None:
    async def story() -> None:
        async with house() as made:
            outlet, _ = await made.reader()
            await made.hall.sessions.forget(SESSION)
            made.store.note_forgotten(SESSION, (await made.found()).position.epoch)
            await made.copied()
            assert outlet.aborted
            assert await made.reading.find(SESSION) is None
            assert await made.own.sessions() == []

    loop.run(story())


def test_a_copy_is_said_to_be_kept_where_it_is_the_same() -> None:
    async def story() -> None:
        async with house() as made:
            await made.line()
            head = await made.store.head(SESSION)
            assert head is not None
            assert made.elsewhere.archives(SESSION, head) == 0
            made.exchange()
            made.exchange()
            assert made.elsewhere.archives(SESSION, head) == 0, "it isn't copied yet"
            await made.copied()
            made.exchange()
            made.exchange()
            assert made.elsewhere.archives(SESSION, head) == 1
            lanes = {lane: msgspec.structs.replace(each, digest="00") for lane, each in head.lanes.items()}
            made.reading.hear(Compare(session=SESSION, epoch=head.epoch, lanes=lanes))
            assert made.reading.say() == [], "another one"

    loop.run(story())


def test_a_node_answers_the_newest_question_whether_it_is_without_redis_and_none_of_another_link() -> None:
    async def story() -> None:
        async with house() as made:
            heard: list[Without] = []
            made.elsewhere.answered = lambda _, answer: heard.append(answer)
            made.elsewhere.ask_without(1)
            made.exchange()
            assert made.reading.news.is_set()
            made.exchange()
            made.reading.confirms = lambda: True
            made.reading.hear(AskWithout(number=2))
            made.reading.hear(AskWithout(number=3))
            made.exchange()
            assert heard == [Without(number=1, redis=False), Without(number=3, redis=True)]
            made.reading.hear(AskWithout(number=4))
            made.reading.linked(up=False)
            made.reading.linked(up=True)
            assert not any(isinstance(each, Without) for each in made.reading.say())

    loop.run(story())


def test_a_reader_who_is_ahead_of_the_copy_is_the_keepers_until_it_has_come_there() -> None:
    async def story() -> None:
        async with house() as made:
            await made.line()
            there = made.live.fanout.position
            before = Position(there.epoch, there.offset - 1)
            assert not await made.reading.serves(SESSION, there)
            assert await made.reading.serves(SESSION, None)
            assert await made.reading.serves(SESSION, Position(Epoch("other"), 10**6)), "it gets a snapshot anywhere"
            assert not await made.reading.serves(SessionId("nothing"), None)
            await made.copied()
            assert await made.reading.serves(SESSION, there)
            assert await made.reading.serves(SESSION, before)

    loop.run(story())


def test_what_only_the_keeper_could_take_away_goes_with_the_link() -> None:
    """A keeper dies in a span that is not recorded: whoever reads or comes at another node sees no word of it."""

    async def story() -> None:
        async with house() as made:
            outlet, _ = await made.reader()
            hidden = Unrecorded(channel=FLOOR, text="Between us", language="en")
            state = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=100, t=5)
            for signal in (hidden, partial("And so"), state):
                made.live.writer.signal(signal)
            made.exchange()
            await settle()
            before = len(frames(outlet))
            for _ in range(3):
                made.reading.linked(up=False)
            await settle()
            (gone,) = frames(outlet)[before:]
            assert set(gone.signals) == {msgspec.structs.replace(hidden, text=""), partial(""), state}
            later = MemoryOutlet()
            await (await made.found()).subscribe(later, LIVE, Format.SSE, None)
            assert b"Between us" not in later.sent
            assert b"And so" not in later.sent

    loop.run(story())


def test_words_that_are_removed_go_from_whoever_reads_or_comes_at_a_node() -> None:
    async def story() -> None:
        async with house() as made:
            await made.line()
            await made.line()
            await made.copied()
            outlet, _ = await made.reader()
            assert b"Line 1." in outlet.sent
            removed = await made.live.writer.remove(
                Actor(Role.TECHNICIAN, "t"), CommandId("gone"), Lines((SegmentId("l1"),))
            )
            assert not isinstance(removed, Refusal), removed
            await made.copied()
            last = frames(outlet)[-1].snapshot
            assert last is not None
            assert [line.text for line in last.lines if line.text] == ["Line 2."]
            seen = frames(outlet)[0].snapshot
            assert seen is not None
            for after in (None, Position(seen.epoch, seen.offset), Position(seen.epoch, 1)):
                later = MemoryOutlet()
                await (await made.found()).subscribe(later, LIVE, Format.SSE, after)
                assert b"Line 1." not in later.sent
            assert all(b"Line 1." not in (each.body or b"") for each in await made.own.read(SESSION, 0, 99))

    loop.run(story())


def test_how_far_it_has_come_in_the_list_of_removals_is_said_once() -> None:
    async def story() -> None:
        async with house() as made:
            applied = NOTHING
            reading = NodeReading(made.following, made.own, made.hall.clock, applied=lambda: applied)
            assert reading.say() == [NodeErased(applied=NOTHING)]
            assert reading.say() == []
            applied = Applied(1, "ab")
            assert reading.say() == [NodeErased(applied=applied)]

    loop.run(story())


@pytest.mark.parametrize("away", [False, True])
def test_memory_is_settled_once_what_was_removed_is_handed_out_no_more(away: bool) -> None:
    async def story() -> None:
        async with house() as made:
            await made.line()
            await made.copied()
            assert made.reading.settled(SESSION), "it isn't loaded"
            outlet, _ = await made.reader()
            assert made.reading.settled(SESSION)
            technician = Actor(Role.TECHNICIAN, "t")
            removed = await made.live.writer.remove(technician, CommandId("gone"), Lines((SegmentId("l1"),)))
            assert not isinstance(removed, Refusal), removed
            made.own.away = away
            await made.following.catch_up()
            assert not made.reading.settled(SESSION), "readers have it, or get it, by now"
            await settle()
            if away:
                assert not made.reading.settled(SESSION)
                made.own.away = False
                await made.hall.clock.sleep(STORAGE_MS)
                await settle()
            assert made.reading.settled(SESSION)
            last = frames(outlet)[-1].snapshot
            assert last is not None
            assert not any(line.text for line in last.lines)

    loop.run(story())


def test_a_node_that_hears_neither_redis_nor_the_keeper_serves_nobody_until_it_hears_one() -> None:
    async def story() -> None:
        async with house() as made:
            reading, clock = made.reading, made.hall.clock
            await made.found()
            await clock.sleep(CACHED_MS - 1)
            assert not reading.unheard_for(CACHED_MS)
            await clock.sleep(1)
            assert reading.unheard_for(CACHED_MS), "caches keep for some seconds what they were given"
            await clock.sleep(CUT_OFF_MS - CACHED_MS - 1)
            assert not reading.cut_off
            await clock.sleep(1)
            assert reading.cut_off
            assert await reading.find(SESSION) is None
            assert not await reading.serves(SESSION, None)
            await made.store.close()
            with pytest.raises(StorageUnavailable):
                await made.following.catch_up()
            assert reading.cut_off
            reading.hear(Tick())
            assert await reading.serves(SESSION, None), "the keeper says that nothing is new"
            await clock.sleep(CUT_OFF_MS)
            assert reading.cut_off
            made.store.open_again()
            await made.following.catch_up()
            assert await reading.serves(SESSION, None)

    loop.run(story())


def test_a_node_that_lacks_what_the_keeper_tells_of_serves_nobody_once_redis_is_silent() -> None:
    async def story() -> None:
        async with house() as made:
            await made.reader()
            await made.line()
            made.exchange()
            assert not made.reading.cut_off
            await made.hall.clock.sleep(CUT_OFF_MS)
            made.reading.hear(Tick())
            assert made.reading.cut_off
            await made.copied()
            assert not made.reading.cut_off

    loop.run(story())


class Silent(MemorySharedLog):
    """A Redis that says nothing any more."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "n2")
        self.changed = self.unheard

    async def unheard(self, after: int, count: str = "") -> LogChanges:
        raise StorageUnavailable(f"Nothing is heard behind {after} of {count}.")


class Slow:
    """The keeper's log, which a node is given event by event."""

    def __init__(self, store: Store, upto: int) -> None:
        self._store, self.upto = store, upto

    async def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        return [each for each in await self._store.read(session, after, limit) if each.header.offset <= self.upto]


def test_a_node_that_comes_along_at_the_keeper_while_redis_is_silent_serves_its_readers() -> None:
    """It always lacks the newest event, and never one for long."""

    async def story() -> None:
        async with house() as made:
            await made.reader()
            slow = made.following.archive = Slow(made.store, made.following.end(SESSION))
            made.following.shared = Silent(made.store)
            running = asyncio.ensure_future(made.following.run())
            await made.hall.clock.sleep(CUT_OFF_MS)
            made.reading.hear(Tick())
            await made.line()
            for _ in range(4):
                await made.line()
                made.exchange()
                slow.upto += 1
                await made.hall.clock.sleep(BEHIND_MS - 500)
                assert made.following.end(SESSION) == slow.upto
                assert not made.reading.cut_off
            await made.hall.clock.sleep(BEHIND_MS)
            made.reading.hear(Tick())
            assert made.reading.cut_off
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    loop.run(story())


def test_a_node_that_has_not_caught_up_yet_serves_nobody() -> None:
    """It may lack removals of the time when it was away."""

    async def story() -> None:
        async with house() as made:
            following = LogFollower(MemorySharedLog(made.store, "n2"), made.own, made.hall.clock)
            reading = NodeReading(following, made.own, made.hall.clock)
            reading.hear(Tick())
            assert reading.cut_off
            await following.catch_up()
            assert not reading.cut_off

    loop.run(story())


def test_readers_of_a_session_that_the_disk_refuses_are_sent_elsewhere_and_come_back() -> None:
    async def story() -> None:
        async with house() as on:
            await on.line()
            await on.copied()
            outlet, _ = await on.reader()
            on.own.refuses = {SESSION}
            await on.line()
            with pytest.raises(StorageUnavailable):
                await on.copied()
            assert not on.reading.cut_off
            assert await on.reading.find(SESSION) is None, "whoever comes now reads at the keeper"
            assert not outlet.is_closing()
            await on.hall.clock.sleep(STALE_MS)
            with pytest.raises(StorageUnavailable):
                await on.copied()
            assert outlet.is_closing()
            on.own.refuses = set()
            await on.copied()
            assert (await on.found()).position == on.live.fanout.position

    loop.run(story())
