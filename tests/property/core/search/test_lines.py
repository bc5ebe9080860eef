"""What can be found is what was shown, also when only the lines that an event was about are looked at again."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.search.lines import SearchFold, SearchLine, folded_lanes, text_in
from moothall.core.views.captions import CaptionsView
from support.sessions.recorder import EPOCH, SESSION, Recorder
from support.sessions.strategies import Told, stories

CHANNELS = (ChannelId("floor"), ChannelId("pt"))


def recorded(told: list[Told]) -> list[LogRecord]:
    """The story as a log; an event of an unknown type is left out, and a body that is None was removed."""
    recorder = Recorder()
    records = [recorder.record(ev.SessionCreated(title="T", languages=("en",)))]
    for channel in CHANNELS:
        added = ev.ChannelAdded(channel=channel, kind=ev.ChannelKind.FLOOR, languages=("en",))
        records.append(recorder.record(added))
    for each in told:
        if isinstance(each.event, UnknownEvent):
            continue
        event = ev.WallCleared(t=0) if each.event is None else each.event
        record = recorder.record(event, Actor(each.role, "x"))
        if each.event is None:
            record = msgspec.structs.replace(record, salt=None, body=None)
        records.append(record)
    lanes = folded_lanes(record.header.lane for record in records)
    return [record for record in records if record.header.lane in lanes]


def shown(records: list[LogRecord]) -> dict[SegmentId, str]:
    """The finished lines of a reader of each channel."""
    found: dict[SegmentId, str] = {}
    for channel in CHANNELS:
        view = CaptionsView.empty(SESSION, EPOCH, Feed(channel, live=False))
        for record in records:
            event = None if record.body is None else decode_event(record.body)
            view = view.apply(record.header.offset, record.header.role, event)
        found |= {
            line.segment: line.text
            for line in view.lines
            if line.t1 is not None and not line.gone and line.text.strip()
        }
    return found


@given(told=stories())
def test_what_can_be_found_is_what_was_shown(told: list[Told]) -> None:
    records = recorded(told)
    fold = SearchFold(SESSION, EPOCH)
    fold.take(records)
    lines = list(fold.lines())
    assert {line.segment: line.text for line in lines} == shown(records)
    by_offset = {record.header.offset: record for record in records}
    assert all(text_in(by_offset[line.offset], line.segment) == line.text for line in lines)


@given(told=stories(), data=st.data())
def test_the_lines_that_were_touched_are_all_that_changed(told: list[Told], data: Any) -> None:
    records, fold = recorded(told), SearchFold(SESSION, EPOCH)
    held: dict[SegmentId, SearchLine] = {}
    at = 0
    while at < len(records):
        until = data.draw(st.integers(at + 1, len(records)))
        fold.take(records[at:until])
        at = until
        if fold.touched is None:
            held = {line.segment: line for line in fold.lines()}
        else:
            held = {segment: line for segment, line in held.items() if segment not in fold.touched}
            held |= {line.segment: line for line in fold.lines(fold.touched)}
        fold.settle()
        assert held == {line.segment: line for line in fold.lines()}
