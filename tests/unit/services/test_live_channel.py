from __future__ import annotations

import pytest

from hall_in_memory import FLOOR, MemoryHall
from microphone import RATE, Ears, begun, greeting, live_hall, sound, speak
from moothall.adapters.spool_memory import MemorySpool, MemorySpools
from moothall.core import events as ev
from moothall.core.actors import SYSTEM
from moothall.core.commands import BeginNotRecorded, CloseSession, EndNotRecorded
from moothall.core.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.ids import CommandId, SessionId, SourceId
from moothall.core.ports import Spool
from moothall.services.live_channel import MOST_TAKES
from moothall.testing import loop
from moothall.testing.failing_log import FailingLog
from moothall.wire.audio import EndReason


def test_takes_wait_for_an_engine_and_are_heard_in_their_order() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall() as hall:
            live = await hall.session()
            for number in range(3):
                take = await begun(hall, live.id, greeting(f"takeno0{number}"))
                await speak(hall, take, RATE, mark=number)
                await take.finish(EndReason.STOPPED)
                await hall.clock.sleep(1_000)
            assert hall.group is not None
            hall.group.create_task(ears.listen(hall.connect()))
            await hall.clock.sleep(1_000)
            assert [pcm for _, _, pcm in ears.heard] == [sound(0, RATE, number) for number in range(3)]

    loop.run(story())


def test_too_many_takes_that_wait_are_refused_as_busy() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            live = await hall.session()
            for number in range(MOST_TAKES):
                await speak(hall, await begun(hall, live.id, greeting(f"takeno{number:02}")), RATE, pace=False)
            refusal = await hall.live.begin(live.id, greeting("onemore1"))
            assert isinstance(refusal, Refusal)
            assert refusal.code is RefusalCode.BUSY

    loop.run(story())


def test_the_first_sample_lies_where_it_was_heard_however_late_the_hello() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            first = await begun(hall, live.id, greeting(age=5_000))
            assert first.audio.t == 0
            assert live.state.media_now(hall.clock.wall()) == 5_000  # the session began before it was opened
            await hall.clock.sleep(10_000)
            second = await begun(hall, live.id, greeting("taketwo2", age=2_000))
            assert second.audio.t == 13_000

    loop.run(story())


class RefusingSpools(MemorySpools):
    """A disk that refuses for a while."""

    refuses = True

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        if self.refuses:
            msg = "The disk is full."
            raise StorageUnavailable(msg)
        return await super().open(session, source)


def test_what_can_not_be_spooled_is_refused_and_comes_again() -> None:
    async def story() -> None:
        spools = RefusingSpools()
        async with live_hall(MemoryHall(FailingLog(), spools), ears=Ears()) as hall:
            live = await hall.session()
            refusal = await hall.live.begin(live.id, greeting())
            assert isinstance(refusal, Refusal)
            assert refusal.code is RefusalCode.UNAVAILABLE
            spools.refuses = False
            await speak(hall, await begun(hall, live.id, greeting()), RATE)

    loop.run(story())


class OddSpool(MemorySpool):
    """Fails in ways that nobody foresaw: the first time it is synced, and when it is discarded."""

    synced = False

    async def sync(self) -> int:
        if not self.synced:
            self.synced = True
            raise KeyError("what was said")
        return await super().sync()

    async def discard(self) -> None:
        await super().discard()
        raise KeyError("what was said")


class OddSpools(MemorySpools):
    """A disk of such spools."""

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        return OddSpool()


def test_what_nobody_foresaw_holds_up_neither_a_take_nor_the_next_nor_the_hall(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(MemoryHall(FailingLog(), OddSpools()), ears=ears) as hall:
            live = await hall.session()
            for number in range(2):
                take = await begun(hall, live.id, greeting(f"takeno0{number}"))
                await speak(hall, take, 5 * RATE, mark=number)
                await take.finish(EndReason.STOPPED)
                await hall.clock.sleep(3_000)
                assert take.whole
            assert [pcm for _, _, pcm in ears.heard] == [sound(0, 5 * RATE), sound(0, 5 * RATE, 1)]
            ended = [event for event in await hall.events() if isinstance(event, ev.SourceEnded)]
            assert [event.source for event in ended] == ["live-takeno00-0", "live-takeno01-0"]

    loop.run(story())
    assert caplog.text.count("is begun again: KeyError") == 4
    assert "what was said" not in caplog.text


def test_a_channel_that_can_not_be_ended_properly_ends_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with live_hall(MemoryHall(FailingLog(), OddSpools())) as hall:  # no engine: its take is given up
            live = await hall.session()
            await speak(hall, await begun(hall, live.id, greeting()), RATE)
            await live.writer.send(SYSTEM, CommandId("close"), CloseSession())
            await hall.clock.sleep(3_000)
            other = await hall.session(SessionId("other"))
            await speak(hall, await begun(hall, other.id, greeting()), RATE)

    loop.run(story())
    assert "session s: the live sound of floor ends here: KeyError" in caplog.text


@pytest.mark.parametrize("opened", [False, True])
def test_what_can_not_be_logged_is_refused_and_comes_again(opened: bool) -> None:
    async def story() -> None:
        log = FailingLog()
        async with live_hall(MemoryHall(log), ears=Ears()) as hall:
            live = await hall.session()
            if opened:
                await speak(hall, await begun(hall, live.id, greeting()), RATE)
            log.full = True
            refusal = await hall.live.begin(live.id, greeting("taketwo2"))
            assert isinstance(refusal, Refusal)
            assert refusal.code is RefusalCode.UNAVAILABLE
            log.full = False
            await speak(hall, await begun(hall, live.id, greeting("taketwo2")), RATE)

    loop.run(story())


def test_what_is_not_recorded_is_taken_back_from_the_spool_also_after_the_take_is_over() -> None:
    async def story() -> None:
        async with live_hall() as hall:  # no engine: it waits to be heard
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 4 * RATE)
            await take.finish(EndReason.STOPPED)
            await hall.clock.sleep(2_000)
            assert take.whole
            await live.writer.send(SYSTEM, CommandId("off"), BeginNotRecorded(back=4_000))
            await hall.clock.sleep(1_000)
            await live.writer.send(SYSTEM, CommandId("on"), EndNotRecorded())
            await hall.clock.sleep(1_000)
            assert await take.audio.read(0, RATE) == sound(0, RATE)
            assert await take.audio.read(3 * RATE, RATE) == bytes(2 * RATE)

    loop.run(story())


def test_one_microphone_of_a_session_sets_its_clock() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, RATE)
            await hall.clock.sleep(300)  # its clock is slower by as much
            await speak(hall, take, 130 * RATE)
            mapped = [event for event in await hall.events() if isinstance(event, ev.ClockMapped)]
            behind = [event.wall - mapped[0].wall - event.t for event in mapped]
            assert behind[0] == 0
            assert behind[-1] == pytest.approx(300, abs=100)
            assert 3 <= len(mapped) <= 5  # at the attachment, the drift, and each minute
            assert FLOOR in live.state.channels

    loop.run(story())
