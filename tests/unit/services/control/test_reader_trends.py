"""The number of readers over time: a sample a minute, and none that reveals few readers."""

from __future__ import annotations

from moothall.core.commands import CloseSession, OpenSession
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, CommandId
from moothall.services.control.reader_trends import MOST, SAMPLE_MS, ReaderSample, ReaderTrends
from moothall.testing.loop import run
from support.memory.hall import FLOOR, MemoryHall, memory_hall

SPANISH = ChannelId("mt-es")


def trends(hall: MemoryHall, readers: dict[ChannelId, int]) -> ReaderTrends:
    hall.sessions.count_elsewhere(lambda _: readers)
    return ReaderTrends(hall.sessions, hall.clock)


def test_a_sample_a_minute_without_those_that_few_read() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            readers = {FLOOR: 12, SPANISH: 4}
            made, began = trends(hall, readers), hall.clock.wall()
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("o"), OpenSession())
            assert hall.group is not None
            running = hall.group.create_task(made.run())
            await hall.clock.sleep(SAMPLE_MS + 1)
            readers[SPANISH] = 5
            await hall.clock.sleep(SAMPLE_MS)
            running.cancel()
            assert made.since == began
            assert made.of(live.id) == (
                ReaderSample(began, {FLOOR: 12}),
                ReaderSample(began + SAMPLE_MS, {FLOOR: 12}),
                ReaderSample(began + 2 * SAMPLE_MS, {FLOOR: 12, SPANISH: 5}),
            )

    run(story())


def test_a_session_that_is_not_on_gets_none_and_keeps_what_it_has_until_it_leaves_the_memory() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            readers = {FLOOR: 12}
            made = trends(hall, readers)
            live = await hall.session()
            made.look()
            assert made.of(live.id) == ()
            await live.writer.send(SYSTEM, CommandId("o"), OpenSession())
            for _ in range(MOST + 5):
                made.look()
            assert len(made.of(live.id)) == MOST
            await live.writer.send(SYSTEM, CommandId("c"), CloseSession())
            made.look()
            assert len(made.of(live.id)) == MOST
            readers.clear()
            while hall.sessions.loaded(live.id) is not None:
                await hall.clock.sleep(SAMPLE_MS)
            made.look()
            assert made.of(live.id) == ()

    run(story())
