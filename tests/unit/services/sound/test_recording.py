from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events.types import Access, SoundKept
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.services.sound.live_audio import RATE, LiveAudio
from moothall.services.sound.live_take import RESPOKEN, source_of
from moothall.services.sound.recording import (
    DAY_MS,
    HELD_BACK_MS,
    RETRY_MS,
    RecordingPart,
    Recordings,
)
from moothall.services.sound.sharing import Sharing
from moothall.testing import loop
from support.memory.hall import FLOOR, MIC, SESSION, MemoryHall
from support.memory.recordings import KEEP_DAYS, MOST_S, MemoryStore, Noise, Scene, recordings, scene


def test_it_is_recorded_behind_the_sound_and_to_its_end() -> None:
    async def story() -> None:
        async with scene(60) as it:
            await it.hall.clock.sleep(HELD_BACK_MS + 500)
            assert it.pattern() == ""
            await it.hall.clock.sleep(10_000)
            assert it.pattern() == "#" * 10
            await it.recording
            assert it.pattern() == "#" * 60
            assert it.store.open == 0
            timed = await it.recordings.parts(SESSION)
            assert [(part.channel, part.t0, part.t1) for part in timed] == [(FLOOR, 0, 60_000)]

    loop.run(story())


@pytest.mark.parametrize(
    ("sound", "young"), [(SoundKept.NONE, False), (SoundKept.UNTIL_CHECKED, True), (SoundKept.PUBLISHED, True)]
)
def test_where_no_sound_is_kept_nothing_is_recorded(sound: SoundKept, young: bool) -> None:
    async def story() -> None:
        async with scene(60, sound, young_people=young) as it:
            await it.recording
            assert it.store.held == {}
            assert not it.recordings.published(SESSION)

    loop.run(story())


ARRANGED = {
    sound: do.ArrangeSession(access=Access.PUBLIC, sound=sound) for sound in (SoundKept.NONE, SoundKept.UNTIL_CHECKED)
}


@asynccontextmanager
async def swept(it: Scene) -> AsyncIterator[None]:
    """Recordings whose erasing runs, told of what is published."""
    it.hall.sessions.observe(it.recordings.hear)
    sweeping = asyncio.ensure_future(it.recordings.run())
    yield
    sweeping.cancel()


def test_what_is_kept_no_longer_is_erased_at_once_and_what_is_kept_again_begins_then() -> None:
    async def story() -> None:
        async with scene(200) as it, swept(it):
            await it.hall.clock.sleep(60_500)
            assert it.pattern() == "#" * 25
            await it.command("none", ARRANGED[SoundKept.NONE])
            await it.hall.clock.sleep(10)
            assert it.store.held == {}
            assert it.store.open == 0
            await it.hall.clock.sleep(29_490)
            assert it.store.held == {}
            await it.command("kept", ARRANGED[SoundKept.UNTIL_CHECKED])
            await it.hall.clock.sleep(HELD_BACK_MS)
            assert it.store.held == {}
            clip = await it.recordings.clip(SESSION, FLOOR, 80_000, 85_000)
            assert isinstance(clip, Refusal)
            assert clip.code is RefusalCode.CONFLICT
            await it.recording
            (part,) = await it.recordings.parts(SESSION)
            assert (part.t0, part.t1, it.pattern()) == (90_000, 200_000, "#" * 110)

    loop.run(story())


def test_sound_begins_to_be_kept_in_a_meeting_that_kept_none() -> None:
    async def story() -> None:
        async with scene(100, SoundKept.NONE) as it, swept(it):
            await it.hall.clock.sleep(50_000)
            await it.command("kept", ARRANGED[SoundKept.UNTIL_CHECKED])
            await it.recording
            (part,) = await it.recordings.parts(SESSION)
            assert (part.t0, part.t1) == (50_000, 100_000)

    loop.run(story())


def test_what_could_not_be_erased_before_sound_is_kept_again_is_erased_then() -> None:
    async def story() -> None:
        async with scene(100) as it:
            await it.hall.clock.sleep(45_500)
            assert it.pattern() == "#" * 10
            await it.command("none", ARRANGED[SoundKept.NONE])
            await it.command("kept", ARRANGED[SoundKept.UNTIL_CHECKED])
            await it.recordings.sweep()
            assert it.store.held == {}
            await it.recording
            (part,) = await it.recordings.parts(SESSION)
            assert part.t0 == it.live.state.sound_from > 45_000

    loop.run(story())


