from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.wire import engine as wire
from moothall.wire.engine import workers_for
from support.sessions.strategies import of_type


@given(of_type(wire.ToEngine))
def test_what_is_sent_to_an_engine_is_what_it_reads(message: Any) -> None:
    assert wire.decode_to_engine(wire.encode(message)) == message


@given(of_type(wire.ToServer))
def test_what_an_engine_sends_is_what_the_server_reads(message: Any) -> None:
    assert wire.decode_to_server(wire.encode(message)) == message


@pytest.mark.parametrize("frame", [b"", b"\xc1", b"\x80", msgspec.msgpack.encode({"m": "audio", "t": "now"}), b"{}"])
def test_anything_else_is_a_sentence(frame: bytes) -> None:
    with pytest.raises(ProtocolError, match=f"a frame of {len(frame)} bytes that is no message"):
        wire.decode_to_engine(frame)
    with pytest.raises(ProtocolError, match=f"a frame of {len(frame)} bytes that is no message"):
        wire.decode_to_server(frame)


def test_each_side_reads_only_what_is_meant_for_it() -> None:
    assert not set(get_args(wire.ToEngine)) & set(get_args(wire.ToServer))
    with pytest.raises(ProtocolError):
        wire.decode_to_engine(wire.encode(wire.Capacity(channels=1)))


def test_fields_of_a_later_release_are_passed_over() -> None:
    later = msgspec.msgpack.encode({"m": "capacity", "channels": 2, "mood": "good"})
    assert wire.decode_to_server(later) == wire.Capacity(channels=2)


PLACE = wire.ResumePoint(
    committed_through=900,
    segment=SegmentId("floor-1-1"),
    words=3,
    audio_from=0,
    begin=640,
    language="en",
    suspect=None,
    speaking=None,
)


def test_an_act_with_other_readings_and_one_without_are_read_by_both_releases() -> None:
    class Earlier(msgspec.Struct, frozen=True, kw_only=True, tag_field="m", tag="act"):
        """As 0.2.0 has it, as far as it matters here."""

        attachment: int
        id: str
        again: tuple[str, ...] = ()

    other = wire.OtherReadings(segment=SegmentId("a"), word=1, texts=("fund", "found"))
    act = wire.PassAct(attachment=1, id=CommandId("x"), commands=(), readings=(other,))
    assert msgspec.msgpack.decode(wire.encode(act), type=Earlier) == Earlier(attachment=1, id="x")
    before = {"m": "act", "attachment": 1, "id": "x", "commands": []}
    assert wire.decode_to_server(msgspec.msgpack.encode(before)) == msgspec.structs.replace(act, readings=())


def test_the_two_newest_places_are_noted() -> None:
    older, oldest = (msgspec.structs.replace(PLACE, words=words) for words in (2, 1))
    assert wire.decode_resume_points(wire.encode_resume_points([PLACE, older, oldest])) == (PLACE, older)


@pytest.mark.parametrize("note", [b"", b"\xc1", wire.encode_resume_points([PLACE])[:-1], msgspec.msgpack.encode([{}])])
def test_a_damaged_note_holds_no_place(note: bytes) -> None:
    assert wire.decode_resume_points(note) == ()


@pytest.mark.parametrize(("cores", "threads", "workers"), [(1, 1, 1), (2, 1, 2), (16, 1, 4), (8, 4, 2), (2, 4, 1)])
def test_as_many_workers_as_the_cores_allow_and_no_more_than_four(cores: int, threads: int, workers: int) -> None:
    assert workers_for(cores, threads) == workers
