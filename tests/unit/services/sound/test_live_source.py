from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from moothall.services.sound.live_audio import RATE
from moothall.services.sound.live_source import KEPT, OBSERVED, LiveSource, Paces, SamplePace
from moothall.testing import loop


def pcm(first: int, count: int) -> bytes:
    return b"".join((n % 60_000).to_bytes(2, "little") for n in range(first, first + count))


def test_what_is_fed_is_read_in_order_and_each_sample_once() -> None:
    async def story() -> None:
        source = LiveSource(0)
        assert await source.feed(0, pcm(0, 100))
        assert await source.feed(50, pcm(50, 100))
        assert await source.feed(20, pcm(20, 30))
        assert source.received == 150
        assert await source.read(90) == pcm(0, 90)
        assert await source.read(900) == pcm(90, 60)

    loop.run(story())


def test_it_goes_on_where_an_earlier_life_ended() -> None:
    async def story() -> None:
        source = LiveSource(1_000)
        assert await source.feed(900, pcm(900, 200))
        assert await source.read(900) == pcm(1_000, 100)

    loop.run(story())


def test_behind_a_hole_nothing_is_taken() -> None:
    async def story() -> None:
        source = LiveSource(0)
        assert not await source.feed(1, pcm(1, 10))
        assert source.received == 0

    loop.run(story())


def test_a_full_source_makes_its_feeder_wait_until_some_is_read() -> None:
    async def story() -> None:
        source = LiveSource(0, room=100)
        assert await source.feed(0, pcm(0, 100))
        waiting = asyncio.ensure_future(source.feed(100, pcm(100, 10)))
        for _ in range(5):  # Turns enough for a feed that wouldn't wait.
            await asyncio.sleep(0)
        assert (waiting.done(), source.received) == (False, 100)
        await source.read(10)
        assert await waiting
        assert source.received == 110

    loop.run(story())


def test_a_feeder_that_gives_up_waiting_has_fed_nothing() -> None:
    async def story() -> None:
        source = LiveSource(0, room=10)
        await source.feed(0, pcm(0, 10))
        waiting = asyncio.ensure_future(source.feed(10, pcm(10, 10)))
        await asyncio.sleep(0)  # It begins to wait.
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await source.finish()
        assert (source.received, await source.read(100), await source.read(100)) == (10, pcm(0, 10), b"")

    loop.run(story())


def test_after_its_end_what_waits_is_read_and_nothing_more_is_taken() -> None:
    async def story() -> None:
        source = LiveSource(0, room=100)
        await source.feed(0, pcm(0, 100))
        waiting = asyncio.ensure_future(source.feed(100, pcm(100, 10)))
        await asyncio.sleep(0)  # It begins to wait.
        await source.finish()
        assert source.finished
        assert not await waiting
        assert await source.read(500) == pcm(0, 100)
        assert await source.read(500) == b""

    loop.run(story())


def test_a_reader_waits_for_sound_and_for_the_end() -> None:
    async def story() -> None:
        source = LiveSource(0)
        reading = asyncio.ensure_future(source.read(10))
        await asyncio.sleep(0)  # It begins to wait.
        assert not reading.done()
        await source.finish()
        assert await reading == b""

    loop.run(story())


def test_the_senders_clock_is_told_by_the_least_delayed_piece() -> None:
    source = LiveSource(0)
    assert source.head(0) is None
    source.heard(16_000, 20, 5_000)  # 1 s of sound, heard 20 ms before it came at 5 s
    source.heard(16_000, 0, 5_400)  # the same, held up by 420 ms on the way
    source.heard(32_000, 10, 6_100)
    assert source.head(6_100) == 1_020 + 1_100
    assert source.head(6_100 + OBSERVED * 1_000) == 2_010 + OBSERVED * 1_000
    assert source.head(7_000 + (OBSERVED + 1) * 1_000) is None


HOUR_S = 3_600


def test_what_a_microphone_kept_comes_at_once_and_then_no_faster_than_it_is_heard() -> None:
    pace, now = SamplePace(0), 0
    for _ in range(KEPT // RATE):
        assert pace.take(RATE, now) == 0
    waited = 0
    for _ in range(100):
        wait = pace.take(RATE, now)
        waited += wait
        now += wait
    assert 94_000 <= waited <= 96_000
    assert not pace.rested(now)


def test_a_microphone_that_sends_as_it_hears_never_waits_and_neither_does_one_after_any_outage() -> None:
    pace = SamplePace(0)
    for second in range(HOUR_S):
        assert pace.take(RATE, second * 1000) == 0
    now = (HOUR_S + 600) * 1000
    assert pace.rested(now)
    for _ in range(600):
        assert pace.take(RATE, now) == 0


def test_a_texts_pace_is_remembered_until_it_is_rested() -> None:
    paces: Paces[str] = Paces()
    used = paces.of("a", 0)
    used.take(3 * RATE, 0)
    other = paces.of("b", 0)
    assert paces.of("a", 1_000) is used
    assert paces.of("b", 2_000) is not other
    assert paces.of("c", 10_000) is not used
    assert paces.of("a", 10_000) is not used


@given(st.lists(st.tuples(st.integers(0, 600_000), st.integers(1, RATE)), max_size=60))
def test_whoever_waits_as_told_sends_no_more_than_was_kept_and_what_time_gives(sent: list[tuple[int, int]]) -> None:
    pace, now, total = SamplePace(0), 0, 0
    for pause, samples in sent:
        now += pause
        now += pace.take(samples, now)
        total += samples
        assert total <= KEPT + now * RATE * 105 // 100_000 + RATE