def test_what_is_not_recorded_is_silence_also_set_back() -> None:
    async def story() -> None:
        async with scene(100) as it:
            await it.hall.clock.sleep(50_000)
            await it.command("off", do.BeginNotRecorded(back=30_000))
            await it.hall.clock.sleep(10_000)
            await it.command("on", do.EndNotRecorded())
            await it.hall.clock.sleep(5_000)
            await it.command("off-2", do.BeginNotRecorded())
            await it.recording
            assert it.pattern() == "#" * 20 + "." * 40 + "#" * 5 + "." * 35

    loop.run(story())


def test_a_break_is_silence_also_begun_and_ended_a_while_ago() -> None:
    async def story() -> None:
        async with scene(100) as it:
            await it.hall.clock.sleep(50_000)
            await it.command("break", do.PauseSession(back=30_000))
            await it.hall.clock.sleep(30_000)
            await it.command("over", do.ResumeSession(back=20_000))
            await it.recording
            assert it.pattern() == "#" * 20 + "." * 40 + "#" * 40

    loop.run(story())


def test_what_was_recorded_before_a_restart_is_gone_on_with() -> None:
    async def story() -> None:
        async with scene(100) as it:
            await it.hall.clock.sleep(45_500)
            it.recording.cancel()
            await it.hall.clock.sleep(5_000)
            it.recording = asyncio.ensure_future(it.recordings.record(it.live.writer, it.audio))
            await it.recording
            assert it.pattern() == "#" * 100
            assert [part.first for part in await it.store.parts(SESSION)] == [0, 10 * RATE]

    loop.run(story())


def test_when_the_session_is_closed_meanwhile_all_that_came_is_recorded() -> None:
    async def story() -> None:
        async with scene(100) as it:
            await it.hall.clock.sleep(45_050)
            await it.command("close", do.CloseSession())
            it.recording.cancel()
            await it.hall.clock.sleep(1)
            assert it.pattern() == "#" * 45

    loop.run(story())


