from __future__ import annotations

import asyncio

import pytest

from moothall.core.commands import AddChannel, BeginNotRecorded, OpenSession
from moothall.core.events import types as ev
from moothall.core.events.base import Event
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import AudioError
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, SourceId
from moothall.core.ports import Spool
from moothall.core.sessions.state import Status
from moothall.services.capture.ingest import DRIFT_MS, MAP_MS, Input
from moothall.services.log.act_queue import Receipt
from moothall.services.sound.live_audio import RATE
from moothall.testing import loop
from moothall.testing.engine_link import EngineEnd
from moothall.testing.log_memory import FailingLog
from moothall.testing.spool_memory import MemorySpool, MemorySpools
from moothall.wire import engine as wire
from support.memory.hall import FLOOR, MIC, MemoryHall, Sound, attached, hello, memory_hall
from support.memory.microphone import Ears


async def deaf_engine(engine: EngineEnd) -> None:
    """Hears everything, understands nothing, and says so at the end."""
    await hello(engine)
    attach = await attached(engine)
    while not isinstance(message := await engine.receive(), wire.EndOfAudio):
        if message is None:
            return
    await engine.send(wire.Drained(attachment=attach.attachment))
    while await engine.receive() is not None:
        pass


def names(events: list[object]) -> list[str]:
    return [str(event.__struct_config__.tag) for event in events if isinstance(event, Event)]


def test_a_recording_is_played_from_opening_to_close() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            assert hall.group is not None
            hall.group.create_task(deaf_engine(hall.connect()))
            sound = Sound(90 * RATE)
            await hall.ingest.play(live.writer, MIC, FLOOR, lambda first: sound, as_live=True)
            events = await hall.events()
            assert names(list(events)) == [
                "session.created",
                "channel.added",
                "session.opened",
                "source.attached",
                "clock.mapped",
                "engine.attached",
                "clock.mapped",
                "record.checkpoint",
                "source.ended",
                "session.closed",
                "record.checkpoint",
            ]
            assert ev.SourceEnded(source=MIC, t=90_000) in events
            spool = await hall.spools.open(live.id, MIC)
            assert spool.end == spool.start

    loop.run(story())


class TellingSpool(MemorySpool):
    """Tells in which order things are done to it."""

    def __init__(self, done: list[str]) -> None:
        super().__init__()
        self.done = done

    def append(self, pcm: bytes) -> None:
        self.done.append("append")
        super().append(pcm)

    async def begin_memory_only(self, first: int) -> None:
        self.done.append("memory only")
        await super().begin_memory_only(first)


class TellingSpools(MemorySpools):
    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        return TellingSpool(self.done)


def test_what_is_not_recorded_from_its_beginning_never_comes_to_the_disk() -> None:
    async def story() -> None:
        spools = TellingSpools()
        async with memory_hall(MemoryHall(spools=spools)) as hall:
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("off"), [OpenSession(), BeginNotRecorded()])
            assert hall.group is not None
            hall.group.create_task(deaf_engine(hall.connect()))
            await hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Sound(RATE), as_live=False)
        assert spools.done[:2] == ["memory only", "append"]

    loop.run(story())


def test_told_to_stop_it_ends_there_in_order() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            assert hall.group is not None
            hall.group.create_task(deaf_engine(hall.connect()))
            playing = asyncio.ensure_future(
                hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Sound(90 * RATE), as_live=True)
            )
            await hall.clock.sleep(10_000)
            hall.ingest.stop()
            await playing
            assert live.state.status is Status.CLOSED
            ended = [event for event in await hall.events() if isinstance(event, ev.SourceEnded)]
            assert 10_000 <= ended[0].t <= 10_200

    loop.run(story())


