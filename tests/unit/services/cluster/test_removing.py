from __future__ import annotations

import pytest

from moothall.core.chain import LogRecord
from moothall.core.cluster.nodes import NodeNote
from moothall.core.cluster.removals import MOST_STUCK, NOTHING, Applied, Further
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import LogHead
from moothall.services.cluster.following import LogFollower
from moothall.services.cluster.removing import STUCK_LOOKS, Removing
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import FailingLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.sessions.recorder import EPOCH, SESSION, Recorder

PAUSED = ev.SessionPaused(t=1)
TERM = 1_001_000


class RemovingNodes:
    """A keeper that removes something of every session that it makes, and a node that follows."""

    def __init__(self) -> None:
        self.store = SharedLogStore()
        self.keeper = MemorySharedLog(self.store, "n1")
        self.own = FailingLog()
        self.following = LogFollower(MemorySharedLog(self.store, "n2"), self.own, ManualClock())
        self.removing = Removing(MemorySharedLog(self.store, "n2"), "n2")
        self.recorders: dict[SessionId, Recorder] = {}

    async def say(self, session: SessionId = SESSION, n: int = 2) -> None:
        recorder = self.recorders.setdefault(session, Recorder(session=session))
        head = await self.store.head(session) or await self.keeper.acquire(session, EPOCH, TERM)
        await self.store.append(session, TERM, head.offset, [recorder.record(PAUSED) for _ in range(n)])

    async def remove(self, session: SessionId = SESSION) -> LogRecord:
        head = await self.store.head(session)
        assert head is not None
        removal = self.recorders[session].record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
        await self.store.remove(session, TERM, head.offset, [1], [removal])
        return removal

    async def following_others(self) -> None:
        """Have the node follow, though its disk refuses some."""
        with pytest.raises(StorageUnavailable):
            await self.following.catch_up()

    async def look(self) -> int:
        """How many removals are gone from the node."""
        await self.removing.look(self.own)
        return self.removing.applied.number


@pytest.fixture
def house() -> RemovingNodes:
    return RemovingNodes()


async def test_a_removal_is_confirmed_once_the_copy_has_it(house: RemovingNodes) -> None:
    assert await house.look() == 0
    assert house.removing.applied == NOTHING
    await house.say()
    await house.following.catch_up()
    await house.remove()
    assert await house.look() == 0
    await house.following.catch_up()
    assert await house.look() == 1
    assert house.removing.applied == house.store.listed[0].here


