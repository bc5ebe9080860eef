from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ProtocolError
from moothall.wire import audio as wire
from moothall.wire.audio import Piece, TakeEndReason

HELLO = wire.TakeHello(protocol=wire.PROTOCOL, channel="floor", take="k3j9x2ab", first=0, age=120)


@pytest.mark.parametrize(
    "message",
    [HELLO, wire.TakeOver(), wire.End(at=16_000, reason=TakeEndReason.STOPPED)],
    ids=lambda each: type(each).__name__,
)
def test_what_a_microphone_says_is_read_as_it_was_written(message: wire.FromMicrophone) -> None:
    assert wire.decode(wire.encode(message)) == message


def test_the_texts_are_those_of_the_documentation() -> None:
    assert wire.encode(HELLO) == (
        '{"kind":"hello","protocol":1,"channel":"floor","take":"k3j9x2ab","first":0,"age":120}'
    )
    assert wire.encode(wire.Held(by="Technician", since=7)) == '{"kind":"held","by":"Technician","since":7}'
    said = (wire.Go(at=1, session="s"), wire.Safe(at=2), wire.Done(at=1), wire.Idle(), wire.Ended(), wire.Over())
    assert [wire.encode(each) for each in said] == [
        '{"kind":"go","at":1,"session":"s"}',
        '{"kind":"safe","at":2}',
        '{"kind":"done","at":1}',
        '{"kind":"idle"}',
        '{"kind":"ended"}',
        '{"kind":"over"}',
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        '{"kind":"go","at":1}',
        '{"kind":"take-over","why":1}',
        '{"kind":"end","at":-1,"reason":"stopped"}',
        '{"kind":"end","at":1,"reason":"bored"}',
        wire.encode(HELLO).replace('"protocol":1', '"protocol":2'),
        wire.encode(HELLO).replace("k3j9x2ab", "short"),
        wire.encode(HELLO).replace("k3j9x2ab", "../../etc"),
        wire.encode(HELLO).replace("k3j9x2ab", "K3J9X2AB"),
        wire.encode(HELLO).replace('"first":0', '"first":-1'),
        wire.encode(HELLO).replace('"first":0', f'"first":{wire.MAX_POSITION + 1}'),
        wire.encode(HELLO).replace('"age":120', '"age":-1'),
        wire.encode(HELLO).replace('"age":120', f'"age":{wire.LONGEST_AGE + 1}'),
    ],
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        wire.decode(text)


@given(
    first=st.integers(0, wire.MAX_POSITION),
    age=st.integers(0, wire.LONGEST_AGE),
    pcm=st.binary(min_size=1, max_size=200).map(lambda data: data * 2),
)
def test_a_piece_comes_out_as_it_went_in(first: int, age: int, pcm: bytes) -> None:
    piece = Piece(first=first, age=age, pcm=pcm)
    assert wire.decode_piece(wire.encode_piece(piece)) == piece
    assert piece.end == first + len(pcm) // 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(wire.HEAD_BYTES),
        bytes(wire.HEAD_BYTES + 3),
        bytes(wire.MAX_PIECE_BYTES + 2),
        b"\xff" * wire.HEAD_BYTES + bytes(4),
        (1).to_bytes(8, "little") + b"\xff" * 4 + bytes(4),
    ],
)
def test_what_is_no_piece_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.decode_piece(data)


def test_the_longest_piece_is_taken() -> None:
    assert len(wire.decode_piece(bytes(wire.MAX_PIECE_BYTES)).pcm) == 2 * wire.MAX_PIECE_SAMPLES


@given(st.integers(0, wire.MAX_POSITION))
def test_what_a_microphone_was_told_is_done_is_read_from_its_address(position: int) -> None:
    assert wire.decode_done(str(position)) == position


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "٣", " 1", "9" * 400, str(wire.MAX_POSITION + 1)])
def test_nothing_else_is(text: str) -> None:
    with pytest.raises(ProtocolError):
        wire.decode_done(text)
