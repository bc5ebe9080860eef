from __future__ import annotations

import pytest

from moothall.wire.outbox import MAX_BYTES, MAX_FRAMES, Outgoing, ReaderOutbox


def event(data: bytes, *keys: str) -> Outgoing:
    return Outgoing(data, 1, keys)


def signal(data: bytes, *keys: str) -> Outgoing:
    return Outgoing(data, 0, keys)


def held(*frames: Outgoing) -> ReaderOutbox:
    outbox = ReaderOutbox()
    for frame in frames:
        assert outbox.offer(frame, 1) == b""
    return outbox


def test_all_that_waits_leaves_in_one_write_once_the_transport_is_empty() -> None:
    outbox = held(event(b"1"), signal(b"a", "partial"))
    assert outbox.release(1) == b""
    assert outbox.offer(event(b"2"), 0) == b"1a2"
    assert (len(outbox), outbox.size, outbox.frames) == (0, 0, 0)


def test_the_sweep_releases_what_waits() -> None:
    outbox = held(event(b"1"))
    assert outbox.release(0) == b"1"
    assert outbox.release(0) == b""


def test_a_newer_signal_replaces_the_older_and_moves_to_the_end() -> None:
    assert held(signal(b"a", "p"), event(b"1"), signal(b"b", "p")).release(0) == b"1b"


def test_a_frame_with_two_signals_stays_while_one_of_them_is_the_newest() -> None:
    outbox = held(signal(b"ab", "p", "s"), signal(b"c", "p"))
    assert outbox.release(0) == b"abc"
    assert held(signal(b"ab", "p", "s"), signal(b"c", "p"), signal(b"d", "s")).release(0) == b"cd"
    assert held(signal(b"ab", "p", "s"), signal(b"cd", "s", "p")).release(0) == b"cd"


def test_events_are_never_dropped_even_when_their_signals_are_replaced() -> None:
    assert held(event(b"1p", "p"), signal(b"q", "p"), event(b"2p", "p")).release(0) == b"1p2p"


def test_a_snapshot_replaces_everything_before_it() -> None:
    outbox = held(event(b"1"), signal(b"a", "p"), Outgoing(b"S", 0, (), True), event(b"2"))
    assert outbox.frames == 2
    assert outbox.release(0) == b"S2"


def test_the_bound_on_events_is_exact() -> None:
    outbox = held(*[event(b".")] * MAX_FRAMES)
    assert not outbox.overflown
    outbox.offer(event(b"!"), 1)
    assert outbox.overflown
    assert len(outbox) == outbox.size == 0


def test_the_bound_on_bytes_is_exact() -> None:
    outbox = held(event(b"x" * MAX_BYTES))
    assert not outbox.overflown
    outbox.offer(signal(b"!", "p"), 1)
    assert outbox.overflown


def test_what_was_replaced_counts_no_more() -> None:
    assert held(signal(b"x" * 100, "p"), signal(b"y", "p")).size == 1


def test_what_leaves_at_once_is_not_counted() -> None:
    outbox = held(event(b"x" * MAX_BYTES))
    assert len(outbox.offer(event(b"!"), 0)) == MAX_BYTES + 1
    assert not outbox.overflown


@pytest.mark.parametrize("pending", [0, 1])
def test_once_overflown_it_stays_so(pending: int) -> None:
    outbox = held(*[event(b".")] * (MAX_FRAMES + 1))
    assert outbox.offer(event(b"!"), pending) == b""
    assert outbox.release(0) == b""
    assert outbox.overflown


def test_it_is_counted_once_how_many_frames_newer_ones_have_replaced() -> None:
    outbox = held(signal(b"a", "p"), signal(b"b", "p"), event(b"1", "p"), signal(b"c", "p"))
    assert outbox.take_replaced() == 2
    assert outbox.take_replaced() == 0
