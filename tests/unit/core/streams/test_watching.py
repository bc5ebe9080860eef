from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.streams.watching import AGAIN, MOST_LATE_MS, RATE, SILENT_MS, START_MS, Heartbeat, Pacing, wait_ms

CHUNKS = st.lists(st.tuples(st.integers(1, 5 * RATE), st.integers(0, 60_000)), min_size=1, max_size=60)


@given(st.integers(0, 1_000), st.integers(0, 255))
def test_a_wait_lies_between_half_of_the_back_off_and_all_of_it(failures: int, chance: int) -> None:
    whole = AGAIN.wait_ms(failures)
    assert whole // 2 <= wait_ms(failures, chance) <= whole
    assert wait_ms(failures, 255) == whole


@given(CHUNKS)
def test_a_stream_is_alive_while_each_wait_of_five_seconds_fills_a_second(chunks: list[tuple[int, int]]) -> None:
    heart = Heartbeat()
    assert heart.left == START_MS
    samples = waited = 0
    for first, (more, after) in zip([True, *[False] * len(chunks)], chunks, strict=False):
        samples, waited = samples + more, 0 if first else waited + after
        assert heart.beats(more, after) == (samples >= RATE)
        if samples >= RATE:
            samples, waited = samples % RATE, 0
        assert heart.left == max(0, SILENT_MS - waited)


@given(CHUNKS)
def test_however_fast_sound_is_sent_it_is_let_through_as_fast_as_it_is_spoken(chunks: list[tuple[int, int]]) -> None:
    """Each chunk comes so many ms after the one before was let through; time passes as it says."""
    now = began = 1_000
    pacing, through = Pacing(now), 0
    for samples, after in chunks:
        now += after
        wait = pacing.wait(samples, now)
        assert wait <= samples * 1_000 // RATE + 1
        now += wait
        through += samples
        assert through * 1_000 // RATE <= now - began + 1, "never more than has passed"


@given(st.integers(0, 100_000))
def test_after_a_stall_so_much_comes_at_once_and_no_more(stall: int) -> None:
    pacing = Pacing(0)
    pacing.wait(RATE, 1_000)
    now = 1_000 + stall
    at_once = 0
    while at_once < 200 and pacing.wait(RATE, now) == 0:
        at_once += 1
    assert at_once <= MOST_LATE_MS // 1_000 + 1
    assert at_once >= min(stall, MOST_LATE_MS) // 1_000
