from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import LogMissing, Refusal, RefusalCode, StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import CommandId, Epoch, Lane, SegmentId, SessionId, SpeakerId
from moothall.core.ports import LogHead
from moothall.core.sessions.state import Status
from moothall.core.signals import Partial
from moothall.services.log.act_queue import QUEUE, Receipt
from moothall.services.log.publication import Publication
from moothall.services.log.signing_times import CHECKPOINT_MS
from moothall.testing.log_memory import FailingLog
from support.memory.writer import ENGINE, FLOOR, SESSION, Stage, opened, stage


def commit(first: int, text: str, rest: str = "", start: bool = False) -> do.CommitWords:
    return do.CommitWords(
        channel=FLOOR,
        generation=1,
        segment=SegmentId("a"),
        first=first,
        words=(le.Word(text=text, t0=first * 100, t1=first * 100 + 100),),
        start=do.SegmentStart(t0=0, language="en") if start else None,
        rest=rest,
    )


async def test_an_answer_comes_after_the_log_has_it_and_readers_get_it() -> None:
    async with stage() as made:
        answer = await made.send("c1", do.CreateSession(title="x", languages=("en",)))
        assert answer == Receipt(1, 1)
        assert [record.header.offset for record in await made.log.read(SESSION, 0, 9)] == [1]
        created = ev.SessionCreated(title="x", languages=("en",), sound=ev.SoundKept.UNTIL_CHECKED)
        assert made.events == [created]
        assert made.writer.offset == 1


async def test_the_same_command_twice_appends_once_and_gets_the_first_answer() -> None:
    async with stage() as made:
        await opened(made)
        first = await made.send("w", commit(0, "Good", start=True), ENGINE)
        count = len(made.events)
        assert await made.send("w", commit(0, "Good", start=True), ENGINE) == first
        assert len(made.events) == count
        both = await asyncio.gather(
            made.send("x", commit(1, " day"), ENGINE), made.send("x", commit(1, " day"), ENGINE)
        )
        assert both[0] == both[1]
        assert len(made.events) == count + 1


async def test_a_repeat_is_known_after_a_restart_too() -> None:
    log = FailingLog()
    async with stage(log) as made:
        await opened(made)
        first = await made.send("w", commit(0, "Good", start=True), ENGINE)
    async with stage(log) as made:
        assert made.writer.state.status is Status.OPEN
        assert await made.send("w", commit(0, "Good", start=True), ENGINE) == first
        assert made.published == []


async def test_what_comes_together_is_appended_and_shown_together() -> None:
    async with stage() as made:
        await opened(made)
        count = len(made.published)
        await asyncio.gather(
            made.send("w1", commit(0, "Good", start=True), ENGINE),
            made.send("w2", commit(1, " day", rest=" to you"), ENGINE),
        )
        assert len(made.published) == count + 1
        last = made.published[-1]
        assert [type(event) for event in last.events] == [le.SegmentOpened, le.WordsCommitted, le.WordsCommitted]
        assert last.signals[-1] == Partial(
            channel=FLOOR, segment=SegmentId("a"), first=2, text=" to you", language="en"
        )


async def test_several_commands_are_one_act_all_of_it_or_nothing() -> None:
    async with stage() as made:
        await opened(made)
        count = len(made.events)
        end = do.EndSegment(channel=FLOOR, generation=1, segment=SegmentId("a"), t1=100, reason=le.EndReason.PAUSE)
        wrong = await made.send("w1", [commit(0, "Good", start=True), commit(5, "no")], ENGINE)
        assert isinstance(wrong, Refusal)
        assert len(made.events) == count
        answer = await made.send("w2", [commit(0, "Good", start=True), end], ENGINE)
        assert answer == Receipt(count + 1, count + 3)
        assert [record.header.n for record in made.published[-1].records] == [0, 1, 2]
        assert made.published[-1].signals[-1] == Partial(
            channel=FLOOR, segment=SegmentId("a"), first=0, text="", language="en"
        )