async def test_one_that_can_t_be_applied_holds_up_none_behind_it_and_is_named(
    house: RemovingNodes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    other = SessionId("other")
    for session in (SESSION, other):
        await house.say(session)
    await house.following.catch_up()
    await house.remove()
    await house.remove(other)
    house.own.refuses, house.own.keeps_of = {SESSION}, {SESSION}
    with pytest.raises(StorageUnavailable):
        await house.following.catch_up()
    for _ in range(STUCK_LOOKS - 1):
        assert await house.look() == 0
        assert house.removing.applied.further is None, "it may just be late"
    assert await house.look() == 0
    first, second = house.store.listed
    assert house.removing.applied == Applied(further=Further(2, second.mark, (1,)))
    assert house.removing.stuck == (first,)
    await house.remove(other)
    await house.remove(other)
    await house.following_others()
    await house.look()
    assert house.removing.applied == Applied(further=Further(4, house.store.listed[3].mark, (1,)))
    assert house.removing.stuck_at({}, {}) == {"n2": ("plenary:3",)}
    assert caplog.text.count("plenary:3: it can't be applied here") == 1
    house.own.refuses, house.own.keeps_of = set(), set()
    await house.following.catch_up()
    assert await house.look() == 4
    assert house.removing.applied == house.store.listed[3].here
    assert "plenary:3: it is now applied here" in caplog.text


async def test_so_many_stuck_ones_are_named_and_no_more(house: RemovingNodes) -> None:
    sessions = [SessionId(f"s{n:02}") for n in range(MOST_STUCK + 3)]
    for session in sessions:
        await house.say(session)
    await house.following.catch_up()
    for session in sessions:
        await house.remove(session)
    house.own.keeps_of = set(sessions[:MOST_STUCK])
    await house.following_others()
    for _ in range(STUCK_LOOKS):
        await house.look()
    assert house.removing.applied.further == Further(
        MOST_STUCK + 3, house.store.listed[-1].mark, tuple(range(1, MOST_STUCK + 1))
    )
    house.removing = Removing(MemorySharedLog(house.store, "n2"), "n2")
    await house.remove(sessions[-1])
    house.own.keeps_of.add(sessions[-1])
    await house.remove(sessions[-2])
    await house.following_others()
    for _ in range(STUCK_LOOKS):
        await house.look()
    further = house.removing.applied.further
    assert further is not None
    assert further.number == MOST_STUCK + 3, "one more would be too many"


async def test_a_copy_that_goes_on_otherwise_at_that_place_confirms_nothing(house: RemovingNodes) -> None:
    await house.say()
    await house.following.catch_up()
    head = await house.own.head(SESSION)
    assert head is not None
    recorder = Recorder()
    for _ in range(2):
        recorder.record(PAUSED)
    await house.own.append(SESSION, head.term, 2, [recorder.record(ev.SessionPaused(t=n)) for n in (7, 8)])
    await house.remove()
    assert await house.look() == 0


async def test_what_was_never_copied_is_not_here(house: RemovingNodes) -> None:
    await house.say()
    await house.remove()
    assert await house.look() == 1


async def test_an_erased_log_is_confirmed_once_its_copy_is_gone(house: RemovingNodes) -> None:
    await house.say()
    await house.following.catch_up()
    await house.keeper.forget(SESSION)
    assert await house.look() == 0
    await house.following.catch_up()
    assert await house.look() == 1
    house.recorders[SESSION] = Recorder(epoch=Epoch("again"))
    await house.keeper.acquire(SESSION, Epoch("again"), TERM)
    await house.say()
    await house.following.catch_up()
    begun = Removing(MemorySharedLog(house.store, "n2"), "n2")
    await begun.look(house.own)
    assert begun.applied.number == 1, "the copy is of another log"


async def test_what_readers_were_given_has_to_be_taken_back_first(house: RemovingNodes) -> None:
    await house.say()
    await house.remove()
    asked: list[SessionId] = []

    def settled(session: SessionId) -> bool:
        asked.append(session)
        return len(asked) > 1

    await house.removing.look(house.own, settled)
    assert (asked, house.removing.applied) == ([SESSION], NOTHING)
    await house.removing.look(house.own, settled)
    assert house.removing.applied.number == 1


async def test_a_list_that_was_lost_is_gone_along_anew(house: RemovingNodes) -> None:
    await house.say()
    await house.following.catch_up()
    for _ in range(3):
        await house.remove()
    await house.following.catch_up()
    assert await house.look() == 3
    lost = house.store.listed.pop(0)
    house.store.listed.clear()
    assert await house.look() == 0
    await house.remove()
    assert house.store.listed[0] != lost
    assert await house.look() == 0
    await house.following.catch_up()
    assert await house.look() == 1


class Broken(FailingLog):
    """A log of which one event can't be read."""

    async def head(self, session: SessionId) -> LogHead | None:
        raise RecordBroken("The head can't be read.")


async def test_a_copy_that_cannot_be_read_confirms_nothing_and_is_named_once(
    house: RemovingNodes, caplog: pytest.LogCaptureFixture
) -> None:
    await house.say()
    await house.remove()
    for _ in range(2):
        await house.removing.look(Broken())
    assert house.removing.applied == NOTHING
    assert caplog.text.count("what was removed may still be here. The head can't be read") == 1


class Unread(FailingLog):
    """A log of which some sessions can't be read."""

    unread: frozenset[SessionId] = frozenset()

    async def head(self, session: SessionId) -> LogHead | None:
        if session in self.unread:
            raise StorageUnavailable("The file can't be read.")
        return await super().head(session)


async def test_each_session_that_cannot_be_read_is_named_once_and_again_when_it_happens_again(
    house: RemovingNodes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    house.own = own = Unread()
    house.following = LogFollower(MemorySharedLog(house.store, "n2"), own, ManualClock())
    other, third = SessionId("other"), SessionId("third")
    for session in (SESSION, other, third):
        await house.say(session)
    await house.following.catch_up()
    for session in (SESSION, other, third):
        await house.remove(session)
    for unread in ({SESSION, other}, {SESSION, other}, {SESSION}, {SESSION, other}):
        own.unread = frozenset(unread)
        await house.look()
    said = [each.getMessage() for each in caplog.records if "what was removed may still be here" in each.getMessage()]
    assert [each.split(":")[0] for each in said] == ["session plenary", "session other", "session other"]
    assert caplog.text.count("session other: its log can be read again") == 1


async def test_one_session_that_cannot_be_read_holds_up_none_behind_it(house: RemovingNodes) -> None:
    house.own = own = Unread()
    house.following = LogFollower(MemorySharedLog(house.store, "n2"), own, ManualClock())
    other, third = SessionId("other"), SessionId("third")
    for session in (SESSION, other, third):
        await house.say(session)
        await house.remove(session)
    await house.following.catch_up()
    own.unread = frozenset({SESSION, other})
    for _ in range(STUCK_LOOKS):
        assert await house.look() == 0
    assert house.removing.stuck == tuple(house.store.listed[:2])
    own.unread = frozenset({SESSION, other, third})
    with pytest.raises(StorageUnavailable):
        await house.look()
    own.unread = frozenset()
    assert await house.look() == 3


async def test_the_keeper_names_nodes_that_have_not_confirmed_also_those_that_are_gone(house: RemovingNodes) -> None:
    def note(applied: Applied, *, left: bool = False) -> NodeNote:
        return NodeNote(number=1, address="", release="1", reach=0, fit=True, beat=0, left=left, applied=applied)

    await house.say()
    await house.remove()
    await house.remove()
    await house.look()
    first, second = (each.here for each in house.store.listed)
    notes = {"n2": note(NOTHING), "n3": note(first), "n4": note(NOTHING, left=True), "n5": note(second)}
    assert house.removing.lacking(notes, {}) == {"n3": 1, "n4": 2}
    assert house.removing.lacking(notes, {"n3": second}) == {"n4": 2}
    assert house.removing.lacking(notes, {"n5": first, "n6": NOTHING}) == {"n3": 1, "n4": 2, "n5": 1, "n6": 2}
