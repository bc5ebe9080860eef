from __future__ import annotations

import json

import msgspec
import pytest

from moothall.core.events import questions as qe
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import InterventionId, Position
from moothall.core.signals import ChannelState, Sound, Unsaved
from moothall.core.views.captions import CaptionsView
from moothall.wire.frames import (
    Format,
    ReaderPulse,
    carry,
    chunk,
    decode,
    events_frame,
    is_pulse,
    pulse_frame,
    retry,
    signals_frame,
    snapshot_frame,
    text_frame,
)
from support.sessions.meeting import FLOOR, LIVE, opened, partial, words
from support.sessions.recorder import EPOCH, SESSION, Recorder

NOW = 1_764_000_123_456


def test_events_carry_their_original_bytes_and_what_is_needed_to_see_a_loss() -> None:
    recorder = Recorder()
    records = [recorder.record(opened("s1"), Actor(Role.ENGINE, "e")), recorder.record(words("s1", 0, " Good"))]
    frame = events_frame(records, 0, (), NOW)
    read = decode(frame.json)
    assert (read.sent, read.prev, frame.events, frame.position) == (NOW, 0, 2, Position(EPOCH, 2))
    assert [event.original for event in read.events] == [record.body for record in records]
    assert [event.offset for event in read.events] == [1, 2]
    assert [event.role for event in read.events] == [Role.ENGINE, Role.SYSTEM]
    assert [event.at for event in read.events] == [record.header.at for record in records]
    assert b"signals" not in frame.json


def test_a_body_is_spliced_in_as_it_was_written_even_where_we_would_write_it_otherwise() -> None:
    odd = b'{ "type":"words.committed" , "v":1, "later":"\xc3\xa9\\u00e9" }'
    record = msgspec.structs.replace(Recorder().record(words("s1", 0, " x")), body=odd)
    assert decode(events_frame([record], 0, (), NOW).json).events[0].original == odd


def test_readers_are_not_told_why_something_was_not_taken_where_an_earlier_release_wrote_it_there() -> None:
    bodies = (
        b'{"type":"intervention.status-changed","v":1,"intervention":"q","status":"declined","reason":"no","l":[1, 2]}',
        b'{"type":"intervention.status-changed","v":1,"intervention":"q","status":"queued","reason":"" }',
        b'{"type":"intervention.status-changed","v":1, "intervention":"q","status":"queued"}',
    )
    stands = qe.InterventionStatusChanged(
        intervention=InterventionId("q"), number=1, status=InterventionStatus.QUEUED, t=0
    )
    records = [msgspec.structs.replace(Recorder().record(stands), body=body) for body in bodies]
    blank, *rest = (event.original for event in decode(events_frame(records, 0, (), NOW).json).events)
    assert json.loads(blank or b"") == {**json.loads(bodies[0]), "reason": ""}
    assert rest == list(bodies[1:])


def test_a_removed_body_leaves_its_type() -> None:
    record = msgspec.structs.replace(Recorder().record(words("s1", 0, " secret")), body=None, salt=None)
    frame = events_frame([record], 0, (), NOW)
    event = decode(frame.json).events[0]
    assert (event.type, event.original) == ("words.committed", None)
    assert b'"type":"words.committed","body":null}' in frame.json


def test_signals_ride_with_events_and_alone() -> None:
    state = ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=120, t=5000)
    both = events_frame([Recorder().record(opened("s1"))], 0, (partial(" and"), state), NOW)
    assert decode(both.json).signals == (partial(" and"), state)
    assert both.keys == ("partial:floor", "state:floor")
    alone = signals_frame((Unsaved(channel=FLOOR, text="not yet"),), NOW)
    assert decode(alone.json).signals == (Unsaved(channel=FLOOR, text="not yet"),)
    assert (alone.position, alone.events, decode(alone.json).events) == (None, 0, ())