async def test_a_role_may_do_only_what_is_its_own() -> None:
    async with stage() as made:
        await opened(made)
        answer = await made.send("w", do.CloseSession(), ENGINE)
        assert isinstance(answer, Refusal)
        assert answer.code is RefusalCode.FORBIDDEN
        nothing = await made.send("w", (), ENGINE)
        assert isinstance(nothing, Refusal)
        assert nothing.code is RefusalCode.INVALID


@pytest.mark.parametrize("name", ["", "no spaces", "x" * 129])
async def test_a_command_needs_a_plain_id(name: str) -> None:
    async with stage() as made:
        answer = await made.send(name, do.CreateSession(title="x", languages=("en",)))
        assert isinstance(answer, Refusal)
        assert answer.code is RefusalCode.INVALID


async def test_while_nothing_can_be_stored_commands_are_unavailable_and_then_it_heals() -> None:
    log = FailingLog()
    async with stage(log) as made:
        await opened(made)
        offset, count = made.writer.offset, len(made.published)
        log.full = True
        answer = await made.send("w", commit(0, "Good", start=True), ENGINE)
        assert isinstance(answer, Refusal)
        assert answer.code is RefusalCode.UNAVAILABLE
        assert (made.writer.offset, len(made.published)) == (offset, count)
        assert await made.send("open-0", do.CreateSession(title="x", languages=("en",))) == Receipt(1, 1)
        log.full = False
        assert await made.send("w", commit(0, "Good", start=True), ENGINE) == Receipt(offset + 1, offset + 2)


async def test_an_append_that_was_stored_but_seemed_to_fail_is_found_and_published_once() -> None:
    log = FailingLog()
    async with stage(log) as made:
        await opened(made)
        offset = made.writer.offset
        log.torn = True
        answer = await made.send("w", commit(0, "Good", start=True), ENGINE)
        assert isinstance(answer, Refusal)
        assert await made.send("w", commit(0, "Good", start=True), ENGINE) == Receipt(offset + 1, offset + 2)
        offsets = [record.header.offset for publication in made.published for record in publication.records]
        assert offsets == list(range(1, offset + 3))


async def test_an_append_that_nobody_answered_is_refused_however_late_it_arrives() -> None:
    log = FailingLog()
    async with stage(log) as made:
        await opened(made)
        offset = made.writer.offset
        log.late = True
        refused = await made.send("w", commit(0, "Late", start=True), ENGINE)
        assert isinstance(refused, Refusal)
        assert refused.code is RefusalCode.UNAVAILABLE
        assert await made.send("v", commit(0, "Good", start=True), ENGINE) == Receipt(offset + 1, offset + 2)
        with pytest.raises(StaleWriter):
            await log.land()
        assert made.writer.offset == offset + 2
        assert await made.send("u", commit(1, " day"), ENGINE) == Receipt(offset + 3, offset + 3)


async def test_a_log_that_is_gone_is_not_begun_again() -> None:
    log = FailingLog()
    async with stage(log) as made:
        await opened(made)
        await log.forget(made.writer.session)
        for n in range(3):
            refused = await made.send(f"w{n}", commit(0, "Good", start=True), ENGINE)
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.UNAVAILABLE
        assert await log.head(made.writer.session) is None
        with pytest.raises(LogMissing):
            await made.writer.load_again()


class Unread(FailingLog):
    """A log that can't be read for a while."""

    unread = False

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if self.unread:
            raise StorageUnavailable("The disk is away.")
        return await super().read(session, after, limit, lanes)


async def test_what_was_stored_is_found_also_when_the_log_could_not_be_read_at_first() -> None:
    log = Unread()
    async with stage(log) as made:
        await opened(made)
        offset = made.writer.offset
        log.torn = log.unread = True
        for _ in range(3):
            assert isinstance(await made.send("w", commit(0, "Good", start=True), ENGINE), Refusal)
        log.unread = False
        assert await made.send("w", commit(0, "Good", start=True), ENGINE) == Receipt(offset + 1, offset + 2)
        offsets = [record.header.offset for publication in made.published for record in publication.records]
        assert offsets == list(range(1, offset + 3))


