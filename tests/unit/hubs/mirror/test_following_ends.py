"""What ends the following of a session: removed words, a stop, a failure; and what is being checked."""

from __future__ import annotations

import asyncio

import msgspec

from moothall.core.kernel.ids import Epoch, SessionId
from moothall.services.reading.mirrored import MirroredSessions
from moothall.testing.book import MemoryBook
from moothall.wire.hubs import messages as hub
from moothall_hub.mirror.missed import MissedSpans
from moothall_hub.mirror.offers import Offers
from moothall_hub.mirror.replication import STOPPED_MS, Replication
from moothall_hub.node.meetings import NodeMeetings
from support.hubs.copies import MemoryCopies
from support.hubs.following import OTHER, WANT, Hub, hub_that_follows
from support.hubs.log_above import SIGNED, Served
from support.sessions.recorder import EPOCH, SESSION


async def test_a_hub_that_wants_a_session_no_more_follows_it_until_what_was_removed_is_erased() -> None:
    made = await hub_that_follows()
    made.closed = True
    await made.replication.want({})
    made.replication.cut()
    made.log.remove(4)
    removal = made.log.records[-1].header.offset
    await made.replication.linked()
    before = len(made.said)
    recall = hub.Recall(session=SESSION, epoch=EPOCH, offset=removal)
    await made.replication.take(recall)
    follow = made.said[-1]
    assert isinstance(follow, hub.Follow)
    made.served = Served(made.log, follow, little=9)
    await made.replication.take(made.served.live)
    await made.live()
    assert made.said[before + 1 :] == [hub.Erased(session=SESSION, offset=removal), hub.Leave(session=SESSION)]
    assert made.store.disk.records[4].body is None
    await made.replication.take(recall)
    assert made.said[-1] == hub.Erased(session=SESSION, offset=removal), "it has been done"
    await made.replication.take(hub.Recall(session=OTHER, epoch=EPOCH, offset=7))
    assert made.said[-1] == hub.Erased(session=OTHER, offset=7), "nothing of it is here"


async def test_a_session_that_is_no_more_is_dropped_whole() -> None:
    made = await hub_that_follows()
    assert made.store.disk.records
    other = hub.Recall(session=SESSION, epoch=Epoch("other"), offset=0)
    await made.replication.take(other)
    assert made.store.disk.records, "that log this copy isn't of"
    await made.replication.take(msgspec.structs.replace(other, epoch=EPOCH))
    assert not made.store.disk.records
    assert made.shown.renewed == 1
    assert made.said[-2:] == [hub.Leave(session=SESSION), hub.Erased(session=SESSION, offset=0)]


class Room:
    """What the room asked, whose disk may hang; nobody is below."""

    def __init__(self, done: list[object]) -> None:
        self.hangs = asyncio.Event()
        self._done = done

    async def erase_removed(self, session: SessionId) -> None:
        await self.hangs.wait()
        self._done.append("room")

    async def forget(self, session: SessionId) -> None:
        await self.erase_removed(session)

    def removed(self, session: SessionId, epoch: Epoch, offset: int, at: int) -> None:
        self._done.append(offset)

    async def gone(self, session: SessionId) -> None:
        return

    def outstanding(self, session: SessionId, offset: int) -> bool:
        return False


async def test_a_hub_that_dies_before_all_is_erased_says_so_only_after_it_was_asked_again() -> None:
    made = await hub_that_follows()
    made.done.clear()
    room = Room(made.done)
    made.replication.erasing.has(room=room, below=room)
    made.log.remove(4)
    removal = made.log.records[-1].header.offset
    taking = asyncio.ensure_future(made.live())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    taking.cancel()
    assert made.done == ["kept", "shown", removal], "the copy alone is done"
    again = Hub(disk=made.store.disk)
    room = Room(again.done)
    room.hangs.set()
    again.replication.erasing.has(room=room, below=room)
    await again.replication.take(hub.Recall(session=SESSION, epoch=EPOCH, offset=removal))
    assert again.done == [removal, "room", "Erased"]


async def test_a_disk_that_refuses_is_told_of_as_long_as_it_does() -> None:
    made = await hub_that_follows()
    made.log.happens("line")
    made.store.refuses = 1
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(made.live())
        await asyncio.sleep(0)
        assert not made.replication.storing
        await made.clock.advance(1_000)
    assert made.replication.storing


async def test_what_the_server_above_stopped_is_asked_for_anew_after_a_minute() -> None:
    made = await hub_that_follows()
    await made.replication.take(hub.Stopped(session=SESSION, message="The record of this meeting can't be read."))
    said = len(made.said)
    await made.replication.want(WANT)
    assert len(made.said) == said
    await made.clock.advance(STOPPED_MS)
    await made.replication.want(WANT)
    assert isinstance(made.said[-1], hub.Follow)


async def test_a_session_of_which_something_fails_that_nobody_foresaw_is_left_alone_for_a_while() -> None:
    made = await hub_that_follows()
    made.store.fails = ZeroDivisionError("A bug.")
    made.log.happens("line")
    await made.live()
    assert made.said[-1] == hub.Leave(session=SESSION)
    assert made.copy.broken is None
    await made.clock.advance(STOPPED_MS)
    await made.replication.want(WANT)
    assert isinstance(made.said[-1], hub.Follow)
    assert made.said[-1].known is not None
    assert made.said[-1].known.offset < len(made.log.records)


async def test_what_is_being_checked_is_so_after_a_restart_too() -> None:
    made = await hub_that_follows()
    for _ in range(8):
        made.log.happens("line")
    await made.link(back=1)
    while await made.missed():
        pass
    assert made.copy.due > made.copy.verified
    again = Hub()
    again.replication = Replication(
        [made.store.disk.copy],
        store=again.store,
        shown=again.shown,
        closed=lambda _: False,
        signed=SIGNED,
        say=again.said.append,
        missed=MissedSpans(MemoryBook(), {}),
        clock=again.clock,
    )
    now = again.replication.now(SESSION)
    assert now is not None
    assert now.checking


async def test_a_copy_of_which_nothing_was_signed_yet_is_not_called_checked() -> None:
    made = await hub_that_follows()
    meetings = NodeMeetings(
        MirroredSessions(MemoryCopies(), made.clock), lambda: made.replication, await Offers.load(MemoryBook())
    )
    assert made.copy.whole
    assert not await meetings.checked(SESSION)
    assert not await meetings.checked(OTHER)
    made.log.happens("check")
    made.log.happens("line")
    await made.live()
    assert await meetings.checked(SESSION)
    await made.batch(hub.FeedPart.LIVE, made.log.records[-1:])  # Once more.
    assert not await meetings.checked(SESSION)
    (stuck,) = await meetings.stuck()
    assert stuck.offset == len(made.log.records)
