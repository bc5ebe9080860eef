from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProtocolError
from moothall.wire.event_stream import MAX_LINE_BYTES, EventStream


def test_events_come_out_with_the_id_to_resume_from() -> None:
    stream = EventStream()
    events = stream.feed(b"retry: 1500\n\nid: k:1\ndata: one\n\n:\n\ndata: two\n\n")
    assert [(event.data, event.last_id) for event in events] == [(b"one", "k:1"), (b"two", "k:1")]
    assert (stream.retry, stream.last_id) == (1500, "k:1")


def test_an_event_has_its_name_and_the_one_behind_it_has_none() -> None:
    events = EventStream().feed(b"event: pulse\ndata: one\n\ndata: two\n\nevent: x\n\ndata: three\n\n")
    assert [(event.name, event.data) for event in events] == [("pulse", b"one"), ("", b"two"), ("", b"three")]


def test_several_data_lines_are_one_text() -> None:
    assert EventStream().feed(b"data: {\ndata:}\n\n")[0].data == b"{\n}"


def test_an_id_counts_once_its_event_is_whole() -> None:
    stream = EventStream()
    assert stream.feed(b"id: k:7\ndata: x\n") == []
    assert stream.last_id == ""
    assert stream.feed(b"\n")[0].last_id == "k:7"


def test_what_has_no_meaning_is_passed_over() -> None:
    stream = EventStream()
    assert stream.feed(b"event: x\nretry: soon\nid: a\0b\nnonsense\ndata: y\n\n")[0].data == b"y"
    assert (stream.retry, stream.last_id) == (None, "")


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_all_line_ends_are_understood(end: bytes) -> None:
    stream = EventStream()
    found = stream.feed(b"data: a" + end + end + b"data: b" + end + end)
    assert [event.data for event in found] == [b"a", b"b"]


def test_a_line_without_end_is_given_up() -> None:
    stream = EventStream()
    with pytest.raises(ProtocolError, match="longer than"):
        stream.feed(b"data: " + b"a" * MAX_LINE_BYTES)


def test_a_line_end_of_two_bytes_may_be_cut_in_the_middle() -> None:
    stream = EventStream()
    assert stream.feed(b"data: a\r") == []
    assert stream.feed(b"") == []
    assert stream.feed(b"\n\r")[0].data == b"a"
    assert stream.feed(b"\ndata: b\n\n")[0].data == b"b"


def test_a_line_end_that_was_cut_ends_no_event() -> None:
    stream = EventStream()
    assert stream.feed(b"data: a\r") == stream.feed(b"\ndata: b\r") == []
    assert [event.data for event in stream.feed(b"\n\r\n")] == [b"a\nb"]


@pytest.mark.parametrize("line", [b"data: " + b"a" * 65_530 + b"\n", b"data:\n" * 65_536])
def test_an_event_without_end_is_given_up(line: bytes) -> None:
    stream = EventStream()

    def feed() -> None:
        for _ in range(1 + MAX_LINE_BYTES // 65_530):
            stream.feed(line)

    with pytest.raises(ProtocolError, match="has more than"):
        feed()


def test_each_event_may_be_as_large_as_one_may_be() -> None:
    stream = EventStream()
    for _ in range(3):
        assert len(stream.feed(b"data: " + b"a" * (MAX_LINE_BYTES // 2) + b"\n\n")) == 1


def test_a_time_to_wait_of_thousands_of_figures_is_passed_over() -> None:
    stream = EventStream()
    assert stream.feed(b"retry: " + b"1" * 5_000 + b"\n\n") == []
    assert stream.retry is None
