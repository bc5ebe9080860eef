from __future__ import annotations

from collections.abc import Callable

from meeting import LIVE
from moothall.core.kernel.ids import SessionId
from moothall.services.readers.feed import Subscription
from moothall.services.readers.slow_readers import SlowReaders
from moothall.services.readers.walking import WALK, walk
from moothall.testing.clock import ManualClock
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from moothall.wire.outbox import Outgoing

NEWS = Outgoing(b"news", 1, ())
PULSE = Outgoing(b"pulse", 0, (), pulse=True)


def slow_readers(gone: Callable[[Subscription], None] = lambda _: None) -> SlowReaders:
    return SlowReaders(SessionId("s"), ManualClock(), gone)


def reader(*, stalled: bool = False) -> Subscription:
    return Subscription(MemoryOutlet(stalled=stalled), LIVE, Format.SSE)


def writes(reader: Subscription) -> list[bytes]:
    assert isinstance(reader.outlet, MemoryOutlet)
    return reader.outlet.writes


async def test_everybody_gets_the_same_bytes_in_order() -> None:
    readers = [reader() for _ in range(2 * WALK + 1)]
    await walk(slow_readers(), [(NEWS, readers), (PULSE, readers)])
    assert all(writes(each) == [b"news", b"pulse"] for each in readers)
    assert all(writes(each)[0] is NEWS.data for each in readers)


async def test_one_without_room_keeps_news_for_later_and_goes_without_a_pulse() -> None:
    slow, full = slow_readers(), reader(stalled=True)
    full.outlet.write(b"before")
    await walk(slow, [(PULSE, [full])])
    assert (full.outbox, len(slow)) == (None, 0)
    await walk(slow, [(NEWS, [full]), (PULSE, [full])])
    assert full.outbox is not None
    assert (full.outbox.size, len(slow)) == (len(NEWS.data), 1)


async def test_who_is_gone_or_going_gets_nothing() -> None:
    left: list[Subscription] = []
    gone, closing = reader(), reader()
    gone.gone = True
    closing.outlet.abort()
    await walk(slow_readers(left.append), [(NEWS, [gone, closing])])
    assert (writes(gone), writes(closing), left) == ([], [], [closing])