def test_after_a_crash_the_same_source_goes_on_where_the_spool_ends() -> None:
    async def story() -> None:
        log, spools = FailingLog(), MemorySpools()
        asked: list[int] = []

        def open_audio(first: int) -> Sound:
            asked.append(first)
            return Sound(90 * RATE - first)

        async with memory_hall(MemoryHall(log, spools)) as hall:
            live = await hall.session()
            crashing = asyncio.ensure_future(hall.ingest.play(live.writer, MIC, FLOOR, open_audio, as_live=True))
            await hall.clock.sleep(30_050)
            crashing.cancel()
            await asyncio.gather(crashing, return_exceptions=True)
        async with memory_hall(MemoryHall(log, spools)) as hall:
            live = await hall.sessions.open(live.id)
            assert hall.group is not None
            hall.group.create_task(deaf_engine(hall.connect()))
            await hall.ingest.play(live.writer, MIC, FLOOR, open_audio, as_live=True)
            assert asked[0] == 0
            assert asked[1] * 1000 // RATE == 30_000
            assert ev.SourceEnded(source=MIC, t=90_000) in await hall.events()

    loop.run(story())


def test_a_recording_that_breaks_is_closed_with_what_it_gave() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            assert hall.group is not None
            hall.group.create_task(deaf_engine(hall.connect()))
            with pytest.raises(AudioError, match="in the middle"):
                await hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Sound(RATE, breaks=True), as_live=False)
            assert live.state.status is Status.CLOSED
            assert live.state.sources[MIC].ended

    loop.run(story())


def test_a_recording_that_can_not_be_opened_leaves_the_session_as_it_was() -> None:
    class Shut(Sound):
        async def __aenter__(self) -> Sound:
            raise AudioError("There is no such file.")

    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            with pytest.raises(AudioError, match="no such file"):
                await hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Shut(0), as_live=False)
            assert live.state.status is Status.CREATED

    loop.run(story())


