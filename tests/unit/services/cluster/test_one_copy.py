"""A keeper that continues with one copy (`TwoCopies.alone`), and what happens when the shared log is back."""

from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import LogMissing, OutcomeUnknown, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import LogHead
from moothall.services.cluster.two_copies import STEPS, TwoCopies
from moothall.services.log.act_queue import Receipt
from moothall.testing.clock import ManualClock
from moothall.testing.house_memory import MemorySingles
from moothall.testing.log_memory import FailingLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.memory.writer import opened, stage
from support.sessions.recorder import EPOCH, SESSION, Recorder

PAUSED = ev.SessionPaused(t=1)
OTHER = SessionId("other")


class Keeper:
    """A node's part in the house, and whether all others have confirmed, as a test has it."""

    def __init__(self, term: int) -> None:
        self.term: int | None = term
        self.answers, self.alone = True, False

    async def give_up(self) -> None:
        self.term, self.answers = None, False


class Node:
    def __init__(self, store: SharedLogStore, name: str = "n1", term: int = 1_001) -> None:
        self.store, self.own = store, FailingLog()
        self.kept = Keeper(term)
        self.recorder = Recorder()
        self.start(name)

    def start(self, name: str, *single: SessionId) -> None:
        """Be the keeper with what the disk has."""
        self.singles = MemorySingles(*single)
        self.log = TwoCopies(
            MemorySharedLog(self.store, name),
            self.own,
            self.kept,
            ManualClock(),
            patience_ms=0,
            singles=self.singles,
            alone=lambda: self.kept.alone,
        )

    def goes(self, *, alone: bool) -> None:
        """Redis goes away and all have confirmed that, or it is back."""
        self.store.away = alone
        self.kept.answers, self.kept.alone = not alone, alone

    async def acquired(self) -> LogHead:
        head = await self.log.acquire(SESSION, EPOCH)
        self.recorder.go_on(head)
        return head

    async def say(self, n: int = 1, term: int = 1_001 * STEPS) -> list[LogRecord]:
        at = self.recorder.offset
        records = [self.recorder.record(PAUSED) for _ in range(n)]
        await self.log.append(SESSION, term, at, records)
        return records

    async def both(self) -> list[LogRecord]:
        here, there = [list(await log.read(SESSION, 0, 999)) for log in (self.own, self.store)]
        assert here == there
        return here


@pytest.fixture
def store() -> SharedLogStore:
    return SharedLogStore()


@pytest.fixture
async def node(store: SharedLogStore) -> Node:
    """It has said three things."""
    made = Node(store)
    await made.acquired()
    await made.say(3)
    return made


async def test_what_has_one_copy_is_said_on_the_disk_and_comes_into_the_shared_log_before_all_else(node: Node) -> None:
    node.goes(alone=True)
    await node.say(2)
    await node.say()
    assert len(await node.own.read(SESSION, 0, 9)) == 6
    assert node.singles.said == [(SESSION, 4, "first")]
    node.goes(alone=False)
    assert node.store._logs[SESSION].head().offset == 3
    await node.say()
    assert len(await node.both()) == 7
    assert node.singles.said[1:] == [(SESSION, 6, "through")]


async def test_it_comes_there_also_when_nothing_is_said(node: Node) -> None:
    node.goes(alone=True)
    await node.say(300)
    await node.log.fill()  # Not as long as it is away.
    node.goes(alone=False)
    await node.log.fill()
    assert len(await node.both()) == 303
    await node.say()
    assert len(await node.both()) == 304


async def test_a_shared_log_that_comes_back_with_nothing_or_less_is_filled_and_the_writer_goes_on(node: Node) -> None:
    for lost in (node.store.lose_all, lambda: node.store.lose_end(SESSION, 2)):
        node.goes(alone=True)
        await node.say(2)
        node.goes(alone=False)
        lost()
        await node.log.fill()
        await node.both()
        await node.say()
        await node.both()


async def test_without_a_confirmation_all_is_as_before(node: Node) -> None:
    node.store.away = True
    with pytest.raises(StorageUnavailable):
        await node.say()
    node.kept.answers = False
    with pytest.raises(StorageUnavailable):
        await node.say()
    assert node.singles.said == []


async def test_a_confirmation_that_is_over_before_the_answer_answers_nobody(node: Node) -> None:
    class Slow(FailingLog):
        async def append(self, *args: object) -> None:
            await FailingLog.append(node.own, *args)  # type: ignore[arg-type]
            node.kept.alone = False

    slow = Slow()
    slow._logs = node.own._logs
    node.log.own = slow
    node.goes(alone=True)
    with pytest.raises(OutcomeUnknown):
        await node.say()
    node.goes(alone=False)
    await node.acquired()
    assert len(await node.both()) == 4


