from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.signals import ChannelState, LastWords, Sound
from moothall.wire.hubs import messages as wire
from support.sessions.strategies import of_type

PLENARY = SessionId("plenary")
BATCH = wire.Batch(session=PLENARY, part=wire.FeedPart.MISSED, number=300, data=b"\x01packed")
PULSE = wire.HubPulse(sent=70_000, wall=1_764_000_000_000)
LATE = ChannelState(channel=ChannelId("floor"), sound=Sound.SPEECH, lag=63_000, t=1_500_000)
WAITED_FOR = LastWords(channel=LATE.channel, awaited=True)


@given(of_type(wire.FromHub))
def test_what_a_hub_sends_is_what_the_server_above_reads(message: Any) -> None:
    assert wire.decode_from_hub(wire.encode(message)) == message


@given(of_type(wire.ToHub))
def test_what_is_sent_to_a_hub_is_what_it_reads(message: Any) -> None:
    assert wire.decode_to_hub(wire.encode(message)) == message


@pytest.mark.parametrize(
    "frame",
    [
        b"", b"\xc1", b"\x80", b"\x90", b"\x9f", b"\xdc\x00\x01\x00", b"{}",
        msgspec.msgpack.encode([0, 70_000, "soon"]), msgspec.msgpack.encode([2, "plenary", "floor", "music", 0, 0]),
        msgspec.msgpack.encode([1, "plenary", 3, 0, b""]), msgspec.msgpack.encode([[]] * 15) * 2,
    ],
)  # fmt: skip
def test_anything_else_is_a_sentence(frame: bytes) -> None:
    with pytest.raises(ProtocolError, match=rf"A frame of {len(frame)} bytes from a hub can't be read: .*\."):
        wire.decode_from_hub(frame)
    with pytest.raises(ProtocolError, match=rf"A frame of {len(frame)} bytes from the server above can't be read: "):
        wire.decode_to_hub(frame)


def test_each_side_reads_only_what_is_meant_for_it() -> None:
    assert set(get_args(wire.FromHub)) & set(get_args(wire.ToHub)) == {wire.HubPulse}
    with pytest.raises(ProtocolError):
        wire.decode_from_hub(wire.encode(wire.Caught(session=PLENARY)))
    with pytest.raises(ProtocolError, match="from a hub can't be read"):
        wire.decode_from_hub(wire.encode(BATCH))


def test_fields_of_a_later_release_are_passed_over() -> None:
    later = msgspec.msgpack.encode({"m": "leave", "session": "plenary", "mood": "good"})
    assert wire.decode_from_hub(later) == wire.Leave(session=PLENARY)
    frame = msgspec.msgpack.encode([*msgspec.msgpack.decode(wire.encode(PULSE)), "good"])
    assert wire.decode_from_hub(frame) == wire.decode_to_hub(frame) == PULSE


def test_a_hub_of_before_takes_no_signals() -> None:
    before = msgspec.msgpack.encode({"m": "hello", "protocol": 1, "node": "0" * 16, "release": "0.1", "wall": 5})
    hello = wire.decode_from_hub(before)
    assert isinstance(hello, wire.HubHello)
    assert hello.signals == 0


def test_what_is_sent_all_the_time_names_no_fields() -> None:
    assert len(wire.encode(BATCH)) == len(BATCH.data) + 16
    assert len(wire.encode(PULSE)) == 18
    assert len(wire.encode(wire.Signalled(session=PLENARY, signal=LATE))) == 31


@pytest.mark.parametrize("signal", [*(msgspec.structs.replace(LATE, sound=each) for each in Sound), WAITED_FOR])
def test_how_a_text_is_doing_comes_as_it_was_said(signal: ChannelState | LastWords) -> None:
    told = wire.Signalled(session=PLENARY, signal=signal)
    assert wire.decode_to_hub(wire.encode(told)) == told


def test_an_act_of_an_unknown_kind_is_told_apart_by_its_id_so_that_it_can_be_answered() -> None:
    def act(name: str, kind: str = "later") -> bytes:
        return msgspec.msgpack.encode({"m": "act", "id": name, "session": "s", "act": {"type": kind}})

    with pytest.raises(wire.UnknownAct, match="does not know") as unknown:
        wire.decode_from_hub(act("c:1"))
    assert unknown.value.id == "c:1"
    for frame in (act("no id"), act("c:1", "heads")):
        with pytest.raises(ProtocolError) as refused:
            wire.decode_from_hub(frame)
        assert not isinstance(refused.value, wire.UnknownAct)
