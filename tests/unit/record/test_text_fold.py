"""Tests of the fold over the log of one text, as the record and the history of its lines."""

import msgspec
import pytest

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken
from moothall.record.citation.history import HistoryFold
from moothall.record.model import RecordFold
from moothall.record.text_fold import TextFold
from support.sessions.record_maker import FLOOR, Telling, meeting
from support.sessions.recorder import EPOCH, SESSION


@pytest.fixture(params=[RecordFold, HistoryFold])
def fold(request: pytest.FixtureRequest) -> TextFold:
    made = request.param(SESSION, EPOCH, FLOOR)
    assert isinstance(made, TextFold)
    return made


def read_by(fold: TextFold, told: Telling) -> list[LogRecord]:
    return [record for record in told.records if record.header.lane in fold.feed.lanes]


def test_it_goes_on_where_it_stopped(fold: TextFold) -> None:
    records = read_by(fold, meeting())
    for record in records:
        assert not fold.take([record])
        assert fold.position.offset == record.header.offset


def test_it_says_that_it_may_hold_removed_words(fold: TextFold) -> None:
    told = Telling()
    told.line("Gone.", 1_000, 2_000)
    assert not fold.take(read_by(fold, told))
    told.tell(ev.BodyRemoved(offsets=(3,), reason="request", by="s"))
    assert fold.take(told.records[-1:])


def test_a_body_that_cannot_be_read_is_an_error(fold: TextFold) -> None:
    broken = Telling().recorder.record(ev.SessionPaused(t=1))
    with pytest.raises(RecordBroken):
        fold.take([msgspec.structs.replace(broken, body=b"{")])
