"""Whatever a log lacks, the rest can be folded and read: of every log that a release has written."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from moothall.adapters.store.sqlite_file import LogReader, open_for_reading
from moothall.core.chain import LogRecord
from moothall.core.kernel.lanes import Feed, is_public
from moothall.core.ports import LogReading
from moothall.services.reading.fanout import SessionFanout
from moothall.services.reading.feed import FeedState
from moothall.services.reading.mirrored import MirroredSession
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import MemoryLog
from moothall_hub.mirror.copied import SessionCopy

LOGS = sorted((Path(__file__).parents[3] / "golden").glob("*.sqlite"))


@cache
def told(path: Path) -> list[LogRecord]:
    """The public lanes of the first session of a log."""
    reader = LogReader(open_for_reading(path))
    records = reader.read(reader.sessions()[0], 0, 10_000)
    reader.close()
    return [record for record in records if is_public(record.header.lane)]


@given(st.sampled_from(LOGS), st.data())
def test_a_log_with_holes_is_folded(path: Path, data: st.DataObject) -> None:
    records = told(path)
    ends = st.integers(0, len(records))
    holes = data.draw(st.lists(st.tuples(ends, ends), min_size=1, max_size=3), label="holes")
    left = [each for n, each in enumerate(records) if not any(first <= n < last for first, last in holes)]
    session, epoch = records[0].header.session, records[0].header.epoch
    log: LogReading = MemoryLog()
    fanout = SessionFanout(
        session=session, epoch=epoch, offset=0, loaded_channels=(), log=log, clock=ManualClock(), gapless=False
    )
    live = MirroredSession(SessionCopy(session=session), fanout)
    live.fold(left)
    live.fold(left)
    assert live.offset == max([0, *(each.header.offset for each in left)])
    for channel in live.state.channels:
        state = FeedState(session, epoch, Feed(channel))
        state.load([each for each in left if each.header.lane in state.lanes], 0)
        assert state.view.snapshot().session.id == session
