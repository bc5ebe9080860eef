from __future__ import annotations

import asyncio

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events.types import SoundKept
from moothall.services.sound.live_audio import RATE
from moothall.services.sound.recorder import HELD_BACK_MS, RETRY_MS, RecordingPart
from moothall.testing import loop
from support.memory.hall import FLOOR, MIC, SESSION
from support.memory.recordings import MOST_S, scene


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
            placed = await it.recordings.parts(SESSION)
            assert [(part.channel, part.t0, part.t1) for part in placed] == [(FLOOR, 0, 60_000)]

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