def test_a_full_disk_costs_nothing_that_is_still_spooled(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with scene(100) as it:
            await it.hall.clock.sleep(40_500)
            it.store.refuses = True
            await it.hall.clock.sleep(3 * RETRY_MS)
            it.store.refuses = False
            await it.recording
            assert it.pattern() == "#" * 100

    loop.run(story())
    assert caplog.messages.count("source mic: the recording can't be written") == 1


def test_silence_stands_for_what_is_not_there_any_more() -> None:
    async def story() -> None:
        async with scene(100) as it:
            it.store.refuses = True
            it.audio.committed(140_000)  # The spool keeps 90 s behind it.
            await it.hall.clock.sleep(60_000)
            it.store.refuses = False
            await it.recording
            assert it.pattern() == "." * 50 + "#" * 50

    loop.run(story())


def test_a_part_is_not_too_long() -> None:
    async def story() -> None:
        async with scene(2 * MOST_S + 5) as it:
            await it.recording
            assert [part.first for part in await it.store.parts(SESSION)] == [0, MOST_S * RATE, 2 * MOST_S * RATE]
            assert it.store.open == 0

    loop.run(story())


def test_a_part_knows_its_end() -> None:
    part = RecordingPart(session=SESSION, source=MIC, first=10, samples=5, written=0)
    assert (part.end, msgspec.structs.replace(part, samples=0).end) == (15, 10)


def test_a_disk_that_is_still_full_at_the_end_does_not_hold_up_the_session(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with scene(60) as it:
            await it.hall.clock.sleep(40_500)
            it.store.refuses = True
            await it.recording
            assert it.pattern() == "#" * 5
            assert 65_000 <= it.hall.clock.monotonic() < 68_000

    loop.run(story())
    assert caplog.messages[-1] == "source mic: the recording lacks its last 55000 ms"


def test_a_disk_that_takes_it_again_just_after_the_end_gets_it_all() -> None:
    async def story() -> None:
        async with scene(60) as it:
            await it.hall.clock.sleep(40_500)
            it.store.refuses = True
            await it.hall.clock.sleep(22_000)
            it.store.refuses = False
            await it.recording
            assert it.pattern() == "#" * 60

    loop.run(story())


def test_a_span_can_be_taken_out_of_all_that_is_kept() -> None:
    async def story() -> None:
        async with scene(100, SoundKept.PUBLISHED) as it:
            await it.hall.clock.sleep(60_000)
            assert it.recordings.published(SESSION)
            spoken = [(FLOOR, 10_000, 40_000), (ChannelId("pt"), 0, 5_000)]
            await it.recordings.silence(SESSION, spoken)
            await it.recordings.silence(SessionId("unknown"), spoken)
            await it.recording
            assert it.pattern() == "#" * 10 + "." * 30 + "#" * 60

    loop.run(story())


def test_a_piece_can_be_heard_from_the_spool_and_from_the_recording() -> None:
    async def story() -> None:
        async with scene(60) as it:
            await it.hall.clock.sleep(20_000)
            assert await it.recordings.clip(SESSION, FLOOR, 12_000, 14_000) == b"\x01" * 2 * 2 * RATE
            await it.recording
            assert await it.recordings.clip(SESSION, FLOOR, 12_000, 14_000) == b"\x01" * 2 * 2 * RATE
            for channel, t0, t1, code in (
                (FLOOR, 0, 60_001, RefusalCode.INVALID),
                (FLOOR, 5, 5, RefusalCode.INVALID),
                (ChannelId("pt"), 0, 5, RefusalCode.UNKNOWN),
                (FLOOR, 90_000, 91_000, RefusalCode.UNKNOWN),
            ):
                answer = await it.recordings.clip(SESSION, channel, t0, t1)
                assert isinstance(answer, Refusal)
                assert answer.code is code
            await it.command("off", do.BeginNotRecorded())
            refused = await it.recordings.clip(SESSION, FLOOR, 55_000, 61_000)
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.CONFLICT

    loop.run(story())


def test_a_respeakers_sound_is_recorded_nowhere_and_is_no_piece_of_the_meetings() -> None:
    async def story() -> None:
        async with scene(60) as it:
            await it.hall.clock.sleep(20_000)
            source = source_of(f"{RESPOKEN}takeone1", 0)
            await it.command("attach", do.AttachSource(source=source, channel=FLOOR, t=0, rate=RATE))
            audio = LiveAudio(source, await it.hall.spools.open(SESSION, source), 0, it.hall.clock, respoken=True)
            recording = asyncio.ensure_future(it.recordings.record(it.live.writer, audio))
            carrying = asyncio.ensure_future(audio.carry(Noise(10 * RATE), as_live=True))
            await it.hall.clock.sleep(5_000)
            await it.recordings.silence(SESSION, [(FLOOR, 1_000, 2_000)])
            assert await audio.read(RATE, 10) == bytes(20), "what is removed goes from its spool too"
            await carrying
            await recording
            assert {part.source for part in await it.store.parts(SESSION)} <= {MIC}
            await it.recording
            await it.recordings.forget(SESSION)
            refused = await it.recordings.clip(SESSION, FLOOR, 2_000, 3_000)
            assert isinstance(refused, Refusal)

    loop.run(story())


@pytest.mark.parametrize(
    ("standing", "days", "stays"),
    [
        (None, 0, False),
        (Sharing(SoundKept.NONE, checked=False), 0, False),
        (Sharing(SoundKept.UNTIL_CHECKED, checked=False), KEEP_DAYS, True),
        (Sharing(SoundKept.UNTIL_CHECKED, checked=False), KEEP_DAYS + 1, False),
        (Sharing(SoundKept.UNTIL_CHECKED, checked=True), 0, False),
        (Sharing(SoundKept.PUBLISHED, checked=True), 1_000, True),
    ],
)
def test_what_need_not_be_kept_any_longer_is_erased(standing: Sharing | None, days: int, stays: bool) -> None:
    async def story() -> None:
        hall, store = MemoryHall(), MemoryStore()
        await store.begin(SESSION, MIC, 0)
        store.written = hall.clock.wall() - days * DAY_MS
        sweeping = asyncio.ensure_future(recordings(store, hall, standing).run())
        await hall.clock.sleep(100)
        assert (SESSION in store.held) is stays
        sweeping.cancel()

    loop.run(story())


def test_nothing_is_erased_while_it_is_recorded_or_nobody_knows() -> None:
    async def story() -> None:
        async with scene(60) as it:
            await it.hall.clock.sleep(40_000)
            await it.recordings.sweep()  # By what its `standing` says there is no such session.
            assert it.store.held
            await it.recording

            async def away(session: SessionId) -> Sharing | None:
                raise StorageUnavailable("The store is away.")

            unsure = Recordings(it.store, state_of=lambda _: None, standing=away, clock=it.hall.clock, keep_days=1)
            await unsure.sweep()
            assert it.store.held
            assert await unsure.parts(SESSION) == ()
            await it.recordings.forget(SESSION)
            assert it.store.held == {}

    loop.run(story())
