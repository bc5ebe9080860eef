from __future__ import annotations

import msgspec
import pytest

from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.views.captions import Session, Snapshot
from moothall.wire.frames import FrameEvent, ReaderPulse, Received
from soak_readers import Shown, Wholeness

S = SessionId("s")


def snapshot(offset: int, epoch: str = "e") -> Received:
    made = Snapshot(epoch=Epoch(epoch), offset=offset, feed="floor", session=Session(id=S), lines=(), before=None)
    return Received(sent=0, snapshot=made)


def events(before: int, *offsets: int, body: bytes = b"{}") -> Received:
    said = tuple(FrameEvent(offset=offset, at=0, by="system", body=msgspec.Raw(body)) for offset in offsets)
    return Received(sent=0, prev=before, events=said)


def pulse(head: int) -> Received:
    return Received(sent=0, pulse=ReaderPulse(head=head, age=0, every=5_000))


def taken(*frames: Received) -> Wholeness:
    whole = Wholeness()
    for frame in frames:
        whole.take(frame)
    return whole


def test_what_follows_on_is_whole_over_all_connections() -> None:
    whole = taken(snapshot(4), pulse(4), events(3, 5, 7), Received(sent=0), events(7, 9), pulse(9))
    assert (whole.lost, whole.doubled, whole.fresh, whole.faults) == (0, 0, 0, [])
    assert str(whole.position) == "e:9"


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ((snapshot(4), events(6, 7)), "Event 6 is missing behind 4."),
        ((snapshot(4), pulse(6)), "A pulse says that event 6 was there; the reader had come to 4."),
        ((snapshot(4), snapshot(3)), "A snapshot ends at event 3; the reader had come to 4."),
        ((events(0, 1),), "Events came before the first snapshot."),
    ],
)
def test_what_is_missing_is_a_loss(frames: tuple[Received, ...], said: str) -> None:
    whole = taken(*frames)
    assert (whole.lost, whole.doubled, whole.faults) == (1, 0, [said])


def test_a_first_frame_at_another_node_may_begin_before_the_position_and_no_other() -> None:
    whole = taken(snapshot(4))
    whole.come_back()
    whole.take(events(2, 3, 4, 5))
    assert (whole.doubled, str(whole.position)) == (0, "e:5")
    whole.take(events(2, 5, 6))
    assert whole.doubled == 1
    whole.come_back()
    whole.take(events(2, 3, 4))
    assert whole.doubled == 2, "there is nothing new in it"


@pytest.mark.parametrize("again", [(3, 4), (5, 5), (6, 5)])
def test_what_comes_again_or_out_of_order_is_doubled(again: tuple[int, ...]) -> None:
    whole = taken(snapshot(4), events(4, *again))
    assert (whole.lost, whole.doubled, len(whole.faults)) == (0, 1, 1)


def test_a_snapshot_that_goes_on_or_of_another_life_is_a_fresh_start() -> None:
    whole = taken(snapshot(4), snapshot(6), snapshot(2, "other"), pulse(2))
    assert (whole.lost, whole.doubled, whole.fresh) == (0, 0, 2)
    assert str(whole.position) == "other:2"


def test_two_readers_are_shown_the_same() -> None:
    shown = Shown("server")
    shown.take(S, events(4, 5, body=b'{"a":1}'))
    shown.take(S, events(4, 5, body=b'{"a":1}'))
    shown.take(S, events(5, 6, body=b"null"))
    assert (shown.differ, list(shown.sums[S])) == (0, [5])
    shown.take(S, events(4, 5, body=b'{"a":2}'))
    assert shown.differ == 1