@pytest.mark.parametrize("away", [False, True])
async def test_where_redis_is_back_before_the_answer_both_have_it_or_nobody_is_answered(node: Node, away: bool) -> None:
    class Slow(FailingLog):
        async def append(self, *args: object) -> None:
            await FailingLog.append(node.own, *args)  # type: ignore[arg-type]
            node.goes(alone=False)
            node.store.away = away

    slow = Slow()
    slow._logs = node.own._logs
    node.log.own = slow
    node.goes(alone=True)
    if away:
        with pytest.raises(OutcomeUnknown, match="not yet"):
            await node.say()
        node.store.away = False
        await node.log.fill()
    else:
        await node.say()
    assert len(await node.both()) == 4


async def test_where_the_shared_log_answers_late_before_the_answer_the_outcome_is_unknown(node: Node) -> None:
    class Slow(FailingLog):
        async def append(self, *args: object) -> None:
            await FailingLog.append(node.own, *args)  # type: ignore[arg-type]
            node.goes(alone=False)
            node.store.late = True

    slow = Slow()
    slow._logs = node.own._logs
    node.log.own = slow
    node.goes(alone=True)
    with pytest.raises(OutcomeUnknown):
        await node.say()
    node.store.late = False
    node.log.own = node.own
    await node.acquired()
    assert len(await node.both()) == 4


@pytest.mark.parametrize("lands", [False, True])
async def test_what_was_on_its_way_when_redis_went_away_is_decided_by_the_own_log(node: Node, lands: bool) -> None:
    node.store.late = True
    with pytest.raises(OutcomeUnknown):
        await node.say()
    node.store.late = False
    node.goes(alone=True)
    head = await node.acquired()
    assert (head.offset, head.term) == (4, 1_001 * STEPS + 1)
    await node.say(2, head.term)
    assert node.singles.said == [(SESSION, 4, "first")]
    node.goes(alone=False)
    if lands:
        await node.store.land()
    await node.log.fill()
    assert len(await node.both()) == 6
    await node.say(1, head.term)
    assert len(await node.both()) == 7


async def test_it_is_decided_too_where_the_writer_has_not_asked(node: Node) -> None:
    node.store.late = True
    with pytest.raises(OutcomeUnknown):
        await node.say()
    node.store.late = False
    node.goes(alone=True)
    await node.say()
    node.goes(alone=False)
    await node.log.fill()
    assert len(await node.both()) == 5


async def test_a_term_that_came_late_has_the_log_acquired_anew(node: Node) -> None:
    node.goes(alone=True)
    await node.say()
    node.goes(alone=False)
    await node.store.acquire(SESSION, EPOCH)  # Was on its way, and nobody was answered.
    with pytest.raises(LogMissing, match="filled first"):
        await node.say()
    node.recorder.go_on(await node.own.head(SESSION) or LogHead(epoch=EPOCH, term=0, offset=0, lanes={}))
    head = await node.acquired()
    await node.say(1, head.term)
    assert len(await node.both()) == 5


async def test_a_log_that_was_acquired_alone_is_acquired_in_both_with_a_term_above(node: Node) -> None:
    node.goes(alone=True)
    alone = [await node.acquired() for _ in range(3)]
    await node.say(1, alone[-1].term)
    node.goes(alone=False)
    head = await node.acquired()
    assert head.term == alone[-1].term + 1
    await node.say(1, head.term)
    assert len(await node.both()) == 5


async def test_a_shared_log_that_has_lost_a_part_is_made_anew(node: Node) -> None:
    class Torn(MemorySharedLog):
        async def acquire(self, *_: object, **__: object) -> LogHead:
            raise LogMissing("Events are missing there.")

    node.goes(alone=True)
    head = await node.acquired()
    await node.say(1, head.term)
    node.goes(alone=False)
    node.log.shared = Torn(node.store, "n1")
    await node.log.fill()
    await node.say(1, head.term)
    assert len(await node.both()) == 5


async def test_an_event_that_came_late_has_it_filled_again(node: Node) -> None:
    node.goes(alone=True)
    await node.say()
    node.goes(alone=False)
    [record] = await node.own.read(SESSION, 3, 1)

    class Landing(MemorySharedLog):
        async def head(self, session: SessionId) -> LogHead | None:
            head = await node.store.head(session)
            if head is not None and head.offset == 3:
                await node.store.append(session, head.term, 3, [record])
            return head

    node.log.shared = Landing(node.store, "n1")
    node.log.shared.head = Landing.head.__get__(node.log.shared)  # type: ignore[method-assign]
    with pytest.raises(LogMissing, match="just changed"):
        await node.log.fill()
    await node.log.fill()
    assert len(await node.both()) == 4


