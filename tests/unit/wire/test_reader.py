from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import Position
from moothall.core.signals import AnySignal
from moothall.core.views.captions import CaptionsView
from moothall.wire.frames import Received, decode, events_frame, signals_frame, snapshot_frame
from moothall.wire.reader import Outcome, Reader
from support.sessions.meeting import LIVE, ended, opened, partial, words
from support.sessions.recorder import EPOCH, SESSION, Recorder


def snapshot() -> Received:
    return decode(snapshot_frame(CaptionsView.empty(SESSION, EPOCH, LIVE).snapshot(), 1).json)


def events(prev: int, *records: LogRecord, signals: tuple[AnySignal, ...] = ()) -> Received:
    return decode(events_frame(records, prev, signals, 1).json)


def started() -> Reader:
    reader, outcome = Reader(feed=LIVE).take(snapshot())
    assert outcome is Outcome.APPLIED
    return reader


def test_a_reader_begins_with_a_snapshot() -> None:
    recorder = Recorder()
    reader, outcome = Reader(feed=LIVE).take(events(0, recorder.record(opened("s1"))))
    assert (outcome, reader.position, reader.partial) == (Outcome.LOSS, None, None)
    assert started().position == Position(EPOCH, 0)


def test_events_move_it_and_repeats_do_not() -> None:
    recorder = Recorder()
    first, second = recorder.record(opened("s1")), recorder.record(words("s1", 0, " Good", " day"))
    reader, outcome = started().take(events(0, first, second))
    assert outcome is Outcome.APPLIED
    assert reader.view is not None
    assert [line.text for line in reader.view.lines] == [" Good day"]
    again, outcome = reader.take(events(0, first))
    assert (outcome, again) == (Outcome.DUPLICATE, reader)
    third = recorder.record(words("s1", 2, " all"))
    overlapping, outcome = reader.take(events(1, second, third))
    assert outcome is Outcome.APPLIED
    assert overlapping.view is not None
    assert [line.text for line in overlapping.view.lines] == [" Good day all"]


def test_a_loss_is_seen_and_changes_nothing() -> None:
    recorder = Recorder()
    recorder.record(opened("s1"))
    lost, outcome = started().take(events(1, recorder.record(words("s1", 0, " x")), signals=(partial(" y"),)))
    assert (outcome, lost) == (Outcome.LOSS, started())


def test_a_removed_body_moves_the_position_only() -> None:
    text = b'{"sent":1,"prev":0,"events":[{"offset":4,"at":2,"by":"engine","type":"words.committed","body":null}]}'
    reader, outcome = started().take(decode(text))
    assert (outcome, reader.position) == (Outcome.APPLIED, Position(EPOCH, 4))


def test_a_partial_is_shown_only_behind_exactly_what_is_committed() -> None:
    recorder = Recorder()
    reader, _ = started().take(decode(signals_frame((partial(" Goo"),), 1).json))
    assert reader.partial == partial(" Goo")
    reader, _ = reader.take(events(0, recorder.record(opened("s1")), recorder.record(words("s1", 0, " Good"))))
    assert reader.partial is None
    reader, _ = reader.take(decode(signals_frame((partial(" day", first=1),), 1).json))
    assert reader.partial == partial(" day", first=1)
    reader, _ = reader.take(events(2, recorder.record(ended("s1", " Good"))))
    assert reader.partial is None


def test_an_empty_partial_takes_it_away() -> None:
    reader, _ = started().take(decode(signals_frame((partial(" Goo"),), 1).json))
    reader, _ = reader.take(decode(signals_frame((partial(""),), 1).json))
    assert reader.partial is None
