from __future__ import annotations

import pytest

from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.wire.hub_haste import may_wait
from recorder import Recorder

FLOOR, LINE = ChannelId("floor"), SegmentId("floor-1-1")
OPENED = ev.SegmentOpened(channel=FLOOR, segment=LINE, t0=0, language="en", origin=ev.Origin.MACHINE)
ENDED = ev.SegmentEnded(channel=FLOOR, segment=LINE, t1=9, reason=ev.EndReason.PAUSE, text="Hello.")


@pytest.mark.parametrize(
    ("event", "lines", "words"),
    [(OPENED, True, False), (ENDED, False, False), (ev.ClockMapped(t=0, wall=5), True, True)],
)
def test_what_nobody_sees_may_wait(event: ev.Event, lines: bool, words: bool) -> None:
    record = Recorder().record(event)
    assert (may_wait(record, words=False), may_wait(record, words=True)) == (lines, words)