async def test_a_session_that_this_keeper_has_not_acquired_is_not_written_alone(node: Node) -> None:
    node.kept.term = 2_001  # It took the house again, and has acquired nothing in that term.
    node.goes(alone=True)
    with pytest.raises(StorageUnavailable):
        await node.say()
    node.kept.answers = True
    with pytest.raises(StorageUnavailable):
        await node.log.acquire(OTHER, EPOCH)
    assert node.singles.said == []


async def test_a_keeper_that_died_with_one_copy_and_keeps_the_house_again_fills_the_shared_log(node: Node) -> None:
    node.goes(alone=True)
    await node.say(2)
    node.goes(alone=False)
    node.kept.term = 2_001
    node.start("n1", SESSION, OTHER)  # Of the other it has no log any more.
    await node.log.fill()
    assert len(await node.both()) == 5
    assert node.singles.open == frozenset()
    await node.log.fill()


async def test_copies_that_contradict_each_other_are_left_alone(node: Node) -> None:
    node.goes(alone=True)
    await node.say(2)
    node.goes(alone=False)
    stray = Recorder()
    stray.go_on(await node.store.head(SESSION) or LogHead(epoch=EPOCH, term=0, offset=0, lanes={}))
    await node.store.append(SESSION, 1_001 * STEPS, 3, [stray.record(ev.SessionPaused(t=99))])
    node.start("n1", SESSION, OTHER)
    with pytest.raises(RecordBroken, match="contradict"):
        await node.log.fill()
    assert node.singles.open == {SESSION}  # The others are seen to all the same.


async def test_words_that_are_not_recorded_are_erased_at_once_and_others_later(node: Node) -> None:
    node.goes(alone=True)
    at = node.recorder.offset
    for reason, events in (("request", 1), ("request", 0)):
        made = [Recorder().record(ev.BodyRemoved(offsets=(2,), reason=reason, by="staff-1")) for _ in range(events)]
        with pytest.raises(StorageUnavailable, match="nothing was removed"):
            await node.log.remove(SESSION, 1_001 * STEPS, at, [2], made)
    gone = node.recorder.record(ev.BodyRemoved(offsets=(2,), reason="not-recorded", by="system"))
    await node.log.remove(SESSION, 1_001 * STEPS, at, [2], [gone])
    assert (await node.own.read(SESSION, 1, 1))[0].body is None
    node.goes(alone=False)
    await node.log.fill()
    assert [each.body is None for each in await node.both()] == [False, True, False, False]


async def test_a_disk_that_takes_no_note_has_nothing_stored_and_one_that_does_not_take_the_end_is_asked_again(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    node.goes(alone=True)
    node.singles.full = True
    at = node.recorder.offset
    with pytest.raises(StorageUnavailable):
        await node.say()
    assert len(await node.own.read(SESSION, 0, 9)) == 3
    node.singles.full = False
    node.recorder.offset = at
    node.recorder.go_on(await node.own.head(SESSION) or LogHead(epoch=EPOCH, term=0, offset=0, lanes={}))
    await node.say()
    node.goes(alone=False)
    node.singles.full = True
    await node.log.fill()
    assert "the disk can't note that both copies are complete again" in caplog.text
    node.singles.full = False
    await node.acquired()
    assert node.singles.open == frozenset()


async def test_a_rehearsal_is_forgotten_with_its_note(node: Node) -> None:
    node.goes(alone=True)
    await node.say()
    with pytest.raises(StorageUnavailable):
        await node.log.forget(SESSION)
    node.goes(alone=False)
    await node.log.forget(SESSION)
    assert node.singles.open == frozenset()
    await node.log.fill()
    assert await node.log.head(SESSION) is None


async def test_a_writer_goes_on_when_redis_goes_away_and_comes_back(node: Node) -> None:
    async with stage(node.log) as made:
        await opened(made)
        for n in range(3):
            node.store.late = True
            resume = do.ResumeSession() if n % 2 else do.PauseSession()
            await made.send(f"late{n}", resume)
            node.store.late = False
            node.goes(alone=True)
            assert isinstance(await made.send(f"late{n}", resume), Receipt)
            assert isinstance(
                await made.send(f"alone{n}", do.ResumeSession() if not n % 2 else do.PauseSession()), Receipt
            )
            assert isinstance(await made.send(f"turn{n}", resume), Receipt)
            node.goes(alone=False)
            if n == 1:
                node.store.lose_all()
            assert isinstance(
                await made.send(f"back{n}", do.ResumeSession() if not n % 2 else do.PauseSession()), Receipt
            )
            assert isinstance(await made.send(f"again{n}", resume), Receipt)
        session = made.writer.session
        assert await node.store.read(session, 0, 99) == await node.own.read(session, 0, 99)