def test_a_snapshot_comes_back_as_it_was() -> None:
    view = CaptionsView.empty(SESSION, EPOCH, LIVE).apply(1, Role.ENGINE, opened("s1"))
    frame = snapshot_frame(view.snapshot(), NOW)
    assert decode(frame.json).snapshot == view.snapshot()
    assert (frame.position, frame.snapshot) == (Position(EPOCH, 1), True)


def test_the_event_stream_has_ids_where_there_is_a_position_to_resume_from() -> None:
    frame = events_frame([Recorder().record(opened("s1"))], 0, (), NOW)
    assert carry(frame, Format.SSE) == b"id: k3j9x2:1\ndata: " + frame.json + b"\n\n"
    alone = signals_frame((partial(" a"),), NOW)
    assert carry(alone, Format.SSE) == b"data: " + alone.json + b"\n\n"
    assert carry(alone, Format.SSE_CHUNKED) == chunk(carry(alone, Format.SSE))
    assert chunk(b"x" * 300) == b"12c\r\n" + b"x" * 300 + b"\r\n"


def test_a_websocket_has_the_frame_as_one_message_of_text() -> None:
    frame = events_frame([Recorder().record(opened("s1"))], 0, (), NOW)
    assert carry(frame, Format.WEBSOCKET) == text_frame(frame.json)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_inside_a_body_do_not_end_the_event(line_end: bytes) -> None:
    body = b'{"type":"x",' + line_end + b'"v":1}'
    record = msgspec.structs.replace(Recorder().record(words("s1", 0, " x")), body=body)
    stream = carry(events_frame([record], 0, (), NOW), Format.SSE)
    data = stream.split(b"\ndata: ")
    assert len(data) == 3
    assert b"\r" not in stream
    text = b"\n".join([data[1], data[2].removesuffix(b"\n\n")])
    assert msgspec.json.decode(decode(text).events[0].body) == {"type": "x", "v": 1}


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_websocket_frames_say_their_length_in_the_shortest_way(size: int, header: bytes) -> None:
    assert text_frame(b"a" * size) == header + b"a" * size


def test_a_pulse_is_an_event_of_its_own_name_that_moves_no_position() -> None:
    frame = pulse_frame(ReaderPulse(head=13, age=0, every=5_000), NOW)
    assert frame.json == b'{"sent":%d,"pulse":{"head":13,"age":0,"every":5000}}' % NOW
    assert carry(frame, Format.SSE) == b"event: pulse\ndata: %b\n\n" % frame.json
    assert carry(frame, Format.SSE_CHUNKED) == chunk(carry(frame, Format.SSE))
    assert carry(frame, Format.WEBSOCKET) == text_frame(frame.json)
    assert (frame.position, frame.events, frame.keys) == (None, 0, ())
    lost = ReaderPulse(head=13, age=31_000, every=5_000, lost=True)
    assert decode(pulse_frame(lost, NOW).json).pulse == lost
    assert is_pulse(carry(frame, Format.SSE))
    assert not is_pulse(carry(signals_frame((partial(" a"),), NOW), Format.SSE))


def test_small_things_of_the_event_stream() -> None:
    assert retry(2500) == b"retry: 2500\n\n"


def test_what_a_later_release_adds_is_passed_over() -> None:
    event = b'{"offset":5,"at":2,"by":"ghost","body":{"type":"t"}}'
    text = b'{"sent":1,"prev":4,"new":1,"events":[%b],"signals":[{"kind":"mood"}]}' % event
    frame = decode(text)
    assert frame.signals == ()
    assert frame.events[0].role is Role.READER


@pytest.mark.parametrize("text", [b"", b"[]", b'{"prev":1}', b'{"sent":1,"signals":[{}]}', b"\xff{"])
def test_what_is_no_frame_is_refused_with_a_sentence(text: bytes) -> None:
    with pytest.raises(ProtocolError, match="can't be read"):
        decode(text)