async def test_insisting_outlasts_a_full_disk() -> None:
    log = FailingLog()
    async with stage(log) as made:
        log.full = True
        insisting = asyncio.ensure_future(
            made.writer.insist(SYSTEM, CommandId("c"), do.CreateSession(title="x", languages=("en",)))
        )
        await made.clock.advance(2_500)
        assert not insisting.done()
        log.full = False
        await made.clock.advance(1_000)
        assert await insisting == Receipt(1, 1)


async def test_a_full_queue_is_busy() -> None:
    made = Stage(FailingLog())
    await made.writer.load()
    waiting = [
        asyncio.ensure_future(made.send(f"w{n}", do.CreateSession(title="x", languages=("en",))))
        for n in range(QUEUE + 1)
    ]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert done == {waiting[-1]}
    answer = waiting[-1].result()
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.BUSY
    running = asyncio.ensure_future(made.writer.run())
    assert await waiting[0] == Receipt(1, 1)
    running.cancel()
    await asyncio.gather(running, *waiting, return_exceptions=True)
    after = await made.send("late", do.CreateSession(title="x", languages=("en",)))
    assert isinstance(after, Refusal)
    assert after.code is RefusalCode.UNAVAILABLE


async def test_another_writer_fences_this_one_off() -> None:
    log = FailingLog()
    made = Stage(log)
    await made.writer.load()
    await log.acquire(SESSION, Epoch("x"))
    running = asyncio.ensure_future(made.writer.run())
    answer = await made.send("c", do.CreateSession(title="x", languages=("en",)))
    assert isinstance(answer, Refusal)
    result = (await asyncio.gather(running, return_exceptions=True))[0]
    assert isinstance(result, ExceptionGroup)
    assert result.subgroup(StaleWriter) is not None


async def test_each_minute_with_news_and_each_close_ends_with_a_checkpoint() -> None:
    async with stage() as made:
        await opened(made)
        await made.clock.advance(CHECKPOINT_MS)
        assert isinstance(made.events[-1], ev.RecordCheckpoint)
        assert set(made.events[-1].lanes) == {"session"}
        assert made.events[-1].lanes["session"].offset == made.writer.offset - 1
        count = len(made.events)
        await made.clock.advance(CHECKPOINT_MS)
        assert len(made.events) == count
        await made.send("close", do.CloseSession())
        assert [type(event) for event in made.events[count:]] == [ev.SessionClosed, ev.RecordCheckpoint]


async def test_wall_time_in_the_envelope_never_runs_back() -> None:
    async with stage() as made:
        await made.send("c1", do.CreateSession(title="x", languages=("en",)))
        made.clock.set_wall(made.clock.wall() - 60_000)
        await made.send("c2", do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)))
        at = [record.header.at for publication in made.published for record in publication.records]
        assert at == sorted(at)


async def test_a_signal_is_shown_and_not_kept() -> None:
    async with stage() as made:
        partial = Partial(channel=FLOOR, segment=SegmentId("a"), first=0, text="We", language="en")
        made.writer.signal(partial)
        assert made.published == [Publication(session=SESSION, signals=(partial,))]
        assert made.writer.offset == 0


async def test_signs_that_nobody_sees_are_kept_of_nothing_that_people_write() -> None:
    async with stage() as made:
        await made.done("c", do.CreateSession(title="Bud\u202eget", languages=("en",)))
        await made.done("s", do.IntroduceSpeaker(speaker=SpeakerId("amina"), name="\u2066Amina\u2069"))
        assert made.writer.state.title == "Budget"
        assert b"\xe2\x80\xae" not in await made.bodies()
        assert b"\xe2\x81" not in await made.bodies()


async def test_of_a_log_that_lost_its_end_readers_get_another_epoch() -> None:
    class LostLog(FailingLog):
        async def acquire(
            self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True
        ) -> LogHead:
            return msgspec.structs.replace(await super().acquire(session, epoch, term, new=new), lost=2)

    async with stage(LostLog()) as made:
        await opened(made)
        assert made.writer.reader_epoch == f"{made.writer.epoch}r2"
        (first, *_) = await made.records()
        assert first.header.epoch == made.writer.epoch
        assert made.writer.reader_epoch == f"{made.writer.epoch}r2"