def test_several_sources_begin_together_and_go_on_together_after_a_crash() -> None:
    async def story() -> None:
        log, spools, ears = FailingLog(), MemorySpools(), Ears()
        french, booth = ChannelId("fr"), SourceId("booth")

        def inputs(seconds: int) -> list[Input]:
            return [
                Input(MIC, FLOOR, lambda first: Sound(seconds * RATE - first)),
                Input(booth, french, lambda first: Sound(seconds * RATE - first)),
            ]

        async with memory_hall(MemoryHall(log, spools)) as hall:
            live = await hall.session()
            added = AddChannel(channel=french, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",))
            await live.writer.send(SYSTEM, CommandId("add"), added)
            crashing = asyncio.ensure_future(hall.ingest.play_together(live.writer, inputs(20), as_live=True))
            await hall.clock.sleep(10_050)
            crashing.cancel()
            await asyncio.gather(crashing, return_exceptions=True)
        async with memory_hall(MemoryHall(log, spools)) as hall:
            live = await hall.sessions.open(live.id)
            assert hall.group is not None
            hall.group.create_task(ears.listen(hall.connect()))
            await hall.ingest.play_together(live.writer, inputs(20), as_live=True)
            events = await hall.events()
            attached = [event for event in events if isinstance(event, ev.SourceAttached)]
            assert [(event.source, event.channel, event.t) for event in attached] == [
                (MIC, FLOOR, 0),
                (booth, french, 0),
            ]
            ended = [event for event in events if isinstance(event, ev.SourceEnded)]
            assert [(event.source, event.t) for event in ended] == [(MIC, 20_000), (booth, 20_000)]
            assert [(channel, t, len(pcm) // 2) for channel, t, pcm in ears.heard] == [
                (FLOOR, 0, 20 * RATE),
                (french, 0, 20 * RATE),
            ]
            assert live.state.status is Status.CLOSED

    loop.run(story())


def test_one_source_that_breaks_does_not_end_the_others() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            french, booth = ChannelId("fr"), SourceId("booth")
            added = AddChannel(channel=french, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",))
            await live.writer.send(SYSTEM, CommandId("add"), added)
            assert hall.group is not None
            hall.group.create_task(Ears().listen(hall.connect()))
            inputs = [
                Input(MIC, FLOOR, lambda first: Sound(RATE, breaks=True)),
                Input(booth, french, lambda first: Sound(5 * RATE)),
            ]
            with pytest.raises(AudioError, match="in the middle"):
                await hall.ingest.play_together(live.writer, inputs, as_live=True)
            assert ev.SourceEnded(source=booth, t=5_000) in await hall.events()
            assert live.state.status is Status.CLOSED

    loop.run(story())


class Stuttering(Sound):
    def __init__(self, hall: MemoryHall, seconds: int, stalls_ms: int) -> None:
        super().__init__(seconds * RATE)
        self.hall = hall
        self.stalls_ms = stalls_ms

    async def read(self, samples: int) -> bytes:
        if self.left == 15 * RATE:
            await self.hall.clock.sleep(self.stalls_ms)
        return await super().read(samples)


def test_media_time_is_mapped_again_when_it_drifts() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            assert hall.group is not None
            hall.group.create_task(deaf_engine(hall.connect()))
            await hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Stuttering(hall, 20, 13_000), as_live=True)
            mapped = [event for event in await hall.events() if isinstance(event, ev.ClockMapped)]
            behind = [event.wall - event.t - mapped[0].wall for event in mapped]
            # It fell behind while the source stuttered, and caught up with real time after it.
            assert max(behind) > DRIFT_MS
            assert abs(behind[-1]) <= DRIFT_MS

    loop.run(story())


def test_the_clock_of_a_file_goes_on_while_nothing_can_be_stored_and_when_it_can_again() -> None:
    async def story() -> None:
        log = FailingLog()
        async with memory_hall(MemoryHall(log)) as hall:
            live = await hall.session()
            assert hall.group is not None
            hall.group.create_task(deaf_engine(hall.connect()))
            source = Stuttering(hall, 2 * MAP_MS // 1_000, 0)
            playing = hall.group.create_task(
                hall.ingest.play(live.writer, MIC, FLOOR, lambda first: source, as_live=True)
            )
            await hall.clock.sleep(1_000)
            began = hall.clock.monotonic() - live.state.media_now(hall.clock.wall())
            for second in range(1, MAP_MS // 1_000 + 20):
                log.full = MAP_MS - 2_000 < 1_000 * second < MAP_MS + 13_000  # The clock is to be mapped meanwhile.
                await hall.clock.sleep(1_000)
                now = live.state.media_now(hall.clock.wall())
                assert now == pytest.approx(hall.clock.monotonic() - began, abs=DRIFT_MS), second
            mappings = [event for event in await hall.events() if isinstance(event, ev.ClockMapped)]
            assert mappings[-1].t >= MAP_MS + 12_000, "one was stored after the log was away"
            playing.cancel()

    loop.run(story())


def test_words_from_before_a_span_stay_where_the_source_has_just_caught_up() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            assert hall.group is not None
            hall.group.create_task(Ears().listen(hall.connect()))
            playing = hall.group.create_task(
                hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Stuttering(hall, 20, 1_200), as_live=True)
            )
            await hall.clock.sleep(6_350)  # It stalled at 5 s, and has caught up.
            assert isinstance(await live.writer.send(SYSTEM, CommandId("off"), BeginNotRecorded()), Receipt)
            ((t0, _),) = live.state.not_recorded
            assert 6_350 - DRIFT_MS <= t0 <= 6_350
            await playing

    loop.run(story())


def test_a_recording_that_begins_in_a_session_that_is_on_begins_at_its_time() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            await hall.clock.sleep(600_000)
            assert hall.group is not None
            hall.group.create_task(deaf_engine(hall.connect()))
            playing = hall.group.create_task(
                hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Sound(30 * RATE), as_live=True)
            )
            await hall.clock.sleep(20_000)
            assert live.state.sources[MIC].t == 600_000
            assert live.state.media_now(hall.clock.wall()) == 620_000
            await playing

    loop.run(story())
